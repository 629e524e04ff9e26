package io.vhdxd.vhdx.diagnosis;

/**
 * A change needed something of the image or of its parents that could not be read. Only that change has failed; the image takes
 * others.
 */
public final class UnreadableException extends VhdxException {
    public UnreadableException(String message, Throwable cause) {
        super(message, cause);
    }
}
