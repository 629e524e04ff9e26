package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnreadableException;
import io.vhdxd.vhdx.fixture.ChainFiles;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How a child is written, step by step (vhdx.md sections 1.7 and 6, case 111). */
class ChildWriteTest {
    private static final int MIB = 1 << 20;

    /** The parent: 8 blocks of 1 MiB, the first two full of 0x11 and 0x22. */
    private final SimulatedStorage parentFile = ImageBuilder.dynamic(8L * MIB, MIB)
            .size(6L * MIB)
            .block(0, 6, 4)
            .block(1, 6, 5)
            .fill(4L * MIB, MIB, 0x11)
            .fill(5L * MIB, MIB, 0x22)
            .simulated();

    private final ImageBuilder empty = ChainFiles.childOf(ImageBuilder.dynamic(8L * MIB, MIB), ".\\parent.vhdx");

    private SteppedImage open(ImageBuilder child) throws IOException {
        return SteppedImage.open(child.simulated(), parentReader());
    }

    private BlockReader parentReader() throws IOException {
        LoadedImage parent = ImageLoader.load(parentFile, LoadOptions.STRICT, new Findings());
        DiskLayer layer =
                new DiskLayer("parent", parent.geometry(), parent.blockMap(), null, parentFile, parent.fileSizeBytes());
        return new BlockReader(layer, null);
    }

    private static ByteBuffer bytes(int length, int value) {
        byte[] content = new byte[length];
        Arrays.fill(content, (byte) value);
        return ByteBuffer.allocateDirect(length).put(0, content);
    }

    private static void assertContent(SteppedImage image, long offset, int length, int value) throws IOException {
        assertThat(image.read(offset, length)).isEqualTo(bytes(length, value));
    }

    private static PayloadBlockState state(SteppedImage image, long block) {
        return BlockMap.state(image.blockMap().entry(block));
    }

    @Test
    @DisplayName("a write is hidden and unanswered until a sync that began after it is done; then both at once")
    void hiddenUntilDurable() throws IOException {
        SteppedImage image = open(empty);
        Answer first = image.write(4096, bytes(512, 1));
        image.stepToRest();
        assertThat(image.isRoundStarted()).isTrue();
        Answer second = image.write(8192, bytes(512, 2));
        image.stepToRest();
        assertThat(first.isGiven()).isFalse();
        assertContent(image, 4096, 512, 0x11);
        image.runRound();
        image.stepToRest();
        assertThat(first.isSuccess()).isTrue();
        assertContent(image, 4096, 512, 1);
        assertThat(second.isGiven()).as("written while the round was running").isFalse();
        assertContent(image, 8192, 512, 0x11);
        image.settle();
        assertThat(second.isSuccess()).isTrue();
        assertContent(image, 8192, 512, 2);
        assertThat(state(image, 0)).isEqualTo(PayloadBlockState.PARTIALLY_PRESENT);
    }

    @Test
    @DisplayName("bits that a block has left from earlier mean nothing when it becomes partially present")
    void staleBits() throws IOException {
        empty.size(8L * MIB).batEntry(4096, 6 | 4L << 20).fill(4L * MIB, MIB, 0xFF);
        SteppedImage image = open(empty);
        Answer answer = image.write(MIB + 1024, bytes(512, 1));
        image.settle();
        assertThat(answer.isSuccess()).isTrue();
        assertContent(image, MIB, 1024, 0x22);
        assertContent(image, MIB + 1024, 512, 1);
        assertContent(image, MIB + 1536, MIB - 1536, 0x22);
    }

    @Test
    @DisplayName("parts of sectors: what stands beside them is the parent's, or what was written before")
    void partsOfSectors() throws IOException {
        SteppedImage image = open(empty);
        image.write(700, bytes(1000, 1));
        image.write(1690, bytes(20, 2));
        image.settle();
        image.write(600, bytes(10, 3));
        image.zero(300, 100);
        image.settle();
        assertContent(image, 0, 300, 0x11);
        assertContent(image, 300, 100, 0);
        assertContent(image, 400, 200, 0x11);
        assertContent(image, 600, 10, 3);
        assertContent(image, 610, 90, 0x11);
        assertContent(image, 700, 990, 1);
        assertContent(image, 1690, 20, 2);
        assertContent(image, 1710, 4096, 0x11);
    }

