package io.vhdxd.server.remote;

import io.vhdxd.nbd.AllocationFlags;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.vhdx.ForeignDisk;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An export of an NBD server, from which a disk is copied, or to which. One request is under way at a time. For one thread at a
 * time.
 *
 * <p>A disk is written from its beginning to its end: what is left out between two writes becomes zeros, whatever the export held.
 */
public final class RemoteDisk implements ForeignDisk {
    private static final long TIMEOUT_MILLIS = 60_000;
    private static final int SECTOR_BYTES = 512;

    /** What one READ or WRITE takes at most. */
    private static final int PIECE_BYTES = 4 << 20;

    /** What one WRITE_ZEROES takes at most: a server that has to write the zeros needs time for them. */
    private static final int ZEROES_BYTES = 128 << 20;

    /** What one BLOCK_STATUS asks for at most. */
    private static final long STATUS_BYTES = 1L << 30;

    private final NbdUri uri;
    private final Wire wire;
    private final RemoteExport export;
    private final Replies replies;
    private final int pieceBytes;
    private long requests;

    /** What is known of the place after the last one that was asked for: the starts of extents, and whether they hold data. */
    private final TreeMap<Long, Boolean> extents = new TreeMap<>();

    private long extentsEndBytes;
    private boolean statusKnown;

    /** Everything before it is written. */
    private long writtenToBytes;

    private RemoteDisk(NbdUri uri, Wire wire, RemoteExport export) {
        this.uri = uri;
        this.wire = wire;
        this.export = export;
        this.replies = new Replies(wire, export);
        this.pieceBytes = Math.min(PIECE_BYTES, export.maximumPayloadBytes());
        this.statusKnown = export.structured() && export.allocationId() >= 0;
    }

    /** Opens an export. */
    public static RemoteDisk open(NbdUri uri) throws RemoteDiskException {
        return open(uri, TIMEOUT_MILLIS);
    }

    static RemoteDisk open(NbdUri uri, long timeoutMillis) throws RemoteDiskException {
        Wire wire;
        try {
            wire = Wire.connect(uri.place(), timeoutMillis);
        } catch (ConnectException e) {
            throw new RemoteDiskException(uri, "nobody listens there: " + e.getMessage(), e);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            throw new RemoteDiskException(uri, "cannot be reached: " + e.getMessage(), e);
        }
        try {
            return new RemoteDisk(uri, wire, ClientHandshake.run(wire, uri.exportName()));
        } catch (IOException e) {
            close(wire, e);
            throw new RemoteDiskException(uri, String.valueOf(e.getMessage()), e);
        } catch (RuntimeException | Error e) {
            close(wire, e);
            throw e;
        }
    }

