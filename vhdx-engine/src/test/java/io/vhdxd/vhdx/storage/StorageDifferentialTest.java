package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The same random operations on every storage and on an array of bytes, which must agree. */
@EnabledOnOs(OS.LINUX)
final class StorageDifferentialTest {
    private static final int OPERATIONS = 3000;
    private static final int MAX_SIZE = 1 << 20;
    private static final int MAX_LENGTH = 1 << 16;

    @TempDir
    private Path directory;

    private final RandomGenerator random = Seed.generator(StorageDifferentialTest.class);

    private byte[] content = new byte[0];

    @Test
    void allStoragesAgree() throws IOException {
        try (Storage linux = LinuxFiles.create(directory.resolve("linux"));
                Storage channel = ChannelStorage.create(directory.resolve("channel"));
                Storage simulated = new SimulatedStorage()) {
            List<Storage> storages = List.of(linux, channel, simulated);
            for (int i = 0; i < OPERATIONS; i++) {
                step(storages);
                if (i % 100 == 0) {
                    checkRead(storages, 0, MAX_SIZE);
                }
            }
            checkRead(storages, 0, MAX_SIZE);
        }
    }

    private void step(List<Storage> storages) throws IOException {
        int offset = random.nextInt(MAX_SIZE - MAX_LENGTH);
        int length = random.nextBoolean() ? random.nextInt(1, MAX_LENGTH) : random.nextInt(1, 1000);
        if (random.nextBoolean()) {
            offset -= offset % 4096;
            length = Math.max(4096, length - length % 4096);
        }
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> write(storages, offset, length);
            case 3 -> gather(storages, offset, length);
            case 4, 5, 6 -> checkRead(storages, offset, length);
            case 7 -> setSize(storages, random.nextInt(8) == 0 ? offset : content.length + random.nextInt(5000));
            case 8 -> {
                for (Storage storage : storages) {
                    storage.punchHole(offset, length);
                }
                zero(offset, length);
            }
            case 9 -> {
                for (Storage storage : storages) {
                    storage.zeroRange(offset, length);
                }
                zero(offset, length);
            }
            case 10 -> {
                for (Storage storage : storages) {
                    storage.reserve(offset, length);
                    if (random.nextInt(8) == 0) {
                        storage.sync();
                    }
                }
            }
            default -> checkNextData(storages, offset);
        }
    }

    private void write(List<Storage> storages, int offset, int length) throws IOException {
        byte[] bytes = randomBytes(length);
        for (Storage storage : storages) {
            storage.write(buffer(length).put(bytes).flip(), offset);
        }
        put(offset, bytes);
    }

    private void gather(List<Storage> storages, int offset, int length) throws IOException {
        byte[] bytes = randomBytes(length);
        for (Storage storage : storages) {
            List<ByteBuffer> parts = new ArrayList<>();
            for (int at = 0; at < length; ) {
                int part = Math.min(length - at, random.nextInt(200));
                parts.add(buffer(part).put(bytes, at, part).flip());
                at += part;
            }
            storage.write(parts.toArray(ByteBuffer[]::new), offset);
        }
        put(offset, bytes);
    }

    private void checkRead(List<Storage> storages, int offset, int length) throws IOException {
        int expected = Math.clamp(content.length - offset, 0, length);
        for (Storage storage : storages) {
            assertThat(storage.size()).isEqualTo(content.length);
            ByteBuffer dst = buffer(length);
            assertThat(storage.read(dst, offset)).isEqualTo(expected);
            assertSame(dst.flip(), offset, expected);
            int cached = storage.readCached(dst.clear(), offset);
            assertThat(cached).isBetween(0, expected);
            assertSame(dst.flip(), offset, cached);
        }
    }

    private void assertSame(ByteBuffer read, int offset, int length) {
        byte[] bytes = new byte[read.remaining()];
        read.get(bytes);
        int end = Math.min(content.length, offset + length);
        assertThat(bytes).isEqualTo(offset < end ? Arrays.copyOfRange(content, offset, end) : new byte[0]);
    }

    private void checkNextData(List<Storage> storages, int offset) throws IOException {
        int firstByte = offset;
        while (firstByte < content.length && content[firstByte] == 0) {
            firstByte++;
        }
        for (Storage storage : storages) {
            assertThat(storage.nextData(offset))
                    .isBetween((long) Math.min(offset, content.length), (long) Math.min(firstByte, content.length));
        }
    }

    private void setSize(List<Storage> storages, int size) throws IOException {
        for (Storage storage : storages) {
            storage.setSize(size);
        }
        content = Arrays.copyOf(content, size);
    }

    private void put(int offset, byte[] bytes) {
        content = Arrays.copyOf(content, Math.max(content.length, offset + bytes.length));
        System.arraycopy(bytes, 0, content, offset, bytes.length);
    }

    private void zero(int offset, int length) {
        int end = Math.min(content.length, offset + length);
        if (offset < end) {
            Arrays.fill(content, offset, end, (byte) 0);
        }
    }

    private ByteBuffer buffer(int length) {
        return random.nextBoolean() ? ByteBuffer.allocateDirect(length) : ByteBuffer.allocate(length);
    }

    private byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
