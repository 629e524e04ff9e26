package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.DirtyImage.ENTRY;
import static io.vhdxd.vhdx.fixture.DirtyImage.LOG_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.OTHER_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.SECTOR;
import static io.vhdxd.vhdx.fixture.ImageBuilder.BAT;
import static io.vhdxd.vhdx.fixture.ImageBuilder.GIB;
import static io.vhdxd.vhdx.fixture.ImageBuilder.LOG;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static io.vhdxd.vhdx.load.ActiveSequenceAssert.assertThatSequenceOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
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
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The log: vhdx.md cases 24 to 52. */
class LogCasesTest {
    private static final UUID NEW_GUID = UUID.fromString("12345678-0001-0002-0003-000000000004");
    private static final String NO_SEQUENCE = "log at offset 1048576: in use with GUID"
            + " deadbeef-0001-0002-0003-000000000004, and it holds entries of that GUID, but no valid sequence of them";

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
                        "write 65536+4096",
                        "sync",
                        "write 131072+4096",
                        "sync",
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
    @DisplayName(
            "case 26: a log in use without any entry is refused, as an interrupted QEMU leaves it, unless accepted")
    void emptyLog() throws IOException {
        dirty.with(0, LogBuilder.entry(OTHER_GUID, 1).bytes());
        assertCorrupt(
                "log at offset 1048576: marked in use with GUID deadbeef-0001-0002-0003-000000000004, but it holds no"
                        + " entry of that GUID; this is typical of an interrupted QEMU, which then had changed nothing yet: the"
                        + " image can be opened as one with an empty log");

        SimulatedStorage storage = image.simulated();
        LoadedImage loaded = Loading.of(storage, new LoadOptions(true)).image();
        assertThat(loaded.activeSequence()).isNull();
        assertThat(loaded.needsReplay()).isTrue();
        assertThat(loaded.storage()).isSameAs(storage);
        assertThat(Recorded.operations(storage)).isEmpty();

        LoadedImage replayed = loaded.replay(storage, NEW_GUID);
        assertThat(replayed.headers().current().logGuid()).isEqualTo(GuidCodec.NIL);
        assertThat(Loading.of(storage).findings()).isEmpty();
    }

    @Test
    @DisplayName("case 27: a log in use with entries, none of them valid, is refused, accepted or not")
    void noValidEntry() {
        byte[] entry = dirty.entry(0, 5).bytes();
        entry[5000] ^= 1;
        dirty.with(0, entry);
        assertCorrupt(NO_SEQUENCE);
        assertThatThrownBy(() -> Loading.of(image.simulated(), new LoadOptions(true)))
                .isInstanceOf(CorruptImageException.class)
                .hasMessage(NO_SEQUENCE);
    }

    @Test
    @DisplayName("case 28: an entry torn inside a data sector ends the sequence")
    void tornByChecksum() throws IOException {
        byte[] torn = dirty.entry(0, 6).bytes();
        torn[SECTOR + 2000] ^= 1;
        dirty.with(0, 5).with(ENTRY, torn);
        assertThatSequenceOf(image).hasSequenceNumbers(5);
    }

    @Test
    @DisplayName("case 29: an entry torn inside its descriptors ends the sequence")
    void tornDescriptor() throws IOException {
        byte[] torn = dirty.entry(0, 6).bytes();
        torn[64] = 0;
        dirty.with(0, 5).with(ENTRY, torn);
        assertThatSequenceOf(image).hasSequenceNumbers(5);
    }

    @Test
    @DisplayName("case 30: entries of other GUIDs are ignored, whatever their numbers")
    void staleEntries() throws IOException {
        dirty.with(0, 5).with(ENTRY, LogBuilder.entry(OTHER_GUID, 6).bytes());
        dirty.with(
                40 * SECTOR, LogBuilder.entry(OTHER_GUID, 99).tail(40 * SECTOR).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5);
    }

    @Test
    @DisplayName("case 31: garbage and left-over data sectors are ignored")
    void garbage() throws IOException {
        image.fill(LOG, (int) MIB, 0xEE);
        byte[] stale = dirty.entry(0, 77).bytes();
        dirty.with(10 * ENTRY, 5).with(20 * ENTRY, Arrays.copyOfRange(stale, SECTOR, ENTRY));
        assertThatSequenceOf(image).hasSequenceNumbers(5);
    }

    @Test
    @DisplayName("case 32: an entry may run over the end of the ring")
    void wrappingEntry() throws IOException {
        long last = MIB - SECTOR;
        dirty.with(last, 5).with(SECTOR, dirty.entry(last, 6).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5, 6);
        assertThat(mappedBlocks(Loading.of(image).image())).containsExactly(0, 1, 2, 6);
    }

