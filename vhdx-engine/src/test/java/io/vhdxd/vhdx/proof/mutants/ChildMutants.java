package io.vhdxd.vhdx.proof.mutants;

import java.util.List;

/** Each rule of differencing disks, broken. */
final class ChildMutants {
    private ChildMutants() {}

    static List<Mutant> all() {
        return List.of(
                new Mutant(
                        "sectors shown at once",
                        "new sectors of a child are shown by a log entry before they are durable",
                        "write.Exposures",
                        "add",
                        CodeEdits.reading("ready", "open"),
                        "child: sectors"),
                new Mutant(
                        "sectors of a running sync taken for durable",
                        "sectors that were written while a sync was running count as covered by it",
                        "write.Exposures",
                        "roundBegins",
                        CodeEdits.withoutSetting("open"),
                        "child: during a sync"),
                new Mutant(
                        "answer before the sectors are shown",
                        "a write to a child is answered while its parent still shows",
                        "write.WriteAgent",
                        "commit",
                        CodeEdits.taking(0, "Operation.awaitsExposure"),
                        "child: first write"),
                new Mutant(
                        "sectors without their bits",
                        "the entry of a partially present block is logged, and the bits of its sectors are not",
                        "write.Staging",
                        "pages",
                        CodeEdits.without("List.addAll"),
                        "child: sectors"),
                new Mutant(
                        "bits without their block",
                        "the entry of a new sector bitmap block is not logged",
                        "write.BatPages",
                        "pages",
                        CodeEdits.without("Map.forEach#1"),
                        "child: first write"),
                new Mutant(
                        "bits not complete",
                        "only one of two writes to a bitmap page that is not in its place is in the next entry",
                        "write.LogWriter",
                        "isPending",
                        CodeEdits.returning(0),
                        "child: sectors"),
                new Mutant(
                        "late write into a zeroed block",
                        "what waits to be shown of a block is not given up when all of the block is zeroed or written",
                        "write.Batch",
                        "stageWhole",
                        CodeEdits.without("PartialBlocks.cancel"),
                        "child: whole blocks"),
                new Mutant(
                        "parent under a zeroed block",
                        "a block that is zeroed or trimmed as a whole becomes NOT_PRESENT, not ZERO",
                        "write.Batch",
                        "unmap",
                        CodeEdits.without("BlockMap.entryOf"),
                        "child: whole blocks"),
                new Mutant(
                        "parent in new blocks",
                        "the new blocks of a child that grows show what its parent has there",
                        "write.Growth",
                        "growTo",
                        CodeEdits.without("Growth.hideParent"),
                        "child: grow in the page"),
                new Mutant(
                        "parent behind the grown child's old end",
                        "the rest of the last block is not covered when a child grows over it",
                        "write.WriteAgent",
                        "coverEnd",
                        CodeEdits.taking(1, "Growth.coverEnd"),
                        "child: grow in the last block"));
    }
}
