package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The values of the five metadata items that every image has ([MS-VHDX] 2.6.2).
 *
 * @param virtualSizeBytes the size of the virtual disk
 * @param diskId the identifier that a guest sees (SCSI VPD page 83)
 */
public record DiskMetadata(
        FileParameters fileParameters,
        long virtualSizeBytes,
        UUID diskId,
        int logicalSectorSizeBytes,
        int physicalSectorSizeBytes) {
    /** The items start behind the table. */
    private static final int ITEMS_OFFSET = MetadataTable.BYTES;

    /** How much of a metadata region {@link #encode} fills; the rest is zero. */
    public static final int ENCODED_BYTES = ITEMS_OFFSET + 4096;

    /** The first {@link #ENCODED_BYTES} of a metadata region that holds the table and these items. */
    public ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocateDirect(ENCODED_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        List<MetadataEntry> entries = new ArrayList<>();
        int at = ITEMS_OFFSET;
        for (KnownItem item : KnownItem.values()) {
            if (item.isMandatory()) {
                entries.add(new MetadataEntry(item.id(), at, item.lengthBytes(), item.flags()));
                encodeItem(item, out, at);
                at += item.lengthBytes();
            }
        }
        new MetadataTable(entries).encode(out);
        return out;
    }

    private void encodeItem(KnownItem item, ByteBuffer out, int at) {
        switch (item) {
            case FILE_PARAMETERS -> {
                out.putInt(at, (int) fileParameters.blockSizeBytes());
                out.putInt(at + 4, fileParameters.flags());
            }
            case VIRTUAL_DISK_SIZE -> out.putLong(at, virtualSizeBytes);
            case VIRTUAL_DISK_ID -> GuidCodec.put(out, at, diskId);
            case LOGICAL_SECTOR_SIZE -> out.putInt(at, logicalSectorSizeBytes);
            case PHYSICAL_SECTOR_SIZE -> out.putInt(at, physicalSectorSizeBytes);
            case PARENT_LOCATOR, INCOMPLETE_FILE, CHS_PARAMETERS, PMEM_LABEL_STORAGE ->
                throw new IllegalArgumentException("not an item of every image: " + item);
        }
    }
}
