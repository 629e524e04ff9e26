package io.vhdxd.vhdx;

import static io.vhdxd.vhdx.fixture.ImageBuilder.ITEMS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.PendingCompletion;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every state that a BAT can give to a block ([MS-VHDX] 2.5.1.1), in dynamic and in fixed disks: what is read, and what it becomes.
 * States with a soft anchor have one, full of another block's former bytes. Those of differencing disks are in {@code
 * ParentCasesTest} for reading.
 */
class BlockStatesTest {
    private static final int BLOCK = 5;
    private static final long AT = BLOCK * MIB;
    private static final long PLACE_MIB = 20;
    private static final byte OLD = 0x5a;
    private static final byte NEW = 0x33;

    /** A disk of eight blocks; the sixth one is in this state. */
    private static SimulatedStorage image(boolean fixed, int state) {
        ImageBuilder image = ImageBuilder.small().size(30 * MIB);
        image.fill(PLACE_MIB * MIB, (int) MIB, OLD);
        boolean hasPlace = state != 0 && state != 2;
        image.batEntry(BLOCK, state | (hasPlace ? PLACE_MIB << 20 : 0));
        image.putInt(METADATA + ITEMS + 4, fixed ? 1 : 0);
        return image.simulated();
    }

    private static void submit(VhdxImage image, Function<Completion, ImageRequest> request) throws IOException {
        PendingCompletion done = new PendingCompletion();
        image.submit(request.apply(done));
        done.get();
    }

