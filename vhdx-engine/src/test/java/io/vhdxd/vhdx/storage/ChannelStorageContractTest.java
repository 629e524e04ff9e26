package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

final class ChannelStorageContractTest extends StorageContract {
    @TempDir
    private Path directory;

    @Override
    Storage newFile() throws IOException {
        return ChannelStorage.create(directory.resolve("file"));
    }

    @Override
    Storage readOnly(Storage written) throws IOException {
        written.close();
        return ChannelStorage.open(directory.resolve("file"), false);
    }
}
