package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.FileTypeIdentifier;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Reads the headers of a file that is a VHDX, and nothing else. */
public final class HeaderReader {
    private HeaderReader() {}

    /**
     * Reads both and chooses the current one.
     *
     * @throws io.vhdxd.vhdx.diagnosis.CorruptImageException if the file is no VHDX, or neither is current
     */
    public static HeaderPair read(Storage file, Findings findings) throws IOException {
        StructureReader reader = new StructureReader(file);
        FileTypeIdentifier.parse(reader.readAvailable(0, FileTypeIdentifier.BYTES));
        return HeaderPair.choose(readSlot(reader, 0), readSlot(reader, 1), findings);
    }

    static ByteBuffer readSlot(StructureReader reader, int slot) throws IOException {
        return reader.read(Header.slotName(slot), Header.slotOffsetBytes(slot), Header.BYTES);
    }
}
