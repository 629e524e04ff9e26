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

    /** The beginning of a metadata region that holds the table and these items; the rest of the region is zeros. */
    public ByteBuffer encode() {
        return MetadataItem.encodeRegion(items());
    }

    /** The five items. */
    public List<MetadataItem> items() {
        List<MetadataItem> items = new ArrayList<>();
        for (KnownItem item : KnownItem.values()) {
            if (item.isMandatory()) {
                items.add(new MetadataItem(item.id(), item.flags(), content(item)));
            }
        }
        return items;
    }

    private ByteBuffer content(KnownItem item) {
        ByteBuffer out = ByteBuffer.allocate(item.lengthBytes()).order(ByteOrder.LITTLE_ENDIAN);
        switch (item) {
            case FILE_PARAMETERS -> {
                out.putInt(0, (int) fileParameters.blockSizeBytes());
                out.putInt(4, fileParameters.flags());
            }
            case VIRTUAL_DISK_SIZE -> out.putLong(0, virtualSizeBytes);
            case VIRTUAL_DISK_ID -> GuidCodec.put(out, 0, diskId);
            case LOGICAL_SECTOR_SIZE -> out.putInt(0, logicalSectorSizeBytes);
            case PHYSICAL_SECTOR_SIZE -> out.putInt(0, physicalSectorSizeBytes);
            case PARENT_LOCATOR, INCOMPLETE_FILE, CHS_PARAMETERS, PMEM_LABEL_STORAGE ->
                throw new IllegalArgumentException("not an item of every image: " + item);
        }
        return out;
    }
}
