package io.vhdxd.vhdx;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentLayer;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.edit.Progress;
import io.vhdxd.vhdx.fixture.ChainFiles;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.FileInUseException;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.storage.simulated.StorageHook;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A merge of a child into its parent: what it makes, and that no crash of it changes what the child reads. */
class ImageMergeTest {
    private static final Path PARENT = Path.of("parent.vhdx");

    @TempDir
    private Path directory;

    /** Full, absent and zero blocks, so that every state of the child's stands over something. */
    private static ImageBuilder parent() {
        ImageBuilder parent = ImageBuilder.dynamic(8 * MIB, (int) MIB);
        for (int block = 0; block < 6; block++) {
            parent.block(block, 6, 4 + block).fill((4 + block) * MIB, (int) MIB, 0x70 + block);
        }
        return parent;
    }

    /** A child with a block of each state; in its block 3, over the parent's, the sectors 3 to 12 are its own. */
    private static ImageBuilder child(long sizeBytes) {
        ImageBuilder child = ChainFiles.childOf(ImageBuilder.dynamic(sizeBytes, (int) MIB), ".\\parent.vhdx");
        child.size(8 * MIB).batEntry(4096, 6 | 4L << 20);
        child.block(0, 6, 5).fill(5 * MIB, 700_000, 0x15);
        child.block(1, 2, 0).block(2, 3, 0);
        child.block(3, 7, 6).fill(6 * MIB, (int) MIB, 0x16);
        child.put(4 * MIB + 3 * 2048 / 8, new byte[] {(byte) 0b1111_1000, 0b0001_1111});
        return child.block(6, 6, 7).fill(7 * MIB, 4096, 0x17);
    }

    /** A child and its parent, as they are at some moment. */
    private record Chain(SimulatedStorage child, SimulatedStorage parent) {
        static Chain of(ImageBuilder child, ImageBuilder parent) {
            return new Chain(child.simulated(), parent.simulated());
        }

        private static LoadedImage load(SimulatedStorage storage) throws IOException {
            Findings findings = new Findings();
            LoadedImage image = ImageLoader.load(storage, LoadOptions.STRICT, findings);
            assertThat(findings.kept())
                    .filteredOn(finding -> !finding.structure().startsWith("header "))
                    .allMatch(finding -> finding.severity() == Severity.NOTE);
            return image;
        }

        ParentLocator locator() throws IOException {
            return Objects.requireNonNull(load(child).items().parentLocator());
        }

        UUID parentGuid() throws IOException {
            return load(parent.copy()).headers().current().dataWriteGuid();
        }

        /** What the child reads; the parent must be one that it accepts. */
        byte[] content() throws IOException {
            assertThat(parentGuid()).isIn(locator().linkage(), locator().linkage2());
            LoadedImage image = load(child);
            SimulatedStorage below = parent.copy();
            ImageLayers layers = ImageLayers.of("child", image, List.of(new ParentLayer(PARENT, below, load(below))));
            return read(layers, image.geometry().virtualSizeBytes());
        }

        /** What the parent reads by itself. */
        byte[] parentContent() throws IOException {
            LoadedImage image = load(parent.copy());
            return read(
                    ImageLayers.of("parent", image, List.of()), image.geometry().virtualSizeBytes());
        }

        private static byte[] read(ImageLayers layers, long sizeBytes) throws IOException {
            ByteBuffer content = ByteBuffer.allocate((int) sizeBytes);
            layers.reader().read(0, content);
            return content.array();
        }

        Chain copy() {
            return new Chain(child.copy(), parent.copy());
        }

        Chain crash(RandomGenerator random) {
            return new Chain(child.crash(random), parent.crash(random));
        }

        Chain lost() {
            return new Chain(child.crash(Fate.LOST), parent.crash(Fate.LOST));
        }

        ImageMerge merge() throws IOException {
            LoadedImage image = ImageMerge.loadChild(child, "child");
            return ImageMerge.merge(
                    new ImageMerge.Child(child, "child", image),
                    parent,
                    PARENT,
                    (loaded, findings) -> ParentChain.none(),
                    UUID::randomUUID,
                    Progress.NONE);
        }
    }

    private static byte[] padded(byte[] content, int length) {
        return Arrays.copyOf(content, length);
    }

