package io.vhdxd.server.cli;

import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.chain.PathMapping;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How the parents of differencing images are found. */
final class ParentOptions {
    @Option(
            names = "--parent",
            paramLabel = "FILE",
            description = "The image's parent, whatever the image says itself; given again, that one's parent.")
    private List<Path> parents = List.of();

    @Option(
            names = "--parent-dir",
            paramLabel = "DIR",
            description = "A directory in which parents may lie. Without it, a parent must be in the directory of its"
                    + " child, or below; links do not lead out of it.")
    private List<Path> directories = List.of();

    @Option(
            names = "--map-path",
            paramLabel = "WINDOWS=DIR",
            description = "Where a directory of Windows is here, such as 'C:\\disks=/srv/disks'. Without it, absolute"
                    + " paths of parents are not used.",
            converter = MappingConverter.class)
    private List<PathMapping> mappings = List.of();

    @Option(
            names = "--ignore-parent-id",
            description =
                    "Take a parent that was changed after its child was made, or is another one. For reading only;"
                            + " what is read may be a mixture.")
    private boolean ignoreParentId;

    ParentSearch search() {
        return new ParentSearch(parents, directories, mappings, ignoreParentId);
    }

    /** The parent that was named, if it is one and no more; null otherwise. */
    @Nullable Path onlyParent() {
        return parents.size() == 1 ? parents.getFirst() : null;
    }

    /** Where the parents of the named parent are. */
    ParentSearch searchBeyondParent() {
        return new ParentSearch(List.of(), directories, mappings, ignoreParentId);
    }

    boolean namesParent() {
        return !parents.isEmpty();
    }

    /** Lets picocli read mappings. */
    static final class MappingConverter implements ITypeConverter<PathMapping> {
        @Override
        public PathMapping convert(String text) {
            int equals = text.indexOf('=');
            if (equals <= 0 || equals == text.length() - 1) {
                throw new TypeConversionException("'" + text + "' is no mapping (expected: WINDOWS=DIR)");
            }
            try {
                return new PathMapping(text.substring(0, equals), Path.of(text.substring(equals + 1)));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
