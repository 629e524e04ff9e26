package io.vhdxd.vhdx.format;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The table at the start of the metadata region ([MS-VHDX] 2.6.1). It has no checksum.
 *
 * @param entries in their order in the table
 */
public record MetadataTable(List<MetadataEntry> entries) {
    public static final int BYTES = 64 << 10;
    public static final int ENTRY_COUNT_MAX = 2047;
    public static final int USER_ENTRY_COUNT_MAX = 1024;

    /** Where the entry count stands, from the start of the table. */
    public static final int COUNT_OFFSET = 10;

    private static final String NAME = "metadata table";

    /** {@code metadata}. */
    private static final long SIGNATURE = 0x6174_6164_6174_656DL;

    private static final long PAGE_BYTES = 4096;
    private static final int ENTRIES_OFFSET = 32;
    private static final int ENTRY_BYTES = 32;

    public MetadataTable {
        entries = List.copyOf(entries);
    }

    /** Where the entry with this index stands, from the start of the table. */
    public static long entryOffsetBytes(int index) {
        return ENTRIES_OFFSET + (long) index * ENTRY_BYTES;
    }

    /**
     * Reads the table and checks its signature and entry count. What the entries say is not checked.
     *
     * @param bytes {@link #BYTES} bytes
     * @param fileOffsetBytes where the table stands, for the error
     * @throws CorruptImageException if this is no such table
     */
    public static MetadataTable parse(ByteBuffer bytes, long fileOffsetBytes) throws CorruptImageException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.getLong(0) != SIGNATURE) {
            throw new CorruptImageException(
                    NAME,
                    fileOffsetBytes,
                    "signature 0x%016x, expected 0x%016x (\"metadata\")".formatted(in.getLong(0), SIGNATURE));
        }
        int count = Short.toUnsignedInt(in.getShort(COUNT_OFFSET));
        if (count > ENTRY_COUNT_MAX) {
            throw new CorruptImageException(
                    NAME,
                    fileOffsetBytes + COUNT_OFFSET,
                    "entry count " + count + ", expected at most " + ENTRY_COUNT_MAX);
        }
        List<MetadataEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int at = ENTRIES_OFFSET + i * ENTRY_BYTES;
            entries.add(new MetadataEntry(
                    GuidCodec.get(in, at),
                    Integer.toUnsignedLong(in.getInt(at + 16)),
                    Integer.toUnsignedLong(in.getInt(at + 20)),
                    in.getInt(at + 24)));
        }
        return new MetadataTable(entries);
    }

    /** The bytes of an entry, as they stand in the table. */
    public static ByteBuffer encodeEntry(MetadataEntry entry) {
        ByteBuffer out = ByteBuffer.allocateDirect(ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        putEntry(out, 0, entry);
        return out;
    }

    /** The bytes of an entry count, which stands at {@link #COUNT_OFFSET}. */
    public static ByteBuffer encodeCount(int count) {
        return ByteBuffer.allocateDirect(Short.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort(0, (short) count);
    }

    /**
     * A place in the metadata region that no item has, on whole pages of 4 KiB.
     *
     * @param regionLengthBytes how long the region is
     * @return from the start of the region; -1 if there is no room
     */
    public long freeOffsetBytes(long lengthBytes, long regionLengthBytes) {
        long at = BYTES;
        boolean moved = true;
        while (moved) {
            moved = false;
            for (MetadataEntry entry : entries) {
                long end = entry.offsetBytes() + entry.lengthBytes();
                if (entry.lengthBytes() > 0 && entry.offsetBytes() < at + lengthBytes && end > at) {
                    at = Math.ceilDiv(end, PAGE_BYTES) * PAGE_BYTES;
                    moved = true;
                }
            }
        }
        return at + lengthBytes <= regionLengthBytes ? at : -1;
    }

    /** Writes the table to the buffer's first {@link #BYTES} bytes, which must be zero. */
    public void encode(ByteBuffer dst) {
        ByteBuffer out = dst.slice(0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(0, SIGNATURE);
        out.putShort(COUNT_OFFSET, (short) entries.size());
        for (int i = 0; i < entries.size(); i++) {
            putEntry(out, ENTRIES_OFFSET + i * ENTRY_BYTES, entries.get(i));
        }
    }

    private static void putEntry(ByteBuffer out, int at, MetadataEntry entry) {
        GuidCodec.put(out, at, entry.itemId());
        out.putInt(at + 16, (int) entry.offsetBytes());
        out.putInt(at + 20, (int) entry.lengthBytes());
        out.putInt(at + 24, entry.flags());
    }
}
