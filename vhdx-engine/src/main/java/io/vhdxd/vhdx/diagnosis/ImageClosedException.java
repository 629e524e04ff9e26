package io.vhdxd.vhdx.diagnosis;

/** An operation reached an image after its close had begun. */
public final class ImageClosedException extends VhdxException {
    public ImageClosedException(String message) {
        super(message);
    }
}
