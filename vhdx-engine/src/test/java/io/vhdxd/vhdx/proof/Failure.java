package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * How an operation on the file can fail.
 *
 * @param effect what has to come of it
 * @param kinds the operations that can fail like this
 */
record Failure(String name, Effect effect, Fault fault, Set<OperationKind> kinds) {
    /** What has to come of a failure. */
    enum Effect {
        /** The image fails, and takes no more changes (promise R4). */
        FAIL_STOP,
        /** Requests may fail for want of space while the image goes on; or the image fails. */
        NO_SPACE,
        /** An opening or a read may fail; a writer that has to read may fail the image. */
        ANY
    }

    static final String MESSAGE = "injected";
    private static final long SHORT_BYTES = 512;
    private static final Set<OperationKind> SPACE_CHANGES =
            Set.of(OperationKind.PUNCH, OperationKind.ZERO, OperationKind.RESERVE);

    static final List<Failure> ALL = List.of(
            new Failure("read error", Effect.ANY, Fault.of(Failure::ioError), Set.of(OperationKind.READ)),
            // The file ends early for this read alone.
            new Failure("short read", Effect.ANY, Fault.shortened(SHORT_BYTES), Set.of(OperationKind.READ)),
            new Failure("write error", Effect.FAIL_STOP, Fault.of(Failure::ioError), Set.of(OperationKind.WRITE)),
            // One sector is written, then the write fails.
            new Failure(
                    "short write",
                    Effect.FAIL_STOP,
                    new Fault(Failure::ioError, SHORT_BYTES),
                    Set.of(OperationKind.WRITE)),
            // All is written, and the write fails.
            new Failure(
                    "late write error",
                    Effect.FAIL_STOP,
                    Fault.afterAll(Failure::ioError),
                    Set.of(OperationKind.WRITE)),
            new Failure("sync error", Effect.FAIL_STOP, Fault.of(Failure::ioError), Set.of(OperationKind.SYNC)),
            new Failure("resize error", Effect.FAIL_STOP, Fault.of(Failure::ioError), Set.of(OperationKind.SET_SIZE)),
            new Failure("space error", Effect.FAIL_STOP, Fault.of(Failure::ioError), SPACE_CHANGES),
            new Failure(
                    "no space",
                    Effect.NO_SPACE,
                    Fault.of(Failure::noSpace),
                    Set.of(
                            OperationKind.WRITE,
                            OperationKind.SET_SIZE,
                            OperationKind.PUNCH,
                            OperationKind.ZERO,
                            OperationKind.RESERVE)),
            new Failure(
                    "no space halfway",
                    Effect.NO_SPACE,
                    new Fault(Failure::noSpace, SHORT_BYTES),
                    Set.of(OperationKind.WRITE)));

    private static IOException ioError() {
        return new IOException(MESSAGE);
    }

    private static IOException noSpace() {
        return new NoSpaceException(MESSAGE);
    }
}
