package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.ImageBuilder.GIB;
import static io.vhdxd.vhdx.fixture.ImageBuilder.ITEMS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The metadata region: vhdx.md cases 56 to 77, as far as they are about metadata. */
class MetadataCasesTest {
    private static final String UNKNOWN = "DEADBEEF-0001-0002-0003-000000000004";
    private static final int USER = 1;
    private static final int REQUIRED = 4;
    private static final long BLOCK_SIZE = METADATA + ITEMS;
    private static final long FILE_FLAGS = METADATA + ITEMS + 4;
    private static final long VIRTUAL_SIZE = METADATA + ITEMS + 8;
    private static final long LOGICAL_SECTOR_SIZE = METADATA + ITEMS + 32;
    private static final long PHYSICAL_SECTOR_SIZE = METADATA + ITEMS + 36;

    private final ImageBuilder image = ImageBuilder.small();

    private void assertCorrupt(String message) {
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(CorruptImageException.class)
                .hasMessage(message);
    }

    private void assertUnsupported(String message) {
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessage(message);
    }

    private void assertWarning(String message) throws IOException {
        assertThat(Loading.of(image).findings()).containsExactly("WARNING " + message);
    }

    @Test
    @DisplayName("a metadata table without its signature is refused")
    void signature() {
        image.putInt(METADATA, 0);
        assertCorrupt("metadata table at offset 2097152: signature 0x6174616400000000, expected 0x617461646174656d"
                + " (\"metadata\")");
    }

    @Test
    @DisplayName("a metadata table with more than 2047 entries is refused")
    void entryCount() {
        image.putShort(METADATA + 10, 2048);
        assertCorrupt("metadata table at offset 2097162: entry count 2048, expected at most 2047");
    }

    @Test
    @DisplayName("case 56: an unknown required item is refused, with its GUID")
    void unknownRequired() {
        image.item(UNKNOWN, ITEMS + 4096, 8, REQUIRED);
        assertUnsupported(
                "unknown metadata item deadbeef-0001-0002-0003-000000000004 at offset 2097344: it is required to understand the image");
    }

    @Test
    @DisplayName("case 56: a required item that only Microsoft knows is refused by its name")
    void knownOnlyToMicrosoft() {
        image.item("DA02D7BC-3D3A-423C-AC88-2A36AB21479B", ITEMS + 4096, 8, REQUIRED);
        assertUnsupported("metadata item CHS parameters (da02d7bc-3d3a-423c-ac88-2a36ab21479b) at offset 2097344: it is"
                + " required to understand the image");
    }

    @Test
    @DisplayName("case 57: an unknown optional item is ignored, also one that only Microsoft knows")
    void unknownOptional() throws IOException {
        image.item(UNKNOWN, ITEMS + 4096, 8, 0)
                .item("10E1AE8A-4B7E-4169-A40F-CD70DE928393", ITEMS + 8192, 8, 2)
                .item(ImageBuilder.FILE_PARAMETERS, 0, 0, USER);
        assertThat(Loading.of(image).findings()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "0, file parameters, caa16737-fa36-4d43-b3b6-33f0aa44e76b",
        "1, virtual disk size, 2fa54224-cd1b-4876-b211-5dbed83bf4b8",
        "2, virtual disk ID, beca12ab-b2e6-4523-93ef-c309e000c746",
        "3, logical sector size, 8141bf1d-a96f-4709-ba47-f233a8faab5f",
        "4, physical sector size, cda348c7-445d-4471-9cc9-e9885251c556"
    })
    @DisplayName("case 64: each of the five items is missed by name")
    void missingItem(int index, String name, String guid) {
        long at = ImageBuilder.itemEntry(index);
        image.putGuid(at, UNKNOWN).putInt(at + 24, 0);
        assertCorrupt("metadata table at offset 2097152: the item " + name + " is missing, expected an entry " + guid);
    }

    @Test
    @DisplayName("case 65: an item that is listed twice is refused; a user's item may have the GUID of a system item")
    void duplicate() throws IOException {
        image.item(ImageBuilder.VIRTUAL_DISK_ID, ITEMS + 4096, 16, USER);
        assertThat(Loading.of(image).findings()).isEmpty();
        image.item(ImageBuilder.VIRTUAL_DISK_ID, ITEMS + 8192, 16, 6);
        assertCorrupt("metadata item virtual disk ID at offset 2097376: is listed twice");
    }

