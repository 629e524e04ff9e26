package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens what a crash has left, and compares it with what is allowed. */
interface CrashReader {
    /**
     * What has to be found.
     *
     * @param sectors the content
     * @param firstStamp the first that was written in the session that crashed
     * @param openedHeader the header before that session: both GUIDs for changes are others if its content is found
     * @param sizesBytes the sizes that the disk may have
     * @param parent of the disk; null if it has none
     */
    record Expected(
            SectorOracle sectors,
            long firstStamp,
            Header openedHeader,
            Set<Long> sizesBytes,
            @Nullable BlockReader parent) {}

    /** Several readers, each of which looks at every state. */
    static CrashReader all(CrashReader... readers) {
        return (state, expected, description) -> {
            for (CrashReader reader : readers) {
                reader.judge(state.copy(), expected, description);
            }
        };
    }

    /**
     * Judges one state.
     *
     * @param state belongs to the reader from now on
     * @throws Violation if it is not as expected
     */
    void judge(SimulatedStorage state, Expected expected, Supplier<String> description);
}
