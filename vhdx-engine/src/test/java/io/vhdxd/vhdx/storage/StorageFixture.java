package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A storage for each test, and what tests do with it. */
abstract class StorageFixture {
    Storage storage;

    /** A new, empty file, open for writing. */
    abstract Storage newFile() throws IOException;

    /** The same file, closed and opened again for reading only. */
    abstract Storage readOnly(Storage written) throws IOException;

    /** The kinds of buffers that callers have; Netty's are those of arenas. */
    enum BufferKind {
        DIRECT,
        HEAP,
        ARENA,
        DIRECT_SLICE,
        HEAP_SLICE;

        private static final int MARGIN = 13;

        /** A buffer of which only the middle {@code length} bytes may be touched; position and limit are around them. */
        ByteBuffer allocate(int length) {
            int capacity = length + 2 * MARGIN;
            ByteBuffer buffer = switch (this) {
                case DIRECT -> ByteBuffer.allocateDirect(capacity);
                case HEAP -> ByteBuffer.allocate(capacity);
                case ARENA -> Arena.ofAuto().allocate(capacity).asByteBuffer();
                case DIRECT_SLICE -> ByteBuffer.allocateDirect(capacity + 10).slice(5, capacity);
                case HEAP_SLICE -> ByteBuffer.allocate(capacity + 10).slice(5, capacity);
            };
            return buffer.position(MARGIN).limit(MARGIN + length);
        }
    }

    @BeforeEach
    void open() throws IOException {
        storage = newFile();
    }

    @AfterEach
    void close() throws IOException {
        storage.close();
    }

    final void write(long offset, byte[] content) throws IOException {
        storage.write(ByteBuffer.allocateDirect(content.length).put(content).flip(), offset);
    }

    final byte[] bytes(long offset, int length) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(length);
        assertThat(storage.read(dst, offset)).isEqualTo(length);
        byte[] content = new byte[length];
        dst.get(0, content);
        return content;
    }

    static byte[] randomBytes(int length, long seed) {
        byte[] content = new byte[length];
        new Random(seed).nextBytes(content);
        return content;
    }
}
