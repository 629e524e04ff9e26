package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Families about a disk that grows while it is in use. */
final class GrowFamilies {
    private static final long MIB = Geometry.MIB;
    /** So much of the BAT region behind its last entry holds garbage before the disk grows. */
    private static final int GARBAGE_MAX_BYTES = 64 << 10;

    /** What one sector bitmap block describes. */
    private static final long CHUNK_SECTORS = 1 << 23;

    private GrowFamilies() {}

    static List<Family> all() {
        return List.of(
                family("grow in the last block", () -> Shape.growing(9 * MIB, 10 * MIB, 2 << 20, false, 5, 1)),
                family("grow in the page", () -> Shape.growing(9 * MIB + 512, 100 * MIB, 2 << 20, false, 9, 5)),
                family(
                        "grow to further pages",
                        () -> Shape.growing(511 * MIB + 4096, 5000 * MIB, 1 << 20, false, 9, 511)),
                family("grow to another chunk", () -> Shape.growing(4096 * MIB, 4100 * MIB, 1 << 20, false, 5, 1024)),
                family(
                        "grow to another table",
                        () -> Shape.growing(130_000 * MIB - 512, 140_000 * MIB, 1 << 20, false, 7, 23_000)),
                new Family(
                        "grow with a full log",
                        "a disk that grows while the log holds as many pages as an entry can repeat",
                        () -> Shape.growing(20 * 512 * MIB, 21 * 512 * MIB, 1 << 20, false, 21, 512),
                        GrowFamilies::growWithFullLog),
                family("grow a fixed disk", () -> Shape.growing(9 * MIB, 33 * MIB, 2 << 20, true, 8, 2)));
    }

    private static Family family(String name, Supplier<Shape> shape) {
        return new Family(
                name, "a disk that grows between writes, over space with old content", shape, GrowFamilies::grow);
    }

    private static void grow(DrivenImage disk, RandomGenerator random) throws IOException {
        disk.watch(false);
        disk.write(disk.shape().sector(0, 0), 4);
        // A child may have nothing of its own where it ends.
        if (!disk.shape().child() || random.nextBoolean()) {
            disk.write(disk.shape().virtualSectors() - 4, 4);
        }
        disk.close();
        disk.crashAndReopen(GrowFamilies::withGarbage);
        int before = oldBlocks(disk.shape());
        for (int i = random.nextInt(4); i >= 0; i--) {
            disk.write(disk.shape().sector(random.nextInt(before), random.nextInt(16)), 2);
            disk.trimBlock(random.nextInt(before));
            disk.rest();
            if (random.nextBoolean()) {
                disk.flushAndSettle();
            }
        }
        disk.watch(true);
        disk.write(disk.shape().sector(random.nextInt(before), random.nextInt(16)), 2);
        disk.grow();
        disk.write(disk.shape().sector(random.nextInt(before), random.nextInt(16)), 2, random.nextBoolean());
        disk.settle();
        for (int i = 0; i < 3; i++) {
            int blocks = disk.hasGrown() ? disk.shape().blockCount() : before;
            disk.write(disk.shape().sector(random.nextInt(blocks), random.nextInt(16)), 2);
            if (random.nextBoolean()) {
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
        disk.reopen();
    }

    private static void growWithFullLog(DrivenImage disk, RandomGenerator random) {
        disk.watch(false);
        for (int block = 0; block < 14; block++) {
            disk.write(disk.shape().sector(block, 0), 1 + random.nextInt(4));
        }
        disk.rest();
        disk.watch(true);
        disk.grow();
        disk.settle();
        disk.write(disk.shape().sector(disk.hasGrown() ? 20 : 0, 0), 1);
        disk.flushAndSettle();
    }

    /** The blocks that are worked on and that the disk has before it grows, but for its last one, which may be cut off. */
    private static int oldBlocks(Shape shape) {
        int count = 1;
        while (count < shape.blockCount() && shape.sector(count, 0) + shape.blockSectors() <= shape.virtualSectors()) {
            count++;
        }
        return count;
    }

    /** Puts garbage wherever the growth must not let it appear. */
    private static SimulatedStorage withGarbage(SimulatedStorage closed) {
        SimulatedStorage storage = closed.copy();
        try {
            LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
            Geometry geometry = loaded.geometry();
            long inBlockBytes = geometry.virtualSizeBytes() % geometry.blockSizeBytes();
            int lastEntry = loaded.blockMap().entry(geometry.blockCount() - 1);
            if (inBlockBytes != 0 && BlockMap.isPresent(lastEntry)) {
                long placeBytes = BlockMap.fileOffsetBytes(lastEntry);
                storage.setSize(Math.max(storage.size(), placeBytes + geometry.blockSizeBytes()));
                storage.write(garbage(geometry.blockSizeBytes() - inBlockBytes), placeBytes + inBlockBytes);
            }
            if (loaded.bitmapPlaces() != null) {
                spoilChild(storage, loaded, loaded.bitmapPlaces());
            }
            long batBytes = geometry.batEntryCount(loaded.hasParent()) * BatEntry.BYTES;
            long roomBytes = Math.min(loaded.regions().bat().lengthBytes() - batBytes, GARBAGE_MAX_BYTES);
            storage.write(garbage(roomBytes), loaded.regions().bat().fileOffsetBytes() + batBytes);
            storage.sync();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return storage;
    }

    /** Old bits of sectors behind the disk's end, and old entries of blocks that were behind it once. */
    private static void spoilChild(SimulatedStorage storage, LoadedImage loaded, BitmapPlaces bitmaps)
            throws IOException {
        Geometry geometry = loaded.geometry();
        long chunk = geometry.chunkCount() - 1;
        long firstBit = geometry.virtualSizeBytes() / geometry.logicalSectorSizeBytes() % CHUNK_SECTORS;
        boolean endsInBlock = geometry.virtualSizeBytes() % geometry.blockSizeBytes() != 0;
        if (endsInBlock && bitmaps.placeMib(chunk) != 0 && firstBit % Byte.SIZE == 0) {
            storage.write(garbage(512), bitmaps.placeMib(chunk) * MIB + firstBit / Byte.SIZE);
        }
        long from = geometry.batIndexOfBlock(geometry.blockCount());
        long to = geometry.batEntryCount(true) - 1;
        if (from < to) {
            ByteBuffer entries = ByteBuffer.allocate((int) Math.min((to - from) * BatEntry.BYTES, GARBAGE_MAX_BYTES))
                    .order(ByteOrder.LITTLE_ENDIAN);
            while (entries.hasRemaining()) {
                entries.putLong(BatEntry.encode(PayloadBlockState.FULLY_PRESENT, 4));
            }
            storage.write(entries.flip(), loaded.regions().bat().fileOffsetBytes() + from * BatEntry.BYTES);
        }
    }

    private static ByteBuffer garbage(long lengthBytes) {
        byte[] garbage = new byte[Math.toIntExact(lengthBytes)];
        Arrays.fill(garbage, (byte) 0x36);
        return ByteBuffer.wrap(garbage);
    }
}
