package io.vhdxd.server.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file system in memory that can be as full as a test wants it; mounted by root alone. */
public final class SmallFileSystem implements AutoCloseable {
    private final Path root;
    private final Path filler;

    public SmallFileSystem(Path root, int sizeMib) throws IOException {
        this.root = Files.createDirectories(root);
        this.filler = root.resolve("filler");
        Tool.run("mount", "-t", "tmpfs", "-o", "size=" + sizeMib + "m", "tmpfs", root.toString())
                .ok();
    }

    public Path root() {
        return root;
    }

    /** Leaves so much space, rounded down to pages. */
    public void fillBut(long freeBytes) throws IOException {
        long fillBytes = Files.getFileStore(root).getUsableSpace() - freeBytes / 4096 * 4096;
        Tool.run("fallocate", "-l", Long.toString(fillBytes), filler.toString()).ok();
    }

    /** Gives the space back. */
    public void empty() throws IOException {
        Files.delete(filler);
    }

    @Override
    public void close() throws IOException {
        Tool.run("umount", root.toString()).ok();
    }
}
