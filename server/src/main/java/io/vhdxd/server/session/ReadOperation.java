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
    /** A range in more chunks than this is sent in one: their headers would outweigh what the holes save. */
    private static final int CHUNKS_MAX = 64;

    /**
     * At most so much of the data is in one buffer. Buffers of 1 MiB and more are made anew by Netty's allocator, and
     * cleared by the JVM; smaller ones are used again.
     */
    private static final int PIECE_BYTES = 256 << 10;

    private static final int ZEROS = 0;
    private static final int DATA = 1;

    private final Disk disk;
    private final ReplyFormat format;
    private final int headerBytes;
    private final List<Piece> pieces = new ArrayList<>(1);

    /** The piece that is to be read next. */
    private int nextPiece;

    /**
     * What one buffer holds of the range, or a hole in it.
     *
     * @param chunkBytes the length of the chunk that begins with this piece; 0 if it continues the one before
     * @param buffer room for the chunk's header, if it begins here, and for the data behind it; null if this is a hole
     */
    private record Piece(
            long offsetBytes,
            int lengthBytes,
            int chunkBytes,
            @Nullable ByteBuf buffer) {
        boolean beginsChunk() {
            return chunkBytes > 0;
        }
    }

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
        if (request.lengthBytes() <= session.limits().inlineBytes()) {
            if (readWithoutWaiting()) {
                return true;
            }
            session.meter().readMissed();
        }
        session.ioPool().execute(this);
        return false;
    }

    /** Cuts the range into chunks and pieces, and gets the buffers for them. */
    private void plan() throws IOException {
        long offsetBytes = request.offsetBytes();
        if (format.hasChunks()) {
            Extents extents = new Extents(
                    offsetBytes,
                    request.lengthBytes(),
                    request.has(CommandFlags.DF) ? 1 : CHUNKS_MAX,
                    (kind, depth) -> kind == ExtentKind.DATA ? DATA : ZEROS);
            if (extents.tryAdvance(disk, request.lengthBytes()) && extents.coveredBytes() == request.lengthBytes()) {
                for (int i = 0; i < extents.count(); i++) {
                    addChunk(offsetBytes, (int) extents.lengthBytes(i), extents.number(i) == DATA);
                    offsetBytes += extents.lengthBytes(i);
                }
                return;
            }
        }
        addChunk(offsetBytes, (int) request.lengthBytes(), true);
    }

    private void addChunk(long offsetBytes, int lengthBytes, boolean isData) {
        if (!isData) {
            pieces.add(new Piece(offsetBytes, lengthBytes, lengthBytes, null));
            return;
        }
        for (int done = 0; done < lengthBytes; done += PIECE_BYTES) {
            int pieceBytes = Math.min(lengthBytes - done, PIECE_BYTES);
            ByteBuf buffer = session.allocator().directBuffer((done == 0 ? headerBytes : 0) + pieceBytes);
            pieces.add(new Piece(offsetBytes + done, pieceBytes, done == 0 ? lengthBytes : 0, buffer));
        }
    }

    private boolean readWithoutWaiting() throws IOException {
        for (; nextPiece < pieces.size(); nextPiece++) {
            Piece piece = pieces.get(nextPiece);
            if (piece.buffer != null && !disk.tryRead(piece.offsetBytes, room(piece, piece.buffer))) {
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
            for (; nextPiece < pieces.size(); nextPiece++) {
                Piece piece = pieces.get(nextPiece);
                if (piece.buffer != null) {
                    disk.read(piece.offsetBytes, room(piece, piece.buffer));
                }
            }
            return true;
        });
    }

    private ByteBuffer room(Piece piece, ByteBuf buffer) {
        return buffer.nioBuffer(piece.beginsChunk() ? headerBytes : 0, piece.lengthBytes);
    }

    @Override
    void succeed(ReplyStream replies) {
        if (pieces.isEmpty()) {
            format.writeNoData(replies.room(format.noDataBytes()), request);
        }
        long endBytes = request.offsetBytes() + request.lengthBytes();
        for (Piece piece : pieces) {
            ByteBuf buffer = piece.buffer;
            boolean done = piece.offsetBytes + piece.chunkBytes == endBytes;
            if (buffer == null) {
                ByteBuf out = replies.room(format.holeBytes());
                format.writeHole(out, done, request, piece.offsetBytes, piece.lengthBytes);
            } else if (piece.beginsChunk()) {
                format.writeDataHeader(buffer, done, request, piece.offsetBytes, piece.chunkBytes);
                replies.write(buffer.writerIndex(headerBytes + piece.lengthBytes));
            } else {
                replies.write(buffer.writerIndex(piece.lengthBytes));
            }
        }
    }

    @Override
    void discard() {
        for (Piece piece : pieces) {
            if (piece.buffer != null) {
                piece.buffer.release();
            }
        }
    }
}
