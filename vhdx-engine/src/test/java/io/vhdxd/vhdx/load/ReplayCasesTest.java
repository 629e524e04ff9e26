package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.DirtyImage.ENTRY;
import static io.vhdxd.vhdx.fixture.DirtyImage.LOG_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.SECTOR;
import static io.vhdxd.vhdx.fixture.ImageBuilder.BAT;
import static io.vhdxd.vhdx.fixture.ImageBuilder.GIB;
import static io.vhdxd.vhdx.fixture.ImageBuilder.LOG;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static io.vhdxd.vhdx.load.ActiveSequenceAssert.assertThatSequenceOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the replay does, to the file and in memory: vhdx.md cases 24, 25, 37 and 42 to 52. */
class ReplayCasesTest {
    private static final UUID NEW_GUID = UUID.fromString("12345678-0001-0002-0003-000000000004");

    private final DirtyImage dirty = new DirtyImage();
    private final ImageBuilder image = dirty.image();

    private void assertCorrupt(String message) {
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(CorruptImageException.class)
                .hasMessage(message);
    }

    private static long[] mappedBlocks(LoadedImage loaded) {
        BlockMap blocks = loaded.blockMap();
        return LongStream.range(0, blocks.blockCount())
                .filter(block -> BlockMap.isFullyPresent(blocks.entry(block)))
                .toArray();
    }

