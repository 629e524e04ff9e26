package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.DirtyImage.ENTRY;
import static io.vhdxd.vhdx.fixture.DirtyImage.OTHER_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.SECTOR;
import static io.vhdxd.vhdx.fixture.ImageBuilder.LOG;
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
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is to be replayed: vhdx.md cases 26 to 41, and 49. */
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
    @DisplayName("case 34: entries with a gap between them in the ring are no sequence")
    void gapInRing() throws IOException {
        dirty.with(0, 5).with(ENTRY + SECTOR, dirty.entry(0, 6).bytes());
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

    @Test
    @DisplayName("case 49: numbers do not wrap: after 2^64 - 1 the sequence ends")
    void numberWrap() throws IOException {
        dirty.with(0, -2).with(ENTRY, dirty.entry(0, -1).bytes()).with(2 * ENTRY, 1);
        assertThatSequenceOf(image).hasSequenceNumbers(-2, -1);
    }
}
