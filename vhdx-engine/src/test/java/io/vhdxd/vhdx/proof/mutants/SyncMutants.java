package io.vhdxd.vhdx.proof.mutants;

import java.util.List;

/** Each sync left out, and each wait for one. */
final class SyncMutants {
    private SyncMutants() {}

    static List<Mutant> all() {
        return List.of(
                new Mutant(
                        "no sync of a round",
                        "a round ends without its sync",
                        "write.Round",
                        "run",
                        CodeEdits.without("Storage.sync"),
                        "first write"),
                new Mutant(
                        "no sync of a header",
                        "a header is written over before the other one is durable",
                        "log.HeaderUpdate",
                        "writeOther",
                        CodeEdits.without("Storage.sync"),
                        "open and close"),
                new Mutant(
                        "no sync of a replay",
                        "the log is marked empty before what it held is durable in its place",
                        "log.LogReplay",
                        "replay",
                        CodeEdits.without("Storage.sync"),
                        "first write"),
                new Mutant(
                        "trust in the header",
                        "a session does not make the header durable that it has found before it uses the log",
                        "write.ImageSession",
                        "start",
                        CodeEdits.without("HeaderUpdate.confirm"),
                        "killed and started again"),
                new Mutant(
                        "no sync of a growth",
                        "the entry that makes the disk larger is written before what the larger disk needs is durable",
                        "write.Growth",
                        "growTo",
                        CodeEdits.without("Storage.sync"),
                        "grow to further pages"),
                new Mutant(
                        "flush without its round",
                        "a round counts as done as soon as it is started",
                        "write.Rounds",
                        "finish",
                        CodeEdits.taking(1, "Round.isDone"),
                        "during a sync"),
                new Mutant(
                        "flush joins a running round",
                        "who comes to wait while a sync is running is answered when that sync ends",
                        "write.Rounds",
                        "startIfDue",
                        CodeEdits.withoutSetting("waiting"),
                        "during a sync"),
                new Mutant(
                        "FUA not heard",
                        "a request that has to be durable is answered at once",
                        "write.WriteAgent",
                        "commit",
                        CodeEdits.without("ImageRequest.isDurable"),
                        "first write"));
    }
}