    private static byte[] read(Storage storage, long offset, int length) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(length);
        assertThat(storage.read(content, offset)).isEqualTo(length);
        return content.array();
    }

    @Test
    @DisplayName("case 24: a dirty log is replayed to the file: new file write GUID, pages, sync, log GUID cleared")
    void replay() throws IOException {
        dirty.with(0, 5).with(ENTRY, dirty.entry(0, 6).bytes());
        SimulatedStorage storage = image.simulated();
        LoadedImage loaded = Loading.of(storage).image();
        assertThat(loaded.needsReplay()).isTrue();
        assertThat(loaded.replayedPageCount()).isEqualTo(2);
        assertThat(Recorded.operations(storage)).isEmpty();

        LoadedImage replayed = loaded.replay(storage, NEW_GUID);
        assertThat(Recorded.operations(storage))
                .containsExactly(
                        "write 131072+4096",
                        "sync",
                        "write 65536+4096",
                        "sync",
                        "write 131072+4096",
                        "sync",
                        "size " + 20 * MIB,
                        "write " + BAT + "+4096",
                        "write " + BAT + "+4096",
                        "sync",
                        "write 65536+4096",
                        "sync",
                        "write 131072+4096",
                        "sync");
        assertThat(replayed.needsReplay()).isFalse();
        assertThat(replayed.activeSequence()).isNull();
        assertThat(replayed.storage()).isSameAs(storage);
        Header header = replayed.headers().current();
        assertThat(header.fileWriteGuid()).isEqualTo(NEW_GUID);
        assertThat(header.dataWriteGuid()).isEqualTo(UUID.fromString(ImageBuilder.DATA_WRITE_GUID));

        Loading again = Loading.of(storage);
        assertThat(again.findings()).isEmpty();
        assertThat(again.image().headers()).isEqualTo(replayed.headers());
        assertThat(mappedBlocks(again.image())).containsExactly(0, 1, 2, 6);
        assertThat(mappedBlocks(replayed)).containsExactly(0, 1, 2, 6);
    }

    @Test
    @DisplayName("case 25: for reading a dirty log is replayed in memory, and the file stays as it is")
    void overlay() throws IOException {
        dirty.with(0, 5);
        SimulatedStorage storage = image.simulated();
        LoadedImage loaded = Loading.of(storage).image();
        assertThat(mappedBlocks(loaded)).containsExactly(0, 1, 2, 5);
        assertThat(read(loaded.storage(), BAT, SECTOR)).isEqualTo(dirty.batPage(5));
        assertThat(read(storage, BAT, SECTOR)).isEqualTo(image.get(BAT, SECTOR));
        assertThat(loaded.storage().isWritable()).isFalse();
        assertThat(Recorded.operations(storage)).isEmpty();
    }

    @Test
    @DisplayName("case 37: an empty entry alone is a sound log with nothing to apply; the replay clears the GUID")
    void emptyEntry() throws IOException {
        dirty.with(0, LogBuilder.entry(LOG_GUID, 77).sizes(MIB, 20 * MIB).bytes());
        SimulatedStorage storage = image.simulated();
        LoadedImage loaded = Loading.of(storage).image();
        assertThat(loaded.activeSequence()).isNotNull();
        assertThat(loaded.replayedPageCount()).isZero();
        assertThat(loaded.replay(storage, NEW_GUID).needsReplay()).isFalse();
        assertThat(Loading.of(storage).findings()).isEmpty();
    }

    @Test
    @DisplayName(
            "a replay whose sync failed is done again in full: the file's size too may be nowhere but in the kernel")
    void replayAfterFailedSync() throws IOException {
        dirty.with(0, LogBuilder.entry(LOG_GUID, 77).sizes(MIB, 40 * MIB).bytes());
        SimulatedStorage storage = image.simulated();
        assertThat(storage.size()).isLessThan(40 * MIB);
        LoadedImage loaded = Loading.of(storage).image();
        storage.faults().failNth(Set.of(OperationKind.SYNC), 4, Fault.of(() -> new IOException("injected")));
        assertThatIOException().isThrownBy(() -> loaded.replay(storage, NEW_GUID));
        assertThat(storage.size()).isEqualTo(40 * MIB);
        assertThat(storage.crash(Fate.LOST).size()).isLessThan(40 * MIB);

        Loading.of(storage).image().replay(storage, NEW_GUID);
        SimulatedStorage left = storage.crash(Fate.LOST);
        assertThat(left.size()).isEqualTo(40 * MIB);
        assertThat(Loading.of(left).image().needsReplay()).isFalse();
    }

    private void assertForbidden(LogBuilder forbidden, String problem) {
        dirty.with(0, 5).with(ENTRY, forbidden.tail(0).sizes(20 * MIB, 20 * MIB).bytes());
        assertCorrupt("log entry 6 at offset 1056768: " + problem);
    }

    @Test
    @DisplayName("case 42: a descriptor for the identifier, a header, the log or half a page is refused, not left out")
    void forbiddenTarget() {
        byte[] page = new byte[SECTOR];
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).zeros(0, SECTOR),
                "a descriptor for 4096 bytes at offset 0 touches the headers, expected at least 196608");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).page(192 * 1024 - SECTOR, page),
                "a descriptor for 4096 bytes at offset 192512 touches the headers, expected at least 196608");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).page(LOG, page),
                "a descriptor for 4096 bytes at offset 1048576 touches the log itself");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).zeros(LOG - SECTOR, 2 * SECTOR),
                "a descriptor for 8192 bytes at offset 1044480 touches the log itself");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).page(BAT + 512, page),
                "a descriptor for 4096 bytes at offset 3146240 is not about whole pages of 4096 bytes");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).zeros(BAT, 512),
                "a descriptor for 512 bytes at offset 3145728 is not about whole pages of 4096 bytes");
    }

    @Test
    @DisplayName("case 42: what stands before the tail is not looked at")
    void forbiddenTargetBeforeTail() throws IOException {
        dirty.with(0, LogBuilder.entry(LOG_GUID, 5).zeros(0, SECTOR).bytes());
        dirty.with(SECTOR, dirty.entry(SECTOR, 6).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(6);
    }

    @Test
    @DisplayName("case 43: a descriptor far beyond the end of the file is refused")
    void targetBeyondEnd() {
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).page(20 * MIB, new byte[SECTOR]),
                "a descriptor for 4096 bytes at offset 20971520 reaches beyond the file, expected at most 20971520");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).page(1L << 62, new byte[SECTOR]),
                "a descriptor for 4096 bytes at offset 4611686018427387904 reaches beyond the file, expected at most"
                        + " 20971520");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).zeros(BAT, Long.MAX_VALUE - 4095),
                "a descriptor for 9223372036854771712 bytes at offset 3145728 reaches beyond the file, expected at most"
                        + " 20971520");
        assertForbidden(
                LogBuilder.entry(LOG_GUID, 6).zeros(-SECTOR, 2 * SECTOR),
                "a descriptor for 8192 bytes at offset 18446744073709547520 reaches beyond the file, expected at most"
                        + " 20971520");
    }

    @Test
    @DisplayName("case 43: a last file offset that no file can have is refused")
    void hugeLastFileOffset() {
        for (long last : new long[] {-MIB, (1L << 48) + MIB}) {
            dirty.with(0, dirty.entry(0, 5).sizes(0, last).bytes());
            assertCorrupt("log entry 5 at offset 1048576: last file offset " + Long.toUnsignedString(last)
                    + ", expected at most 281474976710656");
        }
    }

    @Test
    @DisplayName("case 44: a zero descriptor of many GiB is one operation, and takes no memory")
    void hugeZeroDescriptor() throws IOException {
        long size = 20 * MIB + 500 * GIB;
        dirty.with(
                0, dirty.entry(0, 5).zeros(20 * MIB, 500 * GIB).sizes(0, size).bytes());
        SimulatedStorage storage = image.simulated();
        LoadedImage loaded = Loading.of(storage).image();
        assertThat(loaded.fileSizeBytes()).isEqualTo(size);
        loaded.replay(storage, NEW_GUID);
        assertThat(Recorded.operations(storage)).contains("punch " + 20 * MIB + "+" + 500 * GIB);
        assertThat(storage.size()).isEqualTo(size);
    }

    @Test
    @DisplayName("case 44: a zeroed region table is looked at as it will be")
    void zeroedRegionTable() throws IOException {
        dirty.with(0, LogBuilder.entry(LOG_GUID, 5).zeros(192 * 1024, 64 * 1024).bytes());
        SimulatedStorage storage = image.simulated();
        Loading loading = Loading.of(storage);
        assertThat(loading.findings())
                .containsExactly("WARNING region table 1 at offset 196608: signature 0x00000000, expected 0x69676572"
                        + " (\"regi\"); the other copy is used");
        loading.image().replay(storage, NEW_GUID);
        assertThat(read(storage, 192 * 1024, 64 * 1024)).containsOnly(0);
    }

    @Test
    @DisplayName("case 45: of two descriptors for one page the later one counts, zeros or data")
    void samePageTwice() throws IOException {
        byte[] ones = filled(1);
        byte[] twos = filled(2);
        long at = 15 * MIB;
        dirty.with(
                0,
                LogBuilder.entry(LOG_GUID, 5)
                        .page(at, ones)
                        .page(at, twos)
                        .page(at + SECTOR, ones)
                        .zeros(at + SECTOR, SECTOR)
                        .zeros(at + 2 * SECTOR, SECTOR)
                        .page(at + 2 * SECTOR, ones)
                        .bytes());
        SimulatedStorage storage = image.simulated();
        LoadedImage loaded = Loading.of(storage).image();
        assertThat(loaded.replayedPageCount()).isEqualTo(6);
        byte[] through = read(loaded.storage(), at, 3 * SECTOR);
        loaded.replay(storage, NEW_GUID);
        for (byte[] content : new byte[][] {through, read(storage, at, 3 * SECTOR)}) {
            assertThat(content).startsWith(twos).endsWith(ones);
            assertThat(Arrays.copyOfRange(content, SECTOR, 2 * SECTOR)).containsOnly(0);
        }
    }

    private static byte[] filled(int value) {
        byte[] page = new byte[SECTOR];
        Arrays.fill(page, (byte) value);
        return page;
    }

    @Test
    @DisplayName("case 46: a file that is shorter than the log requires is refused; only the head's word counts")
    void truncated() throws IOException {
        dirty.with(0, dirty.entry(0, 5).sizes(30 * MIB, 20 * MIB).bytes());
        assertCorrupt("log entry 5 at offset 1048576: the file is truncated: 20971520 bytes long, the log requires"
                + " 31457280");
        dirty.with(ENTRY, dirty.entry(0, 6).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5, 6);
        dirty.with(2 * ENTRY, dirty.entry(0, 7).sizes(-1, 20 * MIB).bytes());
        assertCorrupt("log entry 7 at offset 1064960: the file is truncated: 20971520 bytes long, the log requires"
                + " 18446744073709551615");
    }

    @Test
    @DisplayName("case 47: FlushedFileOffset may be 0, as Hyper-V writes it, or unaligned")
    void oddFlushedFileOffset() throws IOException {
        dirty.with(0, dirty.entry(0, 5).sizes(0, 20 * MIB).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5);
        dirty.with(0, dirty.entry(0, 5).sizes(19 * MIB + 77, 20 * MIB).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5);
    }

    @Test
    @DisplayName("case 48: the replay extends the file to the head's LastFileOffset, aligned or not, in memory too")
    void growth() throws IOException {
        for (long last : new long[] {40 * MIB, 40 * MIB + 512}) {
            dirty.with(0, dirty.entry(0, 5).sizes(20 * MIB, 90 * MIB).bytes());
            dirty.with(ENTRY, dirty.entry(0, 6).sizes(20 * MIB, last).bytes());
            SimulatedStorage storage = image.simulated();
            LoadedImage loaded = Loading.of(storage).image();
            assertThat(loaded.fileSizeBytes()).isEqualTo(last);
            assertThat(read(loaded.storage(), 39 * MIB, 4096)).containsOnly(0);
            assertThat(loaded.replay(storage, NEW_GUID).fileSizeBytes()).isEqualTo(last);
            assertThat(storage.size()).isEqualTo(last);
        }
    }

    @Test
    @DisplayName("case 48: a block that only the growth puts into the file is readable")
    void growthForBlock() throws IOException {
        byte[] page = dirty.batPage(5);
        LogBuilder.integer(page, 8 * 5, 6 | 30L << 20, 8);
        dirty.with(
                0,
                LogBuilder.entry(LOG_GUID, 5).page(BAT, page).sizes(0, 31 * MIB).bytes());
        assertThat(Loading.of(image).findings()).isEmpty();
        dirty.with(
                0,
                LogBuilder.entry(LOG_GUID, 5).page(BAT, page).sizes(0, 30 * MIB).bytes());
        assertThat(Loading.of(image).findings()).singleElement().asString().contains("but the file ends at 31457280");
    }

    @Test
    @DisplayName(
            "cases 50, 116: a replay that is killed, or loses power, at any step is done again, to the same content")
    void interruptedReplay() throws IOException {
        RandomGenerator random = Seed.generator(ReplayCasesTest.class);
        dirty.with(0, 5)
                .with(
                        ENTRY,
                        dirty.entry(0, 6)
                                .zeros(15 * MIB, MIB)
                                .sizes(0, 25 * MIB)
                                .bytes());
        image.fill(15 * MIB, 100_000, 0xEE);
        SimulatedStorage whole = image.simulated();
        Loading.of(whole).image().replay(whole, NEW_GUID);
        int steps = whole.recording().size();
        for (int step = 1; step <= steps; step++) {
            SimulatedStorage storage = image.simulated();
            storage.faults().failFromNth(Recorded.CHANGES, step, Fault.of(() -> new IOException("injected")));
            LoadedImage loaded = Loading.of(storage).image();
            assertThatThrownBy(() -> loaded.replay(storage, NEW_GUID)).hasMessage("injected");
            assertReplayedTo(whole, storage.copy());
            for (int crash = 0; crash < 5; crash++) {
                assertReplayedTo(whole, storage.crash(random));
            }
        }
    }

    private static void assertReplayedTo(SimulatedStorage expected, SimulatedStorage storage) throws IOException {
        LoadedImage loaded = Loading.of(storage).image();
        LoadedImage after = loaded.needsReplay() ? loaded.replay(storage, NEW_GUID) : loaded;
        assertThat(mappedBlocks(after)).containsExactly(0, 1, 2, 6);
        assertThat(storage.size()).isEqualTo(expected.size());
        int rest = (int) (expected.size() - 192 * 1024);
        assertThat(read(storage, 192 * 1024, rest)).isEqualTo(read(expected, 192 * 1024, rest));
    }

    @Test
    @DisplayName("case 51: a disk that is full at any step of the replay fails the open; the log stays in use")
    void fullDisk() throws IOException {
        dirty.with(0, dirty.entry(0, 5).sizes(0, 40 * MIB).bytes());
        for (OperationKind kind : List.of(OperationKind.SET_SIZE, OperationKind.WRITE)) {
            SimulatedStorage storage = image.simulated();
            LoadedImage loaded = Loading.of(storage).image();
            int headerWrites = kind == OperationKind.WRITE ? 2 : 0;
            storage.faults().failNth(Set.of(kind), headerWrites + 1, Fault.of(() -> new NoSpaceException("injected")));
            assertThatThrownBy(() -> loaded.replay(storage, NEW_GUID)).isInstanceOf(NoSpaceException.class);
            assertThat(Loading.of(storage).image().needsReplay()).isTrue();

            Loading.of(storage).image().replay(storage, NEW_GUID);
            assertThat(Loading.of(storage).image().needsReplay()).isFalse();
        }
    }

    @Test
    @DisplayName("case 52: a replay that would leave a broken image is refused before anything is written")
    void replayBreaksImage() {
        dirty.with(
                0, LogBuilder.entry(LOG_GUID, 5).zeros(192 * 1024, 128 * 1024).bytes());
        SimulatedStorage storage = image.simulated();
        assertThatThrownBy(() -> Loading.of(storage))
                .isInstanceOf(CorruptImageException.class)
                .hasMessageStartingWith("region tables: no valid copy");
        dirty.with(0, LogBuilder.entry(LOG_GUID, 5).zeros(METADATA, SECTOR).bytes());
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(CorruptImageException.class)
                .hasMessageStartingWith("metadata table at offset 2097152: signature");
        assertThat(Recorded.operations(storage)).isEmpty();
    }

    @Test
    @DisplayName("case 52: a replay that repairs a broken image is done")
    void replayRepairsImage() throws IOException {
        byte[] table = image.get(METADATA, SECTOR);
        dirty.with(0, LogBuilder.entry(LOG_GUID, 5).page(METADATA, table).bytes());
        image.put(METADATA, new byte[SECTOR]);
        SimulatedStorage storage = image.simulated();
        Loading.of(storage).image().replay(storage, NEW_GUID);
        assertThat(Loading.of(storage).findings()).isEmpty();
    }
}
