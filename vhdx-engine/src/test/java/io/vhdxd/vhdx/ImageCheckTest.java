package io.vhdxd.vhdx;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.storage.FileInUseException;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verdict over an image file: what it says, and that it changes nothing. */
class ImageCheckTest {
    @TempDir
    Path directory;

    private Path file;
    private final ImageBuilder image = ImageBuilder.small();

    @BeforeEach
    void name() {
        file = directory.resolve("disk.vhdx");
    }

    private ImageCheck check(ImageBuilder content) throws IOException {
        Files.deleteIfExists(file);
        content.writeTo(file);
        return ImageCheck.of(file);
    }

    @Test
    @DisplayName("a sound image gets notes only")
    void sound() throws IOException {
        ImageCheck check = check(image);
        assertThat(check.worst()).isEqualTo(Severity.NOTE);
        assertThat(Loading.texts(check.findings()))
                .containsExactly("NOTE BAT at offset 3145728: 3 of 8 blocks are present");
        assertThat(check.findingCount()).isEqualTo(1);
    }

    @Test
    @DisplayName("case 93: space that nothing uses is told with its amount; blocks are counted")
    void accounting() throws IOException {
        image.size(20 * MIB + 512).block(5, 3, 10).block(6, 6, 18);
        assertThat(Loading.texts(check(image).findings()))
                .containsExactly(
                        "NOTE BAT at offset 3145728: 4 of 8 blocks are present",
                        "NOTE BAT at offset 3145728: 1 blocks without content keep their former space",
                        "NOTE file: 12 MiB of 21 MiB belong to nothing");
    }

    @Test
    @DisplayName("case 77: a fixed disk with blocks without space is told")
    void fixedWithoutSpace() throws IOException {
        image.putInt(ImageBuilder.METADATA + ImageBuilder.ITEMS + 4, 1);
        assertThat(Loading.texts(check(image).findings()))
                .containsExactly(
                        "NOTE BAT at offset 3145728: 3 of 8 blocks are present",
                        "NOTE BAT at offset 3145728: the disk is a fixed one, but not all of its blocks have their space");
    }

    @Test
    @DisplayName("cases 4, 53: damaged second copies and findings about blocks are told in their order")
    void damagedCopies() throws IOException {
        image.putInt(ImageBuilder.HEADERS.get(0), 0).putInt(ImageBuilder.REGION_TABLES.get(1), 0);
        image.batEntry(5, 4);
        ImageCheck check = check(image);
        assertThat(check.worst()).isEqualTo(Severity.READ_ONLY);
        assertThat(Loading.texts(check.findings()))
                .containsExactly(
                        "WARNING header 1 at offset 65536: signature 0x00000000, expected 0x64616568 (\"head\"); the other"
                                + " header is used",
                        "WARNING region table 2 at offset 262144: signature 0x00000000, expected 0x69676572 (\"regi\"); the"
                                + " other copy is used",
                        "READ_ONLY BAT entry 5 at offset 3145768: block 5 has the reserved state 4; it cannot be read",
                        "NOTE BAT at offset 3145728: 3 of 8 blocks are present");
    }

    @Test
    @DisplayName("what makes an image unreadable is the last finding")
    void unreadable() throws IOException {
        image.putInt(ImageBuilder.HEADERS.get(0), 0).editRegionTables(at -> image.putInt(at + 8, 0));
        ImageCheck corrupt = check(image);
        assertThat(corrupt.worst()).isEqualTo(Severity.FATAL);
        assertThat(corrupt.findingCount()).isEqualTo(2);
        assertThat(Loading.texts(corrupt.findings()).getLast())
                .isEqualTo("FATAL region table 1 at offset 196608: the BAT is missing, expected an entry"
                        + " 2dc27766-f623-4200-9d64-115e9bfd4a08");

        image.editHeader(1, at -> image.putShort(at + 66, 3));
        assertThat(Loading.texts(check(image).findings()).getLast())
                .isEqualTo("FATAL image: header 2 at offset 131072: VHDX version 3, expected 1");
    }

    @Test
    @DisplayName(
            "case 25: a dirty log is replayed in memory, told, and the file stays as it is, without permission to write")
    void dirtyAndReadOnly() throws IOException {
        new DirtyImage().with(0, 5).image().writeTo(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        FileTime past = FileTime.fromMillis(1_000_000_000_000L);
        Files.setLastModifiedTime(file, past);
        byte[] before = Files.readAllBytes(file);

        ImageCheck check = ImageCheck.of(file);
        assertThat(Loading.texts(check.findings()))
                .containsExactly(
                        "NOTE log at offset 1048576: 1 entries with 1 pages are not replayed yet; the findings are about the"
                                + " image as it will be then",
                        "NOTE BAT at offset 3145728: 4 of 8 blocks are present",
                        "NOTE file: 12 MiB of 20 MiB belong to nothing");
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(past);
    }

    @Test
    @DisplayName("case 119: files of Hyper-V's change tracking beside the image are warned of")
    void changeTracking() throws IOException {
        Files.createFile(directory.resolve("disk.vhdx.rct"));
        Files.createFile(directory.resolve("disk.vhdx.mrt"));
        Files.createFile(directory.resolve("other.vhdx.rct"));
        String text =
                " stands beside the image: it does not record what is written here, so a backup that relies on it misses"
                        + " these changes";
        assertThat(Loading.texts(check(image).findings()))
                .startsWith(
                        "WARNING change tracking: disk.vhdx.rct" + text,
                        "WARNING change tracking: disk.vhdx.mrt" + text);
    }

    @Test
    @DisplayName("case 119: without such files there is no warning, also where the image has no directory in its name")
    void noChangeTracking() {
        Findings findings = new Findings();
        ChangeTrackingFiles.warn(Path.of("no-such.vhdx"), findings);
        assertThat(findings.count()).isZero();
    }

    @Test
    @DisplayName("a file that is missing, or in use by a writer, is an error, not a finding")
    void cannotRead() throws IOException {
        assertThatThrownBy(() -> ImageCheck.of(file)).isInstanceOf(NoSuchFileException.class);
        image.writeTo(file);
        try (Storage writer = Storages.open(file, true)) {
            assertThat(writer.isWritable()).isTrue();
            assertThatThrownBy(() -> ImageCheck.of(file)).isInstanceOf(FileInUseException.class);
        }
    }
}
