package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.RegionTable;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Reads the structures at the start of a file, valid or not. */
final class Structures {
    private Structures() {}

    /** Reads bytes; behind the end of the file there are zeros. The buffer is little-endian. */
    static ByteBuffer read(Storage storage, long offsetBytes, int lengthBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
        storage.read(bytes, offsetBytes);
        return bytes.clear();
    }

    static ByteBuffer headerBytes(Storage storage, int slot) throws IOException {
        return read(storage, Header.slotOffsetBytes(slot), Header.BYTES);
    }

    /** The header in a slot; null if it is not valid. */
    static @Nullable Header header(ByteBuffer bytes, int slot) {
        try {
            return Header.parse(bytes, slot);
        } catch (CorruptImageException e) {
            return null;
        }
    }

    /** Whether a copy of the region table is not what was written. */
    static boolean isRegionTableLost(Storage storage, int copy) throws IOException {
        return !RegionTable.isIntact(read(storage, RegionTable.copyOffsetBytes(copy), RegionTable.BYTES), copy);
    }

    /** A copy of the region table; null if it is not valid. */
    static @Nullable RegionTable regionTable(Storage storage, int copy) throws IOException {
        try {
            return RegionTable.parse(read(storage, RegionTable.copyOffsetBytes(copy), RegionTable.BYTES), copy);
        } catch (CorruptImageException e) {
            return null;
        }
    }
}
