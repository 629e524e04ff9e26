package io.vhdxd.vhdx.chain;

import java.nio.file.Path;
import java.util.List;

/**
 * What the person who opens an image says about its parents.
 *
 * @param parents the files to be taken for the image's parent, for that one's parent, and so on, whatever the images
 *     themselves say; for parents beyond the list the images are believed
 * @param directories where parents may lie besides the directory of their child; an image can name no file elsewhere
 * @param mappings what absolute paths of Windows mean here; without one they mean nothing
 * @param ignoreParentId whether a parent is taken although it was changed after its child was made, or is another one. What
 *     is read then may be a mixture that no disk ever held
 */
public record ParentSearch(
        List<Path> parents, List<Path> directories, List<PathMapping> mappings, boolean ignoreParentId) {
    public static final ParentSearch DEFAULT = new ParentSearch(List.of(), List.of(), List.of(), false);

    /** The same, for the parents of the first parent. */
    public ParentSearch beyondFirst() {
        return new ParentSearch(
                parents.isEmpty() ? parents : parents.subList(1, parents.size()),
                directories,
                mappings,
                ignoreParentId);
    }

    public ParentSearch {
        parents = List.copyOf(parents);
        directories = List.copyOf(directories);
        mappings = List.copyOf(mappings);
    }
}
