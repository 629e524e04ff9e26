package io.vhdxd.vhdx.request;

/** Makes every change that was complete before this request survive loss of power (promise R3). */
public final class FlushRequest extends ImageRequest {
    public FlushRequest(Completion completion) {
        super(0, 0, true, completion);
    }
}