    @Test
    @DisplayName("case 66: a known item of a wrong length is refused")
    void wrongLength() {
        image.putInt(ImageBuilder.itemEntry(1) + 20, 4);
        assertCorrupt("metadata item virtual disk size at offset 2097216: length 4, expected 8");
        image.putInt(ImageBuilder.itemEntry(1) + 20, 0);
        assertCorrupt("metadata item virtual disk size at offset 2097216: length 0, expected 8");
    }

    @Test
    @DisplayName("case 66: a known item over the table or outside the region is refused")
    void outsideRegion() {
        image.putInt(ImageBuilder.itemEntry(1) + 16, ITEMS - 8);
        assertCorrupt(
                "metadata item virtual disk size at offset 2097216: 8 bytes at offset 65528 of the metadata region,"
                        + " expected at most 1 MiB between 65536 and 1048576");
        image.putInt(ImageBuilder.itemEntry(1) + 16, MIB - 4);
        assertCorrupt(
                "metadata item virtual disk size at offset 2097216: 8 bytes at offset 1048572 of the metadata region,"
                        + " expected at most 1 MiB between 65536 and 1048576");
        image.putInt(ImageBuilder.itemEntry(1) + 16, -1);
        assertCorrupt("metadata item virtual disk size at offset 2097216: 8 bytes at offset 4294967295 of the metadata"
                + " region, expected at most 1 MiB between 65536 and 1048576");
    }

    @Test
    @DisplayName("case 66: an item that overlaps a known one is refused, also if a longer one stands before both")
    void overlap() {
        image.putInt(ImageBuilder.itemEntry(1) + 16, ITEMS + 4);
        assertCorrupt("metadata item virtual disk size at offset 2097216: overlaps another item: metadata item file"
                + " parameters with 8 bytes at offset 65536 and metadata item virtual disk size with 8 bytes at offset"
                + " 65540");
        image.putInt(ImageBuilder.itemEntry(1) + 16, ITEMS + 8).item(UNKNOWN, ITEMS + 31, 4, 0);
        assertCorrupt(
                "metadata item virtual disk ID at offset 2097344: overlaps another item: metadata item virtual disk"
                        + " ID with 16 bytes at offset 65552 and unknown metadata item deadbeef-0001-0002-0003-000000000004"
                        + " with 4 bytes at offset 65567");
    }

