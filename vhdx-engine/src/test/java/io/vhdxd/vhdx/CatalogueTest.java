package io.vhdxd.vhdx;

import static io.vhdxd.vhdx.diagnosis.Severity.FATAL;
import static io.vhdxd.vhdx.diagnosis.Severity.NOTE;
import static io.vhdxd.vhdx.diagnosis.Severity.READ_ONLY;
import static io.vhdxd.vhdx.diagnosis.Severity.WARNING;
import static io.vhdxd.vhdx.fixture.ImageBuilder.HEADERS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.ITEMS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static io.vhdxd.vhdx.fixture.ImageBuilder.REGION_TABLES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.VhdxException;
import io.vhdxd.vhdx.fixture.ChainFiles;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.LogBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The catalogue of damaged images (vhdx.md section 5) in files: what an opening for reading, one for writing, and a check make of each,
 * and that all of them give the same reason. The exact words are held by the tests of {@code io.vhdxd.vhdx.load}.
 */
class CatalogueTest {
    private static final String GUID = DirtyImage.LOG_GUID;
    private static final long LENGTH_OF_LOG = 68;
    private static final long PLACE_OF_LOG = 72;

    @TempDir
    private Path directory;

    /**
     * One damaged image.
     *
     * @param severity of the worst finding: with {@code FATAL} it is not opened at all, with {@code READ_ONLY} for reading only
     * @param reason what is said about it; empty if nothing is to be said
     */
    record Case(String name, Severity severity, String reason, ImageBuilder image) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Case small(String name, Severity severity, String reason, Consumer<ImageBuilder> damage) {
        ImageBuilder image = ImageBuilder.small();
        damage.accept(image);
        return new Case(name, severity, reason, image);
    }

    private static Case dirty(String name, Severity severity, String reason, Consumer<DirtyImage> damage) {
        DirtyImage image = new DirtyImage();
        damage.accept(image);
        return new Case(name, severity, reason, image.image());
    }

    static Stream<Case> headers() {
        return Stream.of(
                small("case 1", FATAL, "file type identifier at offset 0: not a VHDX file", i -> i.putInt(0, 0)),
                small("case 3", NOTE, "", i -> i.fill(520, 9000, 1)),
                small("case 4", WARNING, "header 1 at offset 65540: checksum", i -> i.flip(HEADERS.get(0) + 99)),
                small("case 5", WARNING, "header 2 at offset 131072: signature", i -> i.putInt(HEADERS.get(1), 0)),
                small(
                        "case 6",
                        FATAL,
                        "headers: no valid header (header 1 at offset 65536",
                        i -> i.putInt(HEADERS.get(0), 0).putInt(HEADERS.get(1), 0)),
                small("case 7", NOTE, "", i -> i.put(HEADERS.get(1), i.get(HEADERS.get(0), 4096))),
                small(
                        "case 8",
                        FATAL,
                        "both have the sequence number 7 but differ",
                        i -> i.editHeader(1, at -> i.putLong(at + 8, 7).putLong(at + 4000, 1))),
                small(
                        "case 10",
                        READ_ONLY,
                        "sequence number 18446744073709551615 leaves no room",
                        i -> i.editHeader(0, at -> i.putLong(at + 8, -1))),
                small("case 12", FATAL, "VHDX version 2, expected 1", i -> i.editHeaders(at -> i.putShort(at + 66, 2))),
                small("case 13", NOTE, "", i -> i.editHeaders(at -> i.putShort(at + 64, 5))),
                small(
                        "case 14",
                        FATAL,
                        "of version 5, expected 0",
                        i -> i.logGuid(GUID).editHeaders(at -> i.putShort(at + 64, 5))),
                small(
                        "case 15",
                        READ_ONLY,
                        "without a log nothing can be changed safely",
                        i -> i.editHeaders(at -> i.putInt(at + LENGTH_OF_LOG, 0).putLong(at + PLACE_OF_LOG, 0))),
                small(
                        "case 16",
                        FATAL,
                        "but its length is 0",
                        i -> i.logGuid(GUID).editHeaders(at -> i.putInt(at + LENGTH_OF_LOG, 0))),
                small(
                        "case 17",
                        FATAL,
                        "log offset 4096, expected a multiple of 1 MiB",
                        i -> i.editHeaders(at -> i.putLong(at + PLACE_OF_LOG, 4096))),
                small(
                        "case 18",
                        READ_ONLY,
                        "reaches beyond the end of the file at 7340032",
                        i -> i.editHeaders(at -> i.putLong(at + PLACE_OF_LOG, 7 * MIB))),
                small(
                        "case 19",
                        FATAL,
                        "log length 4293918720, expected",
                        i -> i.editHeaders(at -> i.putInt(at + LENGTH_OF_LOG, 0xFFF00000L))),
                small(
                        "case 21",
                        WARNING,
                        "file write GUID is zero",
                        i -> i.editHeaders(at -> i.putLong(at + 16, 0).putLong(at + 24, 0))));
    }

