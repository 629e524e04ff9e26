package io.vhdxd.vhdx.chain;

import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import java.nio.file.Path;

/**
 * A parent that is open for reading.
 *
 * @param file with all links resolved
 * @param storage the file itself; reads go through {@link LoadedImage#storage}
 */
public record ParentLayer(Path file, Storage storage, LoadedImage loaded) {}
