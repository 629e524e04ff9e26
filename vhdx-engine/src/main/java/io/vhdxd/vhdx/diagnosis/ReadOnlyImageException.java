package io.vhdxd.vhdx.diagnosis;

/** A change was asked of an image that is open for reading only, or that can only be opened so. */
public final class ReadOnlyImageException extends VhdxException {
    public ReadOnlyImageException(String message) {
        super(message);
    }
}
