package io.vhdxd.vhdx.edit;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.fixture.ChainFiles;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.read.Extents;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Differencing disks become smaller, or their files do: at no moment does a sector show the other layer ([MS-VHDX] 2.5). */
class ChildEditsTest {
    private static final int PARENT_BYTES = 12 << 20;
    private static final int NEW_SIZE = (3 << 20) + 1024;
    private static final int LAST_BLOCK = 4097;

    private final SimulatedStorage parentFile = parent();

    private static SimulatedStorage parent() {
        ImageBuilder parent = ImageBuilder.dynamic(PARENT_BYTES, (int) MIB).size(17 * MIB);
        for (int block = 0; block < PARENT_BYTES / MIB; block++) {
            parent.block(block, 6, 4 + block).fill((4 + block) * MIB, (int) MIB, 0x70 + block);
        }
        return parent.simulated();
    }

    /**
     * A child of two chunks, its blocks of all states at scattered places, anchors among them; blocks 1 and 3 have some sectors,
     * as has one in the second chunk.
     */
    private static SimulatedStorage child() throws IOException {
        ImageBuilder child = ChainFiles.childOf(ImageBuilder.dynamic(4100 * MIB, (int) MIB), ".\\parent.vhdx");
        child.size(31 * MIB).batEntry(4096, 6 | 21L << 20).batEntry(8193, 6 | 26L << 20);
        child.block(0, 6, 9).fill(9 * MIB, 700_000, 0x15);
        child.block(1, 7, 15).fill(15 * MIB, (int) MIB, 0x16);
        child.block(2, 6, 12);
        child.block(3, 7, 18).fill(18 * MIB, (int) MIB, 0x17);
        child.block(4, 3, 7).fill(7 * MIB, (int) MIB, 0x18).block(5, 2, 0).block(7, 3, 0);
        child.block(8, 6, 24).fill(24 * MIB, (int) MIB, 0x19);
        child.put(21 * MIB + 2048 / 8, new byte[] {(byte) 0b1111_1000, 0b0001_1111});
        child.put(21 * MIB + 3 * 2048 / 8, new byte[] {(byte) 0b1111_0101, 0b0001_1111});
        child.block(LAST_BLOCK, 7, 28).fill(28 * MIB, (int) MIB, 0x1A);
        child.put(26 * MIB + 2048 / 8, new byte[] {(byte) 0b1111_1110});
        SimulatedStorage storage = child.simulated();
        storage.sync();
        return storage;
    }

    private DiskLayer parentLayer() throws IOException {
        LoadedImage parent = EditedDisk.load(parentFile);
        return new DiskLayer("parent", parent.geometry(), parent.blockMap(), null, parentFile, parent.fileSizeBytes());
    }

    private static DiskLayer layer(LoadedImage image) {
        BitmapPlaces places = Objects.requireNonNull(image.bitmapPlaces());
        SectorBitmaps bitmaps = new SectorBitmaps(image.geometry(), places, image.storage());
        return new DiskLayer(
                "child", image.geometry(), image.blockMap(), bitmaps, image.storage(), image.fileSizeBytes());
    }

    private ByteBuffer content(LoadedImage image, long offsetBytes, int lengthBytes) throws IOException {
        ByteBuffer dst = ByteBuffer.allocate(lengthBytes);
        new BlockReader(layer(image), new BlockReader(parentLayer(), null)).read(offsetBytes, dst);
        return dst.flip();
    }

    /** All that differs from the zeros behind the parent's end: the beginning, and one block. */
    private List<ByteBuffer> content(LoadedImage image) throws IOException {
        return List.of(content(image, 0, PARENT_BYTES), content(image, LAST_BLOCK * MIB, (int) MIB));
    }

    private static Compaction.Outcome compact(SimulatedStorage storage, LoadedImage image) throws IOException {
        return new Compaction(storage, image, Progress.NONE).run(true, SimulatedImages.guids(5));
    }

    @Test
    @DisplayName("compact: blocks with some sectors and sector bitmap blocks move; a block of zeros becomes ZERO")
    void compacted() throws IOException {
        SimulatedStorage storage = child();
        LoadedImage before = EditedDisk.load(storage);
        List<ByteBuffer> content = content(before);
        Compaction.Outcome outcome = compact(storage, EditedDisk.load(storage));
        LoadedImage after = EditedDisk.load(storage);
        assertThat(outcome.zeroBlockCount()).isEqualTo(1);
        assertThat(BlockMap.state(after.blockMap().entry(2))).isEqualTo(PayloadBlockState.ZERO);
        assertThat(BlockMap.state(after.blockMap().entry(6))).isEqualTo(PayloadBlockState.NOT_PRESENT);
        assertThat(storage.size())
                .as("5 blocks and 2 bitmaps behind the structures")
                .isEqualTo((4 + 5 + 2) * MIB);
        assertThat(content(after)).isEqualTo(content);
        assertThat(after.headers().current().dataWriteGuid())
                .isEqualTo(before.headers().current().dataWriteGuid());
    }

