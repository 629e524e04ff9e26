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
import io.vhdxd.vhdx.fixture.MemoryStorage;
import io.vhdxd.vhdx.fixture.Seed;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Where entries may stand, and what a torn or hostile log does to the search. */
class LogScannerTest {
    private static final int RING_SECTORS = (int) (MIB / SECTOR);

    private static Header header(long logLength) {
        return new Header(1, GuidCodec.NIL, GuidCodec.NIL, UUID.fromString(LOG_GUID), 0, 1, logLength, LOG);
    }

    private static @Nullable ActiveSequence scan(MemoryStorage storage, long logLength) throws IOException {
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

    @Test
    @DisplayName("cases 24, 32: sequences of three entries are found at all 256 places of the ring, over its end too")
    void everyPlace() throws IOException {
        for (int pages : new int[] {0, 1, 61, 84}) {
            for (int start = 0; start < RING_SECTORS; start++) {
                ImageBuilder image = new DirtyImage().image();
                long at = (long) start * SECTOR;
                for (int i = 0; i < 3; i++) {
                    byte[] entry =
                            entry(10 + i, pages).tail((long) start * SECTOR).bytes();
                    LogBuilder.place(image, LOG, MIB, at, entry);
                    at = (at + entry.length) % MIB;
                }
                assertThat(numbers(scan(MemoryStorage.of(image), MIB)))
                        .as("%d pages at sector %d", pages, start)
                        .containsExactly(10L, 11L, 12L);
            }
        }
    }

    @Test
    @DisplayName("an entry that fills the ring but for one sector is found, also with two sectors of descriptors")
    void largestEntry() throws IOException {
        for (int start = 0; start < RING_SECTORS; start++) {
            ImageBuilder image = new DirtyImage().image();
            byte[] entry = entry(10, 252).tail((long) start * SECTOR).bytes();
            assertThat(entry).hasSize((int) MIB - SECTOR);
            LogBuilder.place(image, LOG, MIB, (long) start * SECTOR, entry);
            assertThat(numbers(scan(MemoryStorage.of(image), MIB))).containsExactly(10L);
        }
    }

    @Test
    @DisplayName("cases 28, 29: an entry torn at any of its 512-byte sectors ends the sequence before it")
    void tornAnywhere() throws IOException {
        byte[] older = entry(9, 3).tail(0).bytes();
        byte[] newer = entry(10, 130).tail(0).bytes();
        for (int torn = 0; torn < newer.length; torn += 512) {
            ImageBuilder image = new DirtyImage().image();
            image.fill(LOG, (int) MIB, 0xEE);
            LogBuilder.place(image, LOG, MIB, 0, older);
            byte[] written = newer.clone();
            Arrays.fill(written, torn, torn + 512, (byte) 0xEE);
            LogBuilder.place(image, LOG, MIB, older.length, written);
            boolean padding = torn >= 2 * SECTOR - 512 && torn < 2 * SECTOR;
            assertThat(numbers(scan(MemoryStorage.of(image), MIB)))
                    .as("torn at %d, in padding: %s", torn, padding)
                    .containsExactly(9L);
        }
    }

    @Test
    @DisplayName("a log of 1 GiB full of headers that each claim the rest of it is read twice, not 30,000 times")
    void nestedEntries() throws IOException {
        long length = 64 * MIB;
        ImageBuilder image = new DirtyImage().image().size(LOG + length);
        for (long at = 0; at < length; at += SECTOR) {
            byte[] claim = LogBuilder.entry(LOG_GUID, 5).tail(at).bytes();
            LogBuilder.integer(claim, 8, length - at, 4);
            image.put(LOG + at, claim);
        }
        MemoryStorage storage = MemoryStorage.of(image);
        assertThatThrownBy(() -> scan(storage, length)).isInstanceOf(CorruptImageException.class);
        assertThat(storage.bytesRead()).isLessThanOrEqualTo(2 * length);
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
        ActiveSequence sequence = scan(MemoryStorage.of(image), MIB);
        assertThat(numbers(sequence)).hasSize(RING_SECTORS).startsWith(1000L).endsWith(1255L);
    }

    @Test
    @DisplayName("holes of the log are not read")
    void holes() throws IOException {
        long length = 1L << 30;
        ImageBuilder image = new DirtyImage().image().size(LOG + length);
        LogBuilder.place(
                image, LOG, length, 500 * MIB, entry(7, 3).tail(500 * MIB).bytes());
        MemoryStorage storage = MemoryStorage.of(image);
        assertThat(numbers(scan(storage, length))).containsExactly(7L);
        assertThat(storage.bytesRead()).isLessThan(4 * MIB);
    }

    @Test
    @DisplayName("whatever a damaged log holds, the search and the replay end with a sequence or as corrupt")
    void fuzz() {
        Random random = Seed.random();
        int found = 0;
        for (int round = 0; round < 3000; round++) {
            ImageBuilder image = randomLog(random);
            try {
                MemoryStorage storage = MemoryStorage.of(image);
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
    private static ImageBuilder randomLog(Random random) {
        ImageBuilder image = new DirtyImage().image();
        long at = (long) random.nextInt(RING_SECTORS) * SECTOR;
        long number = 1 + random.nextInt(100);
        for (int i = random.nextInt(6); i >= 0; i--) {
            LogBuilder entry = entry(number, random.nextInt(4)).tail(at + (long) SECTOR * random.nextInt(4));
            if (random.nextInt(4) == 0) {
                entry.zeros(random.nextLong(), random.nextLong());
            }
            byte[] bytes = entry.bytes(content -> damage(content, random, random.nextInt(3) - 1));
            damage(bytes, random, random.nextInt(8) - 6);
            LogBuilder.place(image, LOG, MIB, at, bytes);
            at = (at + bytes.length + (random.nextInt(5) == 0 ? SECTOR : 0)) % MIB;
            number += random.nextInt(5) == 0 ? random.nextInt(10) : 1;
        }
        return image;
    }

    private static void damage(byte[] content, Random random, int count) {
        for (int i = 0; i < count; i++) {
            int at = random.nextBoolean()
                    ? random.nextInt(Math.min(200, content.length))
                    : random.nextInt(content.length);
            content[at] = (byte) random.nextInt(256);
        }
    }
}
