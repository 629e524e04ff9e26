package io.vhdxd.vhdx.diagnosis;

/** The image is poisoned: a sync, a log write or a payload write failed earlier, so nothing may be
 * changed any more until the image is opened again and its log replayed (promise R4). Reads go on. */
public final class ImageFailedException extends VhdxException {
    public ImageFailedException(String message) {
        super(message);
    }

    public ImageFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
