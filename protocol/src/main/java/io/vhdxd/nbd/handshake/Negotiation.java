package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TransmissionFlags;
import java.util.List;

/** What the options so far have agreed on. */
final class Negotiation {
    private boolean noZeroes;
    private boolean structuredReplies;

    /** The canonical name of the export that {@link #contexts} belong to. */
    private String contextsExport = "";

    private List<MetaContext> contexts = List.of();

    /** Whether the reply to EXPORT_NAME comes without padding. */
    void setNoZeroes(boolean noZeroes) {
        this.noZeroes = noZeroes;
    }

    boolean structuredReplies() {
        return structuredReplies;
    }

    void agreeOnStructuredReplies() {
        structuredReplies = true;
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
        return export.transmissionFlags() | (structuredReplies ? TransmissionFlags.SEND_DF : 0);
    }

    NegotiatedSession session(ExportInfo export, OptionCode enteredBy) {
        // Contexts that were selected for another export do not count.
        List<MetaContext> applicable = export.name().equals(contextsExport) ? contexts : List.of();
        return new NegotiatedSession(
                export, transmissionFlags(export), structuredReplies, applicable, noZeroes, enteredBy);
    }
}