    private static void close(Wire wire, Throwable reason) {
        try {
            wire.close();
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    /** The size of the export, rounded up to whole sectors of 512 bytes; what lies behind the export's end reads as zeros. */
    @Override
    public long sizeBytes() {
        return Math.ceilDiv(export.sizeBytes(), SECTOR_BYTES) * SECTOR_BYTES;
    }

    // --- reading

    @Override
    public long nextData(long offsetBytes) throws IOException {
        long at = offsetBytes;
        while (statusKnown && at < export.sizeBytes()) {
            if (at >= extentsEndBytes || extents.floorEntry(at) == null) {
                learnExtents(at);
                continue;
            }
            if (extents.floorEntry(at).getValue()) {
                return at;
            }
            @Nullable Long next = extents.higherKey(at);
            at = next == null ? extentsEndBytes : next;
        }
        return at >= export.sizeBytes() ? sizeBytes() : at;
    }

    /** Asks for the extents from a place on. A server that cannot tell them is not asked again. */
    private void learnExtents(long offsetBytes) throws IOException {
        long start = offsetBytes - offsetBytes % export.minimumBlockBytes();
        int length = (int) Math.min(STATUS_BYTES, export.sizeBytes() - start);
        String what = range("BLOCK_STATUS", start, length);
        extents.clear();
        try {
            long cookie = request(Command.BLOCK_STATUS, start, length);
            ByteBuffer status = replies.status(cookie);
            long at = start;
            while (status != null && status.hasRemaining()) {
                long extentBytes = Integer.toUnsignedLong(status.getInt());
                extents.put(at, (status.getInt() & AllocationFlags.ZERO) == 0);
                if (extentBytes == 0) {
                    throw new IOException("an extent without a byte");
                }
                at = Math.min(at + extentBytes, export.sizeBytes());
            }
            extentsEndBytes = at;
            statusKnown = at > offsetBytes;
        } catch (Replies.ErrorReplyException e) {
            statusKnown = false;
        } catch (IOException e) {
            throw failed(what, e);
        }
    }

    @Override
    public void read(long offsetBytes, ByteBuffer dst) throws IOException {
        long at = offsetBytes;
        while (dst.hasRemaining() && at < export.sizeBytes()) {
            int length = (int) Math.min(Math.min(dst.remaining(), pieceBytes), export.sizeBytes() - at);
            try {
                long cookie = request(Command.READ, at, length);
                ByteBuffer piece = dst.slice(dst.position(), length);
                replies.content(cookie, at, piece);
            } catch (IOException e) {
                throw failed(range("READ", at, length), e);
            }
            dst.position(dst.position() + length);
            at += length;
        }
        while (dst.hasRemaining()) {
            dst.put((byte) 0);
        }
    }

    // --- writing

    @Override
    public void begin(long diskSizeBytes) throws IOException {
        if (export.can(TransmissionFlags.READ_ONLY)) {
            throw new RemoteDiskException(uri, "the export is read-only");
        }
        if (export.sizeBytes() < diskSizeBytes) {
            throw new RemoteDiskException(
                    uri,
                    "the export has " + export.sizeBytes() + " bytes, expected at least the " + diskSizeBytes
                            + " of the disk");
        }
        if (diskSizeBytes % export.minimumBlockBytes() != 0) {
            throw new RemoteDiskException(
                    uri,
                    "the server takes whole blocks of " + export.minimumBlockBytes() + " bytes only, and the disk has "
                            + diskSizeBytes);
        }
        writtenToBytes = 0;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer src) throws IOException {
        zeroUpTo(offsetBytes);
        long at = offsetBytes;
        while (src.hasRemaining()) {
            int length = Math.min(src.remaining(), pieceBytes);
            try {
                replies.success(request(Command.WRITE, at, length, src.slice(src.position(), length)));
            } catch (IOException e) {
                throw failed(range("WRITE", at, length), e);
            }
            src.position(src.position() + length);
            at += length;
        }
        writtenToBytes = at;
    }

    private void zeroUpTo(long endBytes) throws IOException {
        boolean zeroes = export.can(TransmissionFlags.SEND_WRITE_ZEROES);
        ByteBuffer zeros = ByteBuffer.allocateDirect(zeroes || writtenToBytes >= endBytes ? 0 : pieceBytes);
        while (writtenToBytes < endBytes) {
            int length = (int) Math.min(zeroes ? ZEROES_BYTES : pieceBytes, endBytes - writtenToBytes);
            try {
                replies.success(
                        zeroes
                                ? request(Command.WRITE_ZEROES, writtenToBytes, length)
                                : request(Command.WRITE, writtenToBytes, length, zeros.slice(0, length)));
            } catch (IOException e) {
                throw failed(range(zeroes ? "WRITE_ZEROES" : "WRITE", writtenToBytes, length), e);
            }
            writtenToBytes += length;
        }
    }

    @Override
    public void finish(long diskSizeBytes) throws IOException {
        zeroUpTo(diskSizeBytes);
        if (export.can(TransmissionFlags.SEND_FLUSH)) {
            try {
                replies.success(request(Command.FLUSH, 0, 0));
            } catch (IOException e) {
                throw failed("FLUSH", e);
            }
        }
        // What was learnt before may not be so any more.
        extentsEndBytes = 0;
    }

    // --- messages

    private long request(int command, long offsetBytes, int lengthBytes, ByteBuffer... payload) throws IOException {
        long cookie = ++requests;
        ByteBuffer header = ByteBuffer.allocate(28);
        header.putInt(Magic.REQUEST)
                .putShort((short) 0)
                .putShort((short) command)
                .putLong(cookie);
        header.putLong(offsetBytes).putInt(lengthBytes).flip();
        if (payload.length == 0) {
            wire.write(header);
        } else {
            wire.write(header, payload[0]);
        }
        return cookie;
    }

    private static String range(String command, long offsetBytes, long lengthBytes) {
        return command + " of " + lengthBytes + " bytes at offset " + offsetBytes;
    }

    private RemoteDiskException failed(String request, IOException cause) {
        return new RemoteDiskException(uri, request + ": " + cause.getMessage(), cause);
    }

    /** Tells the server, if it still listens, and ends the connection. */
    @Override
    public void close() throws IOException {
        try (wire) {
            request(Command.DISC, 0, 0);
        } catch (IOException e) {
            // It is gone, which is what was wanted.
        }
    }
}
