package io.vhdxd.vhdx.format;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import java.nio.ByteBuffer;

/** The first eight bytes of a header and of a region table: a signature and a checksum. */
final class StructureHead {
    private StructureHead() {}

    /**
     * Checks both.
     *
     * @param structure the whole structure, little-endian, from index 0 to its limit
     * @param name what to call it in an error
     * @param fileOffsetBytes where it stands in the file
     */
    static void require(ByteBuffer structure, int signature, String name, long fileOffsetBytes)
            throws CorruptImageException {
        int found = structure.getInt(0);
        if (found != signature) {
            throw new CorruptImageException(
                    name,
                    fileOffsetBytes,
                    "signature 0x%08x, expected 0x%08x (\"%s\")".formatted(found, signature, text(signature)));
        }
        int stored = structure.getInt(Checksum.OFFSET);
        int computed = Checksum.of(structure);
        if (stored != computed) {
            throw new CorruptImageException(
                    name,
                    fileOffsetBytes + Checksum.OFFSET,
                    "checksum 0x%08x, expected 0x%08x".formatted(stored, computed));
        }
    }

    private static String text(int signature) {
        StringBuilder text = new StringBuilder();
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            text.append((char) (signature >>> shift & 0xFF));
        }
        return text.toString();
    }
}
