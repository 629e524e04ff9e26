package io.vhdxd.vhdx.chain;

import java.nio.file.Path;

/**
 * Where a directory of a Windows machine is here.
 *
 * @param windowsDirectory for example {@code C:\disks}, {@code \\server\share} or <code>\\?\Volume{GUID}</code>
 */
public record PathMapping(String windowsDirectory, Path directory) {
    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException if the first one is not absolute
     */
    public PathMapping {
        WindowsPath windows = WindowsPath.parse(windowsDirectory);
        if (windows.isRelative() || windows.root().equals("\\")) {
            throw new IllegalArgumentException(
                    "'" + windowsDirectory + "' is not an absolute Windows path (expected: such as C:\\disks)");
        }
    }

    WindowsPath windows() {
        return WindowsPath.parse(windowsDirectory);
    }
}
