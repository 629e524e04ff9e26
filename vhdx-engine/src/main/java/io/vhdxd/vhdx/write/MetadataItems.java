package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.MetadataTable;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where items stand in the metadata region of an image that was loaded, and so found sound. */
public final class MetadataItems {
    private MetadataItems() {}

    /**
     * Looks an item up.
     *
     * @throws CorruptImageException if it is not there
     */
    public static long fileOffsetBytes(Storage storage, RegionEntry metadata, KnownItem item) throws IOException {
        for (MetadataEntry entry : table(storage, metadata).entries()) {
            if (entry.known() == item) {
                return metadata.fileOffsetBytes() + entry.offsetBytes();
            }
        }
        throw new CorruptImageException(
                "metadata table", metadata.fileOffsetBytes(), item.displayName() + " is missing");
    }

    private static MetadataTable table(Storage storage, RegionEntry metadata) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(MetadataTable.BYTES);
        storage.read(bytes, metadata.fileOffsetBytes());
        return MetadataTable.parse(bytes.clear(), metadata.fileOffsetBytes());
    }
}
