package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The region tables: vhdx.md cases 53 to 63. */
class RegionCasesTest {
    private static final String UNKNOWN = "DEADBEEF-0001-0002-0003-000000000004";
    private static final int BAT_INDEX = 0;
    private static final int METADATA_INDEX = 1;
    private static final long TABLE_1 = ImageBuilder.REGION_TABLES.get(0);
    private static final long TABLE_2 = ImageBuilder.REGION_TABLES.get(1);

    private final ImageBuilder image = ImageBuilder.small();

    private void assertCorrupt(String message) {
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(CorruptImageException.class)
                .hasMessage(message);
    }

    private void setRange(int index, long offset, long length) {
        image.editRegion(index, at -> image.putLong(at + 16, offset).putInt(at + 24, length));
    }

    @Test
    @DisplayName("case 53: copy 1 is damaged: copy 2 is used, with a warning")
    void copy1Damaged() throws IOException {
        image.putInt(TABLE_1, 0);
        Loading loading = Loading.of(image);
        assertThat(loading.findings())
                .containsExactly("WARNING region table 1 at offset 196608: signature 0x00000000, expected 0x69676572"
                        + " (\"regi\"); the other copy is used");
        assertThat(loading.image().regions().bat().fileOffsetBytes()).isEqualTo(ImageBuilder.BAT);
    }

    @Test
    @DisplayName("case 53: copy 2 is damaged: copy 1 is used, with a warning")
    void copy2Damaged() throws IOException {
        image.flip(TABLE_2 + 60_000);
        assertThat(Loading.of(image).findings())
                .singleElement()
                .asString()
                .matches(
                        "WARNING region table 2 at offset 262148: checksum 0x[0-9a-f]{8}, expected 0x[0-9a-f]{8}; the other"
                                + " copy is used");
    }

    @Test
    @DisplayName("case 54: both copies are damaged: refused, with what is wrong with each")
    void bothDamaged() {
        image.putInt(TABLE_1, 0).putInt(TABLE_2, 1);
        assertCorrupt("region tables: no valid copy (region table 1 at offset 196608: signature 0x00000000, expected"
                + " 0x69676572 (\"regi\"); region table 2 at offset 262144: signature 0x00000001, expected 0x69676572"
                + " (\"regi\"))");
    }

    @Test
    @DisplayName("case 55: two valid copies differ: copy 1 is used, with a warning")
    void copiesDiffer() throws IOException {
        image.size(16 * MIB).editRegion(1, BAT_INDEX, at -> image.putLong(at + 16, 12 * MIB));
        Loading loading = Loading.of(image);
        assertThat(loading.findings())
                .containsExactly("WARNING region table 2 at offset 262144: differs from region table 1, which is used");
        assertThat(loading.image().regions().bat().fileOffsetBytes()).isEqualTo(ImageBuilder.BAT);
    }

    @Test
    @DisplayName("case 56: an unknown required region is refused, with its GUID")
    void unknownRequired() {
        image.size(16 * MIB).region(UNKNOWN, 10 * MIB, MIB, 1);
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessage(
                        "region table 1 entry 2 at offset 196688: unknown region deadbeef-0001-0002-0003-000000000004 is"
                                + " required to understand the image");
    }

    @Test
    @DisplayName("case 57: an unknown optional region is left alone, and its space is in use")
    void unknownOptional() throws IOException {
        image.size(16 * MIB).region(UNKNOWN, 10 * MIB, 2 * MIB, 0);
        Loading loading = Loading.of(image);
        assertThat(loading.findings())
                .containsExactly("NOTE region table 1 entry 2 at offset 196688: unknown region"
                        + " deadbeef-0001-0002-0003-000000000004 is left alone");
        assertThat(loading.image().spaceMap().nextUsedMib(7)).isEqualTo(10);
        assertThat(loading.image().spaceMap().nextFreeMib(10)).isEqualTo(12);
        assertThat(loading.image().regions().unknown()).hasSize(1);
    }

    @Test
    @DisplayName("case 58: a region that is listed twice is refused, known or not")
    void duplicate() {
        image.size(16 * MIB).region(ImageBuilder.BAT_REGION, 10 * MIB, MIB, 1);
        assertCorrupt("region table 1 entry 2 at offset 196688: BAT is listed twice");
        image.editRegion(2, at -> image.putGuid(at, UNKNOWN).putInt(at + 28, 0)).region(UNKNOWN, 12 * MIB, MIB, 0);
        assertCorrupt("region table 1 entry 3 at offset 196720: unknown region deadbeef-0001-0002-0003-000000000004 is"
                + " listed twice");
    }

