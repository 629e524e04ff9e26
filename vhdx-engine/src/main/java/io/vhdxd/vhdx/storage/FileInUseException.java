package io.vhdxd.vhdx.storage;

import java.io.IOException;

/** Another opener of the file forbids the access that was asked for (promise R6). */
public final class FileInUseException extends IOException {
    public FileInUseException(String message) {
        super(message);
    }
}
