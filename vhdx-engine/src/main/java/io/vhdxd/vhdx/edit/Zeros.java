package io.vhdxd.vhdx.edit;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Looks for zeros. */
public final class Zeros {
    private static final int STEP_BYTES = 64 << 10;

    /** Is told where something stands. */
    interface DataVisitor {
        void data(int at, int length) throws IOException;
    }

    private static final MemorySegment ZEROS = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(STEP_BYTES));

    private Zeros() {}

    /** Whether all remaining bytes are zero. */
    public static boolean isAll(ByteBuffer bytes) {
        MemorySegment segment = MemorySegment.ofBuffer(bytes);
        for (long at = 0; at < segment.byteSize(); at += STEP_BYTES) {
            long length = Math.min(STEP_BYTES, segment.byteSize() - at);
            if (MemorySegment.mismatch(segment, at, at + length, ZEROS, 0, length) >= 0) {
                return false;
            }
        }
        return true;
    }

    /** Tells what is not zero, in units of a size and in runs as long as they are. */
    static void forEachData(ByteBuffer bytes, int unitBytes, DataVisitor visitor) throws IOException {
        int end = bytes.remaining();
        int from = 0;
        while (from < end) {
            int to = from;
            while (to < end && !isAll(bytes.slice(to, Math.min(unitBytes, end - to)))) {
                to = Math.min(to + unitBytes, end);
            }
            if (to > from) {
                visitor.data(from, to - from);
            }
            from = to + unitBytes;
        }
    }
}
