package io.vhdxd.vhdx.proof.mutants;

import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;

/** Each rule of the log and the headers, broken. */
final class LogMutants {
    private LogMutants() {}

    static List<Mutant> all() {
        return List.of(
                new Mutant(
                        "no log entry",
                        "changes of the block map are published and never logged",
                        "write.WriteAgent",
                        "commit",
                        CodeEdits.without("LogWriter.append"),
                        "first write"),
                new Mutant(
                        "page before its entry",
                        "pages are written to their place whose log entry is not durable yet",
                        "write.LogWriter",
                        "beginRound",
                        CodeEdits.inPlaceOfReading(
                                "durable",
                                (out, read) -> out.getfield(read.owner().asSymbol(), "pending", ConstantDescs.CD_Map)
                                        .invokeinterface(
                                                ConstantDescs.CD_Map,
                                                "values",
                                                MethodTypeDesc.of(ConstantDescs.CD_Collection))
                                        .invokestatic(
                                                ConstantDescs.CD_List,
                                                "copyOf",
                                                MethodTypeDesc.of(ConstantDescs.CD_List, ConstantDescs.CD_Collection),
                                                true)),
                        "longest entries"),
                new Mutant(
                        "entry without earlier pages",
                        "an entry does not repeat what is durable in the log alone (QEMU looks at no tail)",
                        "write.LogWriter",
                        "isRequired",
                        CodeEdits.returning(0),
                        "entries lost in any selection"),
                new Mutant(
                        "entry of a running sync taken for durable",
                        "what was written while a sync was running counts as covered by it",
                        "write.LogWriter",
                        "finishRound",
                        CodeEdits.reading("writtenSequenceNumber", "coveredSequenceNumber"),
                        "log in motion"),
                new Mutant(
                        "early wipe",
                        "an area of the log is wiped before the entry that replaces it is durable",
                        "write.LogWriter",
                        "isOtherObsolete",
                        CodeEdits.returning(1),
                        "log comes round"),
                new Mutant(
                        "new area without the old pages",
                        "the first entry of an area does not hold what is only in the other area",
                        "write.LogWriter",
                        "nextEntryPages",
                        CodeEdits.inPlaceOf(
                                "Map.keySet",
                                (out, _) -> out.pop()
                                        .invokestatic(
                                                ClassDesc.of("java.util.Set"),
                                                "of",
                                                MethodTypeDesc.of(ClassDesc.of("java.util.Set")),
                                                true)),
                        "log comes round"),
                new Mutant(
                        "tail too far",
                        "each entry names itself as the tail",
                        "write.LogWriter",
                        "append",
                        CodeEdits.calling("headSector", "LogArea.firstSector"),
                        "entries lost in any selection"),
                new Mutant(
                        "tail not moved",
                        "the tail stays where the log began",
                        "write.LogWriter",
                        "append",
                        CodeEdits.taking(0, "LogArea.firstSector"),
                        "log comes round"),
                new Mutant(
                        "sequence number not advanced",
                        "all entries have the same number",
                        "write.LogWriter",
                        "append",
                        CodeEdits.withoutSetting("writtenSequenceNumber"),
                        "first write"),
                new Mutant(
                        "header number not advanced",
                        "both headers have the same number",
                        "log.HeaderUpdate",
                        "writeOther",
                        CodeEdits.inPlaceOf(Opcode.LADD, out -> out.pop2()),
                        "open and close"),
                new Mutant(
                        "checksum not looked at",
                        "the replay takes an entry for whole whatever its checksum",
                        "log.EntryValidator",
                        "isValid",
                        CodeEdits.inPlaceOf(
                                "LogEntryHeader.checksum", (out, _) -> out.pop().dup()),
                        "torn entries"),
                new Mutant(
                        "strays not wiped",
                        "the replay leaves entries in the log that it does not replay (QEMU may take them for the newest)",
                        "log.LogReplay",
                        "replay",
                        CodeEdits.without("LogReplay.wipeStrays"),
                        "log full"),
                new Mutant(
                        "area not wiped",
                        "old entries stay in an area that is used again (QEMU takes them for new ones)",
                        "write.LogRound",
                        "writeTo",
                        CodeEdits.without("Storage.write#2"),
                        "log in motion"),
                new Mutant(
                        "no session",
                        "the image is changed while its headers say that the log is empty",
                        "write.WriteAgent",
                        "advance",
                        CodeEdits.without("ImageSession.start"),
                        "first write"),
                new Mutant(
                        "overwrite before the session",
                        "data is written past the writer before the headers say that the disk has changed",
                        "write.Overwrites",
                        "tryWrite",
                        CodeEdits.taking(1, "ImageSession.isStarted"),
                        "open and close"),
                new Mutant(
                        "same DataWriteGuid",
                        "the content changes, and not what names it",
                        "write.ImageSession",
                        "start",
                        CodeEdits.inPlaceOf("Header.withDataWriteGuid", (out, _) -> out.pop()),
                        "first write"),
                new Mutant(
                        "same FileWriteGuid",
                        "the file changes, and not what names it",
                        "write.ImageSession",
                        "start",
                        CodeEdits.inPlaceOf("Header.withFileWriteGuid", (out, _) -> out.pop()),
                        "first write"),
                new Mutant(
                        "log left in use",
                        "the close leaves the log's GUID in the headers",
                        "write.ImageSession",
                        "finish",
                        CodeEdits.inPlaceOf("Header.withLogGuid", (out, _) -> out.pop()),
                        "open and close"));
    }
}
