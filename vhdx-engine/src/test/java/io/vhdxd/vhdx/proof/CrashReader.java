package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens what a crash has left, and compares it with what is allowed. */
interface CrashReader {
    /**
     * What has to be found.
     *
     * @param sectors the content
     * @param firstStamp the first that was written in the session that crashed
     * @param openedDataWriteGuid what the headers held before that session: not any more if its content is found
     * @param parent of the disk; null if it has none
     */
    record Expected(
            SectorOracle sectors,
            long firstStamp,
            UUID openedDataWriteGuid,
            @Nullable BlockReader parent) {}

    /**
     * Judges one state.
     *
     * @param state belongs to the reader from now on
     * @throws Violation if it is not as expected
     */
    void judge(SimulatedStorage state, Expected expected, Supplier<String> description);
}