    static Stream<Case> logs() {
        byte[] torn = new DirtyImage().entry(0, 5).bytes();
        torn[5000] ^= 1;
        return Stream.of(
                dirty("cases 24, 25", NOTE, "", i -> i.with(0, 5)),
                dirty("case 26", FATAL, "it holds no entry of that GUID", i -> {}),
                dirty("case 27", FATAL, "but no valid sequence of them", i -> i.with(0, torn)),
                dirty("case 28", NOTE, "", i -> i.with(0, 5).with(DirtyImage.ENTRY, torn)),
                dirty(
                        "case 35",
                        FATAL,
                        "but no valid sequence of them",
                        i -> i.with(0, i.entry(50 * DirtyImage.ENTRY, 6).bytes())),
                dirty(
                        "case 42",
                        FATAL,
                        "touches the headers, expected at least 196608",
                        i -> i.with(
                                0,
                                LogBuilder.entry(GUID, 6)
                                        .zeros(0, 4096)
                                        .sizes(0, 20 * MIB)
                                        .bytes())),
                dirty(
                        "case 43",
                        FATAL,
                        "reaches beyond the file, expected at most 20971520",
                        i -> i.with(0, i.entry(0, 5).zeros(1L << 40, 4096).bytes())),
                dirty(
                        "case 46",
                        FATAL,
                        "the file is truncated: 20971520 bytes long, the log requires 31457280",
                        i -> i.with(0, i.entry(0, 5).sizes(30 * MIB, 20 * MIB).bytes())),
                dirty(
                        "case 48",
                        NOTE,
                        "",
                        i -> i.with(0, i.entry(0, 5).sizes(0, 40 * MIB).bytes())),
                dirty(
                        "case 52",
                        FATAL,
                        "region tables: no valid copy",
                        i -> i.with(
                                0,
                                LogBuilder.entry(GUID, 5)
                                        .zeros(192 << 10, 128 << 10)
                                        .sizes(0, 20 * MIB)
                                        .bytes())));
    }

