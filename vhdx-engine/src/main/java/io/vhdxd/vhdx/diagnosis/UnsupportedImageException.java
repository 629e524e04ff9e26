package io.vhdxd.vhdx.diagnosis;

/** The image is well-formed, as far as it was read, but needs something that this version does not do. */
public final class UnsupportedImageException extends VhdxException {
    public UnsupportedImageException(String message) {
        super(message);
    }
}
