package io.vhdxd.vhdx.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.ImageCheck;
import io.vhdxd.vhdx.ImageOnStorage;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import io.vhdxd.vhdx.testing.DyingStorage;
import io.vhdxd.vhdx.testing.PendingCompletion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * An image that QEMU and the engine change in turns, cleanly or killed over it, with what its disk has to hold. After each turn
 * both of them have to read just that.
 */
final class ImageUnderTest {
    private static final int PIECE_BYTES = 4 << 20;

    private final Path file;
    private final long blockSizeBytes;
    private final RandomGenerator random;
    private final RandomChanges changes;
    private final DiskVerifier verifier;
    private final List<String> history = new ArrayList<>();
    private DiskRuns disk;
    /** QEMU has left a log that is in use and empty: it can be read, by QEMU too, and not written any more. */
    private boolean spoiledByQemu;

    ImageUnderTest(Path file, DiskRuns disk, long blockSizeBytes, RandomGenerator random) {
        this.file = file;
        this.disk = disk;
        this.blockSizeBytes = blockSizeBytes;
        this.random = random;
        this.changes = new RandomChanges(random, disk.sizeBytes(), blockSizeBytes);
        this.verifier = new DiskVerifier(random);
    }

    /** What was done so far. */
    List<String> history() {
        return history;
    }

    boolean spoiledByQemu() {
        return spoiledByQemu;
    }

    /** True once in so many times. */
    boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    // --- QEMU
    // ---------------------------------------------------------------------------------------------------------

    void changeByQemu(int count) throws IOException, InterruptedException {
        QemuScript script = new QemuScript();
        for (int i = 0; i < count; i++) {
            Change change = changes.byQemu(disk.sizeBytes());
            note("qemu", change);
            script.add(change, random.nextInt(3) == 0);
            disk = change.applyTo(disk);
        }
        script.expect(disk, verifier.ranges(disk, disk.sizeBytes()));
        script.run(file);
        verifyByUs();
    }

    /** Lets QEMU be killed; whether it was. */
    boolean changeByDyingQemu(int count) throws IOException, InterruptedException {
        QemuScript script = new QemuScript();
        List<Change> asked = new ArrayList<>();
        List<DiskRuns> states = new ArrayList<>(List.of(disk));
        for (int i = 0; i < count; i++) {
            Change change = changes.byQemu(disk.sizeBytes());
            note("dying qemu", change);
            asked.add(change);
            script.add(change, false);
            states.add(change.applyTo(states.getLast()));
        }
        if (!script.runAndKill(file, random)) {
            history.add("not killed");
            disk = states.getLast();
            verifyByUs();
            return false;
        }
        try (VhdxImage image = VhdxImage.open(file, Access.READ_ONLY)) {
            settleOn(reader(image), states, 0, count, asked);
        } catch (CorruptImageException e) {
            // QEMU publishes the GUID of an entry first, and writes the entry then: there is none, or a part of it.
            spoiledByQemu = true;
            history.add("spoiled: " + e.problem());
            if (!e.problem().contains("holds no entry of that GUID")) {
                assertThat(e).hasMessageContaining("it holds entries of that GUID, but no valid sequence of them");
                return true;
            }
            try (Storage storage = Storages.open(file, false)) {
                LoadedImage image = Loading.of(storage, new LoadOptions(true)).image();
                settleOn((offset, length) -> blockwise(image, offset, length), states, 0, count, asked);
            }
        }
        afterDeath();
        return true;
    }

