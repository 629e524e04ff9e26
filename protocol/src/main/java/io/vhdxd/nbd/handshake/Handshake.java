package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The handshake of one connection, from the server's side. First come the {@linkplain #clientFlags client's flags}, then its
 * options one by one, until an outcome is something else than {@link Outcome.Haggle}. Not safe for several threads.
 */
public final class Handshake {
    /** The flags that the server announces. */
    public static final int SERVER_FLAGS = HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES;

    private static final int OPTION_COUNT = 64;
    private static final int OPTION_COUNT_PER_LISTED_EXPORT = 32;

    private final Exports exports;
    private final Negotiation negotiation = new Negotiation();
    private final OptionFamily exportName;
    private final OptionFamily list;
    private final OptionFamily info;
    private final OptionFamily headers;
    private final OptionFamily metaContext;

    private final TlsMode tlsMode;

    private boolean encrypted;
    private boolean fixedNewstyle;
    private long optionCount;
    private long listedExportCount;
    private long allDataBytes;

    public Handshake(ExportDirectory directory, TlsMode tlsMode) {
        this.tlsMode = tlsMode;
        exports = new Exports(directory);
        exportName = new ExportNameOption(exports, negotiation);
        list = new ListOption(exports);
        info = new InfoOptions(exports, negotiation);
        headers = new HeaderOptions(negotiation);
        metaContext = new MetaContextOptions(exports, negotiation);
    }

    /** The client's answer to the greeting. An unknown flag ends the connection: the client may mean anything by it. */
    public Outcome clientFlags(int flags) {
        if ((flags & ~SERVER_FLAGS) != 0) {
            return Outcome.close(
                    "The client set handshake flags that were not offered: 0x" + Integer.toHexString(flags) + ".");
        }
        fixedNewstyle = (flags & HandshakeFlags.FIXED_NEWSTYLE) != 0;
        negotiation.setNoZeroes((flags & HandshakeFlags.NO_ZEROES) != 0);
        if (tlsMode == TlsMode.REQUIRE && !fixedNewstyle) {
            return Outcome.close("TLS is required, and the client did not set the flag for fixed newstyle.");
        }
        return Outcome.haggle();
    }

    /** What to do with the data of an option whose header has come; {@link #option} follows, unless it is CLOSE. */
    public DataPolicy dataPolicy(int option, long lengthBytes) {
        OptionCode code = OptionCode.of(option);
        allDataBytes += lengthBytes;
        if (allDataBytes > Limits.ALL_OPTIONS_DATA_BYTES
                || lengthBytes > Limits.SKIPPED_OPTION_DATA_BYTES
                || (code == OptionCode.EXPORT_NAME && lengthBytes > Limits.STRING_BYTES)) {
            return DataPolicy.CLOSE;
        }
        return code != null && lengthBytes <= Limits.OPTION_DATA_BYTES ? DataPolicy.KEEP : DataPolicy.SKIP;
    }

    /**
     * An option has come.
     *
     * @param data its data; null if that was {@linkplain DataPolicy#SKIP thrown away}
     */
    public Outcome option(int option, byte @Nullable [] data) {
        OptionCode code = OptionCode.of(option);
        if (++optionCount > OPTION_COUNT + OPTION_COUNT_PER_LISTED_EXPORT * listedExportCount) {
            return Outcome.close("The client sent too many options.");
        }
        if (!fixedNewstyle && code != OptionCode.EXPORT_NAME) {
            return Outcome.close("The client sent option " + Integer.toUnsignedString(option)
                    + " without having set the flag for fixed newstyle.");
        }
        if (code == OptionCode.SET_META_CONTEXT) {
            // Whatever comes of it, the earlier selection is gone.
            negotiation.selectNothing();
        }
        try {
            return answer(option, code, data);
        } catch (OptionRefusedException e) {
            return refuse(option, e);
        }
    }

    /** The server does not let the client enter the transmission phase as the last outcome proposed. */
    public Outcome refuse(NegotiatedSession session, OptionRefusedException cause) {
        return refuse(session.enteredBy().wireValue(), cause);
    }

    private Outcome answer(int option, @Nullable OptionCode code, byte @Nullable [] data)
            throws OptionRefusedException {
        if (exports.isShuttingDown() && code != OptionCode.ABORT) {
            throw new OptionRefusedException(OptionReplyType.SHUTDOWN, "The server is shutting down.");
        }
        if (tlsMode == TlsMode.REQUIRE && !encrypted && code != OptionCode.ABORT && code != OptionCode.STARTTLS) {
            throw new OptionRefusedException(OptionReplyType.TLS_REQD, "The server requires TLS here.");
        }
        return switch (code) {
            case null ->
                throw new OptionRefusedException(
                        OptionReplyType.UNSUP, "The option " + Integer.toUnsignedString(option) + " is not supported.");
            case EXPORT_NAME -> exportName.answer(code, require(data));
            case ABORT ->
                new Outcome.Close(List.of(OptionReply.ack(code.wireValue())), "The client aborted the handshake.");
            case LIST -> {
                Outcome outcome = list.answer(code, require(data));
                listedExportCount = exports.list().size();
                yield outcome;
            }
            case STARTTLS -> startTls(require(data));
            case INFO, GO -> info.answer(code, require(data));
            case STRUCTURED_REPLY, EXTENDED_HEADERS -> headers.answer(code, require(data));
            case LIST_META_CONTEXT, SET_META_CONTEXT -> metaContext.answer(code, require(data));
        };
    }

    private Outcome startTls(byte[] data) throws OptionRefusedException {
        if (tlsMode == TlsMode.OFF) {
            throw new OptionRefusedException(OptionReplyType.POLICY, "TLS is not configured on this server.");
        }
        new OptionReader(data).expectEnd();
        if (encrypted) {
            throw OptionRefusedException.invalid("The connection is encrypted already.");
        }
        encrypted = true;
        // Who could change what the client said in clear must not have a say in what follows.
        negotiation.startAnew();
        return new Outcome.StartTls(OptionReply.ack(OptionCode.STARTTLS.wireValue()));
    }

    private static byte[] require(byte @Nullable [] data) throws OptionRefusedException {
        if (data == null) {
            throw OptionRefusedException.invalid(
                    "The option's data is too long (expected: at most " + Limits.OPTION_DATA_BYTES + " bytes).");
        }
        return data;
    }

    private static Outcome refuse(int option, OptionRefusedException cause) {
        return option == OptionCode.EXPORT_NAME.wireValue()
                ? Outcome.close("EXPORT_NAME was refused: " + cause.text())
                : Outcome.haggle(OptionReply.error(option, cause));
    }
}
