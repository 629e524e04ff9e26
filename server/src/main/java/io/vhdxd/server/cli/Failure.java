package io.vhdxd.server.cli;

import io.vhdxd.server.config.Problem;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.ListenException;
import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.diagnosis.VhdxException;
import io.vhdxd.vhdx.storage.FileInUseException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A command could not do what it was asked to, for a reason that the user can understand. Its message is one line, or one for each problem. */
public final class Failure extends Exception {
    private final ExitCode code;

    public Failure(ExitCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ExitCode code() {
        return code;
    }

    /** An image could not be opened or read. */
    static Failure toOpen(Path image, IOException cause) {
        ExitCode code = switch (cause) {
            case CorruptImageException e -> ExitCode.BAD_IMAGE;
            case UnsupportedImageException e -> ExitCode.BAD_IMAGE;
            case ReadOnlyImageException e -> ExitCode.BAD_IMAGE;
            case ImageFailedException e -> ExitCode.FAIL_STOP;
            default -> ExitCode.NO_IMAGE;
        };
        return new Failure(code, named(image, reason(cause)), cause);
    }

    /** An image could not be created. */
    static Failure toCreate(Path image, IOException cause) {
        return new Failure(ExitCode.CANNOT_CREATE, named(image, reason(cause)), cause);
    }

    /** An image could not be changed as a whole. */
    static Failure toChange(Path image, IOException cause) {
        if (cause instanceof VhdxException
                || cause instanceof FileInUseException
                || cause instanceof FileSystemException) {
            return toOpen(image, cause);
        }
        return new Failure(ExitCode.CANNOT_CHANGE, named(image, reason(cause)), cause);
    }

    /** The reason, beginning with the image's name. */
    private static String named(Path image, String reason) {
        return reason.startsWith(image.toString()) ? reason : image + ": " + reason;
    }

    /** An address cannot be listened on. */
    static Failure toListen(ListenException cause) {
        return new Failure(ExitCode.NO_ADDRESS, "cannot listen on " + cause.getMessage(), cause);
    }

    /** An address cannot be listened on. */
    static Failure toListen(ListenAddress address, IOException cause) {
        return new Failure(ExitCode.NO_ADDRESS, "cannot listen on " + address + ": " + reason(cause), cause);
    }

    /** Something in a configuration file is wrong. All of it is told, a line for each. */
    static Failure ofConfig(Path file, List<Problem> problems) {
        List<String> lines = problems.stream()
                .sorted()
                .map(problem -> file + ":" + problem.line() + ": " + problem.text())
                .toList();
        return new Failure(ExitCode.CONFIG, String.join("\nvhdxd: ", lines), null);
    }

    /** A configuration file cannot be read. */
    static Failure toReadConfig(Path file, IOException cause) {
        return new Failure(ExitCode.CONFIG, named(file, reason(cause)), cause);
    }

    /** The server's certificates cannot be used. */
    static Failure ofCertificates(IOException cause) {
        return new Failure(ExitCode.CONFIG, reason(cause), cause);
    }

    private static String reason(IOException cause) {
        return switch (cause) {
            case NoSuchFileException e -> "no such file or directory";
            case AccessDeniedException e -> "permission denied";
            case FileAlreadyExistsException e -> "there is such a file already, and vhdxd does not overwrite it";
            case FileSystemException e when e.getReason() != null -> e.getReason();
            default -> {
                String message = cause.getMessage();
                yield message == null ? cause.getClass().getSimpleName() : message;
            }
        };
    }
}