    private static byte[] read(VhdxImage image, long offset, int length) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(length);
        image.read(offset, dst);
        byte[] content = new byte[length];
        dst.get(0, content);
        return content;
    }

    private static byte[] filled(int length, byte value) {
        byte[] content = new byte[length];
        Arrays.fill(content, value);
        return content;
    }

    private static ByteBuffer[] srcs(int length) {
        return new ByteBuffer[] {
            ByteBuffer.allocateDirect(length).put(filled(length, NEW)).flip()
        };
    }

    private static int entry(SimulatedStorage storage) throws IOException {
        return Loading.of(storage.copy()).image().blockMap().entry(BLOCK);
    }

    /** What the block holds: all of it one byte. */
    private static byte content(int state) {
        return state >= 6 ? OLD : 0;
    }

    @ParameterizedTest(name = "state {1}, fixed: {0}")
    @CsvSource({
        "false, 0", "false, 1", "false, 2", "false, 3", "false, 5", "false, 6", "false, 7",
        "true, 0", "true, 1", "true, 2", "true, 3", "true, 5", "true, 6", "true, 7"
    })
    @DisplayName(
            "cases 86, 88: a block without content reads as zeros, whatever its anchor holds; a write shows nothing of that")
    void readAndWrite(boolean fixed, int state) throws IOException {
        SimulatedStorage storage = image(fixed, state);
        int length = (int) MIB;
        try (VhdxImage image = ImageOnStorage.open(storage, Access.READ_WRITE)) {
            assertThat(read(image, AT, length)).isEqualTo(filled(length, content(state)));
            submit(image, done -> new WriteRequest(AT + 5000, srcs(700), false, done));
            byte[] expected = filled(length, content(state));
            Arrays.fill(expected, 5000, 5700, NEW);
            assertThat(read(image, AT, length)).isEqualTo(expected);
        }
        try (VhdxImage image = ImageOnStorage.open(storage.copy(), Access.READ_ONLY)) {
            assertThat(Arrays.copyOfRange(read(image, AT, length), 0, 5000)).isEqualTo(filled(5000, content(state)));
            assertThat(read(image, AT + 5000, 700)).isEqualTo(filled(700, NEW));
        }
        int entry = entry(storage);
        assertThat(BlockMap.isFullyPresent(entry)).isTrue();
        if (state >= 6) {
            assertThat(BlockMap.fileOffsetMib(entry)).isEqualTo(PLACE_MIB);
        }
    }

    @ParameterizedTest(name = "state {1} becomes {2} by zeroes and {3} by a trim, fixed: {0}")
    @CsvSource({
        "false, 0, NOT_PRESENT, NOT_PRESENT",
        "false, 1, ZERO, UNDEFINED",
        "false, 2, ZERO, ZERO",
        "false, 3, ZERO, UNMAPPED",
        "false, 5, ZERO, UNMAPPED",
        "false, 6, ZERO, UNMAPPED",
        "false, 7, ZERO, UNMAPPED",
        "true, 0, NOT_PRESENT, NOT_PRESENT",
        "true, 2, ZERO, ZERO",
        "true, 3, ZERO, UNMAPPED",
        "true, 6, FULLY_PRESENT, FULLY_PRESENT",
        "true, 7, FULLY_PRESENT, FULLY_PRESENT"
    })
    @DisplayName(
            "case 87: zeroes and trims of a whole block leave a state without a place; a fixed disk keeps its space")
    void zeroAndTrim(boolean fixed, int state, String zeroed, String trimmed) throws IOException {
        for (boolean trim : new boolean[] {false, true}) {
            SimulatedStorage storage = image(fixed, state);
            boolean trimKeeps = trim && fixed && state >= 6;
            byte left = trimKeeps ? OLD : 0;
            try (VhdxImage image = ImageOnStorage.open(storage, Access.READ_WRITE)) {
                submit(
                        image,
                        done -> trim
                                ? new TrimRequest(AT, MIB, true, done)
                                : new ZeroRequest(AT, MIB, false, false, true, done));
                assertThat(read(image, AT, (int) MIB)).isEqualTo(filled((int) MIB, left));
            }
            int entry = entry(storage);
            assertThat(BlockMap.state(entry).name()).isEqualTo(trim ? trimmed : zeroed);
            boolean untouched = trim && state < 6;
            if (fixed && state >= 6) {
                assertThat(BlockMap.fileOffsetMib(entry)).isEqualTo(PLACE_MIB);
            } else if (!untouched) {
                assertThat(BlockMap.fileOffsetMib(entry)).isZero();
            }
            try (VhdxImage image = ImageOnStorage.open(storage.copy(), Access.READ_ONLY)) {
                assertThat(read(image, AT, (int) MIB)).isEqualTo(filled((int) MIB, left));
            }
        }
    }

    @ParameterizedTest(name = "fixed: {0}")
    @CsvSource({"false", "true"})
    @DisplayName(
            "case 86: a block in the reserved state 4 is an error for who reads it, and the image cannot be written")
    void reservedState(boolean fixed) throws IOException {
        SimulatedStorage storage = image(fixed, 4);
        try (VhdxImage image = ImageOnStorage.open(storage.copy(), Access.READ_ONLY)) {
            assertThat(read(image, 0, 512)).isEqualTo(new byte[512]);
            assertThatThrownBy(() -> read(image, AT, 512)).isInstanceOf(CorruptImageException.class);
            assertThatThrownBy(() -> read(image, AT - 512, 1024)).isInstanceOf(CorruptImageException.class);
        }
        assertThatThrownBy(() -> ImageOnStorage.open(storage, Access.READ_WRITE).close())
                .isInstanceOf(ReadOnlyImageException.class)
                .hasMessageContaining("block 5 has the reserved state 4");
    }

    @Test
    @DisplayName("case 120: one request over present, absent and unmapped blocks, up to a last block that is cut off")
    void acrossStates() throws IOException {
        ImageBuilder builder = ImageBuilder.dynamic(8 * MIB - 512, (int) MIB).size(30 * MIB);
        builder.block(0, 6, 4)
                .block(2, 6, 6)
                .block(3, 2, 0)
                .block(4, 3, 20)
                .block(5, 1, 21)
                .block(7, 6, 23);
        builder.fill(4 * MIB, (int) MIB, 1).fill(6 * MIB, (int) MIB, 2).fill(20 * MIB, (int) (2 * MIB), 0xee);
        builder.fill(23 * MIB, (int) MIB, 7);
        SimulatedStorage storage = builder.simulated();
        byte[] expected = new byte[(int) (8 * MIB - 512)];
        Arrays.fill(expected, 0, (int) MIB, (byte) 1);
        Arrays.fill(expected, (int) (2 * MIB), (int) (3 * MIB), (byte) 2);
        Arrays.fill(expected, (int) (7 * MIB), expected.length, (byte) 7);
        try (VhdxImage image = ImageOnStorage.open(storage, Access.READ_WRITE)) {
            assertThat(read(image, 0, expected.length)).isEqualTo(expected);
            int from = (int) MIB - 100;
            submit(image, done -> new WriteRequest(from, srcs(expected.length - from), false, done));
            Arrays.fill(expected, from, expected.length, NEW);
            assertThat(read(image, 0, expected.length)).isEqualTo(expected);
        }
        try (VhdxImage image = ImageOnStorage.open(storage.copy(), Access.READ_ONLY)) {
            assertThat(read(image, 0, expected.length)).isEqualTo(expected);
            assertThat(image.info().presentBlockCount()).isEqualTo(8);
        }
    }

    @Test
    @DisplayName("case 117: a file that is cut while it is open gives an error, not zeros")
    void cutBehindOurBack(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("disk.vhdx");
        ImageBuilder.small().writeTo(file);
        try (VhdxImage image = VhdxImage.open(file, Access.READ_ONLY);
                FileChannel other = FileChannel.open(file, StandardOpenOption.WRITE)) {
            other.truncate(6 * MIB);
            assertThat(read(image, MIB, 512)).isEqualTo(new byte[512]);
            assertThatThrownBy(() -> read(image, 2 * MIB, 512))
                    .isInstanceOf(EOFException.class)
                    .hasMessageContaining("the file ends at 6291456, within it; it was cut while it was open");
        }
    }
}
