package io.vhdxd.vhdx.create;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileTypeIdentifier;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.KnownRegion;
import io.vhdxd.vhdx.format.MetadataItem;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.format.RegionTable;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Writes the structures of a new image into an empty file.
 *
 * <p>The blocks of a dynamic disk start as NOT_PRESENT rather than ZERO. To this engine, to QEMU and to Hyper-V both read as
 * zeros in a disk without a parent, but NOT_PRESENT is an entry of zeros: the BAT of a new disk, 513 MiB at its largest, is
 * a hole in the file and takes neither time nor space.
 */
public final class NewImage {
    private static final int SLICE_ENTRIES = 1 << 17;

    private final ImageLayout layout;
    private final List<MetadataItem> items;
    private final String creator;
    private final Supplier<UUID> guids;

    /** @param guids new random GUIDs */
    public NewImage(ImageLayout layout, DiskMetadata metadata, String creator, Supplier<UUID> guids) {
        this(layout, metadata.items(), creator, guids);
    }

    /**
     * @param items all metadata items; together at most 960 KiB
     * @param guids new random GUIDs
     */
    public NewImage(ImageLayout layout, List<MetadataItem> items, String creator, Supplier<UUID> guids) {
        this.layout = layout;
        this.items = List.copyOf(items);
        this.creator = creator;
        this.guids = guids;
    }

    /**
     * Writes everything and makes it durable.
     *
     * @param storage an empty file
     * @throws io.vhdxd.vhdx.storage.NoSpaceException if the file system has no room for it
     */
    public void write(Storage storage) throws IOException {
        storage.setSize(layout.fileSizeBytes());
        storage.zeroRange(ImageLayout.LOG_OFFSET_BYTES, layout.logLengthBytes());
        if (layout.fixed()) {
            storage.zeroRange(layout.payloadOffsetBytes(), layout.payloadLengthBytes());
            writeFixedBat(storage);
        }
        storage.write(MetadataItem.encodeRegion(items), layout.metadataOffsetBytes());
        RegionTable regions = new RegionTable(List.of(
                region(KnownRegion.BAT, layout.batOffsetBytes(), layout.batLengthBytes()),
                region(KnownRegion.METADATA, layout.metadataOffsetBytes(), ImageLayout.METADATA_LENGTH_BYTES)));
        storage.write(regions.encode(), RegionTable.copyOffsetBytes(0));
        storage.write(regions.encode(), RegionTable.copyOffsetBytes(1));
        Header header = new Header(
                1,
                guids.get(),
                guids.get(),
                GuidCodec.NIL,
                0,
                Header.VERSION,
                layout.logLengthBytes(),
                ImageLayout.LOG_OFFSET_BYTES);
        storage.write(header.encode(), Header.slotOffsetBytes(0));
        storage.write(header.withSequenceNumber(2).encode(), Header.slotOffsetBytes(1));
        storage.write(new FileTypeIdentifier(creator).encode(), 0);
        storage.sync();
    }

    private static RegionEntry region(KnownRegion region, long offset, long length) {
        return new RegionEntry(region.id(), offset, length, RegionEntry.REQUIRED);
    }

    private void writeFixedBat(Storage storage) throws IOException {
        Geometry geometry = layout.geometry();
        ByteBuffer slice =
                ByteBuffer.allocateDirect(SLICE_ENTRIES * BatEntry.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long count = geometry.batEntryCount();
        for (long first = 0; first < count; first += SLICE_ENTRIES) {
            slice.clear();
            for (long index = first; index < Math.min(count, first + SLICE_ENTRIES); index++) {
                slice.putLong(geometry.isBitmapIndex(index) ? 0 : presentEntry(geometry.blockOfBatIndex(index)));
            }
            storage.write(slice.flip(), layout.batOffsetBytes() + first * BatEntry.BYTES);
        }
    }

    private long presentEntry(long blockIndex) {
        return BatEntry.encode(PayloadBlockState.FULLY_PRESENT, layout.blockOffsetMib(blockIndex));
    }
}
