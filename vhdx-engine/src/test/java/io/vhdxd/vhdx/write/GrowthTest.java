package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.Operation.Write;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedFiles;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A disk that grows while it is in use ([MS-VHDX] 2.5, 2.6.2.2; reliability.md row 74). */
class GrowthTest {
    private static final long MIB = Geometry.MIB;

    /**
     * An image that grows.
     *
     * @param batMoves whether the BAT region has no room for the new blocks
     */
    record Setup(String name, boolean fixed, int blockSizeBytes, long sizeBytes, long newSizeBytes, boolean batMoves) {
        SimulatedStorage create() throws IOException {
            return fixed
                    ? SimulatedImages.fixed(sizeBytes, blockSizeBytes)
                    : SimulatedImages.dynamic(sizeBytes, blockSizeBytes);
        }

        long lastSector() {
            return sizeBytes / DiskModel.SECTOR_BYTES - 1;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Setup> setups() {
        return Stream.of(
                new Setup("within the last block", false, 2 << 20, 9 * MIB, 10 * MIB, false),
                new Setup("within the page of the BAT", false, 2 << 20, 9 * MIB + 512, 100 * MIB, false),
                new Setup("to further pages of the BAT", false, 1 << 20, 511 * MIB + 4096, 5000 * MIB, false),
                new Setup("to a further chunk", false, 1 << 20, 4096 * MIB, 4097 * MIB, false),
                new Setup("to a BAT elsewhere", false, 1 << 20, 130_000 * MIB - 512, 140_000 * MIB, true),
                new Setup("of a fixed disk", true, 2 << 20, 9 * MIB, 33 * MIB, false),
                new Setup("of an empty disk", false, 1 << 20, 0, 3 * MIB, false));
    }

    @ParameterizedTest
    @MethodSource("setups")
    @DisplayName("a crash at any moment leaves the old disk or the new one, and all that was flushed")
    void crashStates(Setup setup) throws IOException {
        RandomGenerator random = Seed.generator(GrowthTest.class);
        SteppedImage image = begin(setup);
        Answer[] answer = {new Answer()};
        int[] states = {0};
        image.storage().setHooks((kind, offset, length) -> {}, (kind, offset, length) -> {
            if (kind != OperationKind.READ) {
                boolean grown = answer[0].isSuccess();
                for (SimulatedStorage state : crashStates(image.storage(), random)) {
                    verify(setup, state, grown, "state " + states[0]);
                    states[0]++;
                }
            }
        });
        answer[0] = image.grow(setup.newSizeBytes);
        image.settle();
        assertThat(answer[0].isSuccess()).as("%s", answer[0].failure()).isTrue();
        writeAtTheEnd(image);
        image.close();
        image.storage().clearHooks();
        assertThat(states[0]).isGreaterThan(30);
        LoadedImage closed = load(image.storage().copy());
        assertThat(closed.regions().bat().fileOffsetBytes() > 3 * MIB).isEqualTo(setup.batMoves);
        assertThat(closed.geometry().virtualSizeBytes()).isEqualTo(setup.newSizeBytes);
        if (setup.fixed) {
            assertThat(closed.presentBlockCount()).isEqualTo(closed.blockMap().blockCount());
        }
    }

    private static List<SimulatedStorage> crashStates(SimulatedStorage storage, RandomGenerator random) {
        return List.of(
                storage.copy(),
                storage.crash(Fate.LOST),
                storage.crash(random),
                storage.crash(random),
                storage.crash(random));
    }

    /** A disk in use, with garbage wherever the growth must not let it appear. */
    private static SteppedImage begin(Setup setup) throws IOException {
        SimulatedStorage storage = setup.create();
        if (setup.sizeBytes > 0) {
            SteppedImage before = SteppedImage.open(storage);
            before.write(0, DiskModel.content(0, 1, 1));
            before.write(setup.lastSector() * DiskModel.SECTOR_BYTES, DiskModel.content(setup.lastSector(), 1, 2));
            before.close();
        }
        putGarbage(storage);
        SteppedImage image = SteppedImage.open(storage);
        if (setup.sizeBytes > 0) {
            image.write(0, DiskModel.content(0, 1, 3));
            image.trim(0, setup.blockSizeBytes);
            image.write(0, DiskModel.content(0, 1, 3));
        }
        Answer flushed = image.flush();
        image.settle();
        assertThat(flushed.isSuccess()).isTrue();
        return image;
    }

    private static void putGarbage(SimulatedStorage storage) throws IOException {
        LoadedImage loaded = load(storage);
        Geometry geometry = loaded.geometry();
        long inBlock = geometry.virtualSizeBytes() % geometry.blockSizeBytes();
        if (inBlock != 0) {
            int entry = loaded.blockMap().entry(geometry.blockCount() - 1);
            storage.setSize(Math.max(storage.size(), BlockMap.fileOffsetBytes(entry) + geometry.blockSizeBytes()));
            storage.write(
                    garbage((int) (geometry.blockSizeBytes() - inBlock)), BlockMap.fileOffsetBytes(entry) + inBlock);
        }
        long batEnd = geometry.batEntryCount() * 8;
        long room = Math.min(loaded.regions().bat().lengthBytes() - batEnd, 64 << 10);
        storage.write(garbage((int) room), loaded.regions().bat().fileOffsetBytes() + batEnd);
        storage.sync();
    }

    private static ByteBuffer garbage(int length) {
        ByteBuffer garbage = ByteBuffer.allocateDirect(length);
        while (garbage.hasRemaining()) {
            garbage.put((byte) 0x36);
        }
        return garbage.flip();
    }

    private static void writeAtTheEnd(SteppedImage image) {
        if (image.size() == 0) {
            return;
        }
        long sector = image.size() / DiskModel.SECTOR_BYTES - 1;
        Answer write = image.write(sector * DiskModel.SECTOR_BYTES, DiskModel.content(sector, 1, 4));
        Answer flush = image.flush();
        image.settle();
        assertThat(write.isSuccess() && flush.isSuccess()).isTrue();
    }

    private static void verify(Setup setup, SimulatedStorage state, boolean grown, String description) {
        try {
            verifyContent(setup, state, grown, description);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void verifyContent(Setup setup, SimulatedStorage state, boolean grown, String description)
            throws IOException {
        SteppedImage image = SteppedImage.open(state);
        long size = image.size();
        assertThat(size)
                .as(description)
                .isIn(grown ? List.of(setup.newSizeBytes) : List.of(setup.sizeBytes, setup.newSizeBytes));
        if (setup.sizeBytes > 0) {
            assertThat(image.read(0, 512)).as(description).isEqualTo(DiskModel.content(0, 1, 3));
            assertThat(image.read(setup.sizeBytes - 512, 512))
                    .as(description)
                    .isEqualTo(DiskModel.content(setup.lastSector(), 1, 2));
        }
        long addedEnd = size - 512;
        for (long at = setup.sizeBytes;
                at < addedEnd;
                at += Math.max(512, (addedEnd - setup.sizeBytes) / 97 / 512 * 512)) {
            int length = (int) Math.min(64 << 10, addedEnd - at);
            assertThat(image.read(at, length))
                    .as("%s, offset %d", description, at)
                    .isEqualTo(ByteBuffer.allocate(length));
        }
        writeAtTheEnd(image);
        image.close();
        load(image.storage());
    }

    private static LoadedImage load(SimulatedStorage storage) throws IOException {
        Findings findings = new Findings();
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        assertThat(findings.worst()).as("%s", findings.kept()).isLessThan(Severity.WARNING);
        return loaded;
    }

    /** QEMU does not open a disk of no bytes. */
    static Stream<Setup> setupsForQemu() {
        return setups().filter(setup -> setup.sizeBytes > 0);
    }

    @ParameterizedTest
    @MethodSource("setupsForQemu")
    @NeedsTool({"qemu-img", "qemu-io"})
    @DisplayName("R9: QEMU reads what a crash of a growth leaves")
    void qemuReadsCrashStates(Setup setup, @TempDir Path directory) throws Exception {
        RandomGenerator random = Seed.generator(GrowthTest.class);
        SteppedImage image = begin(setup);
        List<SimulatedStorage> states = new ArrayList<>();
        image.storage().setHooks((kind, offset, length) -> {}, (kind, offset, length) -> {
            if (kind != OperationKind.READ && kind != OperationKind.SYNC) {
                states.add(
                        random.nextBoolean()
                                ? image.storage().crash(random)
                                : image.storage().copy());
            }
        });
        image.grow(setup.newSizeBytes);
        image.settle();
        image.close();
        image.storage().clearHooks();
        states.add(image.storage().copy());
        for (SimulatedStorage state : states) {
            Path file = directory.resolve("state.vhdx");
            SimulatedFiles.write(state, file);
            Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", file.toString())
                    .succeeded();
            assertThat(load(SimulatedFiles.read(file)).geometry().virtualSizeBytes())
                    .isIn(setup.sizeBytes, setup.newSizeBytes);
            Tool first = Tool.run("qemu-io", "-r", "-f", "vhdx", "-c", "read -v 0 512", file.toString());
            assertThat(first.succeeded().output()).contains("03 00 00 00 00 00 00 00");
            String end = "read -P 0 " + (setup.newSizeBytes - 512) + " 512";
            if (load(SimulatedFiles.read(file)).geometry().virtualSizeBytes() == setup.newSizeBytes) {
                Tool last = Tool.run("qemu-io", "-r", "-f", "vhdx", "-c", end, file.toString());
                assertThat(last.succeeded().output()).doesNotContain("failed");
            }
            Files.delete(file);
        }
    }

    @Test
    @DisplayName("others wait for a growth, and go on behind it")
    void othersGoOn() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(8 * MIB, 1 << 20));
        Answer first = image.write(0, DiskModel.content(0, 1, 1));
        Answer grow = image.grow(20 * MIB);
        Answer second = image.write(MIB, DiskModel.content(2048, 1, 2));
        Answer flush = image.flush();
        image.settle();
        assertThat(List.of(first.isSuccess(), grow.isSuccess(), second.isSuccess(), flush.isSuccess()))
                .containsOnly(true);
        assertThat(image.size()).isEqualTo(20 * MIB);
        assertThat(image.read(MIB, 512)).isEqualTo(DiskModel.content(2048, 1, 2));
        image.close();
    }

    @Test
    @DisplayName("a size that the disk has is no change; a smaller, an odd or a huge one is refused")
    void refusedSizes() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(8 * MIB, 1 << 20));
        image.storage().startRecording();
        Answer same = image.grow(8 * MIB);
        image.settle();
        assertThat(same.isSuccess()).isTrue();
        for (long size : new long[] {7 * MIB, 8 * MIB + 1, (64L << 40) + 512, -512}) {
            Answer refused = image.grow(size);
            image.settle();
            assertThat(refused.failure())
                    .isInstanceOf(UnsupportedImageException.class)
                    .hasMessageContaining("8388608");
        }
        image.close();
        assertThat(image.storage().recording()).noneMatch(Write.class::isInstance);
    }

    @Test
    @DisplayName("a full file system fails the growth, and nothing else")
    void noSpace() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.fixed(8 * MIB, 1 << 20));
        Answer write = image.write(0, DiskModel.content(0, 1, 1));
        image.settle();
        image.storage().setSpaceLimit(image.storage().spaceBytes());
        Answer grow = image.grow(100 * MIB);
        image.settle();
        assertThat(write.isSuccess()).isTrue();
        assertThat(grow.failure()).isInstanceOf(NoSpaceException.class);
        assertThat(image.size()).isEqualTo(8 * MIB);
        image.storage().setSpaceLimit(Long.MAX_VALUE);
        Answer again = image.grow(100 * MIB);
        image.settle();
        assertThat(again.isSuccess()).as("%s", again.failure()).isTrue();
        image.close();
        assertThat(load(image.storage()).geometry().virtualSizeBytes()).isEqualTo(100 * MIB);
    }
}
