package io.vhdxd.vhdx.sequences;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.VhdxImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Compares what an image of a chain shows with what the model says. */
final class ChainVerifier {
    private static final int PIECE_BYTES = 256 << 10;
    /** Where nothing but zeros is expected, a large extent is read in so many places only. */
    private static final int SAMPLES = 8;

    private record Extent(long startBytes, long endBytes, ExtentKind kind, int depth) {}

    private final RandomGenerator random;
    private final ByteBuffer found = ByteBuffer.allocateDirect(PIECE_BYTES);
    private final ByteBuffer expected = ByteBuffer.allocateDirect(PIECE_BYTES);

    ChainVerifier(RandomGenerator random) {
        this.random = random;
    }

    /**
     * Compares all of an image.
     *
     * @param layers the image and those below, itself first
     */
    void verify(VhdxImage image, List<Layer> layers) throws IOException {
        Layer top = layers.getFirst();
        long size = top.sizeBytes();
        assertThat(image.virtualSizeBytes()).isEqualTo(size);
        List<Extent> extents = extents(image, 0, size);
        for (Extent extent : extents) {
            verifyExtent(extent, layers);
        }
        long from = random.nextLong(size);
        long to = random.nextLong(from, size) + 1;
        for (Extent extent : extents(image, from, to)) {
            verifyExtent(extent, layers);
        }
        readAll(image, top, extents);
        from = random.nextLong(size);
        compare(image, top, from, (int) Math.min(size - from, random.nextInt(1, PIECE_BYTES)));
    }

    private void readAll(VhdxImage image, Layer top, List<Extent> extents) throws IOException {
        long size = top.sizeBytes();
        long pieces = Math.ceilDiv(size, (long) PIECE_BYTES);
        boolean[] wanted = new boolean[(int) pieces];
        for (Extent extent : extents) {
            long length = extent.endBytes - extent.startBytes;
            if (extent.kind == ExtentKind.DATA && length <= SAMPLES * PIECE_BYTES) {
                mark(wanted, extent.startBytes, extent.endBytes);
            } else {
                for (int i = 0; i < SAMPLES; i++) {
                    wanted[(int) (random.nextLong(extent.startBytes, extent.endBytes) / PIECE_BYTES)] = true;
                }
            }
        }
        top.content.visit(0, size, (start, end, stamp) -> {
            if (stamp != 0) {
                mark(wanted, start, end);
            }
        });
        for (int piece = 0; piece < pieces; piece++) {
            if (wanted[piece]) {
                long at = (long) piece * PIECE_BYTES;
                compare(image, top, at, (int) Math.min(PIECE_BYTES, size - at));
            }
        }
    }

    private static void mark(boolean[] pieces, long startBytes, long endBytes) {
        for (long at = startBytes / PIECE_BYTES; at * PIECE_BYTES < endBytes; at++) {
            pieces[(int) at] = true;
        }
    }

    private void compare(VhdxImage image, Layer top, long offsetBytes, int lengthBytes) throws IOException {
        read(image, offsetBytes, found.clear().limit(lengthBytes));
        Stamped.fill(expected.clear().limit(lengthBytes), top.content, offsetBytes);
        int difference = found.mismatch(expected);
        if (difference >= 0) {
            long at = offsetBytes + difference;
            throw new AssertionError("%s: byte %d is %d, expected %d of stamp %d"
                    .formatted(
                            top.file.getFileName(),
                            at,
                            found.get(difference),
                            Stamped.at(top.content.value(at), at),
                            top.content.value(at)));
        }
    }

    /** Reads a range, as an event loop does or as a thread does that may wait. */
    private void read(VhdxImage image, long offsetBytes, ByteBuffer dst) throws IOException {
        if (random.nextBoolean() || !image.tryRead(offsetBytes, dst)) {
            image.read(offsetBytes, dst);
        }
        dst.flip();
    }

    private static List<Extent> extents(VhdxImage image, long startBytes, long endBytes) throws IOException {
        List<Extent> extents = new ArrayList<>();
        image.extents(
                startBytes,
                endBytes - startBytes,
                (offset, length, kind, depth) -> extents.add(new Extent(offset, offset + length, kind, depth)));
        long at = startBytes;
        for (Extent extent : extents) {
            assertThat(extent.startBytes).as("%s", extents).isEqualTo(at);
            assertThat(extent.endBytes).isGreaterThan(at);
            at = extent.endBytes;
        }
        assertThat(at).as("the end of the last extent").isEqualTo(endBytes);
        return extents;
    }

    /** A hole holds no data; each sector is told of the image that decides it. */
    private static void verifyExtent(Extent extent, List<Layer> layers) {
        Layer top = layers.getFirst();
        if (extent.kind == ExtentKind.HOLE) {
            assertThat(top.content.isAll(extent.startBytes, extent.endBytes, 0))
                    .as("%s: %s, in which there is content", top.file.getFileName(), extent)
                    .isTrue();
        }
        for (long at = extent.startBytes; at < extent.endBytes; ) {
            at = verifyDepth(extent, at, layers);
        }
    }

    /** Returns where something else may have to be said. */
    private static long verifyDepth(Extent extent, long offsetBytes, List<Layer> layers) {
        long end = extent.endBytes;
        List<Integer> allowed = new ArrayList<>();
        boolean goesOn = true;
        for (int depth = 1; depth <= layers.size() && goesOn; depth++) {
            Layer layer = layers.get(depth - 1);
            if (offsetBytes >= layer.sizeBytes()) {
                break;
            }
            end = Math.min(end, Math.min(layer.sizeBytes(), layer.decided.endOfRun(offsetBytes)));
            long decided = layer.decided.value(offsetBytes);
            // A base has space for whole blocks; what has none in it is nobody's.
            boolean base = depth == layers.size();
            if (decided != Layer.NO || (base && extent.kind == ExtentKind.DATA)) {
                allowed.add(base && extent.kind == ExtentKind.HOLE ? 0 : depth);
            }
            goesOn = decided != Layer.YES;
        }
        if (goesOn && extent.kind == ExtentKind.HOLE) {
            allowed.add(0);
        }
        assertThat(allowed)
                .as("%s: %s, at %d to %d", layers.getFirst().file.getFileName(), extent, offsetBytes, end)
                .contains(extent.depth);
        return end;
    }
}
