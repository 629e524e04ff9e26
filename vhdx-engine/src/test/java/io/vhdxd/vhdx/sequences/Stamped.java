package io.vhdxd.vhdx.sequences;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The bytes of a write, which its stamp and their place on the disk decide. None of them is zero, but for those of stamp 0, which
 * all are.
 */
final class Stamped {
    private Stamped() {}

    static byte at(long stamp, long offsetBytes) {
        return stamp == 0 ? 0 : (byte) (word(stamp, offsetBytes) >>> ((offsetBytes & 7) * Byte.SIZE));
    }

    /** The bytes of a range that was written with one stamp. */
    static ByteBuffer content(long stamp, long offsetBytes, int lengthBytes) {
        ByteBuffer content = ByteBuffer.allocateDirect(lengthBytes);
        put(content, stamp, offsetBytes, lengthBytes);
        return content.flip();
    }

    /** Fills a buffer with the bytes that a disk has to hold from an offset on. */
    static void fill(ByteBuffer dst, Runs disk, long offsetBytes) {
        disk.visit(
                offsetBytes,
                offsetBytes + dst.remaining(),
                (start, end, stamp) -> put(dst, stamp, start, (int) (end - start)));
        dst.flip();
    }

    private static void put(ByteBuffer dst, long stamp, long offsetBytes, int lengthBytes) {
        if (stamp == 0) {
            MemorySegment.ofBuffer(dst).asSlice(0, lengthBytes).fill((byte) 0);
            dst.position(dst.position() + lengthBytes);
            return;
        }
        long end = offsetBytes + lengthBytes;
        long at = offsetBytes;
        dst.order(ByteOrder.LITTLE_ENDIAN);
        while (at < end) {
            if ((at & 7) == 0 && end - at >= Long.BYTES) {
                dst.putLong(word(stamp, at));
                at += Long.BYTES;
            } else {
                dst.put(at(stamp, at));
                at++;
            }
        }
    }

    private static long word(long stamp, long offsetBytes) {
        long mixed = (stamp * 0x9E3779B97F4A7C15L) ^ ((offsetBytes >>> 3) * 0xD1B54A32D192ED03L);
        return (mixed ^ mixed >>> 29) | 0x0101_0101_0101_0101L;
    }
}
