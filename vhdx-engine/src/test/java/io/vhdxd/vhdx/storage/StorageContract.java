package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every {@link Storage} does alike. */
abstract class StorageContract extends StorageFixture {
    private static final List<BufferKind> BUFFER_KINDS = List.of(BufferKind.values());
    private static final long FIVE_GIB = 5L << 30;

    // --- reading and writing ----------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void writesAndReadsBackExactlyTheRemainingBytes(BufferKind kind) throws IOException {
        for (int length : new int[] {1, 511, 4096, 300_000}) {
            byte[] expected = randomBytes(length, length);
            ByteBuffer src = kind.allocate(length);
            int start = src.position();
            src.put(expected).position(start);
            storage.write(src, 1000);
            assertThat(src.position()).isEqualTo(start + length);
            assertThat(src.limit()).isEqualTo(start + length);

            ByteBuffer dst = kind.allocate(length);
            assertThat(storage.read(dst, 1000)).isEqualTo(length);
            assertThat(dst.position()).isEqualTo(start + length);
            assertThat(dst.limit()).isEqualTo(start + length);
            byte[] all = new byte[dst.capacity()];
            dst.duplicate().clear().get(0, all);
            byte[] around = new byte[dst.capacity()];
            System.arraycopy(expected, 0, around, start, length);
            assertThat(all).isEqualTo(around);
        }
    }

    @ParameterizedTest
    @EnumSource
    void writesFromReadOnlyBuffers(BufferKind kind) throws IOException {
        byte[] expected = randomBytes(10_000, 1);
        ByteBuffer src = kind.allocate(10_000);
        src.put(src.position(), expected);
        storage.write(src.asReadOnlyBuffer(), 0);
        storage.write(new ByteBuffer[] {src.asReadOnlyBuffer()}, 10_000);
        assertThat(bytes(0, 10_000)).isEqualTo(expected);
        assertThat(bytes(10_000, 10_000)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void refusesToReadIntoReadOnlyBuffers(BufferKind kind) throws IOException {
        write(0, randomBytes(100, 1));
        ByteBuffer dst = kind.allocate(100);
        assertThatThrownBy(() -> storage.read(dst.asReadOnlyBuffer(), 0)).isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> storage.readCached(dst.asReadOnlyBuffer(), 0))
                .isInstanceOf(ReadOnlyBufferException.class);
        byte[] touched = new byte[100];
        dst.get(touched);
        assertThat(touched).containsOnly(0);
    }

    @Test
    void readsStopAtTheEndOfTheFile() throws IOException {
        byte[] content = randomBytes(5000, 1);
        assertThat(storage.read(ByteBuffer.allocateDirect(10), 0)).isZero();
        write(0, content);
        ByteBuffer dst = ByteBuffer.allocateDirect(4096);
        assertThat(storage.read(dst, 4000)).isEqualTo(1000);
        assertThat(dst.position()).isEqualTo(1000);
        assertThat(dst.limit()).isEqualTo(4096);
        assertThat(dst.flip()).isEqualTo(ByteBuffer.wrap(content, 4000, 1000));
        assertThat(storage.read(dst.clear(), 5000)).isZero();
        assertThat(storage.read(dst, 1L << 45)).isZero();
        assertThat(dst.position()).isZero();
        assertThat(storage.read(ByteBuffer.allocate(0), 100)).isZero();
    }

    @Test
    void readsIntoLargeHeapBuffersStopAtTheEndOfTheFile() throws IOException {
        byte[] content = randomBytes(700_000, 1);
        write(0, content);
        ByteBuffer dst = ByteBuffer.allocate(1_000_000);
        assertThat(storage.read(dst, 1)).isEqualTo(699_999);
        assertThat(dst.flip()).isEqualTo(ByteBuffer.wrap(content, 1, 699_999));
    }

    @Test
    void writesBeyondTheEndLeaveZerosBetween() throws IOException {
        write(0, new byte[] {1, 2, 3});
        write(10_000, new byte[] {4});
        assertThat(storage.size()).isEqualTo(10_001);
        byte[] expected = new byte[10_001];
        System.arraycopy(new byte[] {1, 2, 3}, 0, expected, 0, 3);
        expected[10_000] = 4;
        assertThat(bytes(0, 10_001)).isEqualTo(expected);
    }

    @Test
    @DisplayName("offsets have 64 bits (reliability.md fault 25)")
    void offsetsHave64Bits() throws IOException {
        byte[] low = randomBytes(4096, 1);
        byte[] high = randomBytes(4096, 2);
        write(FIVE_GIB & 0xffffffffL, low);
        write(FIVE_GIB, high);
        assertThat(storage.size()).isEqualTo(FIVE_GIB + 4096);
        assertThat(bytes(FIVE_GIB, 4096)).isEqualTo(high);
        assertThat(bytes(FIVE_GIB & 0xffffffffL, 4096)).isEqualTo(low);
        storage.punchHole(FIVE_GIB, 4096);
        assertThat(bytes(FIVE_GIB, 4096)).containsOnly(0);
        assertThat(bytes(FIVE_GIB & 0xffffffffL, 4096)).isEqualTo(low);
    }

    @Test
    void emptyWritesDoNothing() throws IOException {
        storage.write(ByteBuffer.allocateDirect(0), 100);
        storage.write(ByteBuffer.allocate(0), 100);
        storage.write(new ByteBuffer[0], 100);
        storage.write(new ByteBuffer[] {ByteBuffer.allocateDirect(0), ByteBuffer.allocate(0)}, 100);
        assertThat(storage.size()).isZero();
    }

    static Stream<List<Integer>> gatherings() {
        return Stream.of(
                List.of(1),
                List.of(0, 5, 0, 0, 4096, 0),
                Stream.generate(() -> 7).limit(1023).toList(),
                Stream.generate(() -> 512).limit(1024).toList(),
                Stream.generate(() -> 3).limit(1025).toList(),
                Stream.iterate(0, i -> (i + 1) % 5).limit(5000).toList());
    }

    @ParameterizedTest(name = "case {index}")
    @MethodSource("gatherings")
    void gathersBuffersInOrder(List<Integer> lengths) throws IOException {
        for (boolean mixed : new boolean[] {false, true}) {
            Random random = new Random(1);
            List<ByteBuffer> srcs = new ArrayList<>();
            ByteBuffer expected = ByteBuffer.allocate(
                    lengths.stream().mapToInt(Integer::intValue).sum());
            for (int length : lengths) {
                byte[] part = randomBytes(length, random.nextInt());
                expected.put(part);
                BufferKind kind = mixed ? BUFFER_KINDS.get(random.nextInt(BUFFER_KINDS.size())) : BufferKind.DIRECT;
                ByteBuffer src = kind.allocate(length);
                src.put(src.position(), part);
                srcs.add(mixed && random.nextBoolean() ? src.asReadOnlyBuffer() : src);
            }
            storage.setSize(0);
            storage.write(srcs.toArray(ByteBuffer[]::new), 77);
            assertThat(srcs).allSatisfy(src -> assertThat(src.hasRemaining()).isFalse());
            assertThat(storage.size()).isEqualTo(77L + expected.capacity());
            assertThat(bytes(77, expected.capacity())).isEqualTo(expected.array());
        }
    }

    @ParameterizedTest
    @EnumSource
    void cachedReadsReturnAPrefixOfTheContent(BufferKind kind) throws IOException {
        byte[] content = randomBytes(600_000, 1);
        write(0, content);
        ByteBuffer dst = kind.allocate(500_000);
        int start = dst.position();
        int count = storage.readCached(dst, 10);
        assertThat(count).isBetween(0, 500_000);
        assertThat(dst.position()).isEqualTo(start + count);
        assertThat(dst.flip().position(start)).isEqualTo(ByteBuffer.wrap(content, 10, count));

        assertThat(storage.readCached(kind.allocate(100), 599_990)).isBetween(0, 10);
        assertThat(storage.readCached(kind.allocate(100), 600_000)).isZero();
        assertThat(storage.readCached(kind.allocate(0), 0)).isZero();
    }

    // --- the size ---------------------------------------------------------------------------------------------------

    @Test
    void aNewFileIsEmptyAndWritable() throws IOException {
        assertThat(storage.size()).isZero();
        assertThat(storage.isWritable()).isTrue();
    }

    @Test
    void setSizeExtendsByZerosAndCuts() throws IOException {
        byte[] content = randomBytes(10_000, 1);
        write(0, content);
        storage.setSize(1 << 20);
        assertThat(storage.size()).isEqualTo(1 << 20);
        assertThat(bytes(10_000, (1 << 20) - 10_000)).containsOnly(0);
        storage.setSize(1 << 20);
        assertThat(storage.size()).isEqualTo(1 << 20);
        storage.setSize(5000);
        assertThat(storage.size()).isEqualTo(5000);
        storage.setSize(10_000);
        assertThat(bytes(0, 5000)).isEqualTo(Arrays.copyOf(content, 5000));
        assertThat(bytes(5000, 5000)).containsOnly(0);
        storage.setSize(0);
        assertThat(storage.size()).isZero();
        assertThatThrownBy(() -> storage.setSize(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @DisplayName("a file can have the largest size that an image needs: 64 TiB and its structures")
    void sizesOf64TiB() throws IOException {
        long size = (64L << 40) + (1L << 30);
        try {
            storage.setSize(size);
        } catch (NoSpaceException e) {
            // ext4 with blocks of 4 KiB ends at 16 TiB.
            size = 15L << 40;
            storage.setSize(size);
        }
        write(size - 4096, randomBytes(4096, 3));
        assertThat(storage.size()).isEqualTo(size);
        assertThat(bytes(size - 4096, 4096)).isEqualTo(randomBytes(4096, 3));
    }

    // --- zeros ------------------------------------------------------------------------------------------------------

    enum ZeroMethod {
        PUNCH_HOLE,
        ZERO_RANGE;

        void run(Storage storage, long offset, long length) throws IOException {
            switch (this) {
                case PUNCH_HOLE -> storage.punchHole(offset, length);
                case ZERO_RANGE -> storage.zeroRange(offset, length);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void zeroesExactlyTheRange(ZeroMethod method) throws IOException {
        long[][] ranges = {
            {0, 4096}, {4096, 8192}, {1, 1}, {100, 4096}, {4095, 2}, {8192, 100}, {10_000, 50_001}, {0, 100_000}, {5, 0}
        };
        for (long[] range : ranges) {
            byte[] expected = randomBytes(100_000, 1);
            write(0, expected);
            method.run(storage, range[0], range[1]);
            Arrays.fill(expected, (int) range[0], (int) (range[0] + range[1]), (byte) 0);
            assertThat(bytes(0, 100_000)).isEqualTo(expected);
            assertThat(storage.size()).isEqualTo(100_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void zeroesLongRanges(ZeroMethod method) throws IOException {
        byte[] expected = randomBytes(4 << 20, 1);
        write(0, expected);
        method.run(storage, 1000, 3_500_000);
        Arrays.fill(expected, 1000, 3_501_000, (byte) 0);
        assertThat(bytes(0, 4 << 20)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void zeroingDoesNotReachBeyondTheEnd(ZeroMethod method) throws IOException {
        byte[] expected = randomBytes(10_000, 1);
        write(0, expected);
        method.run(storage, 10_000, 4096);
        method.run(storage, 1L << 40, 1L << 40);
        assertThat(bytes(0, 10_000)).isEqualTo(expected);
        method.run(storage, 9_000, 1L << 40);
        Arrays.fill(expected, 9_000, 10_000, (byte) 0);
        assertThat(bytes(0, 10_000)).isEqualTo(expected);
        assertThat(storage.size()).isEqualTo(10_000);
        method.run(storage, 0, Long.MAX_VALUE);
        assertThat(bytes(0, 10_000)).containsOnly(0);
        assertThat(storage.size()).isEqualTo(10_000);
        method.run(storage, Long.MAX_VALUE - 1, 1);
    }

    @Test
    void reservingChangesNeitherContentNorSize() throws IOException {
        byte[] expected = randomBytes(10_000, 1);
        write(0, expected);
        storage.reserve(0, 20_000);
        storage.reserve(1 << 20, 1 << 20);
        storage.reserve(50, 0);
        assertThat(storage.size()).isEqualTo(10_000);
        assertThat(bytes(0, 10_000)).isEqualTo(expected);
        storage.setSize(3 << 20);
        assertThat(bytes(10_000, (3 << 20) - 10_000)).containsOnly(0);
    }

    @Test
    void nextDataPassesOverNothingButZeros() throws IOException {
        assertThat(storage.nextData(0)).isZero();
        assertThat(storage.nextData(10)).isZero();
        storage.setSize(64 << 20);
        write(8 << 20, randomBytes(4096, 1));
        write(40 << 20, randomBytes(4096, 2));
        storage.punchHole(40 << 20, 100);
        for (long offset :
                new long[] {0, 1, 8 << 20, (8 << 20) + 100, (8 << 20) + 4096, 40 << 20, 41 << 20, 64 << 20}) {
            long found = storage.nextData(offset);
            assertThat(found).isBetween(offset, 64L << 20);
            byte[] passed = bytes(offset, (int) (found - offset));
            assertThat(passed).isEqualTo(new byte[passed.length]);
        }
        assertThat(storage.nextData(64 << 20)).isEqualTo(64 << 20);
        assertThat(storage.nextData(1L << 40)).isEqualTo(64 << 20);
    }

    // --- life -------------------------------------------------------------------------------------------------------

    @Test
    void contentIsThereAfterSyncAndReopening() throws IOException {
        byte[] content = randomBytes(100_000, 1);
        write(0, content);
        storage.sync();
        storage = readOnly(storage);
        assertThat(storage.size()).isEqualTo(100_000);
        assertThat(bytes(0, 100_000)).isEqualTo(content);
    }

    @Test
    void aFileOpenForReadingCannotBeChanged() throws IOException {
        write(0, randomBytes(100, 1));
        storage = readOnly(storage);
        assertThat(storage.isWritable()).isFalse();
        assertThat(storage.zeroesFast()).isFalse();
        ByteBuffer one = ByteBuffer.allocateDirect(1);
        assertAllThrow(
                IllegalStateException.class,
                () -> storage.write(one, 0),
                () -> storage.write(new ByteBuffer[] {one}, 0),
                () -> storage.setSize(0),
                () -> storage.punchHole(0, 1),
                () -> storage.zeroRange(0, 1),
                () -> storage.reserve(0, 1));
        assertThat(bytes(0, 100)).isEqualTo(randomBytes(100, 1));
    }

    @Test
    void impossibleRangesAreRefused() {
        ByteBuffer one = ByteBuffer.allocateDirect(1);
        for (long offset : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertAllThrow(
                    IndexOutOfBoundsException.class,
                    () -> storage.read(one, offset),
                    () -> storage.readCached(one, offset),
                    () -> storage.write(one, offset),
                    () -> storage.write(new ByteBuffer[] {one, one}, offset),
                    () -> storage.punchHole(offset, 1),
                    () -> storage.zeroRange(offset, 1),
                    () -> storage.reserve(offset, 1));
        }
        assertAllThrow(
                IndexOutOfBoundsException.class,
                () -> storage.nextData(-1),
                () -> storage.punchHole(0, -1),
                () -> storage.zeroRange(5, Long.MAX_VALUE),
                () -> storage.reserve(0, -1));
    }

    @Test
    void nothingWorksAfterClosing() throws IOException {
        write(0, new byte[10]);
        storage.close();
        storage.close();
        ByteBuffer one = ByteBuffer.allocateDirect(1);
        assertAllThrow(
                IOException.class,
                () -> storage.read(one, 0),
                () -> storage.write(one, 0),
                () -> storage.write(new ByteBuffer[] {one}, 0),
                storage::sync,
                storage::size,
                () -> storage.setSize(0),
                () -> storage.punchHole(0, 1),
                () -> storage.zeroRange(0, 1),
                () -> storage.nextData(0));
    }

    @Test
    void threadsDoNotDisturbEachOther() throws Exception {
        int threadCount = BUFFER_KINDS.size();
        int stripes = 200;
        int stripeBytes = 3000;
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int t = 0; t < threadCount; t++) {
            int thread = t;
            tasks.add(() -> {
                BufferKind kind = BUFFER_KINDS.get(thread);
                for (int i = 0; i < stripes; i++) {
                    long offset = ((long) i * threadCount + thread) * stripeBytes;
                    byte[] content = randomBytes(stripeBytes, offset);
                    ByteBuffer buffer = kind.allocate(stripeBytes);
                    int start = buffer.position();
                    storage.write(buffer.put(start, content), offset);
                    assertThat(storage.size()).isGreaterThanOrEqualTo(offset + stripeBytes);
                    assertThat(storage.nextData(offset)).isEqualTo(offset);
                    assertThat(storage.read(buffer.position(start), offset)).isEqualTo(stripeBytes);
                    buffer.get(start, content);
                    assertThat(content).isEqualTo(randomBytes(stripeBytes, offset));
                }
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(threadCount)) {
            for (Future<Void> done : threads.invokeAll(tasks)) {
                done.get();
            }
        }
        for (long i = 0; i < (long) stripes * threadCount; i++) {
            assertThat(bytes(i * stripeBytes, stripeBytes)).isEqualTo(randomBytes(stripeBytes, i * stripeBytes));
        }
    }

    private static void assertAllThrow(Class<? extends Throwable> expected, ThrowingCallable... calls) {
        assertThat(calls).allSatisfy(call -> assertThatThrownBy(call).isInstanceOf(expected));
    }
}
