package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.LogEntryEncoder;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import io.vhdxd.vhdx.testing.NeedsTool;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** QEMU and the engine read what the other one leaves, clean or interrupted. */
@NeedsTool({"qemu-img", "qemu-io"})
class QemuInteropTest {
    private static final int MIB = 1 << 20;
    private static final int PAGE = 4096;

    @TempDir
    Path directory;

    /** The SHA-256 of the disk as QEMU reads it. */
    private String hashByQemu(Path image) throws Exception {
        Path raw = directory.resolve("disk.raw");
        Tool.run("qemu-img", "convert", "-f", "vhdx", "-O", "raw", image.toString(), raw.toString())
                .succeeded();
        MessageDigest digest = DiskContent.digest();
        try (InputStream in = new DigestInputStream(Files.newInputStream(raw), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static Tool qemuIo(Path image, String... commands) throws IOException, InterruptedException {
        return Tool.run(qemuIoCommand(image, commands).toArray(String[]::new));
    }

    private static List<String> qemuIoCommand(Path image, String... commands) {
        List<String> line = new ArrayList<>(List.of("qemu-io", "-f", "vhdx"));
        for (String command : commands) {
            line.addAll(List.of("-c", command));
        }
        line.add(image.toString());
        return line;
    }

    @ParameterizedTest
    @EnumSource(
            value = DiskType.class,
            names = {"DYNAMIC", "FIXED"})
    @DisplayName("QEMU finds no fault with a new image, writes to it, and the engine reads what was written")
    void newImage(DiskType type) throws Exception {
        Path file = directory.resolve("new.vhdx");
        new ImageCreation(type, 100L * MIB + 512, MIB, 512, 4096, MIB).create(file);
        String name = file.toString();
        Tool info = Tool.run("qemu-img", "info", "--output=json", name).succeeded();
        assertThat(info.output().replaceAll("\\s", ""))
                .contains("\"format\":\"vhdx\"", "\"virtual-size\":104858112", "\"cluster-size\":1048576");
        Tool check = Tool.run("qemu-img", "check", "-f", "vhdx", name).succeeded();
        assertThat(check.output()).contains("No errors were found");

        qemuIo(file, "write -P 1 0 3M", "write -P 2 50M 4k", "write -P 3 104857088 1024", "read -P 0 3M 47M")
                .succeeded();
        Tool.run("qemu-img", "check", "-f", "vhdx", name).succeeded();
        try (Storage storage = Storages.open(file, false)) {
            Loading loading = Loading.of(storage);
            assertThat(loading.findings()).isEmpty();
            assertThat(loading.image().presentBlockCount()).isEqualTo(type == DiskType.FIXED ? 101 : 6);
            assertThat(DiskContent.sha256(loading.image())).isEqualTo(hashByQemu(file));
        }
        assertThat(ImageCheck.of(file).worst()).isEqualTo(Severity.NOTE);
    }

    @ParameterizedTest
    @EnumSource(
            value = DiskType.class,
            names = {"DYNAMIC", "FIXED"})
    @DisplayName("case 77: images that QEMU makes load without a finding, its fixed ones with ZERO blocks too")
    void imagesOfQemu(DiskType type) throws Exception {
        Path file = directory.resolve("qemu.vhdx");
        String subformat = type == DiskType.FIXED ? "fixed" : "dynamic";
        for (String options : List.of("", ",block_state_zero=off")) {
            Tool.run(
                            "qemu-img",
                            "create",
                            "-f",
                            "vhdx",
                            "-o",
                            "subformat=" + subformat + options,
                            file.toString(),
                            "40M")
                    .succeeded();
            qemuIo(file, "write -P 7 9M 20M").succeeded();
            try (Storage storage = Storages.open(file, false)) {
                Loading loading = Loading.of(storage);
                assertThat(loading.findings()).isEmpty();
                assertThat(DiskContent.sha256(loading.image())).isEqualTo(hashByQemu(file));
            }
        }
    }

    @Test
    @NeedsTool("strace")
    @DisplayName("cases 24, 26: an image that QEMU was killed over is replayed to what QEMU makes of it, at every sync")
    void interruptedQemu() throws Exception {
        Path fresh = directory.resolve("fresh.vhdx");
        Tool.run("qemu-img", "create", "-f", "vhdx", "-o", "block_size=1M", fresh.toString(), "64M")
                .succeeded();
        int replayed = 0;
        int killed = 0;
        for (int sync = 1; sync <= 14; sync++) {
            Path ours = Files.copy(fresh, directory.resolve("ours" + sync + ".vhdx"));
            killed += writeAndDie(ours, sync) ? 1 : 0;
            Path theirs = Files.copy(ours, directory.resolve("theirs" + sync + ".vhdx"));
            Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", theirs.toString())
                    .succeeded();
            String expected = hashByQemu(theirs);
            try (Storage storage = Storages.open(ours, true)) {
                Loading loading = Loading.of(storage, new LoadOptions(true));
                assertThat(loading.findings()).isEmpty();
                assertThat(DiskContent.sha256(loading.image())).isEqualTo(expected);
                if (loading.image().needsReplay()) {
                    replayed += loading.image().replayedPageCount() > 0 ? 1 : 0;
                    loading.image().replay(storage, UUID.randomUUID());
                }
                Loading after = Loading.of(storage);
                assertThat(after.findings()).isEmpty();
                assertThat(DiskContent.sha256(after.image())).isEqualTo(expected);
            }
        }
        assertThat(killed).isPositive();
        assertThat(replayed).isPositive();
    }

    /** Lets QEMU allocate three blocks, and kills it when it begins so many syncs; false if it needed fewer. */
    private static boolean writeAndDie(Path image, int sync) throws IOException, InterruptedException {
        String injection = "inject=fdatasync:signal=SIGKILL:when=" + sync;
        List<String> command =
                new ArrayList<>(List.of("strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", injection));
        command.addAll(qemuIoCommand(image, "write -P 1 0 1M", "write -P 2 5M 1M", "write -P 3 9M 64k"));
        Tool tool = Tool.run(command.toArray(String[]::new));
        return tool.exitCode() != 0;
    }

    @Test
    @DisplayName("an image whose writer killed itself after its writes shows them")
    void killedQemu() throws Exception {
        Path file = directory.resolve("killed.vhdx");
        Tool.run("qemu-img", "create", "-f", "vhdx", file.toString(), "64M").succeeded();
        qemuIo(file, "write -P 1 0 1M", "write -P 2 30M 9M", "sigraise 9");
        try (Storage storage = Storages.open(file, true)) {
            LoadedImage image = Loading.of(storage).image();
            byte[] expected = new byte[MIB];
            Arrays.fill(expected, (byte) 2);
            assertThat(DiskContent.read(image, 32L * MIB, MIB)).isEqualTo(expected);
        }
        assertThat(hashByQemu(file)).isNotEmpty();
    }

    @Test
    @DisplayName("QEMU replays a log of the engine's, over the end of the ring, to what the engine makes of it")
    void logForQemu() throws Exception {
        for (int start : new int[] {0, 100 * PAGE, MIB - 3 * PAGE}) {
            Path ours = directory.resolve("ours" + start + ".vhdx");
            new ImageCreation(DiskType.DYNAMIC, 64L * MIB, MIB, 512, 4096, MIB).create(ours);
            try (Storage storage = Storages.open(ours, true)) {
                leaveLog(storage, start);
            }
            Path theirs = Files.copy(ours, directory.resolve("theirs" + start + ".vhdx"));
            Tool check = Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", theirs.toString())
                    .succeeded();
            assertThat(check.output()).contains("1 corruptions");
            try (Storage storage = Storages.open(ours, true)) {
                LoadedImage loaded = Loading.of(storage).image();
                assertThat(loaded.replayedPageCount()).isEqualTo(6);
                LoadedImage replayed = loaded.replay(storage, UUID.randomUUID());
                assertThat(replayed.presentBlockCount()).isEqualTo(3);
                assertThat(DiskContent.sha256(replayed)).isEqualTo(hashByQemu(theirs));
            }
            assertThat(hashByQemu(ours)).isEqualTo(hashByQemu(theirs));
        }
    }

    /** Three entries that map three blocks one after the other, and touch a page behind the BAT that stays zero. */
    private static void leaveLog(Storage storage, int start) throws IOException {
        LoadedImage image = Loading.of(storage).image();
        UUID logGuid = UUID.randomUUID();
        long payloadMib = image.fileSizeBytes() / MIB;
        long size = image.fileSizeBytes() + 3L * MIB;
        storage.setSize(size);
        ByteBuffer bat = ByteBuffer.allocateDirect(PAGE).order(ByteOrder.LITTLE_ENDIAN);
        int at = start;
        for (int block = 0; block < 3; block++) {
            byte[] content = new byte[MIB];
            Arrays.fill(content, (byte) (block + 1));
            storage.write(ByteBuffer.wrap(content), (payloadMib + block) * MIB);
            bat.putLong(block * 8, BatEntry.encode(PayloadBlockState.FULLY_PRESENT, payloadMib + block));
            long batOffset = image.regions().bat().fileOffsetBytes();
            List<LogPage> pages =
                    List.of(new LogPage(batOffset, bat), new LogPage(batOffset + PAGE, ByteBuffer.allocate(PAGE)));
            ByteBuffer entry = ByteBuffer.allocateDirect(LogEntryEncoder.encodedLengthBytes(2));
            LogEntryEncoder.encode(entry, 1000 + block, start, logGuid, size, size, pages);
            for (; entry.hasRemaining(); at = (at + PAGE) % MIB) {
                storage.write(entry.slice(entry.position(), PAGE), MIB + at);
                entry.position(entry.position() + PAGE);
            }
        }
        new HeaderUpdate(storage, image.headers()).write(header -> header.withLogGuid(logGuid));
    }
}
