package io.vhdxd.vhdx.diagnosis;

import java.io.IOException;

/**
 * An image cannot be opened, or an operation on it cannot be done. The message is written for the person who runs the
 * server: it names the structure, the place, what was found and what was expected.
 */
public abstract sealed class VhdxException extends IOException
        permits CorruptImageException,
                UnsupportedImageException,
                ReadOnlyImageException,
                ParentUnavailableException,
                ImageFailedException,
                ImageClosedException,
                UnreadableException {
    VhdxException(String message) {
        super(message);
    }

    VhdxException(String message, Throwable cause) {
        super(message, cause);
    }
}