    @ParameterizedTest
    @ValueSource(longs = {8, 11, 7})
    @DisplayName("the parent reads what the child did; the child still does; a larger one lets the parent grow")
    void merged(long childMib) throws IOException {
        Chain chain = Chain.of(child(childMib * MIB), parent());
        byte[] content = chain.content();
        byte[] before = chain.parentContent();
        UUID guid = chain.parentGuid();
        ImageMerge outcome = chain.merge();
        byte[] expected = padded(before, (int) (Math.max(8, childMib) * MIB));
        System.arraycopy(content, 0, expected, 0, content.length);
        assertThat(chain.parentContent()).isEqualTo(expected);
        assertThat(chain.content()).isEqualTo(content);
        assertThat(chain.locator().linkage()).isEqualTo(chain.parentGuid()).isNotEqualTo(guid);
        assertThat(chain.locator().linkage2()).isNull();
        assertThat(outcome.parentWasLarger()).isEqualTo(childMib < 8);
        assertThat(outcome.copiedBytes()).isPositive();
        assertThat(outcome.zeroedBytes()).isGreaterThanOrEqualTo(2 * MIB);
    }

    @Test
    @DisplayName("runs of sectors at any place in a block: all of each goes to the parent, and nothing beside it")
    void runsOfSectors() throws IOException {
        RandomGenerator random = Seed.generator(ImageMergeTest.class);
        ImageBuilder child = ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), ".\\parent.vhdx");
        child.size(12 * MIB).batEntry(4096, 6 | 4L << 20);
        for (int block = 0; block < 7; block++) {
            byte[] content = new byte[(int) MIB];
            random.nextBytes(content);
            child.block(block, 7, 5 + block).put((5 + block) * MIB, content);
            BitSet own = new BitSet(2048);
            for (int sector = random.nextInt(9); sector < 2048; sector += 1 + random.nextInt(200)) {
                int begin = sector;
                sector = Math.min(2048, sector + 1 + random.nextInt(60));
                own.set(begin, sector);
            }
            child.put(4 * MIB + block * 2048 / 8, own.toByteArray());
        }
        Chain chain = Chain.of(child, parent());
        byte[] content = chain.content();
        chain.merge();
        assertThat(Arrays.mismatch(chain.content(), content)).isEqualTo(-1);
        assertThat(Arrays.mismatch(chain.parentContent(), content)).isEqualTo(-1);
    }

    @Test
    @DisplayName("an empty child changes nothing in its parent, not even its identity")
    void empty() throws IOException {
        Chain chain = Chain.of(ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), "x"), parent());
        byte[] content = chain.content();
        UUID guid = chain.parentGuid();
        chain.merge();
        assertThat(chain.parentGuid()).isEqualTo(guid).isEqualTo(chain.locator().linkage());
        assertThat(chain.locator().linkage2()).isNull();
        assertThat(chain.content()).isEqualTo(content);
    }

    @Test
    @DisplayName("a child that has zeros where its parent has nothing goes on reading the same parent")
    void zerosOverNothing() throws IOException {
        ImageBuilder child = ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), "x");
        Chain chain = Chain.of(child.block(6, 2, 0).block(7, 3, 0), parent());
        byte[] content = chain.content();
        UUID guid = chain.parentGuid();
        assertThat(chain.merge().zeroedBytes()).isEqualTo(2 * MIB);
        assertThat(chain.parentGuid()).isEqualTo(guid).isEqualTo(chain.locator().linkage());
        assertThat(chain.locator().linkage2()).isNull();
        assertThat(chain.content()).isEqualTo(content);
    }

    @ParameterizedTest
    @ValueSource(longs = {8, 11})
    @DisplayName(
            "case 102: whatever a crash leaves of either file, the child reads the same, and a further merge ends it")
    void crashed(long childMib) throws IOException {
        RandomGenerator random = Seed.generator(ImageMergeTest.class);
        Chain chain = Chain.of(child(childMib * MIB), parent());
        byte[] content = chain.content();
        int[] states = {0};
        // The files of the parent are written by two threads.
        Object lock = new Object();
        StorageHook after = (kind, offset, length) -> {
            if (Recorded.CHANGES.contains(kind)) {
                synchronized (lock) {
                    try {
                        for (Chain state :
                                List.of(chain.copy(), chain.lost(), chain.crash(random), chain.crash(random))) {
                            states[0]++;
                            verify(state, content, random.nextInt(12) == 0);
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            }
        };
        chain.child.setHooks((kind, offset, length) -> {}, after);
        chain.parent.setHooks((kind, offset, length) -> {}, after);
        chain.merge();
        chain.child.clearHooks();
        chain.parent.clearHooks();
        verify(chain.copy(), content, true);
        assertThat(states[0]).isGreaterThan(150);
    }

    private static void verify(Chain state, byte[] content, boolean again) throws IOException {
        assertThat(state.content()).isEqualTo(content);
        if (again) {
            state.merge();
            assertThat(state.content()).isEqualTo(content);
            assertThat(Arrays.copyOf(state.parentContent(), content.length)).isEqualTo(content);
            assertThat(state.locator().linkage()).isEqualTo(state.parentGuid());
            assertThat(state.locator().linkage2()).isNull();
        }
    }

    @Test
    @DisplayName("a full disk ends it with the child as it was, and with space it goes on")
    void noSpace() throws IOException {
        Chain chain = Chain.of(child(8 * MIB), parent());
        byte[] content = chain.content();
        long limit = chain.parent.spaceBytes() + MIB + 4096;
        chain.parent.setSpaceLimit(limit);
        assertThatThrownBy(chain::merge).isInstanceOf(NoSpaceException.class);
        Chain left = chain.copy();
        assertThat(left.content()).isEqualTo(content);
        verify(left, content, true);
    }

    @Test
    @DisplayName("the parent must be the one that the child was made from")
    void otherParent() throws IOException {
        ImageBuilder changed = parent();
        changed.editHeaders(at -> changed.putGuid(at + 32, "DEADBEEF-0001-0002-0003-000000000009"));
        Chain wrong = Chain.of(child(8 * MIB), changed);
        assertThatThrownBy(wrong::merge)
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessageContaining("has the DataWriteGuid deadbeef-0001-0002-0003-000000000009");
    }

    private Path write(ImageBuilder image, String name) throws IOException {
        Path file = directory.resolve(name);
        image.writeTo(file);
        return file;
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("on files: QEMU reads the parent as the child was; the child goes if that is asked for")
    void files() throws Exception {
        Path parent = write(parent(), "parent.vhdx");
        Path child = write(child(8 * MIB), "child.vhdx");
        Path raw = directory.resolve("child.raw");
        try (ImageConversion conversion = ImageConversion.ofImage(child)) {
            conversion.toRaw(raw, true, Progress.NONE);
        }
        try (VhdxImage reader = VhdxImage.open(child, Access.READ_ONLY)) {
            assertThat(reader.info().parents()).hasSize(1);
            assertThatThrownBy(() -> ImageMerge.merge(child, ParentSearch.DEFAULT, true, Progress.NONE))
                    .isInstanceOf(FileInUseException.class);
        }
        assertThatThrownBy(() -> ImageMerge.merge(parent, ParentSearch.DEFAULT, true, Progress.NONE))
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessageContaining("has no parent");
        assertThat(ImageMerge.merge(child, ParentSearch.DEFAULT, true, Progress.NONE)
                        .parent())
                .isEqualTo(parent.toRealPath());
        assertThat(child).doesNotExist();
        Tool.run("qemu-img", "check", "-f", "vhdx", parent.toString()).succeeded();
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw.toString(), parent.toString())
                .succeeded();
        assertThat(ImageCheck.of(parent).worst()).isEqualTo(Severity.NOTE);
    }

    private static byte[] contentOf(Path image) throws IOException {
        try (VhdxImage opened = VhdxImage.open(image, Access.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocate((int) opened.virtualSizeBytes());
            opened.read(0, content);
            return content.array();
        }
    }

    @Test
    @DisplayName("a parent that is a child itself takes it all, sector by sector, and its own parent stays as it is")
    void differencingParent() throws IOException {
        Path base = write(parent(), "base.vhdx");
        ImageBuilder middle = ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), ".\\base.vhdx");
        Path parent = write(middle.block(1, 6, 4).fill(4 * MIB, (int) MIB, 0x25).block(4, 2, 0), "parent.vhdx");
        Path child = write(child(8 * MIB), "child.vhdx");
        byte[] content = contentOf(child);
        byte[] baseFile = Files.readAllBytes(base);
        ImageMerge.merge(child, ParentSearch.DEFAULT, false, Progress.NONE);
        assertThat(contentOf(child)).isEqualTo(content);
        assertThat(contentOf(parent)).isEqualTo(content);
        assertThat(ImageCheck.of(parent).worst()).isEqualTo(Severity.NOTE);
        assertThat(ImageCheck.of(child).worst()).isEqualTo(Severity.NOTE);
        assertThat(Files.readAllBytes(base)).isEqualTo(baseFile);
    }

    @Test
    @DisplayName("another child of the parent is refused afterwards, as the parent was changed")
    void otherChildren() throws IOException {
        write(parent(), "parent.vhdx");
        Path child = write(child(8 * MIB), "child.vhdx");
        Path other = write(child(8 * MIB), "other.vhdx");
        ImageMerge.merge(child, ParentSearch.DEFAULT, false, Progress.NONE);
        assertThat(ImageCheck.of(child).worst()).isEqualTo(Severity.NOTE);
        assertThatThrownBy(() -> VhdxImage.open(other, Access.READ_ONLY).close())
                .isInstanceOf(ParentUnavailableException.class)
                .hasMessageContaining("it was changed after its child was made");
        assertThat(Files.exists(child)).isTrue();
    }
}
