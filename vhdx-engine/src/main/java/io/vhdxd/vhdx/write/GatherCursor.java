package io.vhdxd.vhdx.write;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Cuts the bytes of several buffers into consecutive pieces, without copying them or moving their positions. */
final class GatherCursor {
    private final ByteBuffer[] srcs;
    private int index;
    /** How much of the buffer at {@link #index} has been taken. */
    private int takenBytes;

    GatherCursor(ByteBuffer[] srcs) {
        this.srcs = srcs;
    }

    /** The next bytes, as buffers of their own; there must be as many left. */
    ByteBuffer[] take(long lengthBytes) {
        ByteBuffer current = srcs[index];
        if (current.remaining() - takenBytes >= lengthBytes) {
            return new ByteBuffer[] {takeFromCurrent((int) lengthBytes)};
        }
        List<ByteBuffer> pieces = new ArrayList<>(srcs.length - index);
        long missingBytes = lengthBytes;
        while (missingBytes > 0) {
            current = srcs[index];
            int available = current.remaining() - takenBytes;
            if (available == 0) {
                index++;
                takenBytes = 0;
            } else {
                int length = (int) Math.min(available, missingBytes);
                pieces.add(takeFromCurrent(length));
                missingBytes -= length;
            }
        }
        return pieces.toArray(ByteBuffer[]::new);
    }

    private ByteBuffer takeFromCurrent(int lengthBytes) {
        ByteBuffer current = srcs[index];
        ByteBuffer piece = current.slice(current.position() + takenBytes, lengthBytes);
        takenBytes += lengthBytes;
        return piece;
    }
}
