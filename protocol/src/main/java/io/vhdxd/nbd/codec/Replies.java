package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.NbdError;

/**
 * Writes replies into buffers that the caller provides, at their writer index. Several replies may share a buffer; the data
 * of a READ follows its header in the same buffer, or in the next one.
 *
 * <p>A session with structured replies must use {@link #writeDataHeader}, {@link #writeHole}, {@link #writeDone} and
 * {@link #writeError} for READ and BLOCK_STATUS, also for their errors; {@link #writeSuccess} suits every other command in
 * every session. A session without them must use {@link #writeSuccess} and {@link #writeSimpleError} alone.
 */
public final class Replies {
    public static final int SIMPLE_HEADER_BYTES = 16;

    /** The size of {@link #writeDone}, and of what comes before the content of every other chunk. */
    public static final int CHUNK_HEADER_BYTES = 20;

    /** The room to leave in front of the data of a structured READ. */
    public static final int DATA_HEADER_BYTES = CHUNK_HEADER_BYTES + 8;

    public static final int HOLE_BYTES = CHUNK_HEADER_BYTES + 12;
    public static final int STATUS_HEADER_BYTES = CHUNK_HEADER_BYTES + 4;
    public static final int EXTENT_BYTES = 8;

    private Replies() {}

    /** A simple reply that tells success. The data of a READ must follow it, in full. */
    public static void writeSuccess(ByteBuf out, long cookie) {
        writeSimple(out, 0, cookie);
    }

    /** A simple reply that tells an error. No data follows it. */
    public static void writeSimpleError(ByteBuf out, long cookie, NbdError error) {
        writeSimple(out, error.wireValue(), cookie);
    }

    private static void writeSimple(ByteBuf out, int error, long cookie) {
        out.writeInt(Magic.SIMPLE_REPLY).writeInt(error).writeLong(cookie);
    }

    /** The last chunk of a structured reply, with no content. */
    public static void writeDone(ByteBuf out, long cookie) {
        writeChunkHeader(out, true, ChunkType.NONE, cookie, 0);
    }

    /**
     * The beginning of a chunk with data of the export; the data must follow, in full.
     *
     * @param done whether this is the last chunk; then nothing can go wrong any more, the data being at hand
     * @param offsetBytes where the data lies in the export, not in the request
     * @param lengthBytes 1 or more
     */
    public static void writeDataHeader(ByteBuf out, boolean done, long cookie, long offsetBytes, int lengthBytes) {
        writeChunkHeader(out, done, ChunkType.OFFSET_DATA, cookie, 8 + lengthBytes);
        out.writeLong(offsetBytes);
    }

    /**
     * A chunk that tells that a range reads as zeros.
     *
     * @param lengthBytes 1 or more
     */
    public static void writeHole(ByteBuf out, boolean done, long cookie, long offsetBytes, int lengthBytes) {
        writeChunkHeader(out, done, ChunkType.OFFSET_HOLE, cookie, 12);
        out.writeLong(offsetBytes).writeInt(lengthBytes);
    }

    /**
     * The beginning of a chunk with the status of consecutive extents; {@code extentCount} calls of {@link #writeExtent}
     * must follow.
     *
     * @param extentCount 1 to {@link Limits#STATUS_EXTENTS}
     */
    public static void writeStatusHeader(ByteBuf out, boolean done, long cookie, int contextId, int extentCount) {
        writeChunkHeader(out, done, ChunkType.BLOCK_STATUS, cookie, 4 + extentCount * EXTENT_BYTES);
        out.writeInt(contextId);
    }

    /**
     * One extent of a chunk with block status.
     *
     * @param lengthBytes 1 to 2^32 - 1
     */
    public static void writeExtent(ByteBuf out, long lengthBytes, int status) {
        out.writeInt((int) lengthBytes).writeInt(status);
    }

    /** The last chunk of a structured reply: the request has failed, whatever chunks came before. */
    public static void writeError(ByteBuf out, long cookie, NbdError error, String text) {
        byte[] message = ErrorText.encode(text);
        writeChunkHeader(out, true, ChunkType.ERROR, cookie, 6 + message.length);
        out.writeInt(error.wireValue()).writeShort(message.length).writeBytes(message);
    }

    /** A chunk like that of {@link #writeError} that tells as well up to which offset of the export the chunks are good. */
    public static void writeErrorAt(ByteBuf out, long cookie, NbdError error, String text, long offsetBytes) {
        byte[] message = ErrorText.encode(text);
        writeChunkHeader(out, true, ChunkType.ERROR_OFFSET, cookie, 14 + message.length);
        out.writeInt(error.wireValue())
                .writeShort(message.length)
                .writeBytes(message)
                .writeLong(offsetBytes);
    }

    private static void writeChunkHeader(ByteBuf out, boolean done, int type, long cookie, int lengthBytes) {
        out.writeInt(Magic.STRUCTURED_REPLY)
                .writeShort(done ? ChunkType.FLAG_DONE : 0)
                .writeShort(type)
                .writeLong(cookie)
                .writeInt(lengthBytes);
    }
}
