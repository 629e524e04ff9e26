package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BlockMap;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The BAT and the payload blocks: vhdx.md cases 78 to 95. */
class BatCasesTest {
    private final ImageBuilder image = ImageBuilder.small();

    private void assertFinding(Severity severity, String text) throws IOException {
        Loading loading = Loading.of(image);
        assertThat(loading.findings()).containsExactly(severity + " " + text);
        assertThat(loading.worst()).isEqualTo(severity);
    }

    private int entry(long block) throws IOException {
        return Loading.of(image).image().blockMap().entry(block);
    }

    private void assertUnreadable(long block) throws IOException {
        assertThat(BlockMap.isDamaged(entry(block))).isTrue();
        assertThat(BlockMap.isFullyPresent(entry(block))).isFalse();
        assertThat(BlockMap.isDamaged(entry(0))).isFalse();
    }

    private void assertEntry(long block, PayloadBlockState state, long offsetMib) throws IOException {
        assertThat(entry(block)).isEqualTo(BlockMap.entryOf(state, offsetMib));
    }

    @Test
    @DisplayName("states and places get into the block map and the space map")
    void sound() throws IOException {
        image.size(20 * MIB).block(3, 2, 0).block(4, 1, 0).block(5, 3, 0).block(6, 6, 18);
        Loading loading = Loading.of(image);
        assertThat(loading.findings()).isEmpty();
        assertEntry(0, PayloadBlockState.FULLY_PRESENT, 4);
        assertEntry(3, PayloadBlockState.ZERO, 0);
        assertEntry(4, PayloadBlockState.UNDEFINED, 0);
        assertEntry(5, PayloadBlockState.UNMAPPED, 0);
        assertEntry(6, PayloadBlockState.FULLY_PRESENT, 18);
        assertEntry(7, PayloadBlockState.NOT_PRESENT, 0);
        assertThat(loading.image().presentBlockCount()).isEqualTo(4);
        assertThat(loading.image().spaceMap().nextFreeMib(0)).isEqualTo(7);
        assertThat(loading.image().spaceMap().nextUsedMib(7)).isEqualTo(18);
        assertThat(loading.image().spaceMap().endMib()).isEqualTo(19);
    }

    @Test
    @DisplayName("blocks behind the first chunk are found: the bitmap entries between the chunks are no blocks")
    void secondChunk() throws IOException {
        ImageBuilder two = ImageBuilder.dynamic(4100 * MIB, (int) MIB);
        two.block(4095, 6, 4).block(4096, 6, 5).block(4099, 6, 6);
        assertThat(two.batIndex(4096)).isEqualTo(4097);
        Loading loading = Loading.of(two);
        assertThat(loading.findings()).isEmpty();
        BlockMap blocks = loading.image().blockMap();
        assertThat(BlockMap.fileOffsetMib(blocks.entry(4095))).isEqualTo(4);
        assertThat(BlockMap.fileOffsetMib(blocks.entry(4096))).isEqualTo(5);
        assertThat(BlockMap.fileOffsetMib(blocks.entry(4099))).isEqualTo(6);
    }

    @Test
    @DisplayName("case 78: a present block without a place cannot be read, and makes the image read-only")
    void presentWithoutPlace() throws IOException {
        image.batEntry(1, 6);
        assertFinding(
                Severity.READ_ONLY,
                "BAT entry 1 at offset 3145736: block 1 is present at file offset 0, expected at least 1048576");
        assertUnreadable(1);
    }

    @Test
    @DisplayName("case 79: a present block beyond the end of the file cannot be read, and makes the image read-only")
    void beyondEnd() throws IOException {
        image.batEntry(1, 6 | 7L << 20);
        assertFinding(
                Severity.READ_ONLY,
                "BAT entry 1 at offset 3145736: block 1 takes 1048576 bytes at file offset 7340032, but the file ends at"
                        + " 7340032");
        assertUnreadable(1);
    }

