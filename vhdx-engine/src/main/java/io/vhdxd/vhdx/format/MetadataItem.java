package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A metadata item with its content ([MS-VHDX] 2.6.1.2).
 *
 * @param flags in the terms of {@link MetadataEntry#flags}
 * @param content its remaining bytes; may be empty
 */
public record MetadataItem(UUID id, int flags, ByteBuffer content) {
    /** The items start behind the table. */
    private static final int ITEMS_OFFSET = MetadataTable.BYTES;

    private static final int PAGE_BYTES = 4096;

    /** The beginning of a metadata region that holds the table and these items; the rest of the region is zeros. */
    public static ByteBuffer encodeRegion(List<MetadataItem> items) {
        List<MetadataEntry> entries = new ArrayList<>();
        int at = ITEMS_OFFSET;
        for (MetadataItem item : items) {
            int length = item.content.remaining();
            entries.add(new MetadataEntry(item.id, length == 0 ? 0 : at, length, item.flags));
            at += length;
        }
        ByteBuffer out = ByteBuffer.allocateDirect((at + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        new MetadataTable(entries).encode(out);
        at = ITEMS_OFFSET;
        for (MetadataItem item : items) {
            out.put(at, item.content, item.content.position(), item.content.remaining());
            at += item.content.remaining();
        }
        return out;
    }
}