    static Stream<Case> regionsAndMetadata() {
        return Stream.of(
                small(
                        "case 53",
                        WARNING,
                        "region table 1 at offset 196608: signature",
                        i -> i.putInt(REGION_TABLES.get(0), 0)),
                small(
                        "case 54",
                        FATAL,
                        "region tables: no valid copy",
                        i -> i.putInt(REGION_TABLES.get(0), 0).putInt(REGION_TABLES.get(1), 0)),
                small(
                        "case 55",
                        WARNING,
                        "differs from region table 1, which is used",
                        i -> i.editRegion(1, 0, at -> i.putLong(at + 16, 5 * MIB))),
                small(
                        "case 56",
                        FATAL,
                        "is required to understand the image",
                        i -> i.size(16 * MIB).region(GUID, 10 * MIB, MIB, 1)),
                small("case 57", NOTE, "is left alone", i -> i.size(16 * MIB).region(GUID, 10 * MIB, MIB, 0)),
                small(
                        "case 58",
                        FATAL,
                        "BAT is listed twice",
                        i -> i.size(16 * MIB).region(ImageBuilder.BAT_REGION, 10 * MIB, MIB, 1)),
                small(
                        "case 59",
                        FATAL,
                        "the metadata region is missing",
                        i -> i.editRegionTables(at -> i.putInt(at + 8, 1))),
                small("case 60", FATAL, "overlaps the BAT", i -> i.editRegion(0, at -> i.putLong(at + 16, 2 * MIB))),
                small(
                        "case 61",
                        FATAL,
                        "but the file ends at 7340032",
                        i -> i.editRegion(1, at -> i.putLong(at + 16, 7 * MIB))),
                small(
                        "case 62",
                        FATAL,
                        "entry count 2048, expected at most 2047",
                        i -> i.editRegionTables(at -> i.putInt(at + 8, 2048))),
                small("case 63", NOTE, "", i -> i.editRegion(0, at -> i.putInt(at + 28, 0))),
                small(
                        "case 64",
                        FATAL,
                        "the item virtual disk ID is missing",
                        i -> i.putGuid(ImageBuilder.itemEntry(2), GUID).putInt(ImageBuilder.itemEntry(2) + 24, 0)),
                small(
                        "case 65",
                        FATAL,
                        "is listed twice",
                        i -> i.item(ImageBuilder.VIRTUAL_DISK_ID, ITEMS + 8192, 16, 6)),
                small("case 66", FATAL, "length 4, expected 8", i -> i.putInt(ImageBuilder.itemEntry(1) + 20, 4)),
                small(
                        "case 67",
                        FATAL,
                        "block size 3145728, expected a power of two",
                        i -> i.putInt(METADATA + ITEMS, 3 * MIB)),
                small(
                        "case 68",
                        FATAL,
                        "4503599627370496, expected at most 70368744177664",
                        i -> i.putLong(METADATA + ITEMS + 8, 1L << 52)),
                small(
                        "case 69",
                        READ_ONLY,
                        "8388607, expected a multiple of 512",
                        i -> i.putLong(METADATA + ITEMS + 8, 8 * MIB - 1)),
                small("case 70", NOTE, "", i -> i.putLong(METADATA + ITEMS + 8, 0)),
                small("case 71", NOTE, "", i -> i.putInt(METADATA + ITEMS + 32, 4096)),
                small(
                        "case 72",
                        FATAL,
                        "logical sector size at offset 2097152: 1024, expected 512 or 4096",
                        i -> i.putInt(METADATA + ITEMS + 32, 1024)),
                small(
                        "case 73",
                        FATAL,
                        "the region has 1048576 bytes, expected at least",
                        i -> i.putLong(METADATA + ITEMS + 8, 1L << 40)),
                small(
                        "case 75",
                        FATAL,
                        "was not finished",
                        i -> i.item("71CC85F0-1B69-4E28-9558-C3BF83AE75D3", 0, 0, 4)),
                small("case 76", FATAL, "a user's item cannot be", i -> i.item(GUID, 0, 0, 5)),
                small("case 77", NOTE, "the disk is a fixed one", i -> i.putInt(METADATA + ITEMS + 4, 1)),
                small("case 97", FATAL, "the item parent locator is missing", i -> i.putInt(METADATA + ITEMS + 4, 2)));
    }

