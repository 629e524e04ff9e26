package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * GUIDs as they stand in the file: the first three groups little-endian, the last two as they are written ([MS-DTYP]
 * 2.3.4.2).
 */
public final class GuidCodec {
    public static final int BYTES = 16;

    /** The GUID of zeros, which stands for "none". */
    public static final UUID NIL = new UUID(0, 0);

    private GuidCodec() {}

    /**
     * Reads a GUID.
     *
     * @param src a little-endian buffer
     */
    public static UUID get(ByteBuffer src, int index) {
        assert src.order() == ByteOrder.LITTLE_ENDIAN;
        long groups = src.getLong(index);
        long mostSignificant = groups << 32 | (groups >>> 32 & 0xFFFF) << 16 | groups >>> 48;
        return new UUID(mostSignificant, Long.reverseBytes(src.getLong(index + 8)));
    }

    /**
     * Writes a GUID.
     *
     * @param dst a little-endian buffer
     */
    public static void put(ByteBuffer dst, int index, UUID guid) {
        assert dst.order() == ByteOrder.LITTLE_ENDIAN;
        long mostSignificant = guid.getMostSignificantBits();
        dst.putLong(index, mostSignificant >>> 32 | (mostSignificant >>> 16 & 0xFFFF) << 32 | mostSignificant << 48);
        dst.putLong(index + 8, Long.reverseBytes(guid.getLeastSignificantBits()));
    }
}
