package io.vhdxd.server.session;

import io.netty.buffer.ByteBuf;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.codec.ReplyFormat;
import io.vhdxd.server.export.Disk;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.request.AbandonedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * READ. All data is read before the first byte of the reply leaves, so that an error can still be told (nbd.md RP-02).
 *
 * <p>In a reply with chunks, what the block map knows to be zeros goes as a hole, without its bytes.
 */
final class ReadOperation extends Operation implements Runnable {
    /** A range in more pieces than this is sent in one: their headers would outweigh what the holes save. */
    private static final int PARTS_MAX = 64;

    private static final int ZEROS = 0;
    private static final int DATA = 1;

    private final Disk disk;
    private final ReplyFormat format;
    private final int headerBytes;
    private final List<Part> parts = new ArrayList<>(1);

    /** The part that is to be read next. */
    private int nextPart;

    /**
     * A piece of the range.
     *
     * @param buffer room for a header, and for the data behind it; null if the piece is a hole
     */
    private record Part(
            long offsetBytes, int lengthBytes, @Nullable ByteBuf buffer) {}

    ReadOperation(Session session, Request request, long reservedBytes, Disk disk) {
        super(session, request, reservedBytes);
        this.disk = disk;
        this.format = session.format();
        this.headerBytes = format.dataHeaderBytes();
    }

    @Override
    boolean start() throws IOException {
        if (request.lengthBytes() == 0) {
            return true;
        }
        plan();
        if (request.lengthBytes() <= session.limits().inlineBytes() && readWithoutWaiting()) {
            return true;
        }
        session.ioPool().execute(this);
        return false;
    }

    /** Cuts the range into parts, and gets the buffers for them. */
    private void plan() throws IOException {
        long offsetBytes = request.offsetBytes();
        if (format.hasChunks()) {
            Extents extents = Extents.tryOf(
                    disk,
                    offsetBytes,
                    request.lengthBytes(),
                    request.has(CommandFlags.DF) ? 1 : PARTS_MAX,
                    kind -> kind == ExtentKind.DATA ? DATA : ZEROS);
            if (extents != null && extents.coveredBytes() == request.lengthBytes()) {
                for (int i = 0; i < extents.count(); i++) {
                    addPart(offsetBytes, (int) extents.lengthBytes(i), extents.number(i) == DATA);
                    offsetBytes += extents.lengthBytes(i);
                }
                return;
            }
        }
        addPart(offsetBytes, (int) request.lengthBytes(), true);
    }

    private void addPart(long offsetBytes, int lengthBytes, boolean isData) {
        ByteBuf buffer = isData ? session.allocator().directBuffer(headerBytes + lengthBytes) : null;
        parts.add(new Part(offsetBytes, lengthBytes, buffer));
    }

    private boolean readWithoutWaiting() throws IOException {
        for (; nextPart < parts.size(); nextPart++) {
            Part part = parts.get(nextPart);
            if (part.buffer != null && !disk.tryRead(part.offsetBytes, room(part.buffer, part.lengthBytes))) {
                return false;
            }
        }
        return true;
    }

    /** Reads the rest, on a thread that may wait. */
    @Override
    public void run() {
        session.carryOut(this, () -> {
            if (session.isAbandoned()) {
                throw new AbandonedException();
            }
            for (; nextPart < parts.size(); nextPart++) {
                Part part = parts.get(nextPart);
                if (part.buffer != null) {
                    disk.read(part.offsetBytes, room(part.buffer, part.lengthBytes));
                }
            }
            return true;
        });
    }

    private ByteBuffer room(ByteBuf buffer, int lengthBytes) {
        return buffer.nioBuffer(headerBytes, lengthBytes);
    }

    @Override
    void succeed(ReplyStream replies) {
        if (parts.isEmpty()) {
            format.writeNoData(replies.room(format.noDataBytes()), request);
        }
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            boolean done = i == parts.size() - 1;
            if (part.buffer == null) {
                ByteBuf out = replies.room(format.holeBytes());
                format.writeHole(out, done, request, part.offsetBytes, part.lengthBytes);
            } else {
                format.writeDataHeader(part.buffer, done, request, part.offsetBytes, part.lengthBytes);
                replies.write(part.buffer.writerIndex(headerBytes + part.lengthBytes));
            }
        }
    }

    @Override
    void discard() {
        for (Part part : parts) {
            if (part.buffer != null) {
                part.buffer.release();
            }
        }
    }
}
