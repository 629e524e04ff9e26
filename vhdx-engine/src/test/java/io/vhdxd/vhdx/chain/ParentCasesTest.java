package io.vhdxd.vhdx.chain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.fixture.ChainFiles;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cases of the catalogue about differencing disks, over images that are built byte by byte. */
class ParentCasesTest {
    private static final int MIB = 1 << 20;
    private static final String LINKAGE = "{66666666-7777-8888-9999-aaaaaaaaaaaa}";

    @TempDir
    private Path directory;

    private static ImageBuilder parent() {
        ImageBuilder parent = ImageBuilder.dynamic(8L * MIB, MIB);
        return parent.block(0, 6, 4).block(1, 6, 5).fill(4L * MIB, MIB, 1).fill(5L * MIB, MIB, 2);
    }

    private static ImageBuilder child(String path) {
        return ChainFiles.childOf(ImageBuilder.dynamic(8L * MIB, MIB), path);
    }

    private Path write(ImageBuilder image, String name) throws IOException {
        Path file = directory.resolve(name);
        image.writeTo(file);
        return file;
    }

    private static byte[] read(VhdxImage image, long offset, int length) throws IOException {
        ByteBuffer waiting = ByteBuffer.allocateDirect(length);
        image.read(offset, waiting);
        ByteBuffer cached = ByteBuffer.allocateDirect(length);
        if (image.tryRead(offset, cached)) {
            assertThat(cached.flip()).isEqualTo(waiting.flip());
        }
        byte[] bytes = new byte[length];
        waiting.get(0, bytes);
        return bytes;
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static void assertRefused(Path child, ParentSearch search, String... texts) {
        assertThatThrownBy(() -> VhdxImage.open(child, Access.READ_ONLY, search).close())
                .isInstanceOf(ParentUnavailableException.class)
                .hasMessageContainingAll(texts);
    }

    @Test
    @DisplayName("each state of a block: 0 from the parent, 1, 2, 3 and 5 zeros, 6 own, 7 sector by sector")
    void states() throws IOException {
        ImageBuilder base = ImageBuilder.dynamic(8L * MIB, MIB);
        for (int block = 0; block < 8; block++) {
            base.block(block, 6, 4 + block).fill((4L + block) * MIB, MIB, 0x70 + block);
        }
        write(base, "base.vhdx");
        ImageBuilder top = child(".\\base.vhdx");
        // One bitmap block at 4 MiB; in block 6 the sectors 3 to 12 are its own.
        top.size(8L * MIB).batEntry(4096, 6 | 4L << 20);
        top.block(1, 1, 0)
                .block(2, 2, 0)
                .block(3, 3, 0)
                .block(4, 5, 0)
                .block(5, 6, 5)
                .block(6, 7, 6);
        top.fill(5L * MIB, MIB, 0x15).fill(6L * MIB, MIB, 0x16);
        long bits = 4L * MIB + 6 * 2048 / 8;
        top.put(bits, new byte[] {(byte) 0b1111_1000, 0b0001_1111});
        try (VhdxImage image = VhdxImage.open(write(top, "top.vhdx"), Access.READ_ONLY)) {
            assertThat(read(image, 0, MIB)).isEqualTo(filled(MIB, 0x70));
            for (int zero = 1; zero <= 4; zero++) {
                assertThat(read(image, (long) zero * MIB, MIB)).isEqualTo(new byte[MIB]);
            }
            assertThat(read(image, 5L * MIB, MIB)).isEqualTo(filled(MIB, 0x15));
            assertThat(read(image, 6L * MIB, 3 * 512)).isEqualTo(filled(3 * 512, 0x76));
            assertThat(read(image, 6L * MIB + 3 * 512, 10 * 512)).isEqualTo(filled(10 * 512, 0x16));
            assertThat(read(image, 6L * MIB + 13 * 512, MIB - 13 * 512)).isEqualTo(filled(MIB - 13 * 512, 0x76));
            // Across the end of a run, and not on sectors.
            byte[] mixed = read(image, 6L * MIB + 3 * 512 - 100, 300);
            assertThat(mixed).startsWith(filled(100, 0x76)).endsWith(filled(200, 0x16));
            List<String> extents = new ArrayList<>();
            image.extents(
                    4L * MIB,
                    4L * MIB,
                    (offset, length, kind, depth) -> extents.add(length + " " + kind + " " + depth));
            assertThat(extents)
                    .containsExactly(
                            MIB + " " + ExtentKind.HOLE + " 1",
                            MIB + " DATA 1",
                            3 * 512 + " DATA 2",
                            10 * 512 + " DATA 1",
                            2 * MIB - 13 * 512 + " DATA 2");
        }
    }

    @Test
    @DisplayName("cases 104, 105, 107: a chain of three with different sizes and block sizes")
    void sizes() throws IOException {
        write(parent(), "base.vhdx");
        write(ChainFiles.childOf(ImageBuilder.dynamic(MIB + 512, 4 * MIB), "base.vhdx"), "middle.vhdx");
        ImageBuilder top = ChainFiles.childOf(ImageBuilder.dynamic(64L * MIB, 2 * MIB), "middle.vhdx");
        try (VhdxImage image = VhdxImage.open(write(top, "top.vhdx"), Access.READ_ONLY)) {
            assertThat(image.info().parents()).hasSize(2);
            assertThat(read(image, 0, MIB)).isEqualTo(filled(MIB, 1));
            assertThat(read(image, MIB, 1024)).startsWith(filled(512, 2)).endsWith(new byte[512]);
            assertThat(read(image, 60L * MIB, MIB)).isEqualTo(new byte[MIB]);
        }
    }

    @Test
    @DisplayName("case 108: a parent with a dirty log is replayed in memory, and no byte of it changes")
    void dirtyParent() throws IOException {
        ImageBuilder dirty =
                new DirtyImage().with(0, 1).with(DirtyImage.ENTRY, 2).image();
        Path base = write(dirty, "base.vhdx");
        byte[] before = Files.readAllBytes(base);
        ImageBuilder top = ChainFiles.childOf(ImageBuilder.dynamic(dirty.virtualSizeBytes(), MIB), "base.vhdx");
        try (VhdxImage image = VhdxImage.open(write(top, "top.vhdx"), Access.READ_ONLY);
                VhdxImage alone = VhdxImage.open(base, Access.READ_ONLY)) {
            int length = (int) dirty.virtualSizeBytes();
            assertThat(read(image, 0, length)).isEqualTo(read(alone, 0, length));
            assertThat(alone.info().logState().dirty()).isTrue();
        }
        assertThat(base).hasBinaryContent(before);
    }

    @Test
    @DisplayName("case 100: every path that was tried is listed")
    void notFound() throws IOException {
        ImageBuilder top = ChainFiles.withLocator(
                ImageBuilder.dynamic(8L * MIB, MIB),
                List.of(
                        Map.entry("parent_linkage", LINKAGE),
                        Map.entry("absolute_win32_path", "\\\\?\\C:\\disks\\base.vhdx"),
                        Map.entry("volume_path", "\\\\?\\Volume{1}\\base.vhdx"),
                        Map.entry("relative_path", ".\\base.vhdx")));
        Path file = write(top, "top.vhdx");
        assertRefused(
                file,
                ParentSearch.DEFAULT,
                "relative_path .\\base.vhdx: " + directory.toRealPath().resolve("base.vhdx") + ": no such file",
                "volume_path \\\\?\\Volume{1}\\base.vhdx: no mapping says where that is",
                "absolute_win32_path \\\\?\\C:\\disks\\base.vhdx: no mapping says where that is");
        Path mapped = Files.createDirectory(directory.resolve("mapped"));
        write(parent(), "mapped/base.vhdx");
        ParentSearch search =
                new ParentSearch(List.of(), List.of(), List.of(new PathMapping("c:\\DISKS", mapped)), false);
        try (VhdxImage image = VhdxImage.open(file, Access.READ_ONLY, search)) {
            assertThat(read(image, 0, 512)).isEqualTo(filled(512, 1));
        }
    }

    @Test
    @DisplayName("case 101: a parent that was changed is refused; for reading it can be taken all the same")
    void changedParent() throws IOException {
        ImageBuilder changed = parent();
        changed.editHeaders(at -> changed.putGuid(at + 32, "00000000-0000-0000-0000-000000000001"));
        write(changed, "base.vhdx");
        Path top = write(child("base.vhdx"), "top.vhdx");
        assertRefused(
                top, ParentSearch.DEFAULT, "has the DataWriteGuid 00000000-0000-0000-0000-000000000001, expected");
        ParentSearch ignoring = new ParentSearch(List.of(), List.of(), List.of(), true);
        VhdxImage.open(top, Access.READ_ONLY, ignoring).close();
        assertThatThrownBy(
                        () -> VhdxImage.open(top, Access.READ_WRITE, ignoring).close())
                .hasMessageContaining("can only be opened for reading");
    }

    @Test
    @DisplayName("case 102: parent_linkage2 matches while a merge is under way: for reading only")
    void mergeUnderWay() throws IOException {
        write(parent(), "base.vhdx");
        ImageBuilder top = ChainFiles.withLocator(
                ImageBuilder.dynamic(8L * MIB, MIB),
                List.of(
                        Map.entry("parent_linkage", "{00000000-0000-0000-0000-000000000001}"),
                        Map.entry("parent_linkage2", LINKAGE.toUpperCase(java.util.Locale.ROOT)),
                        Map.entry("relative_path", "base.vhdx")));
        Path file = write(top, "top.vhdx");
        VhdxImage.open(file, Access.READ_ONLY).close();
        assertThatThrownBy(() -> VhdxImage.open(file, Access.READ_WRITE).close())
                .hasMessageContaining("a merge into the parent");
    }

    @Test
    @DisplayName("case 103: loops are refused, by whatever names, and so is a chain that is too long")
    void loops() throws IOException {
        Path self = write(child("self.vhdx"), "self.vhdx");
        assertRefused(self, ParentSearch.DEFAULT, "in the chain already: a loop");
        Path first = write(child("link.vhdx"), "first.vhdx");
        write(child("first.vhdx"), "second.vhdx");
        Files.createSymbolicLink(directory.resolve("link.vhdx"), Path.of("second.vhdx"));
        assertRefused(first, ParentSearch.DEFAULT, "a loop");
        for (int i = 0; i <= ParentChain.DEPTH_MAX; i++) {
            write(child("chain" + (i + 1) + ".vhdx"), "chain" + i + ".vhdx");
        }
        write(parent(), "chain" + (ParentChain.DEPTH_MAX + 1) + ".vhdx");
        assertRefused(directory.resolve("chain0.vhdx"), ParentSearch.DEFAULT, "more than 64 parents");
        VhdxImage.open(directory.resolve("chain1.vhdx"), Access.READ_ONLY).close();
    }

    @Test
    @DisplayName("case 106: the logical sector sizes must be the same")
    void sectorSizes() throws IOException {
        ImageBuilder base = parent();
        base.putInt(ImageBuilder.METADATA + ImageBuilder.ITEMS + 32, 4096);
        write(base, "base.vhdx");
        assertRefused(
                write(child("base.vhdx"), "top.vhdx"),
                ParentSearch.DEFAULT,
                "logical sectors of 4096 bytes, expected 512");
    }

    @Test
    @DisplayName("case 109: a parent that is open for writing is refused, and an open parent cannot be written")
    void lockedParent() throws IOException {
        Path base = write(parent(), "base.vhdx");
        Path top = write(child("base.vhdx"), "top.vhdx");
        VhdxImage writer = VhdxImage.open(base, Access.READ_WRITE);
        try (writer) {
            assertRefused(top, ParentSearch.DEFAULT, "is in use");
        }
        try (VhdxImage image = VhdxImage.open(top, Access.READ_ONLY)) {
            assertThat(image.isReadOnly()).isTrue();
            assertThatThrownBy(() -> VhdxImage.open(base, Access.READ_WRITE).close())
                    .hasMessageContaining("is in use");
        }
    }

    @Test
    @DisplayName("case 110: a parent of another format is refused with its name")
    void otherFormat() throws IOException {
        Files.write(
                directory.resolve("base.vhd"),
                "conectix".repeat(1 << 14).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        assertRefused(write(child("base.vhd"), "top.vhdx"), ParentSearch.DEFAULT, "not a VHDX file");
    }

    @Test
    @DisplayName(
            "case 112: a path that leads out of the directory, a device or a directory is refused, unless it is allowed")
    void confined() throws IOException {
        Path inside = Files.createDirectory(directory.resolve("inside"));
        write(parent(), "base.vhdx");
        Path top = write(child("..\\base.vhdx"), "inside/top.vhdx");
        assertRefused(top, ParentSearch.DEFAULT, "is outside of " + inside.toRealPath());
        Files.createSymbolicLink(inside.resolve("link.vhdx"), Path.of("../base.vhdx"));
        Path linked = write(child("link.vhdx"), "inside/linked.vhdx");
        assertRefused(linked, ParentSearch.DEFAULT, "is a link to ", "outside of");
        assertRefused(write(child("\\dev\\zero"), "inside/root.vhdx"), ParentSearch.DEFAULT, "no mapping");
        Files.createDirectory(inside.resolve("dir"));
        assertRefused(write(child("dir"), "inside/d.vhdx"), ParentSearch.DEFAULT, "is a directory");
        for (Path child : List.of(top, linked)) {
            ParentSearch allowed = new ParentSearch(List.of(), List.of(directory), List.of(), false);
            VhdxImage.open(child, Access.READ_ONLY, allowed).close();
            ParentSearch given = new ParentSearch(List.of(directory.resolve("base.vhdx")), List.of(), List.of(), false);
            VhdxImage.open(child, Access.READ_ONLY, given).close();
        }
    }

    @Test
    @DisplayName("case 98: a locator of another type is refused with its GUID")
    void locatorType() {
        ImageBuilder top = child("base.vhdx");
        top.putGuid(ImageBuilder.METADATA + ChainFiles.LOCATOR, "00000000-0000-0000-0000-000000000001");
        assertThatThrownBy(() -> Loading.of(top))
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessageContaining("locator type 00000000-0000-0000-0000-000000000001, expected");
    }

    @Test
    @DisplayName(
            "case 99: a locator with entries past its end, odd lengths, NULs, keys that come twice, or without a path")
    void locatorContent() {
        long at = ImageBuilder.METADATA + ChainFiles.LOCATOR;
        assertLocator(image -> image.putShort(at + 18, 257), "257 entries, expected at most 256");
        assertLocator(image -> image.putInt(at + 20, 4090), "the key of entry 0 has 28 bytes at offset 4090");
        assertLocator(image -> image.putShort(at + 28, 27), "the key of entry 0 has 27 bytes");
        assertLocator(image -> image.putShort(at + 30, 0), "the value of parent_linkage has 0 bytes");
        assertLocator(image -> image.putShort(at + 44, 0), "holds a NUL");
        assertLocator(
                image -> image.putInt(at + 32, 44).putShort(at + 40, 28), "the key parent_linkage is there twice");
        assertLocator(image -> image.putShort(at + 18, 1), "holds no path");
        assertLocator(image -> image.putShort(at + 44, 'q'), "parent_linkage is missing");
    }

    private static void assertLocator(java.util.function.Consumer<ImageBuilder> damage, String text) {
        ImageBuilder top = child("base.vhdx");
        damage.accept(top);
        assertThatThrownBy(() -> Loading.of(top))
                .isInstanceOf(CorruptImageException.class)
                .hasMessageContaining(text);
    }

    @Test
    @DisplayName("cases 90, 91: bitmap entries in a child: other states refuse it, a missing bitmap damages its blocks")
    void bitmaps() throws IOException {
        for (int state : new int[] {1, 2, 3, 4, 5, 7}) {
            ImageBuilder bad = child("base.vhdx").size(5L * MIB).batEntry(4096, state | 4L << 20);
            assertThatThrownBy(() -> Loading.of(bad))
                    .isInstanceOf(CorruptImageException.class)
                    .hasMessageContaining("the sector bitmap block of chunk 0 has the state " + state);
        }
        ImageBuilder missing = child("base.vhdx").size(5L * MIB).block(2, 7, 4);
        assertThat(Loading.of(missing).findings())
                .containsExactly("READ_ONLY BAT entry 2 at offset 3145744: block 2 is partially present, but the sector"
                        + " bitmap block of chunk 0 is not there; it cannot be read");
        write(parent(), "base.vhdx");
        try (VhdxImage image = VhdxImage.open(write(missing, "top.vhdx"), Access.READ_ONLY)) {
            assertThat(read(image, 0, 512)).isEqualTo(filled(512, 1));
            assertThatThrownBy(() -> read(image, 2L * MIB, 512)).isInstanceOf(CorruptImageException.class);
        }
    }
}
