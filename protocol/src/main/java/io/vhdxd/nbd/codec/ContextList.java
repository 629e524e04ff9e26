package io.vhdxd.nbd.codec;

import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Payload;
import io.vhdxd.nbd.Request;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The payload of a BLOCK_STATUS: the length that it is about, and the ids of the contexts that it asks for. */
final class ContextList {
    private static final int LENGTH_BYTES = Long.BYTES;
    private static final int ID_BYTES = Integer.BYTES;

    private ContextList() {}

    /** Whether a payload can be a list of contexts, given its length. */
    static boolean isLength(long bytes) {
        return bytes > LENGTH_BYTES
                && bytes <= LENGTH_BYTES + (long) Limits.META_CONTEXT_QUERIES * ID_BYTES
                && (bytes - LENGTH_BYTES) % ID_BYTES == 0;
    }

    /** The request that a header and its payload make together. */
    static Request addTo(Request header, Payload payload) {
        ByteBuffer bytes = ByteBuffer.allocate((int) payload.lengthBytes());
        for (ByteBuffer part : payload.buffers()) {
            bytes.put(part);
        }
        bytes.flip();
        long lengthBytes = bytes.getLong();
        List<Integer> ids = new ArrayList<>();
        while (bytes.hasRemaining()) {
            ids.add(bytes.getInt());
        }
        return new Request(
                header.command(), header.flags(), header.cookie(), header.offsetBytes(), lengthBytes, null, ids);
    }
}
