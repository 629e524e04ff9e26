package io.vhdxd.vhdx;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.chain.PathMapping;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.edit.LocatorChange;
import io.vhdxd.vhdx.fixture.ChainFiles;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.repair.RepairOptions;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.CrashStates;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another parent for a differencing image: vhdx.md cases 100 to 103, their column "repair". */
class ParentChangeTest {
    private static final String OTHER_GUID = "DEADBEEF-0001-0002-0003-000000000009";

    @TempDir
    private Path directory;

    private static ImageBuilder base() {
        return ImageBuilder.dynamic(8 * MIB, (int) MIB).block(0, 6, 4).fill(4 * MIB, (int) MIB, 0x41);
    }

    private static ImageBuilder child() {
        return ChainFiles.withLocator(
                ImageBuilder.dynamic(8 * MIB, (int) MIB),
                List.of(
                        Map.entry("parent_linkage", "{66666666-7777-8888-9999-aaaaaaaaaaaa}"),
                        Map.entry("relative_path", ".\\gone.vhdx"),
                        Map.entry("absolute_win32_path", "C:\\elsewhere\\gone.vhdx")));
    }

    private Path write(ImageBuilder image, String name) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        image.writeTo(file);
        return file;
    }

    private static ParentSearch naming(Path parent, boolean ignoreParentId) {
        return new ParentSearch(List.of(parent), List.of(), List.of(), ignoreParentId);
    }

    private static byte firstByte(Path image) throws IOException {
        try (VhdxImage opened = VhdxImage.open(image, Access.READ_ONLY)) {
            ByteBuffer content = ByteBuffer.allocateDirect(512);
            opened.read(0, content);
            return content.get(0);
        }
    }

    @Test
    @DisplayName("case 100: a parent that was moved is named by its new place, which then is found without help")
    void moved() throws IOException {
        Path parent = write(base(), "below/new name.vhdx");
        Path child = write(child(), "child.vhdx");
        UUID identity = identityOf(child, parent);
        assertThatThrownBy(() -> firstByte(child)).isInstanceOf(ParentUnavailableException.class);
        ParentChange change = ParentChange.make(child, naming(parent, false));
        assertThat(change.identityChanged()).isFalse();
        assertThat(change.locator())
                .containsOnly(
                        Map.entry("parent_linkage", "{66666666-7777-8888-9999-aaaaaaaaaaaa}"),
                        Map.entry("relative_path", ".\\below\\new name.vhdx"));
        assertThat(firstByte(child)).isEqualTo((byte) 0x41);
        assertThat(identityOf(child, parent)).isEqualTo(identity);
        assertThat(ImageCheck.of(child).worst()).isEqualTo(Severity.NOTE);
    }

    @Test
    @DisplayName("a mapping gives it a path on Windows as well, and it can be made again and again")
    void mapped() throws IOException {
        Path parent = write(base(), "below/new.vhdx");
        Path child = write(child(), "child.vhdx");
        ParentSearch search =
                new ParentSearch(List.of(parent), List.of(), List.of(new PathMapping("D:\\vm", directory)), false);
        for (int i = 0; i < 20; i++) {
            assertThat(ParentChange.make(child, search).locator())
                    .containsEntry("absolute_win32_path", "D:\\vm\\below\\new.vhdx");
        }
        assertThat(firstByte(child)).isEqualTo((byte) 0x41);
    }

    @Test
    @DisplayName(
            "case 101: another parent is refused, unless its identity is to be ignored; then it is the one from now on")
    void otherIdentity() throws IOException {
        ImageBuilder changed = base();
        changed.editHeaders(at -> changed.putGuid(at + 32, OTHER_GUID));
        Path parent = write(changed, "changed.vhdx");
        Path child = write(child(), "child.vhdx");
        byte[] before = Files.readAllBytes(child);
        assertThatThrownBy(() -> ParentChange.make(child, naming(parent, false)))
                .isInstanceOf(ParentUnavailableException.class)
                .hasMessageContaining("was changed after its child was made");
        assertThat(Files.readAllBytes(child)).isEqualTo(before);
        UUID identity = identityOf(child, parent);
        assertThat(ParentChange.make(child, naming(parent, true)).identityChanged())
                .isTrue();
        assertThat(firstByte(child)).isEqualTo((byte) 0x41);
        assertThat(identityOf(child, parent)).isNotEqualTo(identity);
    }

    @Test
    @DisplayName("case 103: an image is not made its own parent, nor its parent's")
    void loop() throws IOException {
        Path child = write(child(), "child.vhdx");
        assertThatThrownBy(() -> ParentChange.make(child, naming(child, true)))
                .isInstanceOf(ParentUnavailableException.class)
                .hasMessageContaining("a loop");
    }

    @Test
    @DisplayName("case 102: a repair lets a child name alone what a merge has made of its parent")
    void finishedMerge() throws IOException {
        ImageBuilder merged = base();
        merged.editHeaders(at -> merged.putGuid(at + 32, OTHER_GUID));
        write(merged, "parent.vhdx");
        Path child = write(
                ChainFiles.withLocator(
                        ImageBuilder.dynamic(8 * MIB, (int) MIB),
                        List.of(
                                Map.entry("parent_linkage", "{66666666-7777-8888-9999-aaaaaaaaaaaa}"),
                                Map.entry("parent_linkage2", "{" + OTHER_GUID + "}"),
                                Map.entry("relative_path", ".\\parent.vhdx"))),
                "child.vhdx");
        assertThat(ImageCheck.of(child).worst()).isEqualTo(Severity.READ_ONLY);
        ImageRepair repair = ImageRepair.of(child, ParentSearch.DEFAULT, RepairOptions.LOSSLESS);
        assertThat(repair.repaired()).containsExactly("parent locator: names the parent as a merge has left it");
        assertThat(repair.check().worst()).isEqualTo(Severity.NOTE);
        assertThat(ImageRepair.of(child, ParentSearch.DEFAULT, RepairOptions.LOSSLESS)
                        .repaired())
                .isEmpty();
    }

    @Test
    @DisplayName("whatever a crash leaves, the locator is the old one or the new one")
    void crashed() throws IOException {
        RandomGenerator random = Seed.generator(ParentChangeTest.class);
        SimulatedStorage storage = child().simulated();
        ParentLocator old = locator(storage);
        ParentLocator wanted = old.linkedTo(UUID.fromString(OTHER_GUID));
        int states = CrashStates.forEach(
                storage,
                random,
                disk -> LocatorChange.write(
                        disk, ImageMerge.loadChild(disk, "child"), wanted, header -> header, SimulatedImages.guids(5)),
                state -> {
                    assertThat(locator(state)).isIn(old, wanted);
                    assertThat(ImageMerge.loadChild(state, "child").blockMap().blockCount())
                            .isEqualTo(8);
                });
        assertThat(states).isGreaterThan(40);
        assertThat(locator(storage)).isEqualTo(wanted);
    }

    @Test
    @DisplayName("a full disk leaves the old one")
    void noSpace() throws IOException {
        SimulatedStorage storage = child().simulated();
        ParentLocator old = locator(storage);
        storage.setSpaceLimit(storage.spaceBytes());
        assertThatThrownBy(() -> LocatorChange.write(
                        storage,
                        ImageMerge.loadChild(storage, "child"),
                        old.linkedTo(UUID.fromString(OTHER_GUID)),
                        header -> header,
                        SimulatedImages.guids(5)))
                .isInstanceOf(NoSpaceException.class);
        assertThat(locator(storage.copy())).isEqualTo(old);
    }

    private static ParentLocator locator(SimulatedStorage storage) throws IOException {
        return Objects.requireNonNull(
                ImageMerge.loadChild(storage.copy(), "child").items().parentLocator());
    }

    /** The DataWriteGuid of a child. */
    private static UUID identityOf(Path child, Path parent) throws IOException {
        try (VhdxImage opened = VhdxImage.open(child, Access.READ_ONLY, naming(parent, true))) {
            return opened.info().dataWriteGuid();
        }
    }
}