    @Test
    @DisplayName("case 33: of two sequences the one whose head has the larger number wins")
    void twoSequences() throws IOException {
        dirty.with(0, 9).with(ENTRY, dirty.entry(0, 10).bytes());
        dirty.with(50 * ENTRY, 7)
                .with(51 * ENTRY, dirty.entry(50 * ENTRY, 8).bytes())
                .with(52 * ENTRY, dirty.entry(50 * ENTRY, 9).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(9, 10);
        dirty.with(53 * ENTRY, dirty.entry(50 * ENTRY, 10).bytes())
                .with(54 * ENTRY, dirty.entry(50 * ENTRY, 11).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(7, 8, 9, 10, 11);
    }

    @Test
    @DisplayName("case 33: numbers are compared as unsigned")
    void unsignedNumbers() throws IOException {
        dirty.with(0, Long.MAX_VALUE).with(50 * ENTRY, Long.MIN_VALUE + 5);
        assertThatSequenceOf(image).hasSequenceNumbers(Long.MIN_VALUE + 5);
    }

    @Test
    @DisplayName("case 34: a gap or a step back in the numbers ends the sequence, and the next one is judged by itself")
    void gap() throws IOException {
        dirty.with(0, 5).with(ENTRY, dirty.entry(0, 7).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5);
        dirty.with(ENTRY, 7);
        assertThatSequenceOf(image).hasSequenceNumbers(7);
        dirty.with(ENTRY, 4);
        assertThatSequenceOf(image).hasSequenceNumbers(5);
    }

    @Test
    @DisplayName("case 35: a sequence whose head's tail is not one of its entries is not valid")
    void tailOutside() throws IOException {
        dirty.with(0, 5).with(ENTRY, dirty.entry(50 * ENTRY, 6).bytes());
        assertCorrupt(NO_SEQUENCE);
        dirty.with(ENTRY, dirty.entry(SECTOR, 6).bytes());
        assertCorrupt(NO_SEQUENCE);
        dirty.with(80 * ENTRY, 2);
        assertThatSequenceOf(image).hasSequenceNumbers(2);
    }

    @Test
    @DisplayName("case 36: the replay starts at the head's tail, not at the first entry")
    void tailInTheMiddle() throws IOException {
        dirty.with(0, 3)
                .with(ENTRY, dirty.entry(0, 4).bytes())
                .with(2 * ENTRY, dirty.entry(0, 5).bytes())
                .with(3 * ENTRY, dirty.entry(2 * ENTRY, 6).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5, 6);
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

    private static Consumer<byte[]> set(int offset, long value, int bytes) {
        return entry -> LogBuilder.integer(entry, offset, value, bytes);
    }

    static Stream<Named<Consumer<byte[]>>> brokenEntries() {
        return Stream.of(
                Named.of("case 38: EntryLength 0", set(8, 0, 4)),
                Named.of("case 38: EntryLength unaligned", set(8, ENTRY + 512, 4)),
                Named.of("case 38: EntryLength larger than the ring", set(8, MIB + SECTOR, 4)),
                Named.of("case 38: EntryLength of the whole ring", set(8, MIB, 4)),
                Named.of("case 38: EntryLength 2^32 - 4096", set(8, -4096, 4)),
                Named.of("case 39: DescriptorCount 2^32 - 1", set(24, -1, 4)),
                Named.of("case 39: DescriptorCount that overflows 32 bits", set(24, 1 << 27, 4)),
                Named.of("case 39: DescriptorCount past the entry", set(24, 255, 4)),
                Named.of("case 39: DescriptorCount without descriptors", set(24, 2, 4)),
                Named.of("case 40: EntryLength longer than its parts", set(24, 0, 4)),
                Named.of("case 41: descriptor of another number", set(64 + 24, 77, 8)),
                Named.of("case 41: descriptor without signature", set(64, 0, 4)),
                Named.of("case 41: data sector without signature", set(SECTOR, 0, 4)),
                Named.of("case 41: data sector with another upper half", set(SECTOR + 4, 1, 4)),
                Named.of("case 41: data sector with another lower half", set(ENTRY - 4, 7, 4)),
                Named.of("case 49: number 0", set(16, 0, 8)),
                Named.of("tail unaligned", set(12, 512, 4)),
                Named.of("tail outside the ring", set(12, MIB, 4)));
    }

    @ParameterizedTest
    @MethodSource("brokenEntries")
    @DisplayName(
            "cases 38, 39, 40, 41, 49: an entry that contradicts itself ends the sequence, though its checksum is right")
    void brokenEntry(Consumer<byte[]> damage) throws IOException {
        byte[] broken = dirty.entry(ENTRY, 6).bytes(damage::accept);
        dirty.with(0, 5).with(ENTRY, broken);
        assertThatSequenceOf(image).hasSequenceNumbers(5);
        image.put(LOG, new byte[SECTOR]);
        assertCorrupt(NO_SEQUENCE);
    }

    @Test
    @DisplayName("case 40: an entry with a sector that no descriptor belongs to is not valid")
    void extraSector() throws IOException {
        dirty.with(0, 5).with(ENTRY, dirty.entry(0, 6).extraSectors(1).bytes());
        assertThatSequenceOf(image).hasSequenceNumbers(5);
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
    @DisplayName("case 49: numbers do not wrap: after 2^64 - 1 the sequence ends")
    void numberWrap() throws IOException {
        dirty.with(0, -2).with(ENTRY, dirty.entry(0, -1).bytes()).with(2 * ENTRY, 1);
        assertThatSequenceOf(image).hasSequenceNumbers(-2, -1);
    }

    @Test
    @DisplayName(
            "cases 50, 116: a replay that is killed, or loses power, at any step is done again, to the same content")
    void interruptedReplay() throws IOException {
        RandomGenerator random = Seed.generator(LogCasesTest.class);
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
