package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.TransmissionMode;

/**
 * Writes the replies of a session in the form that it has negotiated, into buffers that the caller provides, at their
 * writer index. Several replies may share a buffer; the data of a READ follows its header in the same buffer, or in the
 * next one. Each method that writes a whole message, or the beginning of one, has another that tells how many bytes those
 * are.
 *
 * <p>Without chunks ({@link TransmissionMode#SIMPLE}), a READ is answered by one data header with its data, and an error
 * has no text.
 */
public final class ReplyFormat {
    private static final int SIMPLE_HEADER_BYTES = 16;
    private static final int STRUCTURED_HEADER_BYTES = 20;
    private static final int EXTENDED_HEADER_BYTES = 32;

    private final TransmissionMode mode;
    private final boolean extended;

    /** The size of what comes before the content of every chunk. */
    private final int chunkHeaderBytes;

    private final int dataHeaderBytes;
    private final int extentBytes;

    public ReplyFormat(TransmissionMode mode) {
        this.mode = mode;
        extended = mode == TransmissionMode.EXTENDED;
        chunkHeaderBytes = extended ? EXTENDED_HEADER_BYTES : STRUCTURED_HEADER_BYTES;
        dataHeaderBytes = mode.hasChunks() ? chunkHeaderBytes + Long.BYTES : SIMPLE_HEADER_BYTES;
        extentBytes = extended ? 16 : 8;
    }

    /** Whether a READ may be answered in several pieces, holes among them. */
    public boolean hasChunks() {
        return mode.hasChunks();
    }

    /** The reply to a request that has succeeded, other than READ and BLOCK_STATUS. */
    public void writeSuccess(ByteBuf out, Request request) {
        if (extended) {
            writeChunkHeader(out, true, ChunkType.NONE, request, 0);
        } else {
            writeSimple(out, 0, request);
        }
    }

    public int successBytes() {
        return extended ? EXTENDED_HEADER_BYTES : SIMPLE_HEADER_BYTES;
    }

    /** The reply to a READ of no bytes. */
    public void writeNoData(ByteBuf out, Request request) {
        if (mode.hasChunks()) {
            writeChunkHeader(out, true, ChunkType.NONE, request, 0);
        } else {
            writeSimple(out, 0, request);
        }
    }

    public int noDataBytes() {
        return mode.hasChunks() ? chunkHeaderBytes : SIMPLE_HEADER_BYTES;
    }

    /**
     * What comes before data of the export; the data must follow, in full. Nothing can go wrong any more, the data being at
     * hand.
     *
     * @param done whether this is the last chunk; without chunks it must be
     * @param offsetBytes where the data lies in the export, not in the request
     * @param lengthBytes 1 or more
     */
    public void writeDataHeader(ByteBuf out, boolean done, Request request, long offsetBytes, int lengthBytes) {
        if (mode.hasChunks()) {
            writeChunkHeader(out, done, ChunkType.OFFSET_DATA, request, Long.BYTES + lengthBytes);
            out.writeLong(offsetBytes);
        } else {
            assert done;
            writeSimple(out, 0, request);
        }
    }

    public int dataHeaderBytes() {
        return dataHeaderBytes;
    }

    /**
     * A chunk that tells that a range reads as zeros.
     *
     * @param lengthBytes 1 or more
     */
    public void writeHole(ByteBuf out, boolean done, Request request, long offsetBytes, int lengthBytes) {
        writeChunkHeader(out, done, ChunkType.OFFSET_HOLE, request, Long.BYTES + Integer.BYTES);
        out.writeLong(offsetBytes).writeInt(lengthBytes);
    }

    public int holeBytes() {
        return chunkHeaderBytes + Long.BYTES + Integer.BYTES;
    }

    /**
     * The beginning of a chunk with the status of consecutive extents; {@code extentCount} calls of {@link #writeExtent}
     * must follow.
     *
     * @param extentCount 1 to {@link Limits#STATUS_EXTENTS}
     */
    public void writeStatusHeader(ByteBuf out, boolean done, Request request, int contextId, int extentCount) {
        int contentBytes = statusBytes(extentCount) - chunkHeaderBytes;
        if (extended) {
            writeChunkHeader(out, done, ChunkType.BLOCK_STATUS_EXT, request, contentBytes);
            out.writeInt(contextId).writeInt(extentCount);
        } else {
            writeChunkHeader(out, done, ChunkType.BLOCK_STATUS, request, contentBytes);
            out.writeInt(contextId);
        }
    }

    /**
     * One extent of a chunk with block status.
     *
     * @param lengthBytes 1 or more; without extended headers at most 2^32 - 1
     */
    public void writeExtent(ByteBuf out, long lengthBytes, int status) {
        if (extended) {
            out.writeLong(lengthBytes).writeLong(Integer.toUnsignedLong(status));
        } else {
            out.writeInt((int) lengthBytes).writeInt(status);
        }
    }

    /** The size of a chunk with the status of so many extents. */
    public int statusBytes(int extentCount) {
        return chunkHeaderBytes + (extended ? 2 * Integer.BYTES : Integer.BYTES) + extentCount * extentBytes;
    }

    /** The reply to a request that has failed, whatever chunks of it came before. */
    public void writeError(ByteBuf out, Request request, NbdError error, String text) {
        if (!mode.hasChunks()) {
            writeSimple(out, error.wireValue(), request);
            return;
        }
        byte[] message = ErrorText.encode(text);
        writeChunkHeader(out, true, ChunkType.ERROR, request, Integer.BYTES + Short.BYTES + message.length);
        out.writeInt(error.wireValue()).writeShort(message.length).writeBytes(message);
    }

    /** As many bytes as an error with that text may take. */
    public int errorBytesMax(String text) {
        return mode.hasChunks()
                ? chunkHeaderBytes + Integer.BYTES + Short.BYTES + Math.min(Limits.STRING_BYTES, 3 * text.length())
                : SIMPLE_HEADER_BYTES;
    }

    private static void writeSimple(ByteBuf out, int error, Request request) {
        out.writeInt(Magic.SIMPLE_REPLY).writeInt(error).writeLong(request.cookie());
    }

    private void writeChunkHeader(ByteBuf out, boolean done, int type, Request request, int lengthBytes) {
        out.writeInt(extended ? Magic.EXTENDED_REPLY : Magic.STRUCTURED_REPLY)
                .writeShort(done ? ChunkType.FLAG_DONE : 0)
                .writeShort(type)
                .writeLong(request.cookie());
        if (extended) {
            out.writeLong(request.offsetBytes()).writeLong(lengthBytes);
        } else {
            out.writeInt(lengthBytes);
        }
    }
}
