package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads structures of a known, small size. */
record StructureReader(Storage storage) {

    /**
     * Reads a structure into a little-endian buffer of its own.
     *
     * @param structure what to call it in an error
     * @throws CorruptImageException if the file ends before the structure does
     */
    ByteBuffer read(String structure, long offset, int length) throws IOException {
        ByteBuffer bytes = readAvailable(offset, length);
        if (bytes.limit() < length) {
            throw new CorruptImageException(
                    structure,
                    offset,
                    "the file ends at " + storage.size() + ", expected " + length + " bytes from here on");
        }
        return bytes;
    }

    /** Reads as many of the bytes as the file has. */
    ByteBuffer readAvailable(long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
        storage.read(bytes, offset);
        return bytes.flip();
    }
}