    private byte[] blockwise(LoadedImage image, long offsetBytes, int lengthBytes) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream(lengthBytes);
        for (long at = offsetBytes; at < offsetBytes + lengthBytes; ) {
            long end = Math.min(offsetBytes + lengthBytes, (at / blockSizeBytes + 1) * blockSizeBytes);
            content.writeBytes(DiskContent.read(image, at, (int) (end - at)));
            at = end;
        }
        return content.toByteArray();
    }

    private void verifyByQemu() throws IOException, InterruptedException {
        QemuScript script = new QemuScript();
        script.expect(disk, verifier.ranges(disk, disk.sizeBytes()));
        script.run(file);
    }

    // --- the engine
    // ---------------------------------------------------------------------------------------------------

    void changeByUs(int count) throws IOException, InterruptedException {
        try (VhdxImage image =
                ImageOnStorage.open(DyingStorage.immortal(Storages.open(file, true)), Access.READ_WRITE)) {
            for (int i = 0; i < count; i++) {
                Change change = changes.byUs(disk.sizeBytes());
                note("engine", change);
                carryOut(image, change);
                disk = change instanceof Change.Trim ? afterTrim(image, change, disk) : change.applyTo(disk);
            }
            verify(image);
        }
        verifyByUs();
        verifyByQemu();
    }

    /** Kills the engine; whether it was killed. */
    boolean changeByUsDying(int count) throws IOException, InterruptedException {
        DyingStorage storage = new DyingStorage(Storages.open(file, true), random.nextInt(1, 4 * count));
        List<DiskRuns> states = new ArrayList<>(List.of(disk));
        List<Change> asked = new ArrayList<>();
        int answered = 0;
        try (VhdxImage image = ImageOnStorage.open(storage, Access.READ_WRITE)) {
            for (int i = 0; i < count; i++) {
                DiskRuns before = states.getLast();
                Change change = changes.byUs(before.sizeBytes());
                note("dying engine", change);
                asked.add(change);
                states.add(change.applyTo(before));
                carryOut(image, change);
                if (change instanceof Change.Trim) {
                    states.set(i + 1, afterTrim(image, change, before));
                }
                answered++;
            }
        } catch (IOException e) {
            if (!storage.isDead()) {
                throw e;
            }
        }
        if (random.nextBoolean()) {
            repairByQemu();
        }
        try (VhdxImage image = VhdxImage.open(file, Access.READ_ONLY)) {
            settleOn(reader(image), states, answered, answered, asked);
        }
        afterDeath();
        return storage.isDead();
    }

    private static void carryOut(VhdxImage image, Change change) throws IOException {
        switch (change) {
            case Change.Write write -> {
                ByteBuffer content = ByteBuffer.allocateDirect((int) write.lengthBytes());
                byte[] bytes = new byte[(int) write.lengthBytes()];
                Arrays.fill(bytes, write.value());
                ByteBuffer[] srcs = {content.put(bytes).flip()};
                if (write.durable() || !image.tryWrite(write.offsetBytes(), srcs)) {
                    submit(image, done -> new WriteRequest(write.offsetBytes(), srcs, write.durable(), done));
                }
            }
            case Change.Zero zero ->
                submit(
                        image,
                        done -> new ZeroRequest(
                                zero.offsetBytes(), zero.lengthBytes(), zero.keepAllocated(), false, false, done));
            case Change.Trim trim ->
                submit(image, done -> new TrimRequest(trim.offsetBytes(), trim.lengthBytes(), false, done));
            case Change.Flush _ -> submit(image, FlushRequest::new);
            case Change.Grow grow -> submit(image, done -> new GrowRequest(grow.newSizeBytes(), done));
        }
    }

    private static void submit(VhdxImage image, Function<Completion, ImageRequest> request) throws IOException {
        PendingCompletion done = new PendingCompletion();
        image.submit(request.apply(done));
        done.get();
    }

    private void verifyByUs() throws IOException {
        try (VhdxImage image = VhdxImage.open(file, Access.READ_ONLY)) {
            verify(image);
        }
        ImageCheck check = ImageCheck.of(file);
        assertThat(check.worst()).as("%s", check.findings()).isEqualTo(Severity.NOTE);
    }

    private void verify(VhdxImage image) throws IOException {
        assertThat(image.virtualSizeBytes()).isEqualTo(disk.sizeBytes());
        verifier.findState(reader(image), disk.sizeBytes(), List.of(disk), 0, 0);
    }

    // --- both
    // ---------------------------------------------------------------------------------------------------------

    private void note(String who, Change change) {
        history.add(who + ": " + change);
        verifier.touch(change);
    }

    private static DiskVerifier.Reader reader(VhdxImage image) {
        return (offset, length) -> {
            ByteBuffer dst = ByteBuffer.allocateDirect(length);
            image.read(offset, dst);
            byte[] content = new byte[length];
            dst.get(0, content);
            return content;
        };
    }

    /** Takes what a disk holds after a death for granted, if it is something that it may hold. */
    private void settleOn(DiskVerifier.Reader reader, List<DiskRuns> states, int first, int last, List<Change> asked)
            throws IOException {
        long sizeBytes = sizeByUs();
        int state = verifier.findState(reader, sizeBytes, states, first, last);
        disk = states.get(state);
        history.add("done: " + state + " changes");
        if (state == asked.size()) {
            assertThat(sizeBytes).isEqualTo(disk.sizeBytes());
        } else if (asked.get(state) instanceof Change.Grow grow) {
            assertThat(sizeBytes).isIn(disk.sizeBytes(), grow.newSizeBytes());
            disk = disk.grown(sizeBytes);
        } else {
            Change half = asked.get(state);
            disk = take(reader, half.offsetBytes(), half.endBytes(), disk, half.applyTo(disk));
        }
    }

    private long sizeByUs() throws IOException {
        try (Storage storage = Storages.open(file, false)) {
            return Loading.of(storage, new LoadOptions(true)).image().geometry().virtualSizeBytes();
        }
    }

    /** Whoever opens the image now replays its log. */
    private void afterDeath() throws IOException, InterruptedException {
        if (spoiledByQemu) {
            return;
        }
        if (random.nextBoolean()) {
            repairByQemu();
        } else {
            VhdxImage.open(file, Access.READ_WRITE).close();
        }
        verifyByUs();
        verifyByQemu();
    }

    private void repairByQemu() throws IOException, InterruptedException {
        history.add("qemu-img check -r all");
        Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", file.toString())
                .succeeded();
    }

    /** What the disk holds after a trim: each byte is zero, or what it was. */
    private static DiskRuns afterTrim(VhdxImage image, Change trim, DiskRuns before) throws IOException {
        DiskRuns after = trim.applyTo(before);
        List<DiskVerifier.Range> data = new ArrayList<>();
        image.extents(
                trim.offsetBytes(),
                trim.lengthBytes(),
                (offset, length, kind, depth) ->
                        kind == ExtentKind.HOLE || data.add(new DiskVerifier.Range(offset, offset + length)));
        DiskRuns found = after;
        for (DiskVerifier.Range range : data) {
            found = take(reader(image), range.startBytes(), range.endBytes(), before, found);
        }
        return found;
    }

    /** The second of two states with a range as it is read; each byte must be as in one of them. */
    private static DiskRuns take(
            DiskVerifier.Reader reader, long startBytes, long endBytes, DiskRuns before, DiskRuns after)
            throws IOException {
        DiskRuns found = after.copy();
        for (long at = startBytes; at < endBytes; at += PIECE_BYTES) {
            byte[] content = reader.read(at, (int) Math.min(PIECE_BYTES, endBytes - at));
            DiskVerifier.require(at, content, before, after);
            found.adopt(at, content);
        }
        return found;
    }
}
