package io.vhdxd.nbd;

import java.util.List;

/**
 * What one client has agreed on in the handshake.
 *
 * @param export the export that it uses
 * @param transmissionFlags the flags that it was told: those of the export, SEND_DF if
 *     replies have chunks, and BLOCK_STATUS_PAYLOAD with extended headers and metadata contexts
 * @param mode which headers requests and replies have
 * @param metaContexts what it may ask with BLOCK_STATUS; empty if nothing
 * @param noZeroes whether the reply to EXPORT_NAME comes without its 124 bytes of padding
 * @param enteredBy how it entered the transmission phase: {@link OptionCode#GO} or {@link OptionCode#EXPORT_NAME}
 */
public record NegotiatedSession(
        ExportInfo export,
        int transmissionFlags,
        TransmissionMode mode,
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
