package io.vhdxd.vhdx.edit;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Looks for zeros. */
public final class Zeros {
    private static final int STEP_BYTES = 64 << 10;
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
}
