package io.vhdxd.vhdx.proof.mutants;

import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;

/** Each two steps whose order matters, in the other order. */
final class OrderMutants {
    private static final ClassDesc OPERATION = ClassDesc.of(MutantLoader.ENGINE + "write.Operation");
    private static final ClassDesc REQUEST = ClassDesc.of(MutantLoader.ENGINE + "request.ImageRequest");

    private OrderMutants() {}

    static List<Mutant> all() {
        return List.of(
                new Mutant(
                        "answer before the log entry",
                        "a request is answered before its log entry is written",
                        "write.WriteAgent",
                        "advance",
                        CodeEdits.inPlaceOf(
                                "inBatch.addLast#1",
                                (out, _) -> out.invokevirtual(OPERATION, "request", MethodTypeDesc.of(REQUEST))
                                        .aconst_null()
                                        .invokevirtual(
                                                REQUEST,
                                                "complete",
                                                MethodTypeDesc.of(
                                                        ConstantDescs.CD_void, ClassDesc.of("java.io.IOException")))
                                        .pop()),
                        "first write"),
                new Mutant(
                        "headers before the first entry",
                        "the headers name a log before its first entry is durable",
                        "write.ImageSession",
                        "start",
                        CodeEdits.swapping("ImageSession.writeFirstEntry", "HeaderUpdate.write"),
                        "open and close"),
                new Mutant(
                        "log pages after the sync",
                        "a round writes pages to their place, and wipes the log, when its sync is over",
                        "write.Round",
                        "run",
                        CodeEdits.swapping("LogRound.writeTo", "Storage.sync"),
                        "log comes round"),
                new Mutant(
                        "holes after the sync",
                        "a round punches freed space when its sync is over",
                        "write.Round",
                        "run",
                        CodeEdits.swapping("Round.punch", "Storage.sync"),
                        "trim and write again"),
                new Mutant(
                        "growth after the sync",
                        "a round makes the file longer when its sync is over",
                        "write.Round",
                        "run",
                        CodeEdits.swapping("Round.grow", "Storage.sync"),
                        "growth"),
                new Mutant(
                        "header over the current one",
                        "a header is written to the slot of the current one, not to the other slot",
                        "log.HeaderUpdate",
                        "writeOther",
                        CodeEdits.inPlaceOf(Opcode.ISUB, out -> out.swap().pop()),
                        "open and close"),
                new Mutant(
                        "log marked empty before its replay",
                        "the replay marks the log as empty first, and then brings what it holds to its place",
                        "log.LogReplay",
                        "replay",
                        CodeEdits.first("HeaderUpdate.write#2"),
                        "first write"),
                new Mutant(
                        "log marked empty before the last round",
                        "the close marks the log as empty while pages are not in their place",
                        "write.WriteAgent",
                        "isIdle",
                        CodeEdits.taking(1, "Rounds.isSettled"),
                        "close under load"),
                new Mutant(
                        "file cut before the log is empty",
                        "the close cuts off unused space while the log still says that it is there",
                        "write.ImageSession",
                        "finish",
                        CodeEdits.last("HeaderUpdate.write"),
                        "open and close"));
    }
}
