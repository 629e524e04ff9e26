package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.edit.Progress;
import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.fixture.Libvhdi;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.PendingCompletion;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A differencing disk that becomes larger and smaller again and again over a parent that is full, and whose file is made small
 * in between, against a model of what its guest sees.
 */
class ChildResizeTest {
    private static final int MIB = 1 << 20;
    private static final int PARENT_BYTES = 12 * MIB;
    private static final int TURNS = 12;

    @TempDir
    private Path directory;

    private final RandomGenerator random = Seed.generator(ChildResizeTest.class);
    private byte[] model = new byte[0];

    @Test
    @DisplayName("what is added reads as zeros, whatever the parent and the former disk had there")
    void randomSizes() throws IOException {
        run();
    }

    @Test
    @NeedsTool("python3-libvhdi")
    @DisplayName("R9: libvhdi reads it as we do, up to the end of the parent")
    void libvhdi() throws Exception {
        run();
        writeToEachBlock();
        int length = Math.min(model.length, PARENT_BYTES) / 512 * 512;
        String expected = HexFormat.of().formatHex(DiskContent.digest().digest(Arrays.copyOf(model, length)));
        assertThat(Libvhdi.digest(length, file("base"), file("child"))).isEqualTo(expected);
    }

    private Path file(String name) {
        return directory.resolve(name + ".vhdx");
    }

    private void run() throws IOException {
        new ImageCreation(DiskType.DYNAMIC, PARENT_BYTES, MIB, 512, 4096, MIB).create(file("base"));
        byte[] content = new byte[PARENT_BYTES];
        random.nextBytes(content);
        try (VhdxImage base = VhdxImage.open(file("base"), Access.READ_WRITE)) {
            for (int at = 0; at < content.length; at += MIB) {
                write(base, at, Arrays.copyOfRange(content, at, at + MIB));
            }
        }
        byte[] base = Files.readAllBytes(file("base"));
        int size = 7 * MIB + 3 * 512;
        new ChildCreation(file("base"), ParentSearch.DEFAULT, size, 2 * MIB, MIB).create(file("child"));
        model = Arrays.copyOf(content, size);
        for (int turn = 0; turn < TURNS; turn++) {
            turn();
        }
        assertThat(Files.readAllBytes(file("base"))).isEqualTo(base);
    }

    private void turn() throws IOException {
        writeSome();
        try (OfflineImage child = OfflineImage.open(file("child"), ParentSearch.DEFAULT)) {
            switch (random.nextInt(3)) {
                case 0 -> child.compact(true, Progress.NONE);
                case 1 -> {
                    int size = random.nextInt(2 * MIB / 512, model.length / 512 + 1) * 512;
                    boolean lost = !child.lostByShrinking(size, Progress.NONE).isEmpty();
                    assertThat(lost).isEqualTo(!isZero(size, model.length));
                    child.shrink(size);
                    model = Arrays.copyOf(model, size);
                }
                default -> {
                    int size = random.nextInt(model.length / 512, 16 * MIB / 512) * 512;
                    child.grow(size);
                    model = Arrays.copyOf(model, size);
                }
            }
        }
        assertThat(ImageCheck.of(file("child")).worst()).isEqualTo(Severity.NOTE);
        try (VhdxImage child = VhdxImage.open(file("child"), Access.READ_ONLY)) {
            ByteBuffer found = ByteBuffer.allocateDirect(model.length);
            child.read(0, found);
            int difference = found.flip().mismatch(ByteBuffer.wrap(model));
            assertThat(difference)
                    .as("first difference of %d bytes", model.length)
                    .isNegative();
        }
    }

    private boolean isZero(int from, int to) {
        for (int i = from; i < to; i++) {
            if (model[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Parts of sectors and some sectors, also at the disk's end. */
    private void writeSome() throws IOException {
        try (VhdxImage child = VhdxImage.open(file("child"), Access.READ_WRITE)) {
            for (int i = random.nextInt(4); i > 0; i--) {
                byte[] bytes = new byte[random.nextInt(1, 6000)];
                random.nextBytes(bytes);
                int at = random.nextInt(4) == 0
                        ? model.length - bytes.length
                        : random.nextInt(model.length - bytes.length);
                write(child, at, bytes);
                System.arraycopy(bytes, 0, model, at, bytes.length);
            }
        }
    }

    /**
     * Leaves no block in the state ZERO: libvhdi shows the parent's content there, where [MS-VHDX] 2.5.1.1 says that the block is
     * zeros.
     */
    private void writeToEachBlock() throws IOException {
        try (VhdxImage child = VhdxImage.open(file("child"), Access.READ_WRITE)) {
            for (int at = 0; at + 512 <= model.length; at += 2 * MIB) {
                byte[] bytes = new byte[512];
                random.nextBytes(bytes);
                write(child, at, bytes);
                System.arraycopy(bytes, 0, model, at, bytes.length);
            }
        }
    }

    private static void write(VhdxImage image, long offset, byte[] bytes) throws IOException {
        PendingCompletion done = new PendingCompletion();
        ByteBuffer[] srcs = {ByteBuffer.allocateDirect(bytes.length).put(0, bytes)};
        image.submit(new WriteRequest(offset, srcs, false, done));
        done.get();
    }
}
