package io.vhdxd.vhdx.proof.mutants;

import java.util.List;

/** Each rule of the file's space, broken. */
final class SpaceMutants {
    private SpaceMutants() {}

    static List<Mutant> all() {
        return List.of(
                new Mutant(
                        "no grace period",
                        "the space of an unmapped block is taken for free while a read is looking at it",
                        "write.Quarantine",
                        "retire",
                        CodeEdits.reading("free", "visible"),
                        "slow reads"),
                new Mutant(
                        "freed space not zeroed",
                        "freed space is handed out without being punched",
                        "write.Round",
                        "punch",
                        CodeEdits.without("Storage.punchHole"),
                        "trim and write again"),
                new Mutant(
                        "file not grown",
                        "blocks are mapped to space behind the file's end",
                        "write.Round",
                        "grow",
                        CodeEdits.without("Storage.setSize"),
                        "growth"),
                new Mutant(
                        "old bytes behind the grown disk's old end",
                        "the rest of the last block is not zeroed when the disk grows over it",
                        "write.Growth",
                        "clearEndOfLastBlock",
                        CodeEdits.without("Storage.zeroRange"),
                        "grow in the last block"),
                new Mutant(
                        "old bytes in the grown table",
                        "the pages of the BAT for new blocks are not cleared when the disk grows",
                        "write.Growth",
                        "writePages",
                        CodeEdits.without("Storage.punchHole"),
                        "grow to further pages"),
                new Mutant(
                        "growth with a log in use",
                        "the disk grows while pages of the old table are only in the log",
                        "write.Growth",
                        "isPossible",
                        CodeEdits.taking(1, "LogWriter.isAllInPlace"),
                        "grow with a full log"));
    }
}
