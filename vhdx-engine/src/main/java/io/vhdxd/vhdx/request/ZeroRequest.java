package io.vhdxd.vhdx.request;

/** Makes a range read as zeros (NBD's WRITE_ZEROES). */
public final class ZeroRequest extends ImageRequest {
    private final boolean keepAllocated;
    private final boolean fastOnly;

    /**
     * @param keepAllocated whether the range must own space afterwards, so that no later write to it fails for want of
     *     space (NBD's NO_HOLE)
     * @param fastOnly whether to fail with {@link ZeroNotFastException}, with nothing changed, rather than to write
     *     zeros (NBD's FAST_ZERO)
     */
    public ZeroRequest(
            long offsetBytes,
            long lengthBytes,
            boolean keepAllocated,
            boolean fastOnly,
            boolean durable,
            Completion completion) {
        super(offsetBytes, lengthBytes, durable, completion);
        this.keepAllocated = keepAllocated;
        this.fastOnly = fastOnly;
    }

    public boolean keepAllocated() {
        return keepAllocated;
    }

    public boolean fastOnly() {
        return fastOnly;
    }
}
