package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Looks for entries of a log whose place nobody knows any more. */
final class LogTrace {
    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;
    private static final int READ_BYTES = 1 << 20;

    private LogTrace() {}

    /**
     * Looks in all space that nothing uses.
     *
     * @param header one to read the image with, in place of those that are lost
     * @return where an entry stands; -1 if there is none
     * @throws io.vhdxd.vhdx.diagnosis.VhdxException if the image does not load with that header
     */
    static long find(Storage storage, Header header) throws IOException {
        ChangedView view = new ChangedView(
                storage,
                List.of(
                        new LogPage(Header.slotOffsetBytes(0), header.encode()),
                        new LogPage(Header.slotOffsetBytes(1), header.encode())),
                storage.size());
        LoadedImage image = ImageLoader.load(view, LoadOptions.STRICT, new Findings());
        SpaceMap space = image.spaceMap();
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        long at = space.nextFreeMib(0) * Geometry.MIB;
        while (at < storage.size()) {
            long found = findInMib(storage, at, buffer);
            if (found >= 0) {
                return found;
            }
            long data = storage.nextData(at + Geometry.MIB);
            at = data >= storage.size() ? data : space.nextFreeMib(data / Geometry.MIB) * Geometry.MIB;
        }
        return -1;
    }

    private static long findInMib(Storage storage, long offsetBytes, ByteBuffer buffer) throws IOException {
        int length = storage.read(buffer.clear(), offsetBytes);
        for (int i = 0; i + SECTOR_BYTES <= length; i += SECTOR_BYTES) {
            if (LogEntryHeader.parse(buffer.slice(i, SECTOR_BYTES)) != null) {
                return offsetBytes + i;
            }
        }
        return -1;
    }
}
