package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** New images: what is in them, and that there is a whole one or none. */
class ImageCreationTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("new.vhdx");
    }

    private static ImageCreation creation(DiskType type, long virtualSize, int blockSize) {
        return new ImageCreation(type, virtualSize, blockSize, 512, 4096, MIB);
    }

    private void assertNothingElseIn(Path... expected) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(expected);
        }
    }

    @Test
    @DisplayName("a dynamic image has Hyper-V's layout, and no block has space")
    void dynamic() throws IOException {
        creation(DiskType.DYNAMIC, 10L << 30, 32 * MIB).create(file);
        try (Storage storage = Storages.open(file, false)) {
            Loading loading = Loading.of(storage);
            assertThat(loading.findings()).isEmpty();
            LoadedImage image = loading.image();
            assertThat(image.identifier().creator()).startsWith("vhdxd");
            assertThat(image.headers().otherSlotValid()).isTrue();
            assertThat(image.headers().current().isLogInUse()).isFalse();
            assertThat(image.headers().current().logOffsetBytes()).isEqualTo(MIB);
            assertThat(image.regions().metadata().fileOffsetBytes()).isEqualTo(2 * MIB);
            assertThat(image.regions().bat().fileOffsetBytes()).isEqualTo(3 * MIB);
            assertThat(image.regions().bat().isRequired()).isTrue();
            assertThat(image.regions().metadata().isRequired()).isTrue();
            assertThat(image.fileSizeBytes()).isEqualTo(4 * MIB);
            assertThat(image.geometry().virtualSizeBytes()).isEqualTo(10L << 30);
            assertThat(image.metadata().physicalSectorSizeBytes()).isEqualTo(4096);
            assertThat(image.metadata().fileParameters().leaveBlocksAllocated()).isFalse();
            assertThat(image.presentBlockCount()).isZero();
            assertThat(image.blockMap().nextMapped(0)).isEqualTo(320);
        }
        assertNothingElseIn(file);
    }

    @Test
    @DisplayName("a fixed image has all blocks present, one behind the other, and its space reserved")
    void fixed() throws IOException {
        creation(DiskType.FIXED, 5 * MIB + 512, 2 * MIB).create(file);
        try (Storage storage = Storages.open(file, false)) {
            Loading loading = Loading.of(storage);
            assertThat(loading.findings()).isEmpty();
            LoadedImage image = loading.image();
            assertThat(image.metadata().fileParameters().leaveBlocksAllocated()).isTrue();
            assertThat(image.fileSizeBytes()).isEqualTo(10 * MIB);
            assertThat(image.presentBlockCount()).isEqualTo(3);
            for (int block = 0; block < 3; block++) {
                assertThat(image.blockMap().entry(block))
                        .isEqualTo(BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, 4 + 2 * block));
            }
        }
        SimulatedStorage simulated = new SimulatedStorage();
        creation(DiskType.FIXED, 5 * MIB + 512, 2 * MIB).writeTo(simulated);
        assertThat(simulated.spaceBytes()).isGreaterThanOrEqualTo(6 * MIB);
    }

    @Test
    @DisplayName("a fixed image of more than one chunk leaves the entries of sector bitmaps at zero")
    void fixedWithTwoChunks() throws IOException {
        ImageCreation creation = creation(DiskType.FIXED, 17L * 256 * MIB, 256 * MIB);
        // Written to the simulated disk: nobody wants 4 GiB for a test.
        SimulatedStorage storage = new SimulatedStorage();
        creation.writeTo(storage);
        Loading loading = Loading.of(storage);
        assertThat(loading.findings()).isEmpty();
        assertThat(BlockMap.fileOffsetMib(loading.image().blockMap().entry(15))).isEqualTo(4 + 15 * 256);
        assertThat(BlockMap.fileOffsetMib(loading.image().blockMap().entry(16))).isEqualTo(4 + 16 * 256);
    }

    @ParameterizedTest(name = "{0} bytes in blocks of {1}")
    @CsvSource({"0, 1048576", "512, 33554432", "70368744177664, 1048576", "70368744177664, 268435456"})
    @DisplayName("the smallest and the largest disks can be made, and take next to no space")
    void extremes(long virtualSize, int blockSize) throws IOException {
        creation(DiskType.DYNAMIC, virtualSize, blockSize).create(file);
        try (Storage storage = Storages.open(file, false)) {
            Loading loading = Loading.of(storage);
            assertThat(loading.findings()).isEmpty();
            assertThat(loading.image().geometry().virtualSizeBytes()).isEqualTo(virtualSize);
        }
        SimulatedStorage simulated = new SimulatedStorage();
        creation(DiskType.DYNAMIC, virtualSize, blockSize).writeTo(simulated);
        assertThat(simulated.spaceBytes()).isLessThan(3 * MIB);
    }

    @Test
    @DisplayName("the log can be up to 1 GiB; everything else moves behind it")
    void longLog() throws IOException {
        new ImageCreation(DiskType.DYNAMIC, 64 * MIB, MIB, 512, 512, 8 * MIB).create(file);
        try (Storage storage = Storages.open(file, false)) {
            Loading loading = Loading.of(storage);
            assertThat(loading.findings()).isEmpty();
            assertThat(loading.image().headers().current().logLengthBytes()).isEqualTo(8 * MIB);
            assertThat(loading.image().regions().metadata().fileOffsetBytes()).isEqualTo(9 * MIB);
            assertThat(loading.image().metadata().physicalSectorSizeBytes()).isEqualTo(512);
        }
    }

    @Test
    @DisplayName("two images have nothing in common that identifies them")
    void identifiers() throws IOException {
        Path other = directory.resolve("other.vhdx");
        creation(DiskType.DYNAMIC, MIB, MIB).create(file);
        creation(DiskType.DYNAMIC, MIB, MIB).create(other);
        try (Storage one = Storages.open(file, false);
                Storage two = Storages.open(other, false)) {
            LoadedImage first = Loading.of(one).image();
            LoadedImage second = Loading.of(two).image();
            assertThat(Stream.of(first, second)
                            .flatMap(image -> Stream.of(
                                    image.metadata().diskId(),
                                    image.headers().current().fileWriteGuid(),
                                    image.headers().current().dataWriteGuid())))
                    .doesNotHaveDuplicates()
                    .doesNotContain(new UUID(0, 0));
        }
    }

    @Test
    @DisplayName("what was made is durable, and whoever loses power before that has no file under the name")
    void durable() throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        creation(DiskType.DYNAMIC, 64 * MIB, MIB).writeTo(storage);
        assertThat(storage.undurable()).isEmpty();
        assertThat(Loading.of(storage.crash(_ -> Fate.LOST)).findings()).isEmpty();
    }

    @Test
    @DisplayName("a disk without room for a fixed image is told, wherever the room ends")
    void noRoom() {
        for (long room : new long[] {0, MIB, 3 * MIB, 12 * MIB}) {
            SimulatedStorage storage = new SimulatedStorage();
            storage.setSpaceLimit(room);
            assertThatThrownBy(() -> creation(DiskType.FIXED, 64 * MIB, 2 * MIB).writeTo(storage))
                    .isInstanceOf(NoSpaceException.class);
        }
    }

    @Test
    @DisplayName("an existing file is not touched, whatever it is")
    void existingFile() throws IOException {
        Files.writeString(file, "precious");
        assertThatThrownBy(() -> creation(DiskType.DYNAMIC, MIB, MIB).create(file))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readString(file)).isEqualTo("precious");
        Path link = Files.createSymbolicLink(directory.resolve("dangling.vhdx"), directory.resolve("nowhere"));
        assertThatThrownBy(() -> creation(DiskType.DYNAMIC, MIB, MIB).create(link))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertNothingElseIn(file, link);
    }

    @Test
    @DisplayName("a directory that does not exist is named in the error")
    void missingDirectory() {
        Path nowhere = directory.resolve("no/such/new.vhdx");
        assertThatThrownBy(() -> creation(DiskType.DYNAMIC, MIB, MIB).create(nowhere))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("no/such");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DIFFERENCING | 1048576 | 1048576 | 512 | 512 | 1048576 | type: DIFFERENCING (expected: DYNAMIC or FIXED)",
                "DYNAMIC | -1 | 1048576 | 512 | 512 | 1048576 | virtual size: -1 (expected: 0 to 70368744177664)",
                "DYNAMIC | 70368744178176 | 1048576 | 512 | 512 | 1048576 | virtual size: 70368744178176 (expected: 0 to 70368744177664)",
                "DYNAMIC | 1000 | 1048576 | 512 | 512 | 1048576 | virtual size: 1000 (expected: a multiple of 512)",
                "DYNAMIC | 1048576 | 3145728 | 512 | 512 | 1048576 | block size: 3145728 (expected: a power of two from 1 MiB to 256 MiB)",
                "DYNAMIC | 1048576 | 1048576 | 1024 | 4096 | 1048576 | logical sector size: 1024 (expected: 512 or 4096)",
                "DYNAMIC | 1048576 | 1048576 | 512 | 777 | 1048576 | physical sector size: 777 (expected: 512 or 4096)",
                "DYNAMIC | 1048576 | 1048576 | 512 | 512 | 0 | log length: 0 (expected: a multiple of 1 MiB from 1 MiB to 1073741824)",
                "DYNAMIC | 1048576 | 1048576 | 512 | 512 | 1048577 | log length: 1048577 (expected: a multiple of 1 MiB from 1 MiB to 1073741824)",
                "DYNAMIC | 1048576 | 1048576 | 512 | 512 | 1074790400 | log length: 1074790400 (expected: a multiple of 1 MiB from 1 MiB to 1073741824)"
            })
    @DisplayName("illegal arguments are told with what was found and what was expected")
    void arguments(DiskType type, long size, int blockSize, int logical, int physical, int logLength, String message) {
        assertThatThrownBy(() -> new ImageCreation(type, size, blockSize, logical, physical, logLength))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
