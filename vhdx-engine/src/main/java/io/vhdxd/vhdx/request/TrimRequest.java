package io.vhdxd.vhdx.request;

/** Says that a range's content is not needed any more (NBD's TRIM); where anything is done, it reads as zeros. */
public final class TrimRequest extends ImageRequest {
    public TrimRequest(long offsetBytes, long lengthBytes, boolean durable, Completion completion) {
        super(offsetBytes, lengthBytes, durable, completion);
    }
}
