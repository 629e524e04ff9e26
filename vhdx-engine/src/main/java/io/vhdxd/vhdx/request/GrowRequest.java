package io.vhdxd.vhdx.request;

/**
 * Makes the virtual disk larger; what is added reads as zeros. Complete when it is durable. A size that the disk has
 * already changes nothing; one that it cannot have fails with an {@link
 * io.vhdxd.vhdx.diagnosis.UnsupportedImageException}.
 */
public final class GrowRequest extends ImageRequest {
    private final long newSizeBytes;

    public GrowRequest(long newSizeBytes, Completion completion) {
        super(0, 0, true, completion);
        this.newSizeBytes = newSizeBytes;
    }

    /** The size that the virtual disk is to have. */
    public long newSizeBytes() {
        return newSizeBytes;
    }
}
