package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The CRC-32C that headers, region tables and log entries carry as their second 32-bit field ([MS-VHDX] 2.2.2, 2.2.3.1,
 * 2.3.1.1). It covers the whole structure with that field taken as zero.
 */
final class Checksum {
    /** Where the field stands in each of the three structures. */
    static final int OFFSET = 4;

    private static final byte[] ZERO_FIELD = new byte[4];

    private Checksum() {}

    /** The checksum of the structure that the buffer holds from index 0 to its limit. */
    static int of(ByteBuffer structure) {
        CRC32C crc = new CRC32C();
        crc.update(structure.slice(0, OFFSET));
        crc.update(ZERO_FIELD);
        int rest = OFFSET + ZERO_FIELD.length;
        crc.update(structure.slice(rest, structure.limit() - rest));
        return (int) crc.getValue();
    }
}
