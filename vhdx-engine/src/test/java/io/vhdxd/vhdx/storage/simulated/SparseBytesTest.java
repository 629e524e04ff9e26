package io.vhdxd.vhdx.storage.simulated;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.testing.Seed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** {@link SparseBytes} against an array of bytes. */
final class SparseBytesTest {
    private static final int SIZE = 3 << 20;

    private static final class Version {
        final SparseBytes sparse;
        final byte[] plain;

        Version(SparseBytes sparse, byte[] plain) {
            this.sparse = sparse;
            this.plain = plain;
        }
    }

    @Test
    void copiesThatAreChangedByTurnsStayApart() {
        RandomGenerator random = Seed.generator(SparseBytesTest.class);
        List<Version> versions = new ArrayList<>(List.of(new Version(new SparseBytes(), new byte[SIZE])));
        for (int i = 0; i < 2000; i++) {
            Version version = versions.get(random.nextInt(versions.size()));
            int offset = random.nextInt(SIZE);
            int end = random.nextInt(4) == 0
                    ? random.nextInt(offset, SIZE) + 1
                    : Math.min(SIZE, offset + random.nextInt(10_000));
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    byte[] bytes = new byte[end - offset];
                    random.nextBytes(bytes);
                    version.sparse.write(offset, ByteBuffer.wrap(bytes));
                    System.arraycopy(bytes, 0, version.plain, offset, bytes.length);
                }
                case 2 -> {
                    version.sparse.punch(offset, end);
                    Arrays.fill(version.plain, offset, end, (byte) 0);
                }
                case 3 -> {
                    version.sparse.zero(offset, end);
                    Arrays.fill(version.plain, offset, end, (byte) 0);
                    assertThat(version.sparse.reach(offset, end, 0)).isEqualTo(end);
                }
                case 4 -> {
                    version.sparse.reserve(offset, end);
                    assertThat(version.sparse.reach(offset, end, 0)).isEqualTo(end);
                }
                default -> {
                    Version copy = new Version(version.sparse.copy(), version.plain.clone());
                    if (versions.size() < 4) {
                        versions.add(copy);
                    } else {
                        versions.set(random.nextInt(4), copy);
                    }
                }
            }
            if (i % 100 == 0) {
                versions.forEach(SparseBytesTest::check);
            }
        }
        versions.forEach(SparseBytesTest::check);
    }

    private static void check(Version version) {
        ByteBuffer read = ByteBuffer.allocate(SIZE);
        version.sparse.read(0, read);
        assertThat(read.array()).isEqualTo(version.plain);
        int next = (int) Math.min(version.sparse.nextData(1000), SIZE);
        assertThat(Arrays.copyOfRange(version.plain, 1000, next)).isEqualTo(new byte[next - 1000]);
        long missing = 0;
        for (long page = 0; page < SIZE; page += SparseBytes.PAGE_BYTES) {
            missing += version.sparse.reach(page, page + 1, 0) == page ? 1 : 0;
        }
        assertThat(version.sparse.pageCount()).isEqualTo(SIZE / SparseBytes.PAGE_BYTES - missing);
    }

    @Test
    void farOffsetsAndHugeHolesCostNothing() {
        SparseBytes sparse = new SparseBytes();
        long far = 64L << 40;
        sparse.write(far, ByteBuffer.wrap(new byte[] {7}));
        sparse.write(10, ByteBuffer.wrap(new byte[] {8}));
        assertThat(sparse.nextData(0)).isEqualTo(0);
        assertThat(sparse.nextData(4096)).isEqualTo(far);
        sparse.punch(1, far);
        assertThat(sparse.pageCount()).isEqualTo(2);
        sparse.punch(0, Long.MAX_VALUE);
        assertThat(sparse.pageCount()).isZero();
        assertThat(sparse.nextData(0)).isEqualTo(Long.MAX_VALUE);
    }
}
