package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.fixture.Libvhdi;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.PendingCompletion;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A chain of three whose disks differ in their size and in their block size, each written at random and then given a
 * child, against a model of what its guest sees (vhdx.md cases 104, 105, 107, 111).
 */
class ChildChainTest {
    private static final int MIB = 1 << 20;
    private static final int STEPS = 150;

    @TempDir
    private Path directory;

    private final RandomGenerator random = Seed.generator(ChildChainTest.class);
    private byte[] model = new byte[0];

    @Test
    @DisplayName("random requests, unaligned ones too, to each of three layers; parents keep every byte")
    void randomRequests() throws IOException {
        buildChain();
    }

    @Test
    @NeedsTool("python3-libvhdi")
    @DisplayName(
            "R9: libvhdi reads the chain as we do, up to the end of the smallest parent; it fails to read behind that")
    void libvhdi() throws Exception {
        buildChain();
        String expected = HexFormat.of().formatHex(DiskContent.digest().digest(Arrays.copyOf(model, 10 * MIB)));
        assertThat(Libvhdi.digest(10 * MIB, layer("base"), layer("middle"), layer("top")))
                .isEqualTo(expected);
    }

    private Path layer(String name) {
        return directory.resolve(name + ".vhdx");
    }

    private void buildChain() throws IOException {
        new ImageCreation(DiskType.DYNAMIC, 12L * MIB, MIB, 512, 4096, MIB).create(layer("base"));
        model = new byte[12 * MIB];
        change("base");
        child("base", "middle", 10 * MIB + 3 * 512, 2 * MIB);
        change("middle");
        byte[] middle = Files.readAllBytes(layer("middle"));
        byte[] base = Files.readAllBytes(layer("base"));
        child("middle", "top", 15 * MIB + 512, 4 * MIB);
        change("top");
        assertThat(Files.readAllBytes(layer("middle"))).isEqualTo(middle);
        assertThat(Files.readAllBytes(layer("base"))).isEqualTo(base);
    }

    private void child(String parent, String name, int sizeBytes, int blockSizeBytes) throws IOException {
        new ChildCreation(layer(parent), ParentSearch.DEFAULT, sizeBytes, blockSizeBytes, MIB).create(layer(name));
        model = Arrays.copyOf(model, sizeBytes);
    }

    private void change(String name) throws IOException {
        VhdxImage image = VhdxImage.open(layer(name), Access.READ_WRITE);
        try {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(20)) {
                    case 0 -> {
                        image.close();
                        image = VhdxImage.open(layer(name), Access.READ_WRITE);
                    }
                    case 1, 2, 3 -> zero(image);
                    case 4, 5, 6 -> trim(image);
                    case 7 -> carryOut(image, FlushRequest::new);
                    default -> write(image);
                }
                compare(image, random.nextInt(model.length), 64 << 10);
            }
            compare(image, 0, model.length);
        } finally {
            image.close();
        }
        assertThat(ImageCheck.of(layer(name)).worst()).isEqualTo(Severity.NOTE);
        try (VhdxImage again = VhdxImage.open(layer(name), Access.READ_ONLY)) {
            compare(again, 0, model.length);
        }
    }

    /** A part of the disk: some bytes, some sectors, or some blocks. */
    private record Range(int offset, int length) {}

    private Range range() {
        int unit = new int[] {1, 512, 4096, MIB}[random.nextInt(4)];
        int most = unit == MIB ? 5 * MIB : 40 << 10;
        int offset = random.nextInt(model.length) / unit * unit;
        int length = Math.max(unit, random.nextInt(most) / unit * unit);
        return new Range(offset, Math.min(length, model.length - offset));
    }

    private void write(VhdxImage image) throws IOException {
        Range range = range();
        byte[] bytes = new byte[range.length];
        random.nextBytes(bytes);
        ByteBuffer content = ByteBuffer.allocateDirect(range.length).put(0, bytes);
        ByteBuffer[] srcs = {content};
        boolean durable = random.nextInt(6) == 0;
        if (durable || !image.tryWrite(range.offset, srcs)) {
            carryOut(image, done -> new WriteRequest(range.offset, srcs, durable, done));
        }
        System.arraycopy(bytes, 0, model, range.offset, range.length);
    }

    private void zero(VhdxImage image) throws IOException {
        Range range = range();
        boolean keep = random.nextBoolean();
        carryOut(image, done -> new ZeroRequest(range.offset, range.length, keep, false, false, done));
        Arrays.fill(model, range.offset, range.offset + range.length, (byte) 0);
    }

    /** Each sector that is trimmed holds zeros afterwards, or what it held. */
    private void trim(VhdxImage image) throws IOException {
        Range range = range();
        carryOut(image, done -> new TrimRequest(range.offset, range.length, false, done));
        byte[] found = read(image, range.offset, range.length);
        for (int i = 0; i < range.length; i++) {
            if (found[i] == 0) {
                model[range.offset + i] = 0;
            }
        }
        assertThat(found).isEqualTo(Arrays.copyOfRange(model, range.offset, range.offset + range.length));
    }

    private static void carryOut(VhdxImage image, Function<PendingCompletion, ImageRequest> request)
            throws IOException {
        PendingCompletion done = new PendingCompletion();
        image.submit(request.apply(done));
        done.get();
    }

    private void compare(VhdxImage image, int offset, int length) throws IOException {
        int end = Math.min(model.length, offset + length);
        byte[] found = read(image, offset, end - offset);
        int difference = Arrays.mismatch(found, 0, found.length, model, offset, end);
        assertThat(difference)
                .as("first difference, %d bytes behind offset %d", difference, offset)
                .isNegative();
    }

    private static byte[] read(VhdxImage image, long offset, int length) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(length);
        if (!image.tryRead(offset, dst)) {
            image.read(offset, dst);
        }
        byte[] bytes = new byte[length];
        dst.get(0, bytes);
        return bytes;
    }
}
