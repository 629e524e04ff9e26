package io.vhdxd.vhdx.log;

import static io.vhdxd.vhdx.fixture.DirtyImage.LOG_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.SECTOR;
import static io.vhdxd.vhdx.fixture.ImageBuilder.LOG;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Seed;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is read through an unreplayed log is what the replay writes. */
class OverlayStorageTest {
    private static final long AREA = 6 * MIB;

    private static ActiveSequence scan(Storage storage) throws IOException {
        Header header = new Header(1, GuidCodec.NIL, GuidCodec.NIL, UUID.fromString(LOG_GUID), 0, 1, MIB, LOG);
        ActiveSequence sequence = LogScanner.scan(storage, header, false);
        assertThat(sequence).isNotNull();
        return sequence;
    }

    private static byte[] read(Storage storage, long offset, int length) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(length);
        int read = storage.read(content, offset);
        assertThat(content.position()).isEqualTo(read);
        return Arrays.copyOf(content.array(), read);
    }

    /** A few entries that write and zero pages of the area from 6 MiB on, and behind the end of the file. */
    private static SimulatedStorage randomImage(RandomGenerator random) {
        DirtyImage dirty = new DirtyImage();
        ImageBuilder image = dirty.image();
        image.fill(AREA, 40 * SECTOR, 0x11).size(AREA + (long) (20 + random.nextInt(20)) * SECTOR + 512);
        long at = 0;
        for (int number = 1; number <= 1 + random.nextInt(5); number++) {
            LogBuilder entry = LogBuilder.entry(LOG_GUID, number).tail(0).sizes(0, AREA + 50L * SECTOR);
            for (int i = random.nextInt(20); i > 0; i--) {
                long page = random.nextInt(40);
                if (random.nextInt(3) == 0) {
                    entry.zeros(AREA + page * SECTOR, (long) random.nextInt(10) * SECTOR);
                } else {
                    byte[] content = new byte[SECTOR];
                    random.nextBytes(content);
                    entry.page(AREA + page * SECTOR, content);
                }
            }
            byte[] bytes = entry.bytes();
            dirty.with(at, bytes);
            at += bytes.length;
        }
        return image.simulated();
    }

    @Test
    @DisplayName("cases 25, 45: any range reads the same through the overlay as after the replay")
    void sameAsReplay() throws IOException {
        RandomGenerator random = Seed.generator(OverlayStorageTest.class);
        for (int round = 0; round < 200; round++) {
            SimulatedStorage file = randomImage(random);
            ActiveSequence sequence = scan(file);
            OverlayStorage overlay = OverlayStorage.over(file, sequence);
            SimulatedStorage replayed = file.copy();
            Findings findings = new Findings();
            HeaderPair headers = HeaderPair.choose(header(replayed, 0), header(replayed, 1), findings);
            LogReplay.replay(replayed, new HeaderUpdate(replayed, headers), sequence, UUID.randomUUID());

            assertThat(overlay.size()).isEqualTo(replayed.size());
            int length = 60 * SECTOR;
            assertThat(read(overlay, AREA, length)).isEqualTo(read(replayed, AREA, length));
            for (int i = 0; i < 50; i++) {
                long from = AREA + random.nextInt(length);
                int part = random.nextInt(5 * SECTOR);
                assertThat(read(overlay, from, part)).isEqualTo(read(replayed, from, part));
                assertCachedIsPrefix(overlay, from, part);
                assertNoDataBefore(overlay.nextData(from), from, replayed);
            }
        }
    }

    private static ByteBuffer header(Storage storage, int slot) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Header.BYTES);
        storage.read(bytes, Header.slotOffsetBytes(slot));
        return bytes.flip();
    }

    private static void assertCachedIsPrefix(OverlayStorage overlay, long from, int length) throws IOException {
        ByteBuffer cached = ByteBuffer.allocate(length);
        int read = overlay.readCached(cached, from);
        assertThat(cached.position()).isEqualTo(read);
        assertThat(read(overlay, from, read)).isEqualTo(Arrays.copyOf(cached.array(), read));
    }

    private static void assertNoDataBefore(long nextData, long from, Storage replayed) throws IOException {
        assertThat(nextData).isBetween(from, Math.max(from, replayed.size()));
        int length = (int) (nextData - from);
        assertThat(read(replayed, from, length)).isEqualTo(new byte[length]);
    }

    @Test
    @DisplayName("what is nowhere near the log's pages is read in one go, from the cache where it is there")
    void cachedRead() throws IOException {
        DirtyImage dirty = new DirtyImage();
        dirty.with(
                0,
                LogBuilder.entry(LOG_GUID, 1)
                        .page(10 * MIB, new byte[SECTOR])
                        .sizes(0, 20 * MIB)
                        .bytes());
        SimulatedStorage file = dirty.image().simulated();
        OverlayStorage overlay = OverlayStorage.over(file, scan(file));
        assertThat(overlay.readCached(ByteBuffer.allocate(8 * SECTOR), 5 * MIB)).isEqualTo(8 * SECTOR);
        assertThat(overlay.readCached(ByteBuffer.allocate(8 * SECTOR), 10 * MIB - SECTOR))
                .isEqualTo(SECTOR);
        assertThat(overlay.readCached(ByteBuffer.allocate(8 * SECTOR), 10 * MIB + 5))
                .isZero();
    }

    @Test
    @DisplayName("a file that is cut after its opening gives errors, not zeros")
    void cutFile() throws IOException {
        DirtyImage dirty = new DirtyImage().with(0, 5);
        SimulatedStorage file = dirty.image().simulated();
        OverlayStorage overlay = OverlayStorage.over(file, scan(file));
        file.setSize(LOG);
        assertThatThrownBy(() -> read(overlay, 5 * MIB, SECTOR))
                .isInstanceOf(EOFException.class)
                .hasMessage("read 0 bytes at offset 5242880, expected 4096: the file was cut after it was opened");
        assertThatThrownBy(() -> read(overlay, ImageBuilder.BAT, SECTOR)).isInstanceOf(EOFException.class);
    }

    @Test
    @DisplayName("a log with more separate ranges than any writer makes is refused instead of filling the memory")
    void tooManyRanges() {
        PatchMap patches = new PatchMap();
        assertThatThrownBy(() -> {
                    for (long i = 0; i <= PatchMap.PATCH_COUNT_MAX; i++) {
                        patches.put(new PatchMap.Patch(2 * i * SECTOR, (2 * i + 1) * SECTOR, null));
                    }
                })
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessage("log: it changes more than 262144 separate ranges, which no sane writer does");
    }

    @Test
    @DisplayName("nothing can be written through the overlay")
    void readOnly() throws IOException {
        DirtyImage dirty = new DirtyImage().with(0, 5);
        SimulatedStorage file = dirty.image().simulated();
        OverlayStorage overlay = OverlayStorage.over(file, scan(file));
        ByteBuffer one = ByteBuffer.allocate(1);
        assertThatThrownBy(() -> overlay.write(one, 0)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> overlay.write(new ByteBuffer[] {one}, 0))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(overlay::sync).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> overlay.setSize(1)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> overlay.punchHole(0, 1)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> overlay.zeroRange(0, 1)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> overlay.reserve(0, 1)).isInstanceOf(UnsupportedOperationException.class);
        assertThat(overlay.zeroesFast()).isFalse();
        assertThat(Recorded.operations(file)).isEmpty();
    }
}
