package io.vhdxd.vhdx.log;

import static io.vhdxd.vhdx.fixture.DirtyImage.LOG_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.SECTOR;
import static io.vhdxd.vhdx.fixture.ImageBuilder.LOG;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Where entries may stand, and what a torn or hostile log does to the search. */
class LogScannerTest {
    private static final int RING_SECTORS = (int) (MIB / SECTOR);

    private static Header header(long logLength) {
        return new Header(1, GuidCodec.NIL, GuidCodec.NIL, UUID.fromString(LOG_GUID), 0, 1, logLength, LOG);
    }

    private static @Nullable ActiveSequence scan(SimulatedStorage storage, long logLength) throws IOException {
        return LogScanner.scan(storage, header(logLength), true);
    }

    private static List<Long> numbers(@Nullable ActiveSequence sequence) {
        return sequence == null
                ? List.of()
                : sequence.entries().stream()
                        .map(entry -> entry.header().sequenceNumber())
                        .toList();
    }

    /** An entry with so many pages, all for different places. */
    private static LogBuilder entry(long sequenceNumber, int pages) {
        LogBuilder entry = LogBuilder.entry(LOG_GUID, sequenceNumber).sizes(20 * MIB, 20 * MIB);
        for (int page = 0; page < pages; page++) {
            byte[] content = new byte[SECTOR];
            Arrays.fill(content, (byte) (sequenceNumber + page));
            entry.page(4 * MIB + (long) page * SECTOR, content);
        }
        return entry;
    }

    private static void place(SimulatedStorage storage, long ringOffset, byte[] entry) throws IOException {
        int first = (int) Math.min(entry.length, MIB - ringOffset);
        storage.write(ByteBuffer.wrap(entry, 0, first), LOG + ringOffset);
        storage.write(ByteBuffer.wrap(entry, first, entry.length - first), LOG);
    }

    @Test
    @DisplayName("cases 24, 32: sequences of three entries are found at all 256 places of the ring, over its end too")
    void everyPlace() throws IOException {
        SimulatedStorage empty = new DirtyImage().image().simulated();
        for (int pages : new int[] {0, 1, 61, 84}) {
            for (int start = 0; start < RING_SECTORS; start++) {
                SimulatedStorage image = empty.copy();
                long at = (long) start * SECTOR;
                for (int i = 0; i < 3; i++) {
                    byte[] entry =
                            entry(10 + i, pages).tail((long) start * SECTOR).bytes();
                    place(image, at, entry);
                    at = (at + entry.length) % MIB;
                }
                assertThat(numbers(scan(image, MIB)))
                        .as("%d pages at sector %d", pages, start)
                        .containsExactly(10L, 11L, 12L);
            }
        }
    }

    @Test
    @DisplayName("an entry that fills the ring but for one sector is found, also with two sectors of descriptors")
    void largestEntry() throws IOException {
        SimulatedStorage empty = new DirtyImage().image().simulated();
        for (int start = 0; start < RING_SECTORS; start++) {
            SimulatedStorage image = empty.copy();
            byte[] entry = entry(10, 253).tail((long) start * SECTOR).bytes();
            assertThat(entry).hasSize((int) MIB - SECTOR);
            place(image, (long) start * SECTOR, entry);
            assertThat(numbers(scan(image, MIB))).containsExactly(10L);
        }
    }

    @Test
    @DisplayName("cases 28, 29: an entry torn at any of its 512-byte sectors ends the sequence before it")
    void tornAnywhere() throws IOException {
        byte[] older = entry(9, 3).tail(0).bytes();
        byte[] newer = entry(10, 130).tail(0).bytes();
        SimulatedStorage one = new DirtyImage().with(0, older).image().simulated();
        for (int torn = 0; torn < newer.length; torn += 512) {
            SimulatedStorage image = one.copy();
            byte[] written = newer.clone();
            Arrays.fill(written, torn, torn + 512, (byte) 0xEE);
            place(image, older.length, written);
            assertThat(numbers(scan(image, MIB))).as("torn at %d", torn).containsExactly(9L);
        }
    }

