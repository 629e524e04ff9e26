package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/** Opens files with the best {@link Storage} that the machine has. */
public final class Storages {
    private static final Set<String> PROCESSORS = Set.of("amd64", "aarch64");

    /** Empty if Linux's system calls can be used. */
    private static final String WHY_NOT_NATIVE = whyNotNative();

    private Storages() {}

    /**
     * Opens an existing regular file and takes the lock that fits: readers share, a writer is alone (promise R6). QEMU's
     * programs see this lock, and theirs is seen.
     *
     * @throws FileInUseException if another opener, in this process or another, forbids it
     * @throws java.nio.file.NoSuchFileException if there is no such file
     * @throws java.nio.file.AccessDeniedException if the permissions forbid it
     * @throws FileSystemException if it is not a regular file, or the file system is read-only
     */
    public static Storage open(Path file, boolean writable) throws IOException {
        // The mere opening of a device or a pipe can have effects.
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            String found = attributes.isDirectory() ? "a directory" : "a device, a pipe or a socket";
            throw new FileSystemException(file.toString(), null, "is " + found + " (expected: a regular file)");
        }
        return usesNative() ? LinuxFiles.open(file, writable) : ChannelStorage.open(file, writable);
    }

    /**
     * Makes a new, empty file and opens it for writing. On Linux its name is durable when this returns.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is such a file
     */
    public static Storage create(Path file) throws IOException {
        return usesNative() ? LinuxFiles.create(file) : ChannelStorage.create(file);
    }

    /**
     * Removes a file; its name is gone durably when this returns. Who has it open keeps it.
     *
     * @throws java.nio.file.NoSuchFileException if there is no such file
     */
    public static void delete(Path file) throws IOException {
        Files.delete(file);
        NewFile.syncDirectory(file);
    }

    /** Which kind of storage this machine gets, and why, for the log of a server. */
    public static String description() {
        return usesNative()
                ? "Linux system calls"
                : "portable file channels (slower, and QEMU may not see our lock), because " + WHY_NOT_NATIVE;
    }

    /** Makes ready what the first use of this class needs. That takes a while; a program may begin it on another thread. */
    public static void preload() {
        usesNative();
    }

    private static boolean usesNative() {
        return WHY_NOT_NATIVE.isEmpty();
    }

    private static String whyNotNative() {
        String system = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
        if (!System.getProperty("os.name").equals("Linux") || !PROCESSORS.contains(System.getProperty("os.arch"))) {
            return "the machine is " + system + " (expected: Linux on one of " + PROCESSORS + ")";
        }
        try {
            Libc.load();
            return "";
        } catch (LinkageError e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return "the C library cannot be called: " + cause.getMessage();
        }
    }
}
