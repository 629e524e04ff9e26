package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.nbd.TransmissionMode;
import java.util.List;

/** What the options so far have agreed on. */
final class Negotiation {
    private boolean noZeroes;
    private TransmissionMode mode = TransmissionMode.SIMPLE;

    /** The canonical name of the export that {@link #contexts} belong to. */
    private String contextsExport = "";

    private List<MetaContext> contexts = List.of();

    /** Whether the reply to EXPORT_NAME comes without padding. */
    void setNoZeroes(boolean noZeroes) {
        this.noZeroes = noZeroes;
    }

    /** Forgets everything that was said before the connection was encrypted. */
    void startAnew() {
        mode = TransmissionMode.SIMPLE;
        contextsExport = "";
        contexts = List.of();
    }

    TransmissionMode mode() {
        return mode;
    }

    void agreeOn(TransmissionMode agreed) {
        mode = agreed;
    }

    /** Replaces the selected contexts. */
    void select(ExportInfo export, List<MetaContext> selected) {
        contextsExport = export.name();
        contexts = selected;
    }

    void selectNothing() {
        contexts = List.of();
    }

    /** The flags that the client is told if it uses an export. */
    int transmissionFlags(ExportInfo export) {
        int flags = export.transmissionFlags();
        if (mode.hasChunks()) {
            flags |= TransmissionFlags.SEND_DF;
        }
        if (mode == TransmissionMode.EXTENDED && !contextsFor(export).isEmpty()) {
            flags |= TransmissionFlags.BLOCK_STATUS_PAYLOAD;
        }
        return flags;
    }

    /** Contexts that were selected for another export do not count. */
    private List<MetaContext> contextsFor(ExportInfo export) {
        return export.name().equals(contextsExport) ? contexts : List.of();
    }

    NegotiatedSession session(ExportInfo export, OptionCode enteredBy) {
        return new NegotiatedSession(export, transmissionFlags(export), mode, contextsFor(export), noZeroes, enteredBy);
    }
}
