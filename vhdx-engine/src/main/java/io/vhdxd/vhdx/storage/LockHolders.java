package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/**
 * Finds out which processes hold a lock on a file, so that the user is told whom to end. The kernel says this only per
 * descriptor, under /proc, and only of processes that the user may examine. What cannot be read is passed over: this
 * serves a message, nothing else.
 */
final class LockHolders {
    private static final Path PROC = Path.of("/proc");
    private static final int MAX_NAMED = 4;

    private final int ownFd;
    private final String inodeField;
    private final TreeSet<Long> pids = new TreeSet<>();

    private LockHolders(int ownFd, long inode) {
        this.ownFd = ownFd;
        this.inodeField = ":" + inode + " ";
    }

    /**
     * For example {@code "qemu-nbd (PID 4711)"}; empty if nobody was found.
     *
     * @param ownFd the caller's descriptor of the file, which does not count
     */
    static String describe(int ownFd, long inode) {
        LockHolders holders = new LockHolders(ownFd, inode);
        for (Path process : entries(PROC, "[0-9]*")) {
            holders.examine(process);
        }
        List<String> names = holders.pids.stream()
                .limit(MAX_NAMED)
                .map(LockHolders::describeProcess)
                .toList();
        String more = holders.pids.size() > MAX_NAMED ? " and " + (holders.pids.size() - MAX_NAMED) + " more" : "";
        return String.join(", ", names) + more;
    }

    private void examine(Path process) {
        long pid = Long.parseLong(process.getFileName().toString());
        for (Path info : entries(process.resolve("fdinfo"), "*")) {
            String fd = info.getFileName().toString();
            boolean own = pid == ProcessHandle.current().pid() && fd.equals(Integer.toString(ownFd));
            if (!own && hasLock(info) && isSameFile(process.resolve("fd").resolve(fd))) {
                pids.add(pid);
                return;
            }
        }
    }

    /** A line of a lock reads {@code lock: 1: OFDLCK ADVISORY READ -1 fe:00:2146330 203 203}, with the inode's number. */
    private boolean hasLock(Path fdInfo) {
        try {
            return Files.readAllLines(fdInfo).stream()
                    .anyMatch(line -> line.startsWith("lock:") && line.contains(inodeField));
        } catch (IOException e) {
            return false;
        }
    }

    /** File systems number their inodes each for itself. */
    private boolean isSameFile(Path openFile) {
        try {
            return identity(openFile).equals(identity(PROC.resolve("self/fd/" + ownFd)));
        } catch (IOException e) {
            return false;
        }
    }

    private static Map<String, Object> identity(Path openFile) throws IOException {
        return Files.readAttributes(openFile, "unix:dev,ino");
    }

    private static String describeProcess(long pid) {
        String place = "PID " + pid;
        if (pid == ProcessHandle.current().pid()) {
            return "this process (" + place + ")";
        }
        try {
            return Files.readString(PROC.resolve(pid + "/comm")).strip() + " (" + place + ")";
        } catch (IOException e) {
            return place;
        }
    }

    private static List<Path> entries(Path directory, String glob) {
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
            return StreamSupport.stream(stream.spliterator(), false).toList();
        } catch (IOException | DirectoryIteratorException e) {
            return List.of();
        }
    }
}
