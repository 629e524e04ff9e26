package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.FileTypeIdentifier;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Leaves the file type identifier and two valid headers ([MS-VHDX] 2.2.1 and 2.2.2). */
final class HeaderRepair {
    private static final int SIGNATURE_BYTES = 8;

    private final Storage storage;
    private final RepairOptions options;
    private final RepairReport report;
    private final Supplier<UUID> newGuid;

    HeaderRepair(Storage storage, RepairOptions options, RepairReport report, Supplier<UUID> newGuid) {
        this.storage = storage;
        this.options = options;
        this.report = report;
        this.newGuid = newGuid;
    }

    /** Does it. Returns the headers; null if the repair has to end, which is in the report. */
    @Nullable HeaderPair run() throws IOException {
        ByteBuffer first = Structures.headerBytes(storage, 0);
        ByteBuffer second = Structures.headerBytes(storage, 1);
        Header header1 = Structures.header(first, 0);
        Header header2 = Structures.header(second, 1);
        boolean anyTable = Structures.regionTable(storage, 0) != null || Structures.regionTable(storage, 1) != null;
        if (!hasSignature()) {
            if (header1 == null || header2 == null || !anyTable) {
                return refuse("not a VHDX file: no signature, and not everything else that would show that it is one");
            }
            writeSignature();
        }
        if (header1 == null && header2 == null) {
            return anyTable ? rebuild() : refuse("no valid header, and no valid region table either");
        }
        if (header1 != null
                && header2 != null
                && header1.sequenceNumber() == header2.sequenceNumber()
                && !first.equals(second)) {
            return decide(header1, header2);
        }
        return tidy(HeaderPair.choose(first, second, new Findings()));
    }

    private @Nullable HeaderPair refuse(String why) {
        report.refuse(why);
        return null;
    }

    private static ByteBuffer signature() {
        return new FileTypeIdentifier("").encode().limit(SIGNATURE_BYTES);
    }

    private boolean hasSignature() throws IOException {
        return Structures.read(storage, 0, SIGNATURE_BYTES).equals(signature());
    }

    /** Eight bytes of one sector, so they are there or not; and what says that they are wrong is still there then. */
    private void writeSignature() throws IOException {
        storage.write(signature(), 0);
        storage.sync();
        report.repaired("file type identifier: the signature was written anew");
    }

    private @Nullable HeaderPair decide(Header header1, Header header2) throws IOException {
        if (options.headerToUse() == 0) {
            return refuse("both headers have the sequence number " + Long.toUnsignedString(header1.sequenceNumber())
                    + " but differ; it has to be said which of them counts: header 1 (" + describe(header1)
                    + ") or header 2 (" + describe(header2) + ")");
        }
        int slot = options.headerToUse() - 1;
        Header chosen = slot == 0 ? header1 : header2;
        if (chosen.version() != Header.VERSION || !HeaderUpdate.hasRoomAfter(chosen)) {
            return refuse(Header.slotName(slot) + " cannot be used: version " + chosen.version() + ", sequence number "
                    + Long.toUnsignedString(chosen.sequenceNumber()));
        }
        HeaderUpdate update = new HeaderUpdate(storage, new HeaderPair(chosen, slot, false));
        update.write(header -> header);
        report.repaired("headers: " + Header.slotName(slot) + " was written over the other one");
        return tidy(update.headers());
    }

    private static String describe(Header header) {
        return "log " + (header.isLogInUse() ? "in use with GUID " + header.logGuid() : "empty") + ", DataWriteGuid "
                + header.dataWriteGuid();
    }

    /** What is wrong with headers of which one counts. */
    private @Nullable HeaderPair tidy(HeaderPair found) throws IOException {
        Header current = found.current();
        if (current.version() != Header.VERSION || (current.logVersion() != 0 && current.isLogInUse())) {
            // Of a format that is not known here: nothing of it is touched.
            return found;
        }
        HeaderPair pair = HeaderUpdate.hasRoomAfter(current) ? found : restartNumbers(found);
        List<String> changes = new ArrayList<>();
        UnaryOperator<Header> change = header -> header;
        if (!pair.otherSlotValid()) {
            changes.add(Header.slotName(1 - pair.currentSlot()) + " was written anew");
        }
        if (current.isLogInUse() && current.logLengthBytes() == 0) {
            report.lost(new RepairReport.Loss("a log that is in use but nowhere: what it held is lost", List.of(), 0));
            if (!options.allowLoss()) {
                report.refuseLoss();
                return null;
            }
            changes.add("the log, of length 0, is not in use any more");
            change = header -> header.withLogGuid(GuidCodec.NIL).withDataWriteGuid(newGuid.get());
        } else if (current.logVersion() != 0) {
            changes.add("the version of the unused log is 0");
            change = header -> header.withLogGuid(GuidCodec.NIL);
        }
        if (current.fileWriteGuid().equals(GuidCodec.NIL)) {
            changes.add("the FileWriteGuid is a random one");
        }
        if (current.dataWriteGuid().equals(GuidCodec.NIL) && options.allowLoss()) {
            changes.add("the DataWriteGuid is a random one; children have to be attached anew");
        }
        return changes.isEmpty() ? pair : update(pair, change, changes);
    }

    private HeaderPair update(HeaderPair pair, UnaryOperator<Header> change, List<String> changes) throws IOException {
        HeaderUpdate update = new HeaderUpdate(storage, pair);
        Header before = pair.current();
        update.write(header -> {
            Header changed = change.apply(header).withFileWriteGuid(newGuid.get());
            boolean noIdentity = before.dataWriteGuid().equals(GuidCodec.NIL) && options.allowLoss();
            return noIdentity ? changed.withDataWriteGuid(newGuid.get()) : changed;
        });
        changes.forEach(text -> report.repaired("headers: " + text));
        return update.headers();
    }

    /**
     * Begins again with small numbers. The other slot is written first: until the current one follows, that one counts with
     * its large number, and holds the same.
     */
    private HeaderPair restartNumbers(HeaderPair pair) throws IOException {
        writeHeader(pair.current().withSequenceNumber(1), 1 - pair.currentSlot());
        Header last = pair.current().withSequenceNumber(2);
        writeHeader(last, pair.currentSlot());
        report.repaired("headers: the sequence numbers start again");
        return new HeaderPair(last, pair.currentSlot(), true);
    }

    private void writeHeader(Header header, int slot) throws IOException {
        storage.write(header.encode(), Header.slotOffsetBytes(slot));
        storage.sync();
    }

    /** Makes headers without a log; another step makes the log. */
    private @Nullable HeaderPair rebuild() throws IOException {
        Header header = new Header(1, newGuid.get(), newGuid.get(), GuidCodec.NIL, 0, Header.VERSION, 0, 0);
        long traceBytes;
        try {
            traceBytes = LogTrace.find(storage, header);
        } catch (CorruptImageException | UnsupportedImageException e) {
            return refuse("no valid header, and with new ones: " + e.getMessage());
        }
        if (traceBytes >= 0) {
            return refuse("no valid header; at offset " + traceBytes
                    + " stands an entry of a log, and nobody knows whether it was brought to its place");
        }
        report.lost(new RepairReport.Loss(
                "both headers are lost, and with them the identity of the data: children have to be attached anew",
                List.of(),
                0));
        if (!options.allowLoss()) {
            report.refuseLoss();
            return null;
        }
        writeHeader(header, 0);
        Header second = header.withSequenceNumber(2);
        writeHeader(second, 1);
        report.repaired("headers: both were written anew");
        return new HeaderPair(second, 1, true);
    }
}
