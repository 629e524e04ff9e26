package io.vhdxd.vhdx.chain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A path as Windows writes it.
 *
 * @param root {@code ""} for a relative path, a drive such as {@code c:}, {@code \\} for a server's share, {@code \\?\}
 *     for a volume that is named by its GUID; lower case
 * @param components what comes behind the root; not empty, and neither is any of them
 */
record WindowsPath(String root, List<String> components) {
    private static final String SHARE = "\\\\";
    private static final String VERBATIM = "\\\\?\\";
    private static final String VERBATIM_SHARE = "\\\\?\\UNC\\";

    static WindowsPath parse(String text) {
        String path = text.replace('/', '\\');
        if (path.regionMatches(true, 0, VERBATIM_SHARE, 0, VERBATIM_SHARE.length())) {
            return of(SHARE, path.substring(VERBATIM_SHARE.length()));
        }
        if (path.startsWith(VERBATIM)) {
            String rest = path.substring(VERBATIM.length());
            return startsWithDrive(rest) ? ofDrive(rest) : of(VERBATIM, rest);
        }
        if (path.startsWith(SHARE)) {
            return of(SHARE, path.substring(SHARE.length()));
        }
        if (startsWithDrive(path)) {
            return ofDrive(path);
        }
        // A path from the root of the current drive names no place here.
        return of(path.startsWith("\\") ? "\\" : "", path);
    }

    private static boolean startsWithDrive(String path) {
        return path.length() >= 2 && Character.isLetter(path.charAt(0)) && path.charAt(1) == ':';
    }

    private static WindowsPath ofDrive(String path) {
        return of(path.substring(0, 2).toLowerCase(Locale.ROOT), path.substring(2));
    }

    private static WindowsPath of(String root, String rest) {
        List<String> components = new ArrayList<>();
        for (String component : rest.split("\\\\+", -1)) {
            if (!component.isEmpty() && !component.equals(".")) {
                components.add(component);
            }
        }
        return new WindowsPath(root, List.copyOf(components));
    }

    boolean isRelative() {
        return root.isEmpty();
    }

    /** Whether this path lies in a directory, or is it. Windows does not tell upper case from lower case. */
    boolean startsWith(WindowsPath directory) {
        if (!root.equals(directory.root) || components.size() < directory.components.size()) {
            return false;
        }
        for (int i = 0; i < directory.components.size(); i++) {
            if (!components.get(i).equalsIgnoreCase(directory.components.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** What comes behind the components of a directory in which this path lies. */
    List<String> below(WindowsPath directory) {
        return components.subList(directory.components.size(), components.size());
    }
}
