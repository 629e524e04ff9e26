package io.vhdxd.vhdx.storage.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What a crash may do, sentence by sentence as {@link SimulatedStorage} tells it. */
final class CrashModelTest {
    private static final int SECTOR = 512;
    private static final int PAGE = 4096;

    private final SimulatedStorage storage = new SimulatedStorage();

    @Test
    void whatWasSyncedSurvives() throws IOException {
        fill(0, 10_000, 1);
        storage.punchHole(100, 1000);
        storage.zeroRange(5000, 100);
        storage.setSize(20_000);
        String before = content(storage);
        storage.sync();
        assertThat(storage.undurable()).isEmpty();
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo(before);
    }

    @Test
    void whatWasNotSyncedIsLostOrKept() throws IOException {
        fill(0, PAGE, 1);
        storage.sync();
        fill(0, PAGE, 2);
        storage.setSize(3 * PAGE);
        assertThat(storage.undurable()).hasSize(2);
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo("4096x1");
        assertThat(content(storage.crash(Fate.KEPT))).isEqualTo("4096x2 8192x0");
        assertThat(content(storage)).isEqualTo("4096x2 8192x0");
    }

    @Test
    void changesKnowNoOrder() throws IOException {
        fill(0, 4 * SECTOR, 1);
        storage.sync();
        fill(0, SECTOR, 2);
        fill(SECTOR, SECTOR, 3);
        fill(2 * SECTOR, SECTOR, 4);
        List<Operation.Change> changes = storage.undurable();
        Set<String> seen = new HashSet<>();
        for (int subset = 0; subset < 8; subset++) {
            int chosen = subset;
            seen.add(content(
                    storage.crash(change -> (chosen >> changes.indexOf(change) & 1) == 1 ? Fate.KEPT : Fate.LOST)));
        }
        assertThat(seen)
                .containsExactlyInAnyOrder(
                        "2048x1",
                        "512x2 1536x1",
                        "512x1 512x3 1024x1",
                        "512x2 512x3 1024x1",
                        "1024x1 512x4 512x1",
                        "512x2 512x1 512x4 512x1",
                        "512x1 512x3 512x4 512x1",
                        "512x2 512x3 512x4 512x1");
    }

    @Test
    void ofOverlappingChangesTheLaterIsSeen() throws IOException {
        fill(0, SECTOR, 1);
        storage.sync();
        fill(0, SECTOR, 2);
        fill(0, SECTOR, 3);
        storage.punchHole(0, SECTOR);
        long first = storage.undurable().getFirst().sequence();
        assertThat(content(storage.crash(change -> change.sequence() == first ? Fate.KEPT : Fate.LOST)))
                .isEqualTo("512x2");
        assertThat(content(storage.crash(change -> change.sequence() <= first + 1 ? Fate.KEPT : Fate.LOST)))
                .isEqualTo("512x3");
        assertThat(content(storage.crash(Fate.KEPT))).isEqualTo("512x0");
    }

    @Test
    void aWriteIsTornAtAlignedSectors() throws IOException {
        fill(0, PAGE, 1);
        storage.sync();
        fill(500, 1000, 2);
        Operation.Write write = (Operation.Write) storage.undurable().getFirst();
        assertThat(write.pieceCount()).isEqualTo(3);
        assertThat(content(storage.crash(Fate.of(BitSet.valueOf(new long[] {0b001}), true))))
                .isEqualTo("500x1 12x2 3584x1");
        assertThat(content(storage.crash(Fate.of(BitSet.valueOf(new long[] {0b010}), true))))
                .isEqualTo("512x1 512x2 3072x1");
        assertThat(content(storage.crash(Fate.of(BitSet.valueOf(new long[] {0b100}), true))))
                .isEqualTo("1024x1 476x2 2596x1");
        assertThat(content(storage.crash(Fate.prefix(2, true)))).isEqualTo("500x1 524x2 3072x1");
        assertThat(content(storage.crash(Fate.suffix(1, true)))).isEqualTo("512x1 988x2 2596x1");
    }

