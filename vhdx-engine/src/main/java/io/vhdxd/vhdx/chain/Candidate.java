package io.vhdxd.vhdx.chain;

import io.vhdxd.vhdx.format.ParentLocator;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A way to find a parent.
 *
 * @param origin what says so, for messages
 * @param place finds the file, all links resolved; its errors say why it is not to be had
 */
record Candidate(String origin, Place place) {
    /** Finds a file. */
    interface Place {
        Path find() throws IOException;
    }

    /** The ways that a child's locator names, in the order in which they are to be tried ([MS-VHDX] 2.6.2.6.3). */
    static List<Candidate> of(ParentLocator locator, Path child, ParentSearch search) {
        List<Candidate> candidates = new ArrayList<>();
        for (String key :
                List.of(ParentLocator.RELATIVE_PATH, ParentLocator.VOLUME_PATH, ParentLocator.ABSOLUTE_WIN32_PATH)) {
            String path = locator.entries().get(key);
            if (path != null) {
                candidates.add(new Candidate(key + " " + path, () -> find(WindowsPath.parse(path), child, search)));
            }
        }
        return candidates;
    }

    /** The file that the user has named. */
    static Candidate given(Path file) {
        return new Candidate("the given parent " + file, file::toRealPath);
    }

    private static Path find(WindowsPath path, Path child, ParentSearch search) throws IOException {
        if (path.components().isEmpty()) {
            throw new FileSystemException("the path names no file");
        }
        if (path.isRelative()) {
            Path directory = directoryOf(child);
            List<Path> allowed = new ArrayList<>();
            allowed.add(directory);
            for (Path other : search.directories()) {
                allowed.add(other.toRealPath());
            }
            return confined(directory, path.components(), allowed);
        }
        for (PathMapping mapping : search.mappings()) {
            if (path.startsWith(mapping.windows())) {
                Path directory = mapping.directory().toRealPath();
                return confined(directory, path.below(mapping.windows()), List.of(directory));
            }
        }
        throw new FileSystemException("no mapping says where that is");
    }

    private static Path directoryOf(Path child) throws IOException {
        Path directory = child.toRealPath().getParent();
        assert directory != null : child;
        return directory;
    }

    /**
     * The file behind a path that an image names. It is looked for only inside the allowed directories, and links do not
     * lead out of them.
     */
    private static Path confined(Path from, List<String> components, List<Path> allowed) throws IOException {
        Path path = from;
        try {
            for (String component : components) {
                path = path.resolve(component);
            }
        } catch (InvalidPathException e) {
            throw new FileSystemException("no file can have this name here: " + e.getMessage());
        }
        path = path.normalize();
        requireInside(path, path, allowed);
        try {
            Path real = path.toRealPath();
            requireInside(path, real, allowed);
            return real;
        } catch (NoSuchFileException e) {
            throw new NoSuchFileException(path + ": no such file");
        }
    }

    private static void requireInside(Path path, Path real, List<Path> allowed) throws FileSystemException {
        if (allowed.stream().noneMatch(real::startsWith)) {
            String link = path.equals(real) ? "" : " is a link to " + real + ", which";
            throw new FileSystemException(path + link + " is outside of " + allowed.getFirst());
        }
    }
}