    @Test
    @DisplayName("a parent that cannot be read fails the write that needs it, and nothing else")
    void unreadableParent() throws IOException {
        SteppedImage image = open(empty);
        parentFile.faults().failFromNth(EnumSet.of(OperationKind.READ), 1, Fault.of(() -> new IOException("planned")));
        Answer unaligned = image.write(700, bytes(100, 1));
        Answer aligned = image.write(MIB, bytes(512, 2));
        image.settle();
        assertThat(unaligned.failure()).isInstanceOf(UnreadableException.class);
        assertThat(aligned.isSuccess()).isTrue();
        parentFile.faults().clear();
        assertContent(image, 0, 4096, 0x11);
        assertContent(image, MIB, 512, 2);
        assertThat(image.health().hasFailed()).isFalse();
    }

    @Test
    @DisplayName("overwrites past the writer: of sectors that are shown, and of no others")
    void overwrites() throws IOException {
        SteppedImage image = open(empty);
        image.write(4096, bytes(4096, 1));
        image.settle();
        ByteBuffer[] srcs = {bytes(1024, 2)};
        assertThat(image.overwrites().tryWrite(4608, srcs, 1024)).isTrue();
        assertContent(image, 4608, 1024, 2);
        assertThat(image.overwrites().tryWrite(8192 - 512, srcs, 1024)).isFalse();
        assertThat(image.overwrites().tryWrite(MIB, srcs, 1024)).isFalse();
    }

    @Test
    @DisplayName("a block whose last sectors are written becomes fully present, and leans on the parent no more")
    void completion() throws IOException {
        SteppedImage image = open(empty);
        image.write(512, bytes(MIB - 512, 1));
        image.settle();
        assertThat(state(image, 0)).isEqualTo(PayloadBlockState.PARTIALLY_PRESENT);
        long placeMib = BlockMap.fileOffsetMib(image.blockMap().entry(0));
        image.write(0, bytes(512, 2));
        image.settle();
        assertThat(state(image, 0)).isEqualTo(PayloadBlockState.FULLY_PRESENT);
        assertThat(BlockMap.fileOffsetMib(image.blockMap().entry(0))).isEqualTo(placeMib);
        image.write(MIB, bytes(MIB, 3));
        image.settle();
        assertThat(state(image, 1)).isEqualTo(PayloadBlockState.FULLY_PRESENT);
        assertContent(image, 0, 512, 2);
        assertContent(image, 512, MIB - 512, 1);
        assertContent(image, MIB, MIB, 3);
    }

    @Test
    @DisplayName("case 111: a block that is trimmed or zeroed is ZERO, also while a write to it waits")
    void trimHidesParent() throws IOException {
        SteppedImage image = open(empty);
        image.trim(0, MIB);
        Answer waiting = image.write(MIB, bytes(512, 1));
        image.stepToRest();
        Answer zeroed = image.zero(MIB, MIB);
        image.settle();
        assertThat(waiting.isSuccess()).isTrue();
        assertThat(zeroed.isSuccess()).isTrue();
        for (int block = 0; block < 2; block++) {
            assertThat(state(image, block)).isEqualTo(PayloadBlockState.ZERO);
            assertContent(image, (long) block * MIB, MIB, 0);
        }
        image.write(100, bytes(100, 3));
        image.settle();
        assertContent(image, 0, 100, 0);
        assertContent(image, 200, MIB - 200, 0);
        assertThat(state(image, 0)).isEqualTo(PayloadBlockState.FULLY_PRESENT);
    }

    @Test
    @DisplayName("NO_HOLE over a block that is partially present needs no space, also where no other block wants any")
    void zeroKeepsPlace() throws IOException {
        SteppedImage image = open(ChainFiles.childOf(ImageBuilder.dynamic(MIB, MIB), ".\\parent.vhdx"));
        image.write(4096, bytes(512, 1));
        image.settle();
        long placeMib = BlockMap.fileOffsetMib(image.blockMap().entry(0));
        Answer zeroed = new Answer();
        image.submit(new ZeroRequest(0, MIB, true, false, false, zeroed));
        image.settle();
        assertThat(zeroed.isSuccess()).isTrue();
        assertThat(BlockMap.fileOffsetMib(image.blockMap().entry(0))).isEqualTo(placeMib);
        assertThat(state(image, 0)).isEqualTo(PayloadBlockState.FULLY_PRESENT);
        assertContent(image, 0, MIB, 0);
    }

    @Test
    @DisplayName("R4: a sync that fails leaves the waiting writes without an answer but the error, and hidden")
    void failedSync() throws IOException {
        SteppedImage image = open(empty);
        image.write(0, bytes(512, 1));
        image.settle();
        Answer waiting = image.write(4096, bytes(512, 2));
        image.stepToRest();
        image.storage()
                .faults()
                .failFromNth(EnumSet.of(OperationKind.SYNC), 1, Fault.of(() -> new IOException("planned")));
        image.runRound();
        image.stepToRest();
        assertThat(waiting.isGiven()).isTrue();
        assertThat(waiting.failure()).isNotNull();
        assertContent(image, 4096, 512, 0x11);
    }

