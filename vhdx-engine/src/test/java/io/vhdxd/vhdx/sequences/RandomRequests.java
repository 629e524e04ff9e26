package io.vhdxd.vhdx.sequences;

import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.testing.PendingCompletion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Requests by chance to one image. Several are under way at a time; their ranges have no byte in common, but sectors, pages and
 * blocks. They gather around the borders of blocks, of chunks, and of the disks in the chain.
 */
final class RandomRequests {
    private static final int AT_A_TIME = 6;
    private static final int READ_BYTES = 1 << 20;

    private final RandomGenerator random;
    private final List<String> history;
    private long lastStamp;

    RandomRequests(RandomGenerator random, List<String> history) {
        this.random = random;
        this.history = history;
    }

    private record Range(long startBytes, long endBytes) {
        boolean meets(Range other) {
            return startBytes < other.endBytes && other.startBytes < endBytes;
        }

        int lengthBytes() {
            return Math.toIntExact(endBytes - startBytes);
        }
    }

    private record Pending(
            Range range, PendingCompletion done, @Nullable Long stamp) {}

    /**
     * Carries out some requests and takes note of what came of them.
     *
     * @param layers the image and those below, itself first
     */
    void carryOut(VhdxImage image, List<Layer> layers) throws IOException {
        Layer layer = layers.getFirst();
        List<Pending> pending = new ArrayList<>();
        for (int i = random.nextInt(1, AT_A_TIME + 1); i > 0; i--) {
            boolean zeroes = random.nextInt(3) == 0;
            Range range = range(layers, zeroes);
            if (pending.stream().noneMatch(other -> other.range.meets(range))) {
                pending.add(begin(image, range, zeroes));
            }
        }
        if (random.nextInt(4) == 0) {
            history.add("  flush");
            pending.add(new Pending(new Range(0, 0), submit(image, FlushRequest::new), null));
        }
        for (Pending request : pending) {
            request.done.get();
        }
        for (Pending request : pending) {
            Range range = request.range;
            if (request.stamp != null) {
                layer.wrote(range.startBytes, range.endBytes, request.stamp);
            } else if (range.lengthBytes() > 0) {
                adoptTrimmed(image, layer, range);
            }
        }
    }

    private Pending begin(VhdxImage image, Range range, boolean zeroes) throws IOException {
        long start = range.startBytes;
        long length = range.lengthBytes();
        boolean durable = random.nextInt(6) == 0;
        if (zeroes && random.nextBoolean()) {
            history.add("  trim " + range);
            return new Pending(range, submit(image, done -> new TrimRequest(start, length, durable, done)), null);
        }
        if (zeroes) {
            boolean keep = random.nextInt(4) == 0;
            history.add("  zero " + range + (keep ? " keep" : ""));
            return new Pending(
                    range, submit(image, done -> new ZeroRequest(start, length, keep, false, durable, done)), 0L);
        }
        long stamp = ++lastStamp;
        history.add("  write " + range + " stamp " + stamp);
        ByteBuffer[] srcs = {Stamped.content(stamp, start, range.lengthBytes())};
        if (!durable && image.tryWrite(start, srcs)) {
            PendingCompletion done = new PendingCompletion();
            done.completed(null);
            return new Pending(range, done, stamp);
        }
        return new Pending(range, submit(image, done -> new WriteRequest(start, srcs, durable, done)), stamp);
    }

    void grow(VhdxImage image, Layer layer, long newSizeBytes) throws IOException {
        history.add("  grow to " + newSizeBytes);
        submit(image, done -> new GrowRequest(newSizeBytes, done)).get();
        layer.resized(newSizeBytes);
    }

    private static PendingCompletion submit(VhdxImage image, Function<Completion, ImageRequest> request) {
        PendingCompletion done = new PendingCompletion();
        image.submit(request.apply(done));
        return done;
    }

    /** Each byte of a range that was trimmed is zero, or what it was. */
    private static void adoptTrimmed(VhdxImage image, Layer layer, Range range) throws IOException {
        Runs before = layer.content.resized(layer.sizeBytes());
        before.visit(range.startBytes, range.endBytes, (start, end, stamp) -> {
            if (stamp != 0) {
                adoptRun(image, layer, start, end, stamp);
            }
        });
        layer.trimmed(range.startBytes, range.endBytes);
    }

    private static void adoptRun(VhdxImage image, Layer layer, long startBytes, long endBytes, long stamp) {
        for (long at = startBytes; at < endBytes; at += READ_BYTES) {
            ByteBuffer found = ByteBuffer.allocateDirect((int) Math.min(READ_BYTES, endBytes - at));
            try {
                image.read(at, found);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            for (int i = 0; i < found.limit(); i++) {
                byte held = found.get(i);
                if (held != 0 && held != Stamped.at(stamp, at + i)) {
                    throw new AssertionError("byte %d is %d after a trim, expected 0 or %d of stamp %d"
                            .formatted(at + i, held, Stamped.at(stamp, at + i), stamp));
                }
                boolean first = i == 0 || (held == 0) != (found.get(i - 1) == 0);
                if (first) {
                    layer.content.fill(at + i, at + found.limit(), held == 0 ? 0 : stamp);
                }
            }
        }
    }

    private Range range(List<Layer> layers, boolean zeroes) {
        Layer layer = layers.getFirst();
        long size = layer.sizeBytes();
        long block = layer.blockSizeBytes;
        long start = Math.clamp(offset(layers), 0, size - 1) & -alignment();
        long length;
        if (zeroes && random.nextInt(3) == 0) {
            start = start / block * block;
            length = block * random.nextInt(1, 4);
        } else if (!zeroes && random.nextInt(12) == 0) {
            start = start / block * block;
            length = Math.min(block, 2 << 20);
        } else {
            int most = 1 << random.nextInt(1, random.nextInt(6) == 0 ? 21 : 17);
            length = roundedUp(random.nextLong(1, most + 1), alignment());
        }
        if (random.nextInt(8) == 0) {
            start = Math.max(0, size - length);
        }
        return new Range(start, Math.min(size, start + length));
    }

    /** A place close to a border. */
    private long offset(List<Layer> layers) {
        Layer layer = layers.get(random.nextInt(layers.size()));
        long block = layer.blockSizeBytes;
        long blocks = Math.ceilDiv(layer.sizeBytes(), block);
        long chunkBytes = (long) layer.sectorBytes << 23;
        long border = layer.sizeBytes() >= chunkBytes && random.nextInt(3) == 0
                ? chunkBytes
                : Math.min(layer.sizeBytes(), block * random.nextLong(Math.min(blocks, 6) + 1));
        return switch (random.nextInt(4)) {
            case 0 -> border;
            case 1 -> border - random.nextInt(1 << 16);
            case 2 -> border + random.nextInt(1 << 16);
            default -> border + random.nextLong(block);
        };
    }

    private static long roundedUp(long bytes, long alignmentBytes) {
        return (bytes + alignmentBytes - 1) & -alignmentBytes;
    }

    private long alignment() {
        return switch (random.nextInt(4)) {
            case 0 -> 1;
            case 1 -> 4096;
            default -> 512;
        };
    }
}