    @Test
    void holesAndZeroedRangesAreTornAtAlignedPages() throws IOException {
        for (boolean punch : new boolean[] {true, false}) {
            fill(0, 4 * PAGE, 1);
            storage.sync();
            if (punch) {
                storage.punchHole(4000, 2 * PAGE);
            } else {
                storage.zeroRange(4000, 2 * PAGE);
            }
            assertThat(storage.undurable().getFirst().pieceCount()).isEqualTo(3);
            assertThat(content(storage.crash(Fate.of(BitSet.valueOf(new long[] {0b101}), true))))
                    .isEqualTo("4000x1 96x0 4096x1 4000x0 4192x1");
            storage.sync();
        }
    }

    @Test
    void aGatheringWriteIsTornAsOne() throws IOException {
        storage.setSize(PAGE);
        storage.sync();
        storage.write(new ByteBuffer[] {filled(600, 1), filled(600, 2)}, 0);
        assertThat(storage.undurable()).hasSize(1);
        assertThat(content(storage.crash(Fate.of(BitSet.valueOf(new long[] {0b110}), true))))
                .isEqualTo("512x0 88x1 600x2 2896x0");
    }

    @Test
    void contentBeyondALostSizeIsDropped() throws IOException {
        fill(0, PAGE, 1);
        storage.sync();
        storage.setSize(2 * PAGE);
        fill(PAGE, PAGE, 2);
        assertThat(content(storage.crash(change -> change instanceof Operation.SetSize ? Fate.LOST : Fate.KEPT)))
                .isEqualTo("4096x1");
        // The write alone, which made the file longer.
        fill(2 * PAGE, PAGE, 3);
        storage.sync();
        fill(3 * PAGE, PAGE, 4);
        SimulatedStorage left = storage.crash(new Fate(Fate.KEPT.pieces(), 0));
        assertThat(content(left)).isEqualTo("4096x1 4096x2 4096x3");
        left.setSize(4 * PAGE);
        assertThat(content(left)).as("what was dropped does not come back").endsWith("4096x3 4096x0");
    }

    @Test
    void aSizeMaySurviveWithoutItsContent() throws IOException {
        fill(0, PAGE, 1);
        storage.sync();
        fill(PAGE, PAGE, 2);
        assertThat(content(storage.crash(Fate.prefix(0, true)))).isEqualTo("4096x1 4096x0");
        assertThat(content(storage.crash(new Fate(piece -> true, PAGE + 1000)))).isEqualTo("4096x1 1000x2");
    }

    @Test
    void theCuttingOfAFileMayBeLost() throws IOException {
        fill(0, 2 * PAGE, 1);
        storage.sync();
        storage.setSize(PAGE);
        storage.setSize(2 * PAGE);
        assertThat(content(storage)).isEqualTo("4096x1 4096x0");
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo("8192x1");
        assertThat(content(storage.crash(Fate.KEPT))).isEqualTo("4096x1 4096x0");
    }

    @Test
    void afterAFailedSyncNothingItCoveredIsEverCertain() throws IOException {
        fill(0, 3 * SECTOR, 1);
        storage.sync();
        fill(0, SECTOR, 2);
        fill(SECTOR, SECTOR, 3);
        failNextSync();
        assertThatThrownBy(storage::sync).hasMessage("planned");
        assertThat(content(storage)).as("reads go on to see it").isEqualTo("512x2 512x3 512x1");
        // A later write and a later sync that succeeds.
        fill(SECTOR, SECTOR, 4);
        fill(2 * SECTOR, SECTOR, 5);
        storage.sync();
        assertThat(storage.undurable()).hasSize(2);
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo("512x1 512x4 512x5");
        assertThat(content(storage.crash(Fate.KEPT))).isEqualTo("512x2 512x4 512x5");
        storage.sync();
        assertThat(storage.undurable()).hasSize(2);
    }

    @Test
    void aLaterWriteIsDurableThoughTheSizeBeforeItIsInDoubt() throws IOException {
        fill(0, SECTOR, 1);
        failNextSync();
        assertThatThrownBy(storage::sync).isInstanceOf(IOException.class);
        fill(0, SECTOR, 2);
        storage.sync();
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo("512x2");
    }

