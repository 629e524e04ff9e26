package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class LinuxStorageContractTest extends StorageContract {
    @TempDir
    private Path directory;

    @Override
    Storage newFile() throws IOException {
        return LinuxFiles.create(directory.resolve("file"));
    }

    @Override
    Storage readOnly(Storage written) throws IOException {
        written.close();
        return LinuxFiles.open(directory.resolve("file"), false);
    }
}
