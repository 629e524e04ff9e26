package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.Operation;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Promise R3 where a writer has died in its close, or its last sync has failed, and another one follows: the header that says
 * that the log is empty may be nowhere but in the page cache, and the older one names a log that has to be whole
 * (reliability.md faults 3 and 4).
 */
class FoundHeaderTest {
    private static final int CLOSE_OPERATIONS_MAX = 12;
    private static final int UNDURABLE_MAX = 6;

    private interface Change {
        void to(SimulatedStorage storage) throws IOException;
    }

    @Test
    @DisplayName("a session that follows one that failed in its close loses nothing, whenever power is lost")
    void session() throws IOException {
        afterEachFailure(storage -> {
            SteppedImage image = SteppedImage.open(storage, storage, null, SimulatedImages.guids(8));
            image.write(DiskModel.SECTOR_BYTES, DiskModel.content(1, 1, 2));
            image.settle();
        });
    }

    @Test
    @DisplayName("an offline change that follows such a session loses nothing either")
    void offline() throws IOException {
        afterEachFailure(storage -> {
            LoadedImage image = load(storage);
            if (image.needsReplay()) {
                image = image.replay(storage, SimulatedImages.guids(5).get());
            }
            LoggedEdits.begin(storage, image.headers(), header -> header, SimulatedImages.guids(6))
                    .finish();
        });
    }

    private static void afterEachFailure(Change change) throws IOException {
        int crashes = 0;
        for (int failing = 1; failing <= CLOSE_OPERATIONS_MAX; failing++) {
            SimulatedStorage storage = failedInClose(failing);
            List<SimulatedStorage> moments = new ArrayList<>();
            storage.setHooks((kind, offset, length) -> {}, (kind, offset, length) -> addCrashes(storage, moments));
            change.to(storage);
            for (SimulatedStorage left : moments) {
                assertThat(firstStamp(left)).isEqualTo(1);
            }
            crashes += moments.size();
        }
        assertThat(crashes).isGreaterThan(100);
    }

    /** An image whose first sector is flushed, and in whose close this operation and all that follow have failed. */
    private static SimulatedStorage failedInClose(int failing) throws IOException {
        SimulatedStorage storage = SimulatedImages.dynamic(8 << 20, 1 << 20);
        SteppedImage image = SteppedImage.open(storage);
        image.write(0, DiskModel.content(0, 1, 1));
        image.flush();
        image.settle();
        storage.faults().clear();
        storage.faults()
                .failFromNth(EnumSet.allOf(OperationKind.class), failing, Fault.of(() -> new IOException("injected")));
        image.close();
        storage.faults().clear();
        return storage;
    }

    /** What is left by each selection of the changes that a loss of power may lose. */
    private static void addCrashes(SimulatedStorage storage, List<SimulatedStorage> left) {
        List<Operation.Change> undurable = storage.undurable();
        int selections = 1 << Math.min(undurable.size(), UNDURABLE_MAX);
        for (int selection = 0; selection < selections; selection++) {
            int kept = selection;
            left.add(storage.crash(change -> (kept >> undurable.indexOf(change) & 1) == 1 ? Fate.KEPT : Fate.LOST));
        }
    }

    private static long firstStamp(SimulatedStorage storage) throws IOException {
        ByteBuffer sector = ByteBuffer.allocate(DiskModel.SECTOR_BYTES);
        SteppedImage.open(storage).read(0, sector);
        return DiskModel.stampOf(0, sector.flip());
    }

    private static LoadedImage load(SimulatedStorage storage) throws IOException {
        return ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
    }
}