    @Test
    void aSyncDoesNotCoverWhatFinishesWhileItRuns() throws IOException {
        storage.setSize(PAGE);
        storage.sync();
        fill(0, SECTOR, 1);
        storage.setHooks(
                (kind, offset, length) -> {
                    if (kind == OperationKind.SYNC) {
                        fill(SECTOR, SECTOR, 2);
                    }
                },
                (kind, offset, length) -> {});
        storage.sync();
        storage.clearHooks();
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo("512x1 3584x0");
        storage.sync();
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo("512x1 512x2 3072x0");
    }

    @Test
    void aCrashChangesNothingInTheOriginal() throws IOException {
        fill(0, PAGE, 1);
        storage.sync();
        fill(0, PAGE, 2);
        SimulatedStorage left = storage.crash(Fate.LOST);
        left.write(filled(100, 3), 0);
        left.setSize(100);
        assertThat(content(left)).isEqualTo("100x3");
        assertThat(left.undurable()).hasSize(2);
        assertThat(content(storage)).isEqualTo("4096x2");
        assertThat(content(storage.crash(Fate.LOST))).isEqualTo("4096x1");
        storage.sync();
        assertThat(content(left.crash(Fate.LOST))).isEqualTo("4096x1");
    }

    /** Every sector holds what the last sync before made sure of, or something written since; nothing else. */
    @Test
    void randomCrashesLeaveOldOrNewSectors() throws IOException {
        RandomGenerator random = Seed.generator(CrashModelTest.class);
        int sectors = 64;
        long size = (long) sectors * SECTOR;
        SimulatedStorage disk = new SimulatedStorage();
        disk.setSize(size);
        disk.sync();
        List<Set<Integer>> allowed = new ArrayList<>();
        int[] live = new int[sectors];
        for (int i = 0; i < sectors; i++) {
            allowed.add(new HashSet<>(Set.of(0)));
        }
        int value = 0;
        int distinctCrashes = 0;
        for (int round = 0; round < 2000; round++) {
            int first = random.nextInt(sectors);
            int count = random.nextInt(1, sectors - first + 1);
            value = value % 120 + 1;
            int written = random.nextInt(5) == 0 ? 0 : value;
            if (written == 0) {
                disk.punchHole((long) first * SECTOR, (long) count * SECTOR);
            } else {
                disk.write(filled(count * SECTOR, written), (long) first * SECTOR);
            }
            for (int i = first; i < first + count; i++) {
                live[i] = written;
                allowed.get(i).add(written);
            }
            if (random.nextInt(4) == 0) {
                disk.sync();
                for (int i = 0; i < sectors; i++) {
                    allowed.set(i, new HashSet<>(Set.of(live[i])));
                }
            }
            SimulatedStorage left = disk.crash(random);
            assertThat(left.size()).isEqualTo(size);
            ByteBuffer content = ByteBuffer.allocate(sectors * SECTOR);
            left.read(content, 0);
            boolean differs = false;
            for (int i = 0; i < sectors; i++) {
                int found = content.get(i * SECTOR);
                assertThat(allowed.get(i)).contains(found);
                assertThat(content.get(i * SECTOR + SECTOR - 1)).isEqualTo((byte) found);
                differs |= found != live[i];
            }
            distinctCrashes += differs ? 1 : 0;
        }
        assertThat(distinctCrashes).as("crashes that lost something").isGreaterThan(200);
    }

    private void failNextSync() {
        storage.faults()
                .failNth(EnumSet.of(OperationKind.SYNC), 1, FaultPlan.Fault.of(() -> new IOException("planned")));
    }

    private void fill(long offset, int length, int value) {
        try {
            storage.write(filled(length, value), offset);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static ByteBuffer filled(int length, int value) {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            buffer.put((byte) value);
        }
        return buffer.flip();
    }

    /** The runs of equal bytes, for example {@code "4096x1 512x0"}. */
    static String content(SimulatedStorage storage) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(storage.size()));
        storage.read(all, 0);
        all.flip();
        StringBuilder runs = new StringBuilder();
        while (all.hasRemaining()) {
            byte value = all.get();
            int length = 1;
            while (all.hasRemaining() && all.get(all.position()) == value) {
                all.get();
                length++;
            }
            runs.append(runs.isEmpty() ? "" : " ").append(length).append('x').append(value);
        }
        return runs.toString();
    }
}