    @Test
    @DisplayName("compact: a sector bitmap block that no block needs is given up")
    void needlessBitmap() throws IOException {
        ImageBuilder child = ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), ".\\parent.vhdx");
        child.size(9 * MIB).batEntry(4096, 6 | 4L << 20).block(0, 6, 7).fill(7 * MIB, 512, 1);
        SimulatedStorage storage = child.simulated();
        storage.sync();
        ByteBuffer content = content(EditedDisk.load(storage), 0, (int) (8 * MIB));
        compact(storage, EditedDisk.load(storage));
        LoadedImage after = EditedDisk.load(storage);
        assertThat(Objects.requireNonNull(after.bitmapPlaces()).placeMib(0)).isZero();
        assertThat(storage.size()).isEqualTo(5 * MIB);
        assertThat(content(after, 0, (int) (8 * MIB))).isEqualTo(content);
    }

    @Test
    @DisplayName("compact: no crash shows another sector, and a compaction after it finishes the work")
    void compactionCrashStates() throws IOException {
        RandomGenerator random = Seed.generator(ChildEditsTest.class);
        SimulatedStorage storage = child();
        List<ByteBuffer> content = content(EditedDisk.load(storage));
        int states = EditedDisk.forEachCrashState(storage, random, ChildEditsTest::compact, state -> {
            assertThat(content(EditedDisk.load(state))).isEqualTo(content);
            if (random.nextInt(10) == 0) {
                compact(state, EditedDisk.load(state));
                assertThat(state.size()).isEqualTo((4 + 5 + 2) * MIB);
                assertThat(content(EditedDisk.load(state))).isEqualTo(content);
            }
        });
        assertThat(states).isGreaterThan(100);
    }

    @Test
    @DisplayName("extents are told the same to a visitor that reads what it is told of")
    void readingVisitor() throws IOException {
        DiskLayer layer = layer(EditedDisk.load(child()));
        Extents extents = new Extents(layer, new Extents(parentLayer(), null));
        BlockReader reader = new BlockReader(layer, new BlockReader(parentLayer(), null));
        List<GuestRange> told = new ArrayList<>();
        List<GuestRange> toldToReader = new ArrayList<>();
        extents.visit(
                0, PARENT_BYTES, (offset, length, present, depth) -> told.add(new GuestRange(offset, length)), true);
        extents.visit(
                0,
                PARENT_BYTES,
                (offset, length, present, depth) -> {
                    try {
                        // As much of it as may be, beginning with other bits of a byte than those of the walk.
                        reader.read(offset, ByteBuffer.allocate((int) length));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    return toldToReader.add(new GuestRange(offset, length));
                },
                true);
        assertThat(told).hasSizeGreaterThan(8);
        assertThat(toldToReader).isEqualTo(told);
    }

    @Test
    @DisplayName("shrink: what would be lost is told, also where it is read from the parent")
    void lostRanges() throws IOException {
        SimulatedStorage storage = child();
        LoadedImage image = EditedDisk.load(storage);
        DiskLayer parent = parentLayer();
        DiskLayer layer = layer(image);
        assertThat(EditedDisk.shrink(storage, image, NEW_SIZE)
                        .lostRanges(
                                new BlockReader(layer, new BlockReader(parent, null)),
                                new Extents(layer, new Extents(parent, null)),
                                Progress.NONE))
                .containsExactly(
                        new GuestRange(NEW_SIZE, 4 * MIB - NEW_SIZE),
                        new GuestRange(6 * MIB, MIB),
                        new GuestRange(8 * MIB, 4 * MIB),
                        new GuestRange(LAST_BLOCK * MIB + 512, 3584));
    }

    @Test
    @DisplayName("shrink: a crash leaves the old disk or the new one; grown again, nothing of either layer comes back")
    void shrinkCrashStates() throws IOException {
        RandomGenerator random = Seed.generator(ChildEditsTest.class);
        SimulatedStorage storage = child();
        ByteBuffer kept = content(EditedDisk.load(storage), 0, NEW_SIZE);
        List<SimulatedStorage> shrunk = new ArrayList<>();
        int states = EditedDisk.forEachCrashState(
                storage,
                random,
                (file, image) -> EditedDisk.shrink(file, image, NEW_SIZE).run(SimulatedImages.guids(5)),
                state -> {
                    LoadedImage image = EditedDisk.load(state);
                    long size = image.geometry().virtualSizeBytes();
                    assertThat(size).isIn(4100 * MIB, (long) NEW_SIZE);
                    assertThat(content(image, 0, NEW_SIZE)).isEqualTo(kept);
                    if (size == NEW_SIZE) {
                        shrunk.add(state.copy());
                    }
                });
        assertThat(states).isGreaterThan(50);
        LoadedImage after = EditedDisk.load(storage);
        assertThat(after.presentBlockCount()).isEqualTo(4);
        assertThat(after.fileSizeBytes()).as("behind it lies the bitmap").isEqualTo(22 * MIB);
        assertThat(shrunk).hasSizeGreaterThan(10);
        for (SimulatedStorage state : shrunk) {
            growBack(state, kept);
        }
    }

    private void growBack(SimulatedStorage state, ByteBuffer kept) throws IOException {
        SteppedImage image = SteppedImage.open(state, new BlockReader(parentLayer(), null));
        List<IOException> failures = new ArrayList<>();
        image.submit(new GrowRequest(4100 * MIB, failure -> {
            if (failure != null) {
                failures.add(failure);
            }
        }));
        image.close();
        assertThat(failures).isEmpty();
        LoadedImage grown = EditedDisk.load(state);
        assertThat(content(grown, 0, NEW_SIZE)).isEqualTo(kept);
        int added = PARENT_BYTES - NEW_SIZE;
        assertThat(content(grown, NEW_SIZE, added)).isEqualTo(ByteBuffer.allocate(added));
        assertThat(content(grown, LAST_BLOCK * MIB, (int) MIB)).isEqualTo(ByteBuffer.allocate((int) MIB));
    }
}