    static Stream<Case> blocks() {
        return Stream.of(
                small("case 78", READ_ONLY, "block 1 is present at file offset 0", i -> i.batEntry(1, 6)),
                small("case 79", READ_ONLY, "but the file ends at 7340032", i -> i.batEntry(1, 6 | 7L << 20)),
                small("case 80", NOTE, "", i -> i.block(7, 6, 7).size(7 * MIB + 512)),
                small(
                        "case 81",
                        READ_ONLY,
                        "but the file ends at 8388096",
                        i -> i.block(6, 6, 7).size(8 * MIB - 512)),
                small(
                        "case 82",
                        READ_ONLY,
                        "expected space that no other entry of the BAT takes",
                        i -> i.block(5, 6, 4)),
                small("case 84", READ_ONLY, "expected space outside the log and the regions", i -> i.block(5, 6, 2)),
                small("case 86", READ_ONLY, "block 5 has the reserved state 4", i -> i.batEntry(5, 4)),
                small("case 86, state 5", WARNING, "it is taken as UNMAPPED", i -> i.batEntry(5, 5)),
                small(
                        "case 86, state 7",
                        WARNING,
                        "it is taken as fully present",
                        i -> i.size(10 * MIB).batEntry(5, 7 | 8L << 20)),
                small(
                        "case 87",
                        WARNING,
                        "block 5 is ZERO with file offset 4194304, expected 0",
                        i -> i.batEntry(5, 2 | 4L << 20)),
                small(
                        "case 88",
                        WARNING,
                        "block 5 is UNMAPPED with file offset 4194304",
                        i -> i.batEntry(5, 3 | 4L << 20)),
                small(
                        "case 89",
                        WARNING,
                        "reserved bits are set: 0x8, expected 0",
                        i -> i.batEntry(0, 6 | 4L << 20 | 8)),
                small("case 92", FATAL, "file offset of 8796093022208 MiB", i -> i.batEntry(5, 6 | (1L << 43) << 20)),
                small("case 94", NOTE, "", i -> i.size(7 * MIB + 512).fill(7 * MIB, 512, 1)),
                new Case(
                        "case 90",
                        WARNING,
                        "a sector bitmap block with entry 0x0000000000000006, expected 0",
                        ImageBuilder.dynamic(4100 * MIB, (int) MIB).batEntry(4096, 6)),
                new Case(
                        "case 100",
                        FATAL,
                        "no such file",
                        ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), "absent.vhdx")),
                new Case(
                        "case 112",
                        FATAL,
                        "no mapping says where that is",
                        ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), "\\dev\\zero")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"headers", "logs", "regionsAndMetadata", "blocks"})
    @DisplayName("opened for reading, checked, opened for writing: the same verdict and the same reason")
    void verdict(Case damaged) throws IOException {
        Path file = directory.resolve("disk.vhdx");
        damaged.image.writeTo(file);
        byte[] before = Files.readAllBytes(file);

        ImageCheck check = ImageCheck.of(file);
        assertThat(check.worst()).as("%s", check.findings()).isEqualTo(damaged.severity);
        if (!damaged.reason.isEmpty()) {
            assertThat(check.findings())
                    .filteredOn(finding -> finding.severity() == damaged.severity)
                    .extracting(Finding::toString)
                    .anyMatch(text -> text.contains(damaged.reason));
        }
        if (damaged.severity == FATAL) {
            for (Access access : Access.values()) {
                assertThatThrownBy(() -> VhdxImage.open(file, access).close())
                        .isInstanceOf(VhdxException.class)
                        .isNotInstanceOf(ReadOnlyImageException.class)
                        .hasMessageContaining(damaged.reason);
            }
            assertThat(Files.readAllBytes(file)).as("nothing was written").isEqualTo(before);
            return;
        }
        try (VhdxImage image = VhdxImage.open(file, Access.READ_ONLY)) {
            assertThat(image.info().findings().stream()
                            .map(Finding::severity)
                            .filter(severity -> severity.compareTo(WARNING) >= 0)
                            .max(Severity::compareTo))
                    .isEqualTo(damaged.severity == NOTE ? Optional.empty() : Optional.of(damaged.severity));
        }
        assertThat(Files.readAllBytes(file)).as("nothing was written").isEqualTo(before);
        if (damaged.severity == READ_ONLY) {
            assertThatThrownBy(() -> VhdxImage.open(file, Access.READ_WRITE).close())
                    .isInstanceOf(ReadOnlyImageException.class)
                    .hasMessageContaining(damaged.reason);
            assertThat(Files.readAllBytes(file)).as("nothing was written").isEqualTo(before);
        } else {
            VhdxImage.open(file, Access.READ_WRITE).close();
        }
    }
}
