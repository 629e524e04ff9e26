package io.vhdxd.server.net.tls;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file of certificates or keys cannot be used. Its message says which and why. */
final class UnusableFileException extends IOException {
    UnusableFileException(Path file, Exception cause) {
        super(file + ": " + reason(cause), cause);
    }

    private static String reason(Exception cause) {
        return switch (cause) {
            case NoSuchFileException e -> "no such file";
            case AccessDeniedException e -> "permission denied";
            default -> cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        };
    }
}
