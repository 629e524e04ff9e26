package io.vhdxd.vhdx.edit;

import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.MetadataTable;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import io.vhdxd.vhdx.write.PageEdits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Gives a differencing image another parent locator ([MS-VHDX] 2.6.2.6). The new one is written where no item is; one log entry
 * then lets the metadata table name it. So a crash leaves the old locator or the new one.
 */
public final class LocatorChange {
    private LocatorChange() {}

    /**
     * Does it.
     *
     * @param image a differencing one, loaded from the storage without anything to replay
     * @param change what else to change in the headers, such as the DataWriteGuid; done before the locator changes
     * @return the headers afterwards
     * @throws UnsupportedImageException if the metadata region has no room for it; nothing was changed
     */
    public static HeaderPair write(
            Storage storage,
            LoadedImage image,
            ParentLocator locator,
            UnaryOperator<Header> change,
            Supplier<UUID> newGuid)
            throws IOException {
        RegionEntry region = image.regions().metadata();
        List<MetadataEntry> entries = image.items().entries();
        ByteBuffer content = locator.encode();
        int length = content.remaining();
        long place = new MetadataTable(entries).freeOffsetBytes(length, region.lengthBytes());
        if (place < 0) {
            throw new UnsupportedImageException("metadata region at offset " + region.fileOffsetBytes()
                    + ": no room for a parent locator of " + length + " bytes beside the old one");
        }
        int index = 0;
        while (entries.get(index).known() != KnownItem.PARENT_LOCATOR) {
            index++;
        }
        MetadataEntry old = entries.get(index);
        PageEdits table = new PageEdits(storage);
        table.put(
                region.fileOffsetBytes() + MetadataTable.entryOffsetBytes(index),
                MetadataTable.encodeEntry(new MetadataEntry(old.itemId(), place, length, old.flags())));
        LoggedEdits edits = LoggedEdits.begin(storage, image.headers(), change, newGuid);
        storage.write(content, region.fileOffsetBytes() + place);
        edits.commit(table);
        return edits.finish();
    }
}
