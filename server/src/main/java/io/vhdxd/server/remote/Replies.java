package io.vhdxd.server.remote;

import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.NbdError;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Receives what a server answers to the one request that is under way. */
final class Replies {
    private static final int STATUS_MAX_BYTES = Integer.BYTES + 8 * Limits.STATUS_EXTENTS;
    private static final int ERROR_MAX_BYTES = 14 + Limits.STRING_BYTES;

    /** More than any sensible server sends, and an end to what another one may send. */
    private static final int CHUNKS_MAX = 1 << 20;

    private final Wire wire;
    private final RemoteExport export;

    Replies(Wire wire, RemoteExport export) {
        this.wire = wire;
        this.export = export;
    }

    /** The server has answered a request with an error; the connection goes on. */
    static final class ErrorReplyException extends IOException {
        private ErrorReplyException(long number, String text) {
            super("error " + name(number) + (text.isEmpty() ? "" : ", " + ErrorText.quote(text)));
        }

        private static String name(long number) {
            return Arrays.stream(NbdError.values())
                    .filter(error -> error.wireValue() == number)
                    .map(error -> error == NbdError.ENOSPC ? "ENOSPC (no space left there)" : error.name())
                    .findFirst()
                    .orElse(Long.toString(number));
        }
    }

    /** Is given a chunk with content; what it does not read of it is an error of the server. */
    @FunctionalInterface
    private interface ChunkReader {
        void chunk(int type, int lengthBytes) throws IOException;
    }

    /** The end of a request that brings nothing back. */
    void success(long cookie) throws IOException {
        receive(cookie, (type, length) -> {
            throw unexpected(type, length);
        });
    }

    /** The content that a READ of this range asks for. */
    void content(long cookie, long offsetBytes, ByteBuffer dst) throws IOException {
        if (!export.structured()) {
            simple(cookie);
            wire.read(dst);
            return;
        }
        int start = dst.position();
        int length = dst.remaining();
        long[] missing = {length};
        receive(cookie, (type, chunkLength) -> {
            if (type == ChunkType.OFFSET_DATA && chunkLength > Long.BYTES) {
                int count = chunkLength - Long.BYTES;
                wire.read(part(dst, start, length, wire.read(Long.BYTES).getLong() - offsetBytes, count));
                missing[0] -= count;
            } else if (type == ChunkType.OFFSET_HOLE && chunkLength == Long.BYTES + Integer.BYTES) {
                ByteBuffer hole = wire.read(chunkLength);
                long at = hole.getLong() - offsetBytes;
                ByteBuffer zeros = part(dst, start, length, at, Integer.toUnsignedLong(hole.getInt()));
                missing[0] -= zeros.remaining();
                while (zeros.hasRemaining()) {
                    zeros.put((byte) 0);
                }
            } else {
                throw unexpected(type, chunkLength);
            }
        });
        if (missing[0] != 0) {
            throw new ProtocolException("its chunks have " + (length - missing[0]) + " bytes, expected " + length);
        }
        dst.position(start + length);
    }

    private static ByteBuffer part(ByteBuffer dst, int start, int length, long at, long count)
            throws ProtocolException {
        if (at < 0 || count <= 0 || count > length || at > length - count) {
            throw new ProtocolException("a chunk of " + count + " bytes lies outside of what was asked for");
        }
        return dst.slice(start + (int) at, (int) count);
    }

    /**
     * The extents that a BLOCK_STATUS asks for, as pairs of length and flags.
     *
     * @return null if the reply has none
     */
    @Nullable ByteBuffer status(long cookie) throws IOException {
        ByteBuffer[] extents = {null};
        receive(cookie, (type, length) -> {
            if (type != ChunkType.BLOCK_STATUS || length > STATUS_MAX_BYTES || length % 8 != Integer.BYTES) {
                throw unexpected(type, length);
            }
            ByteBuffer status = wire.read(length);
            if (extents[0] != null || Integer.toUnsignedLong(status.getInt()) != export.allocationId()) {
                throw unexpected(type, length);
            }
            extents[0] = status;
        });
        return extents[0];
    }

    private void simple(long cookie) throws IOException {
        ByteBuffer header = wire.read(4 * Integer.BYTES);
        requireMagic(header.getInt(), Magic.SIMPLE_REPLY);
        long error = Integer.toUnsignedLong(header.getInt());
        requireCookie(header.getLong(), cookie);
        if (error != 0) {
            throw new ErrorReplyException(error, "");
        }
    }

    /** Takes simple replies, which are allowed for what brings nothing back, and chunks until the last one. */
    private void receive(long cookie, ChunkReader reader) throws IOException {
        @Nullable ErrorReplyException failure = null;
        boolean done = false;
        for (int chunks = 0; !done; chunks++) {
            if (chunks == CHUNKS_MAX) {
                throw new ProtocolException("a reply does not end after " + CHUNKS_MAX + " chunks");
            }
            ByteBuffer header = wire.read(4 * Integer.BYTES);
            int magic = header.getInt();
            if (magic == Magic.SIMPLE_REPLY) {
                long error = Integer.toUnsignedLong(header.getInt());
                requireCookie(header.getLong(), cookie);
                if (error != 0) {
                    throw new ErrorReplyException(error, "");
                }
                return;
            }
            requireMagic(magic, export.structured() ? Magic.STRUCTURED_REPLY : Magic.SIMPLE_REPLY);
            done = (header.getShort() & ChunkType.FLAG_DONE) != 0;
            int type = Short.toUnsignedInt(header.getShort());
            requireCookie(header.getLong(), cookie);
            long length = Integer.toUnsignedLong(wire.read(Integer.BYTES).getInt());
            if (type >= ChunkType.ERROR) {
                failure = error(type, length);
            } else if (type != ChunkType.NONE || length != 0 || !done) {
                reader.chunk(type, (int) Math.min(length, Integer.MAX_VALUE));
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private ErrorReplyException error(int type, long length) throws IOException {
        if (length < Integer.BYTES + Short.BYTES || length > ERROR_MAX_BYTES) {
            throw unexpected(type, length);
        }
        ByteBuffer chunk = wire.read((int) length);
        long number = Integer.toUnsignedLong(chunk.getInt());
        byte[] text = new byte[Math.min(Short.toUnsignedInt(chunk.getShort()), chunk.remaining())];
        chunk.get(text);
        return new ErrorReplyException(number, new String(text, StandardCharsets.UTF_8));
    }

    private static void requireMagic(int found, int expected) throws ProtocolException {
        if (found != expected) {
            throw new ProtocolException("a reply begins with 0x%08x, expected 0x%08x".formatted(found, expected));
        }
    }

    private static void requireCookie(long found, long expected) throws ProtocolException {
        if (found != expected) {
            throw new ProtocolException("a reply to the request " + found + ", which is not under way");
        }
    }

    private static ProtocolException unexpected(int type, long lengthBytes) {
        return new ProtocolException(
                "a chunk of type " + type + " with " + lengthBytes + " bytes, which was not asked for");
    }
}