    @Test
    @DisplayName("case 59: a missing BAT or metadata region is refused")
    void missing() {
        image.editRegionTables(at -> image.putInt(at + 8, 1));
        assertCorrupt("region table 1 at offset 196608: the metadata region is missing, expected an entry"
                + " 8b7ca206-4790-4b9a-b8fe-575f050f886e");
        image.editRegionTables(at -> image.putInt(at + 8, 0));
        assertCorrupt("region table 1 at offset 196608: the BAT is missing, expected an entry"
                + " 2dc27766-f623-4200-9d64-115e9bfd4a08");
    }

    @Test
    @DisplayName("case 60: a region that does not stand on whole MiB is refused")
    void misplaced() {
        String expected = ", expected multiples of 1 MiB, the offset at least 1 MiB";
        setRange(BAT_INDEX, 0, MIB);
        assertCorrupt("region table 1 entry 0 at offset 196624: BAT takes 1048576 bytes at offset 0" + expected);
        setRange(BAT_INDEX, 3 * MIB + 4096, MIB);
        assertCorrupt("region table 1 entry 0 at offset 196624: BAT takes 1048576 bytes at offset 3149824" + expected);
        setRange(BAT_INDEX, 3 * MIB, 4096);
        assertCorrupt("region table 1 entry 0 at offset 196624: BAT takes 4096 bytes at offset 3145728" + expected);
    }

    @Test
    @DisplayName("case 60: regions that overlap each other or the log are refused, with both")
    void overlapping() {
        setRange(BAT_INDEX, 2 * MIB, MIB);
        assertCorrupt(
                "metadata region at offset 2097152: overlaps the BAT, which takes 1048576 bytes from offset 2097152");
        setRange(BAT_INDEX, MIB, MIB);
        assertCorrupt("BAT at offset 1048576: overlaps the log, which takes 1048576 bytes from offset 1048576");
        setRange(BAT_INDEX, 3 * MIB, MIB);
        image.size(16 * MIB).region(UNKNOWN, 2 * MIB, 4 * MIB, 0);
        assertCorrupt("unknown region deadbeef-0001-0002-0003-000000000004 at offset 2097152: overlaps the metadata"
                + " region, which takes 1048576 bytes from offset 2097152");
    }

    @Test
    @DisplayName("case 60: a region whose end does not fit into 64 bits is refused")
    void overflowing() {
        setRange(BAT_INDEX, -MIB, 0xFFF00000L);
        assertCorrupt("region table 1 entry 0 at offset 196624: BAT takes 4293918720 bytes at offset"
                + " 18446744073708503040, but the file ends at 7340032");
        setRange(BAT_INDEX, Long.MAX_VALUE - MIB + 1, MIB);
        assertCorrupt("region table 1 entry 0 at offset 196624: BAT takes 1048576 bytes at offset"
                + " 9223372036853727232, but the file ends at 7340032");
    }

    @Test
    @DisplayName("case 61: a region beyond the end of the file is refused")
    void beyondEnd() {
        setRange(METADATA_INDEX, 6 * MIB, 2 * MIB);
        assertCorrupt(
                "region table 1 entry 1 at offset 196656: metadata region takes 2097152 bytes at offset 6291456, but"
                        + " the file ends at 7340032");
    }

    @Test
    @DisplayName("case 62: more than 2047 entries are refused; 2047 are accepted")
    void entryCount() throws IOException {
        image.size(4096 * MIB);
        for (int i = 2; i < 2047; i++) {
            image.region(UNKNOWN.substring(0, 24) + "%012d".formatted(i), (10L + i) * MIB, MIB, 0);
        }
        assertThat(Loading.of(image).image().regions().unknown()).hasSize(2045);
        image.editRegionTables(at -> image.putInt(at + 8, 2048));
        assertCorrupt(
                "region tables: no valid copy (region table 1 at offset 196616: entry count 2048, expected at most"
                        + " 2047; region table 2 at offset 262152: entry count 2048, expected at most 2047)");
        image.editRegionTables(at -> image.putInt(at + 8, -1));
        assertCorrupt(
                "region tables: no valid copy (region table 1 at offset 196616: entry count 4294967295, expected at"
                        + " most 2047; region table 2 at offset 262152: entry count 4294967295, expected at most 2047)");
    }

    @Test
    @DisplayName("case 63: a missing Required bit is accepted, as in QEMU's images; reserved bits are warned of")
    void flags() throws IOException {
        image.editRegion(BAT_INDEX, at -> image.putInt(at + 28, 0));
        assertThat(Loading.of(image).findings()).isEmpty();
        image.editRegion(BAT_INDEX, at -> image.putInt(at + 28, 0x80000003L));
        assertThat(Loading.of(image).findings())
                .containsExactly(
                        "WARNING region table 1 entry 0 at offset 196624: BAT has reserved bits set: 0x80000002,"
                                + " expected 0");
    }
}