    @Test
    @DisplayName("case 66: unknown optional items that are misplaced or overlap each other are warned of")
    void misplacedUnknown() throws IOException {
        image.item(UNKNOWN, MIB, 8, 0);
        assertWarning("unknown metadata item deadbeef-0001-0002-0003-000000000004 at offset 2097344: 8 bytes at offset"
                + " 1048576 of the metadata region, expected at most 1 MiB between 65536 and 1048576");
        image.putInt(ImageBuilder.itemEntry(5) + 16, ITEMS + 4096)
                .item("DEADBEEF-0001-0002-0003-000000000005", ITEMS + 4100, 8, USER);
        assertWarning(
                "unknown metadata item deadbeef-0001-0002-0003-000000000004 at offset 2097376: overlaps another item:"
                        + " unknown metadata item deadbeef-0001-0002-0003-000000000004 with 8 bytes at offset 69632 and user"
                        + " metadata item deadbeef-0001-0002-0003-000000000005 with 8 bytes at offset 69636");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 512 << 10, 3 << 20, 512 << 20, 0x80000000L, 0xFFFFFFFFL})
    @DisplayName("case 67: a block size that is no power of two from 1 to 256 MiB is refused")
    void blockSize(long size) {
        image.putInt(BLOCK_SIZE, size);
        assertCorrupt("metadata item file parameters at offset 2097152: block size " + size
                + ", expected a power of two from 1048576 to 268435456");
    }

    @ParameterizedTest
    @ValueSource(longs = {(64L << 40) + 512, 1L << 52, Long.MAX_VALUE - 511, -512})
    @DisplayName("SEC-36, case 68: a disk of more than 64 TiB is refused before anything is computed from its size")
    void virtualSize(long size) {
        image.putLong(VIRTUAL_SIZE, size);
        assertCorrupt("metadata item virtual disk size at offset 2097152: " + Long.toUnsignedString(size)
                + ", expected at most 70368744177664");
    }

    @Test
    @DisplayName(
            "case 69, nbd.md SZ-06: a size that is no multiple of a sector makes the image read-only, and is rounded down")
    void unalignedSize() throws IOException {
        image.putLong(VIRTUAL_SIZE, 8 * MIB - 1);
        Loading loading = Loading.of(image);
        assertThat(loading.worst()).isEqualTo(Severity.READ_ONLY);
        assertThat(loading.findings())
                .containsExactly(
                        "READ_ONLY metadata item virtual disk size at offset 2097152: 8388607, expected a multiple"
                                + " of 512; the disk is shown with 8388096 bytes");
        assertThat(loading.image().geometry().virtualSizeBytes()).isEqualTo(8 * MIB - 512);
    }

    @Test
    @DisplayName("case 70: a disk of 0 bytes is sound, with a BAT of any size")
    void noDisk() throws IOException {
        ImageBuilder empty = ImageBuilder.dynamic(0, 32 << 20).batEntry(0, -1);
        Loading loading = Loading.of(empty);
        assertThat(loading.findings()).isEmpty();
        assertThat(loading.image().geometry().blockCount()).isZero();
        empty.editRegion(0, at -> empty.putInt(at + 24, 0));
        assertThat(Loading.of(empty).findings()).isEmpty();
    }

    @Test
    @DisplayName("case 71: a disk with logical sectors of 4096 bytes is like any other")
    void logicalSectorSize4096() throws IOException {
        image.putInt(LOGICAL_SECTOR_SIZE, 4096);
        Loading loading = Loading.of(image);
        assertThat(loading.findings()).isEmpty();
        assertThat(loading.image().geometry().logicalSectorSizeBytes()).isEqualTo(4096);
        assertThat(loading.image().geometry().chunkRatio()).isEqualTo(32768);
    }

    @Test
    @DisplayName("case 72: any other logical sector size is refused")
    void logicalSectorSize() {
        image.putInt(LOGICAL_SECTOR_SIZE, 1024);
        assertCorrupt("metadata item logical sector size at offset 2097152: 1024, expected 512 or 4096");
        image.putInt(LOGICAL_SECTOR_SIZE, -1);
        assertCorrupt("metadata item logical sector size at offset 2097152: 4294967295, expected 512 or 4096");
    }

    @Test
    @DisplayName("case 72: any other physical sector size is warned of, and the logical one used")
    void physicalSectorSize() throws IOException {
        image.putInt(PHYSICAL_SECTOR_SIZE, 777);
        assertWarning(
                "metadata item physical sector size at offset 2097152: 777, expected 512 or 4096; the logical sector"
                        + " size is used");
        assertThat(Loading.of(image).image().metadata().physicalSectorSizeBytes())
                .isEqualTo(512);
    }

    @Test
    @DisplayName("case 73: a BAT that is too small for the disk is refused; one that just fits is accepted")
    void smallBat() throws IOException {
        long fitting = 131_072L - 31;
        ImageBuilder large = ImageBuilder.dynamic(fitting * MIB, (int) MIB);
        assertThat(Loading.of(large).findings()).isEmpty();
        large.putLong(VIRTUAL_SIZE, (fitting + 1) * MIB);
        assertThatThrownBy(() -> Loading.of(large))
                .isInstanceOf(CorruptImageException.class)
                .hasMessage("BAT at offset 3145728: the region has 1048576 bytes, expected at least 1048584 for 131042"
                        + " blocks of 1048576 bytes");
    }

    @Test
    @DisplayName("case 74: a BAT that is larger than needed is accepted, whatever stands behind its last entry")
    void largeBat() throws IOException {
        image.size(32 * MIB)
                .editRegion(0, at -> image.putLong(at + 16, 16 * MIB).putInt(at + 24, 8 * MIB));
        image.fill(16 * MIB + 8 * 8, 100_000, 0xFF);
        assertThat(Loading.of(image).findings()).isEmpty();
    }

    @Test
    @DisplayName("case 75: an image whose creation was not finished is refused")
    void incompleteFile() {
        image.item("71CC85F0-1B69-4E28-9558-C3BF83AE75D3", 0, 0, REQUIRED);
        assertCorrupt(
                "metadata item incomplete file at offset 2097344: says that the creation or conversion of the image"
                        + " was not finished");
    }

    @Test
    @DisplayName("case 76: a user's item that is required is refused")
    void requiredUserItem() {
        image.item(UNKNOWN, 0, 0, USER | REQUIRED);
        assertCorrupt(
                "user metadata item deadbeef-0001-0002-0003-000000000004 at offset 2097344: is marked as required,"
                        + " which a user's item cannot be");
    }

    @Test
    @DisplayName("case 76: more than 1024 user items are warned of")
    void userItems() throws IOException {
        for (int i = 0; i < 1024; i++) {
            image.item(UNKNOWN.substring(0, 24) + "%012d".formatted(i), 0, 0, USER);
        }
        assertThat(Loading.of(image).findings()).isEmpty();
        image.item(UNKNOWN.substring(0, 24) + "%012d".formatted(1024), 0, 0, USER);
        assertWarning("metadata table at offset 2097152: 1025 user items, expected at most 1024");
    }

    @Test
    @DisplayName("case 77: a fixed disk may have blocks without space, as QEMU's fixed images do")
    void fixedWithoutSpace() throws IOException {
        image.putInt(FILE_FLAGS, 1).block(5, 2, 0);
        Loading loading = Loading.of(image);
        assertThat(loading.findings()).isEmpty();
        assertThat(loading.image().metadata().fileParameters().leaveBlocksAllocated())
                .isTrue();
    }

    @Test
    @DisplayName("case 97: a differencing disk without a parent locator is refused")
    void differencingWithoutLocator() {
        image.putInt(FILE_FLAGS, 2);
        assertCorrupt(
                "metadata table at offset 2097152: the item parent locator is missing, although the file parameters"
                        + " say that the image has a parent");
    }

    @Test
    @DisplayName("case 97: a parent locator in a disk without a parent is warned of")
    void needlessParentLocator() throws IOException {
        image.item("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C", ITEMS + 4096, 100, REQUIRED);
        assertWarning(
                "metadata table at offset 2097152: holds a parent locator, but the file parameters say that the image"
                        + " has no parent");
    }

    @Test
    @DisplayName("reserved bits and wrong flags of items and file parameters are warned of")
    void flags() throws IOException {
        image.putInt(ImageBuilder.itemEntry(2) + 24, 6 | 8);
        assertWarning("metadata item virtual disk ID at offset 2097248: reserved bits are set: 0x00000008, expected 0");
        image.putInt(ImageBuilder.itemEntry(2) + 24, 2);
        assertWarning("metadata item virtual disk ID at offset 2097248: flags 2, expected 6");
        image.putInt(ImageBuilder.itemEntry(2) + 24, 6).putInt(FILE_FLAGS, 4);
        assertWarning("metadata item file parameters at offset 2097152: reserved bits are set: 0x00000004, expected 0");
    }

    @Test
    @DisplayName("a metadata region without length is refused")
    void emptyRegion() {
        image.editRegion(1, at -> image.putInt(at + 24, 0));
        assertCorrupt("metadata region at offset 2097152: length 0, expected at least 1 MiB");
    }

    @Test
    @DisplayName("the largest disk with the smallest blocks loads without memory for what is not there")
    void largestDisk() throws IOException {
        ImageBuilder largest = ImageBuilder.dynamic(64L << 40, (int) MIB);
        long lastBlock = (1L << 26) - 1;
        largest.block(lastBlock, 6, 600).size(2 * GIB);
        assertThat(largest.batIndex(lastBlock)).isEqualTo((1L << 26) - 1 + 16383);
        Loading loading = Loading.of(largest);
        assertThat(loading.findings()).isEmpty();
        assertThat(loading.image().presentBlockCount()).isEqualTo(1);
        assertThat(loading.image().blockMap().nextMapped(0)).isGreaterThan(lastBlock - 1024);
    }
}