    @Test
    @DisplayName("a sector bitmap that cannot be read when a write is to be shown fails that write, and nothing else")
    void unreadableBitmap() throws IOException {
        SteppedImage image = withFirstSector();
        Answer hidden = image.write(4096, bytes(512, 2));
        image.stepToRest();
        image.runRound();
        image.storage()
                .faults()
                .failFromNth(EnumSet.of(OperationKind.READ), 1, Fault.of(() -> new IOException("planned")));
        image.settle();
        assertThat(hidden.failure()).isInstanceOf(UnreadableException.class).hasMessageContaining("block 0");
        image.storage().faults().clear();
        assertThat(image.health().hasFailed()).isFalse();
        assertContent(image, 512, 8192, 0x11);
        Answer again = image.write(4096, bytes(512, 3));
        Answer other = image.write(MIB, bytes(512, 4));
        image.settle();
        assertThat(again.isSuccess() && other.isSuccess()).isTrue();
        assertContent(image, 0, 512, 1);
        assertContent(image, 4096, 512, 3);
        image.close();
        assertContent(SteppedImage.open(image.storage(), parentReader()), 4096, 512, 3);
    }

    /** Opened anew, so that the bitmap is in its place and has to be read. */
    private SteppedImage withFirstSector() throws IOException {
        SteppedImage image = open(empty);
        image.write(0, bytes(512, 1));
        image.close();
        return SteppedImage.open(image.storage(), parentReader());
    }

    @Test
    @DisplayName("a first write to a block that cannot be shown gives its space back")
    void unreadableBitmapOfNewBlock() throws IOException {
        SteppedImage image = withFirstSector();
        long fileBytes = image.storage().size();
        Answer hidden = image.write(MIB + 4096, bytes(512, 2));
        image.stepToRest();
        image.runRound();
        image.storage()
                .faults()
                .failFromNth(EnumSet.of(OperationKind.READ), 1, Fault.of(() -> new IOException("planned")));
        image.settle();
        assertThat(hidden.failure()).isInstanceOf(UnreadableException.class);
        image.storage().faults().clear();
        assertThat(state(image, 1)).isEqualTo(PayloadBlockState.NOT_PRESENT);
        image.close();
        assertThat(image.storage().size()).isEqualTo(fileBytes);
    }

    @Test
    @DisplayName("a disk grows behind writes that are hidden yet; what its parent has behind its end stays hidden")
    void growth() throws IOException {
        SteppedImage image = open(ChainFiles.childOf(ImageBuilder.dynamic(MIB + 1024, MIB), ".\\parent.vhdx"));
        Answer hidden = image.write(MIB, bytes(512, 1));
        Answer grow = image.grow(16L * MIB);
        Answer behind = image.write(2L * MIB - 512, bytes(1024, 2));
        image.settle();
        assertThat(hidden.isSuccess() && behind.isSuccess()).isTrue();
        assertThat(grow.failure()).isNull();
        assertContent(image, 0, MIB, 0x11);
        assertContent(image, MIB, 512, 1);
        assertContent(image, MIB + 512, 512, 0x22);
        assertContent(image, MIB + 1024, MIB - 1536, 0);
        assertContent(image, 2L * MIB - 512, 1024, 2);
        assertContent(image, 2L * MIB + 512, 14 * MIB - 512, 0);
        image.close();
        SteppedImage again = SteppedImage.open(image.storage(), parentReader());
        assertContent(again, MIB + 1024, MIB - 1536, 0);
        assertContent(again, 2L * MIB + 512, 14 * MIB - 512, 0);
    }

    @Test
    @DisplayName("a full file system fails the growth that needs space to hide the parent, and nothing else")
    void growthWithoutSpace() throws IOException {
        SteppedImage image = open(ChainFiles.childOf(ImageBuilder.dynamic(MIB + 1024, MIB), ".\\parent.vhdx"));
        image.storage()
                .faults()
                .failFromNth(EnumSet.of(OperationKind.SET_SIZE), 2, Fault.of(() -> new NoSpaceException("planned")));
        Answer grow = image.grow(16L * MIB);
        image.settle();
        image.storage().faults().clear();
        if (grow.failure() != null) {
            assertThat(grow.failure()).isInstanceOf(NoSpaceException.class);
            assertThat(image.size()).isEqualTo(MIB + 1024);
        }
        Answer again = image.grow(17L * MIB);
        image.settle();
        assertThat(again.failure()).isNull();
        assertContent(image, MIB + 1024, 16 * MIB - 1024, 0);
    }
}
