package io.vhdxd.vhdx.storage;

import java.io.IOException;

/** The file system is full, the quota is used up, or the file would grow beyond what the file system allows. */
public final class NoSpaceException extends IOException {
    public NoSpaceException(String message) {
        super(message);
    }

    public NoSpaceException(String message, Throwable cause) {
        super(message, cause);
    }
}