    @Test
    @DisplayName("a log full of headers that each claim the rest of it is read twice at most, not once for each")
    void nestedEntries() throws IOException {
        long length = 64 * MIB;
        ImageBuilder image = new DirtyImage().image().size(LOG + length);
        for (long at = 0; at < length - SECTOR; at += SECTOR) {
            byte[] claim = LogBuilder.entry(LOG_GUID, 5).tail(at).bytes();
            LogBuilder.integer(claim, 8, length - at, 4);
            image.put(LOG + at, claim);
        }
        SimulatedStorage storage = image.simulated();
        AtomicLong read = countReads(storage);
        assertThatThrownBy(() -> scan(storage, length)).isInstanceOf(CorruptImageException.class);
        assertThat(read.get()).isBetween(length, 2 * length);
    }

    @Test
    @DisplayName("a full ring of one-sector entries is one sequence")
    void fullRing() throws IOException {
        ImageBuilder image = new DirtyImage().image();
        for (int i = 0; i < RING_SECTORS; i++) {
            long at = (i + 100L) % RING_SECTORS * SECTOR;
            byte[] entry = LogBuilder.entry(LOG_GUID, 1000 + i)
                    .tail(100 * SECTOR)
                    .sizes(0, 20 * MIB)
                    .bytes();
            image.put(LOG + at, entry);
        }
        ActiveSequence sequence = scan(image.simulated(), MIB);
        assertThat(numbers(sequence)).hasSize(RING_SECTORS).startsWith(1000L).endsWith(1255L);
    }

    @Test
    @DisplayName("holes of the log are not read")
    void holes() throws IOException {
        long length = 1L << 30;
        ImageBuilder image = new DirtyImage().image().size(LOG + length);
        LogBuilder.place(
                image, LOG, length, 500 * MIB, entry(7, 3).tail(500 * MIB).bytes());
        SimulatedStorage storage = image.simulated();
        AtomicLong read = countReads(storage);
        assertThat(numbers(scan(storage, length))).containsExactly(7L);
        assertThat(read.get()).isLessThan(4 * MIB);
    }

    private static AtomicLong countReads(SimulatedStorage storage) {
        AtomicLong total = new AtomicLong();
        storage.setHooks(
                (kind, _, length) -> total.addAndGet(kind == OperationKind.READ ? length : 0), (_, _, _) -> {});
        return total;
    }

    @Test
    @DisplayName("whatever a damaged log holds, the search and the replay end with a sequence or as corrupt")
    void fuzz() {
        RandomGenerator random = Seed.generator(LogScannerTest.class);
        int found = 0;
        SimulatedStorage empty = new DirtyImage().image().simulated();
        for (int round = 0; round < 3000; round++) {
            try {
                SimulatedStorage storage = empty.copy();
                writeRandomLog(storage, random);
                ActiveSequence sequence = scan(storage, MIB);
                if (sequence != null) {
                    found++;
                    assertThat(sequence.entries()).isNotEmpty();
                    OverlayStorage.over(storage, sequence);
                }
            } catch (CorruptImageException e) {
                assertThat(e).hasMessageStartingWith("log");
            } catch (IOException e) {
                throw new AssertionError("unexpected", e);
            }
        }
        assertThat(found).isPositive();
    }

    /** Some entries, one after the other or anywhere, with small damages that often keep the checksum right. */
    private static void writeRandomLog(SimulatedStorage storage, RandomGenerator random) throws IOException {
        long at = (long) random.nextInt(RING_SECTORS) * SECTOR;
        long number = random.nextLong(1, 100);
        for (int i = random.nextInt(6); i >= 0; i--) {
            LogBuilder entry = entry(number, random.nextInt(4)).tail(at + random.nextLong(4) * SECTOR);
            if (random.nextInt(4) == 0) {
                entry.zeros(random.nextLong(), random.nextLong());
            }
            byte[] bytes = entry.bytes(content -> damage(content, random, random.nextInt(3) - 1));
            damage(bytes, random, random.nextInt(8) - 6);
            place(storage, at, bytes);
            at = (at + bytes.length + (random.nextInt(5) == 0 ? SECTOR : 0)) % MIB;
            number += random.nextInt(5) == 0 ? random.nextInt(10) : 1;
        }
    }

    private static void damage(byte[] content, RandomGenerator random, int count) {
        for (int i = 0; i < count; i++) {
            int at = random.nextBoolean()
                    ? random.nextInt(Math.min(200, content.length))
                    : random.nextInt(content.length);
            content[at] = (byte) random.nextInt(256);
        }
    }
}
