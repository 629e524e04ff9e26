package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that is asked of a child is answered, also where what was asked changes nothing any more. */
class ChildLivenessTest {
    private static final long MIB = 1 << 20;
    /** A page of the sector bitmap describes so much of a disk with sectors of 512 bytes. */
    private static final long PAGE_MIB = 16;

    @Test
    @DisplayName("what is zeroed twice at a time, in blocks of many bitmap pages, is answered")
    void overlappingZeroes() throws IOException {
        long blockBytes = 256 * MIB;
        SteppedImage image = openChild(4 * blockBytes, 256 << 20);
        List<Answer> answers = List.of(
                image.zero(0, blockBytes - 512),
                image.zero(blockBytes, blockBytes - 512),
                image.zero(0, blockBytes - 512),
                image.zero(2 * blockBytes, blockBytes - 512));
        image.settle();
        assertThat(answers).allMatch(Answer::isSuccess);
        image.close();
    }

    @Test
    @DisplayName("sectors on very many bitmap pages, each written twice at a time, are answered")
    void manyPagesTwice() throws IOException {
        SteppedImage image = openChild(4096 * MIB, 1 << 20);
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            answers.add(image.write(i % 128 * PAGE_MIB * MIB, stamp(i)));
        }
        image.settle();
        assertThat(answers).allMatch(Answer::isSuccess);
        image.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 61, 62, 63, 64, 65, 66})
    @DisplayName("where the file cannot grow, a write that needs a bitmap and a block gets both or ENOSPC")
    void lastBlockOfTheStock(int writtenBlocks) throws IOException {
        SimulatedStorage storage = SimulatedImages.child(new UUID(1, 1), 4096 * MIB, 1 << 20);
        SteppedImage image = SteppedImage.open(storage, parent());
        image.write(0, ByteBuffer.allocateDirect(1 << 20));
        image.stepToRest();
        storage.faults()
                .failFromNth(Set.of(OperationKind.SET_SIZE), 1, Fault.of(() -> new NoSpaceException("no growth")));
        image.settle();
        for (int block = 1; block < writtenBlocks; block++) {
            image.write(block * MIB, ByteBuffer.allocateDirect(1 << 20));
            image.settle();
        }
        Answer last = image.write(200 * MIB, stamp(1));
        image.settle();
        assertThat(last.isGiven()).isTrue();
        storage.faults().clear();
        Answer again = image.write(200 * MIB, stamp(2));
        image.settle();
        assertThat(again.isSuccess()).isTrue();
        image.close();
    }

    @Test
    @DisplayName("a TRIM of what reads as zeros already changes nothing in the file")
    void trimOfZeros() throws IOException {
        SteppedImage first = openChild(64 * MIB, 1 << 20);
        first.zero(0, 64 * MIB);
        first.settle();
        first.close();
        SteppedImage second = SteppedImage.open(first.storage().copy(), parent());
        byte[] before = contentOf(second.storage());
        Answer trim = second.trim(0, 64 * MIB);
        second.settle();
        assertThat(trim.isSuccess()).isTrue();
        assertThat(contentOf(second.storage())).isEqualTo(before);
    }

    private static byte[] contentOf(SimulatedStorage storage) throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) storage.size());
        storage.read(content, 0);
        return content.array();
    }

    private static ByteBuffer stamp(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }

    private static SteppedImage openChild(long sizeBytes, int blockSizeBytes) throws IOException {
        return SteppedImage.open(SimulatedImages.child(new UUID(1, 1), sizeBytes, blockSizeBytes), parent());
    }

    private static BlockReader parent() throws IOException {
        SimulatedStorage storage = SimulatedImages.dynamic(64 * MIB, 1 << 20);
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
        return new BlockReader(
                new DiskLayer("parent", loaded.geometry(), loaded.blockMap(), null, storage, loaded.fileSizeBytes()),
                null);
    }
}
