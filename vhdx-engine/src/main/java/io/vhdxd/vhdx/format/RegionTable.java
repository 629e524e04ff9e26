package io.vhdxd.vhdx.format;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The region table, of which the file holds two copies ([MS-VHDX] 2.2.3).
 *
 * @param entries in their order in the table
 */
public record RegionTable(List<RegionEntry> entries) {
    public static final int BYTES = 64 << 10;
    public static final int ENTRY_COUNT_MAX = 2047;

    /** {@code regi}. */
    private static final int SIGNATURE = 0x6967_6572;

    private static final int ENTRY_COUNT_OFFSET = 8;
    private static final int ENTRIES_OFFSET = 16;
    private static final int ENTRY_BYTES = 32;

    public RegionTable {
        entries = List.copyOf(entries);
    }

    /** Where a copy stands in the file; the copies are 0 and 1. */
    public static long copyOffsetBytes(int copy) {
        return (copy + 3) * (64L << 10);
    }

    /** What to call a copy in a message. */
    public static String copyName(int copy) {
        return "region table " + (copy + 1);
    }

    /** Where in the file the table entry with this index stands. */
    public static long entryOffsetBytes(int copy, int index) {
        return copyOffsetBytes(copy) + ENTRIES_OFFSET + (long) index * ENTRY_BYTES;
    }

    /**
     * Reads a copy and checks its signature, checksum and entry count. What the entries say is not checked.
     *
     * @param bytes {@link #BYTES} bytes
     * @param copy 0 or 1, for the error
     * @throws CorruptImageException if the copy is not valid
     */
    public static RegionTable parse(ByteBuffer bytes, int copy) throws CorruptImageException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        StructureHead.require(in, SIGNATURE, copyName(copy), copyOffsetBytes(copy));
        long count = Integer.toUnsignedLong(in.getInt(ENTRY_COUNT_OFFSET));
        if (count > ENTRY_COUNT_MAX) {
            throw new CorruptImageException(
                    copyName(copy),
                    copyOffsetBytes(copy) + ENTRY_COUNT_OFFSET,
                    "entry count " + count + ", expected at most " + ENTRY_COUNT_MAX);
        }
        List<RegionEntry> entries = new ArrayList<>((int) count);
        for (int i = 0; i < count; i++) {
            int at = ENTRIES_OFFSET + i * ENTRY_BYTES;
            entries.add(new RegionEntry(
                    GuidCodec.get(in, at),
                    in.getLong(at + 16),
                    Integer.toUnsignedLong(in.getInt(at + 24)),
                    in.getInt(at + 28)));
        }
        return new RegionTable(entries);
    }

    /** Whether a copy has its signature and the right checksum, whatever it says. */
    public static boolean isIntact(ByteBuffer bytes, int copy) {
        try {
            ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
            StructureHead.require(in, SIGNATURE, copyName(copy), copyOffsetBytes(copy));
            return true;
        } catch (CorruptImageException e) {
            return false;
        }
    }

    /** The table's {@link #BYTES} bytes, with their checksum. */
    public ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0, SIGNATURE);
        out.putInt(ENTRY_COUNT_OFFSET, entries.size());
        for (int i = 0; i < entries.size(); i++) {
            RegionEntry entry = entries.get(i);
            int at = ENTRIES_OFFSET + i * ENTRY_BYTES;
            GuidCodec.put(out, at, entry.id());
            out.putLong(at + 16, entry.fileOffsetBytes());
            out.putInt(at + 24, (int) entry.lengthBytes());
            out.putInt(at + 28, entry.flags());
        }
        out.putInt(Checksum.OFFSET, Checksum.of(out));
        return out;
    }
}