    @Test
    @DisplayName("case 79: the last block is no exception if all of it is beyond the end")
    void lastBlockBeyondEnd() throws IOException {
        image.batEntry(7, 6 | 7L << 20);
        assertFinding(
                Severity.READ_ONLY,
                "BAT entry 7 at offset 3145784: block 7 takes 1048576 bytes at file offset 7340032, but the file ends at"
                        + " 7340032");
        assertUnreadable(7);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 28, (1L << 43) - 1})
    @DisplayName("a present block that starts where the engine cannot address cannot be read")
    void beyondLimit(long offsetMib) throws IOException {
        image.batEntry(1, 6 | offsetMib << 20);
        assertFinding(
                Severity.READ_ONLY,
                "BAT entry 1 at offset 3145736: block 1 is present at file offset " + offsetMib * MIB
                        + ", expected less than 281474976710656");
        assertUnreadable(1);
        image.size(1L << 48).batEntry(1, 6 | ((1L << 28) - 1) << 20);
        assertEntry(1, PayloadBlockState.FULLY_PRESENT, (1L << 28) - 1);
    }

    @Test
    @DisplayName("case 80: the last block may reach beyond the end of the file")
    void lastBlockShort() throws IOException {
        image.block(7, 6, 7).size(7 * MIB + 512);
        assertThat(Loading.of(image).findings()).isEmpty();
        assertEntry(7, PayloadBlockState.FULLY_PRESENT, 7);
        assertThat(Loading.of(image).image().spaceMap().endMib()).isEqualTo(8);
    }

    @Test
    @DisplayName("case 81: any other block that reaches beyond the end cannot be read, and makes the image read-only")
    void otherBlockShort() throws IOException {
        image.block(6, 6, 7).size(8 * MIB - 512);
        assertFinding(
                Severity.READ_ONLY,
                "BAT entry 6 at offset 3145776: block 6 takes 1048576 bytes at file offset 7340032, but the file ends at"
                        + " 8388096");
        assertUnreadable(6);
    }

    @Test
    @DisplayName("case 82: two blocks at one place make the image read-only; both can be read")
    void sharedPlace() throws IOException {
        image.block(5, 6, 4);
        assertFinding(
                Severity.READ_ONLY,
                "BAT entry 5 at offset 3145768: block 5 takes 1 MiB at file offset 4194304, expected space that no other"
                        + " entry of the BAT takes");
        assertEntry(0, PayloadBlockState.FULLY_PRESENT, 4);
        assertEntry(5, PayloadBlockState.FULLY_PRESENT, 4);
    }

    @Test
    @DisplayName("case 83: two blocks that share a part of their space make the image read-only")
    void partlyShared() throws IOException {
        ImageBuilder wide =
                ImageBuilder.dynamic(64 * MIB, 8 << 20).block(0, 6, 4).block(1, 6, 11);
        Loading loading = Loading.of(wide);
        assertThat(loading.findings())
                .containsExactly("READ_ONLY BAT entry 1 at offset 3145736: block 1 takes 8 MiB at file offset 11534336,"
                        + " expected space that no other entry of the BAT takes");
        wide.block(1, 6, 12);
        assertThat(Loading.of(wide).findings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20})
    @DisplayName("case 84: a block over log, metadata, BAT or an unknown region cannot be read; the image is read-only")
    void overStructure(long offsetMib) throws IOException {
        image.size(30 * MIB).region("DEADBEEF-0001-0002-0003-000000000004", 20 * MIB, MIB, 0);
        image.block(5, 6, offsetMib);
        Loading loading = Loading.of(image);
        assertThat(loading.findings())
                .contains("READ_ONLY BAT entry 5 at offset 3145768: block 5 takes 1048576 bytes at file offset "
                        + offsetMib * MIB + ", expected space outside the log and the regions");
        assertUnreadable(5);
    }

    @Test
    @DisplayName("case 85: a block over a sector bitmap block makes the image read-only")
    void overBitmap() throws IOException {
        ImageBuilder two = ImageBuilder.dynamic(4100 * MIB, (int) MIB);
        two.block(0, 6, 4).batEntry(4096, 6 | 4L << 20);
        Loading loading = Loading.of(two);
        assertThat(loading.findings())
                .containsExactly(
                        "WARNING BAT entry 4096 at offset 3178496: a sector bitmap block with entry 0x0000000000400006,"
                                + " expected 0 in a disk without a parent",
                        "READ_ONLY BAT entry 4096 at offset 3178496: a sector bitmap block takes 1 MiB at file offset"
                                + " 4194304, expected space that no other entry of the BAT takes");
    }

    @Test
    @DisplayName("case 86: a block in state 4 cannot be read, and makes the image read-only")
    void state4() throws IOException {
        image.batEntry(5, 4);
        assertFinding(
                Severity.READ_ONLY,
                "BAT entry 5 at offset 3145768: block 5 has the reserved state 4; it cannot be read");
        assertUnreadable(5);
    }

    @Test
    @DisplayName("case 86: a block in state 5 is taken as UNMAPPED")
    void state5() throws IOException {
        image.size(10 * MIB).batEntry(5, 5 | 8L << 20);
        assertFinding(
                Severity.WARNING,
                "BAT entry 5 at offset 3145768: block 5 has the state 5 of a draft of the specification; it is taken as"
                        + " UNMAPPED");
        assertEntry(5, PayloadBlockState.UNMAPPED, 8);
    }

    @Test
    @DisplayName("case 86: a block in state 7 of a disk without a parent is taken as fully present")
    void state7() throws IOException {
        image.size(10 * MIB).batEntry(5, 7 | 8L << 20);
        assertFinding(
                Severity.WARNING,
                "BAT entry 5 at offset 3145768: block 5 is partially present in a disk without a parent; it is taken as"
                        + " fully present");
        assertEntry(5, PayloadBlockState.FULLY_PRESENT, 8);
    }

    @Test
    @DisplayName("case 87: the place of a block without content is ignored, with a warning")
    void placeWithoutContent() throws IOException {
        image.batEntry(5, 2 | 4L << 20);
        assertFinding(
                Severity.WARNING,
                "BAT entry 5 at offset 3145768: block 5 is ZERO with file offset 4194304, expected 0; the offset is"
                        + " ignored");
        assertEntry(5, PayloadBlockState.ZERO, 0);
        image.batEntry(5, 4L << 20);
        assertFinding(
                Severity.WARNING,
                "BAT entry 5 at offset 3145768: block 5 is NOT_PRESENT with file offset 4194304, expected 0; the offset"
                        + " is ignored");
        assertEntry(5, PayloadBlockState.NOT_PRESENT, 0);
    }

    @Test
    @DisplayName("case 88: the space that an unmapped block names is kept for it")
    void softAnchor() throws IOException {
        image.size(20 * MIB).batEntry(5, 3 | 15L << 20).batEntry(6, 1 | 16L << 20);
        Loading loading = Loading.of(image);
        assertThat(loading.findings()).isEmpty();
        assertEntry(5, PayloadBlockState.UNMAPPED, 15);
        assertEntry(6, PayloadBlockState.UNDEFINED, 16);
        assertThat(loading.image().spaceMap().nextUsedMib(7)).isEqualTo(15);
        assertThat(loading.image().spaceMap().endMib()).isEqualTo(17);
        assertThat(loading.image().presentBlockCount()).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 6, 20, 1L << 42})
    @DisplayName("case 88: an anchor that collides with something, or lies beyond the end, is dropped with a warning")
    void badAnchor(long offsetMib) throws IOException {
        image.size(20 * MIB).batEntry(0, 3 | offsetMib << 20);
        assertFinding(
                Severity.WARNING,
                "BAT entry 0 at offset 3145728: block 0 is UNMAPPED with file offset " + offsetMib * MIB
                        + ", expected 0 or space in the file that nothing else uses; the offset is ignored");
        assertEntry(0, PayloadBlockState.UNMAPPED, 0);
        assertEntry(2, PayloadBlockState.FULLY_PRESENT, 6);
    }

    @Test
    @DisplayName("case 88: of two blocks with one anchor the first keeps it, and the space behind it stays free")
    void sharedAnchor() throws IOException {
        ImageBuilder wide = ImageBuilder.dynamic(64 * MIB, 8 << 20).size(64 * MIB);
        wide.batEntry(0, 3 | 8L << 20).batEntry(1, 3 | 15L << 20);
        Loading loading = Loading.of(wide);
        assertThat(loading.findings()).singleElement().asString().contains("block 1 is UNMAPPED with file offset");
        assertThat(loading.image().spaceMap().endMib()).isEqualTo(16);
    }

    @Test
    @DisplayName("case 89: reserved bits are warned of")
    void reservedBits() throws IOException {
        image.batEntry(0, 6 | 4L << 20 | 0x80008);
        assertFinding(Severity.WARNING, "BAT entry 0 at offset 3145728: reserved bits are set: 0x80008, expected 0");
        assertEntry(0, PayloadBlockState.FULLY_PRESENT, 4);
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 1, 5, 7, 6 | 9L << 20})
    @DisplayName("case 90: entries of sector bitmap blocks are warned of in a disk without a parent")
    void bitmapEntry(long entry) throws IOException {
        ImageBuilder two = ImageBuilder.dynamic(4100 * MIB, (int) MIB).size(16 * MIB);
        two.batEntry(4096, entry);
        assertThat(Loading.of(two).findings())
                .containsExactly("WARNING BAT entry 4096 at offset 3178496: a sector bitmap block with entry 0x%016x,"
                                .formatted(entry)
                        + " expected 0 in a disk without a parent");
    }

    @Test
    @DisplayName("case 92: a file offset that does not fit into 63 bits is refused")
    void hugeOffset() {
        image.batEntry(5, 6 | (1L << 43) << 20);
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(CorruptImageException.class)
                .hasMessage("BAT entry 5 at offset 3145768: file offset of 8796093022208 MiB, expected less than"
                        + " 8796093022208");
        image.batEntry(5, -1);
        assertThatThrownBy(() -> Loading.of(image)).isInstanceOf(CorruptImageException.class);
    }

    @Test
    @DisplayName("cases 93, 94, 95: unused space, whatever it holds, and an unaligned end of the file are sound")
    void unusedSpace() throws IOException {
        image.size(20 * MIB + 512).fill(10 * MIB, 5000, 0xEE).fill(20 * MIB, 512, 0xEE);
        Loading loading = Loading.of(image);
        assertThat(loading.findings()).isEmpty();
        assertThat(loading.image().spaceMap().endMib()).isEqualTo(7);
        assertThat(loading.image().fileSizeBytes()).isEqualTo(20 * MIB + 512);
    }

    @Test
    @DisplayName("of many bad entries the first are told one by one, the others as a sum")
    void manyBadEntries() throws IOException {
        ImageBuilder many = ImageBuilder.dynamic(100_000 * MIB, (int) MIB);
        for (int block = 0; block < 100_000; block++) {
            many.block(block, 2, 4);
        }
        Loading loading = Loading.of(many);
        assertThat(loading.findings()).hasSize(17);
        assertThat(loading.findings().getLast())
                .isEqualTo(
                        "WARNING BAT at offset 3145728: 99984 more entries have no content but a place in the file; the"
                                + " place is ignored");
    }
}
