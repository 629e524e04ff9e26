package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The first change of a session: header, log, and what may go wrong between them. */
class SessionStartTest {
    private static final long MIB = 1 << 20;

    private final SimulatedStorage storage = SimulatedImages.dynamic(64 * MIB, 1 << 20);
    private final SteppedImage image = SteppedImage.open(storage);

    SessionStartTest() throws IOException {}

    @Test
    @DisplayName("no space for the log fails the request only; the next one begins the session")
    void noSpaceForTheLog() {
        storage.faults().failNth(Set.of(OperationKind.RESERVE), 1, Fault.of(() -> new NoSpaceException("full")));
        Answer first = image.write(0, stamp(1));
        image.settle();
        assertThat(first.failure()).isInstanceOf(NoSpaceException.class);
        Answer second = image.write(0, stamp(2));
        image.settle();
        assertThat(second.isSuccess()).isTrue();
    }

    @Test
    @DisplayName("R4: whatever fails once the first entry is written, also for want of space, is not tried again")
    void failureAfterTheFirstEntry() throws IOException {
        for (int n = 1; n <= 6; n++) {
            SimulatedStorage disk = SimulatedImages.dynamic(64 * MIB, 1 << 20);
            SteppedImage started = SteppedImage.open(disk);
            disk.faults()
                    .failNth(
                            EnumSet.of(OperationKind.WRITE, OperationKind.SYNC),
                            n,
                            Fault.of(() -> new NoSpaceException("full")));
            Answer first = started.write(0, stamp(1));
            started.settle();
            assertThat(first.failure()).as("failure %d", n).isInstanceOf(ImageFailedException.class);
            Answer second = started.write(0, stamp(2));
            started.settle();
            assertThat(second.failure()).as("failure %d", n).isInstanceOf(ImageFailedException.class);
            assertThat(SteppedImage.open(disk.copy()).read(0, 512)).isEqualTo(stamp(0));
        }
    }

    @Test
    @DisplayName("a session does not begin while a round is running, whose sync could take away its error")
    void notWhileARoundIsRunning() {
        Answer flush = image.flush();
        image.stepToRest();
        Answer write = image.write(0, stamp(1));
        storage.startRecording();
        image.stepToRest();
        assertThat(storage.recording()).isEmpty();
        image.runRound();
        image.settle();
        assertThat(flush.isSuccess()).isTrue();
        assertThat(write.isSuccess()).isTrue();
    }

    private static ByteBuffer stamp(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }
}
