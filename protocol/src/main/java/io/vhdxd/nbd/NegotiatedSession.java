package io.vhdxd.nbd;

import java.util.List;

/**
 * What one client has agreed on in the handshake.
 *
 * @param export the export that it uses
 * @param transmissionFlags the flags that it was told: those of the export, and SEND_DF with structured replies
 * @param structuredReplies whether replies to READ and BLOCK_STATUS must be structured; if not, all must be simple
 * @param metaContexts what it may ask with BLOCK_STATUS; empty if nothing
 * @param noZeroes whether the reply to EXPORT_NAME comes without its 124 bytes of padding
 * @param enteredBy how it entered the transmission phase: {@link OptionCode#GO} or {@link OptionCode#EXPORT_NAME}
 */
public record NegotiatedSession(
        ExportInfo export,
        int transmissionFlags,
        boolean structuredReplies,
        List<MetaContext> metaContexts,
        boolean noZeroes,
        OptionCode enteredBy) {

    public NegotiatedSession {
        metaContexts = List.copyOf(metaContexts);
    }

    /** Whether all of the given {@link TransmissionFlags} were announced. */
    public boolean announces(int flags) {
        return (transmissionFlags & flags) == flags;
    }
}
