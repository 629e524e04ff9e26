package io.vhdxd.nbd;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Every rule that a request must keep, in one place. What passes can be carried out without further checks of its command,
 * flags and range. It holds no state, so all threads may share one.
 *
 * <p>Where the specification leaves it open: a length of zero is good for everything but BLOCK_STATUS, and CACHE is
 * accepted without having been announced, because clients are known to send it anyway.
 */
public final class RequestValidator {
    private final NegotiatedSession session;
    private final ExportInfo export;

    /** The flags that may come with each command; the index is the command. */
    private final int[] allowedFlags = new int[Command.BLOCK_STATUS + 1];

    public RequestValidator(NegotiatedSession session) {
        this.session = session;
        this.export = session.export();
        allowedFlags[Command.READ] = session.announces(TransmissionFlags.SEND_DF) ? CommandFlags.DF : 0;
        allowedFlags[Command.WRITE_ZEROES] = CommandFlags.NO_HOLE
                | (session.announces(TransmissionFlags.SEND_FAST_ZERO) ? CommandFlags.FAST_ZERO : 0);
        allowedFlags[Command.BLOCK_STATUS] = CommandFlags.REQ_ONE
                | (session.announces(TransmissionFlags.BLOCK_STATUS_PAYLOAD) ? CommandFlags.PAYLOAD_LEN : 0);
        if (session.mode() == TransmissionMode.EXTENDED) {
            allowedFlags[Command.WRITE] = CommandFlags.PAYLOAD_LEN;
        }
        if (session.announces(TransmissionFlags.SEND_FUA)) {
            for (int command = 0; command < allowedFlags.length; command++) {
                allowedFlags[command] |= CommandFlags.FUA;
            }
        }
    }

    /** Why a request must be refused; null if it must not. A DISC is never refused. */
    public @Nullable Refusal check(Request request) {
        int command = request.command();
        if (command == Command.DISC) {
            return null;
        }
        if (command >= allowedFlags.length) {
            return new Refusal(NbdError.EINVAL, Command.nameOf(command) + " is unknown.");
        }
        Refusal refusal = checkCommand(command);
        if (refusal == null) {
            refusal = checkFlags(request);
        }
        if (refusal == null) {
            refusal = checkPayload(request);
        }
        if (refusal == null) {
            refusal = command == Command.FLUSH ? checkFlush(request) : checkRange(request);
        }
        if (refusal == null) {
            refusal = checkLength(request);
        }
        return refusal;
    }

    /** Whether the session may use the command at all. */
    private @Nullable Refusal checkCommand(int command) {
        return switch (command) {
            case Command.WRITE -> checkWritable(command, 0);
            case Command.TRIM -> checkWritable(command, TransmissionFlags.SEND_TRIM);
            case Command.WRITE_ZEROES -> checkWritable(command, TransmissionFlags.SEND_WRITE_ZEROES);
            case Command.FLUSH -> checkAnnounced(command, TransmissionFlags.SEND_FLUSH);
            case Command.BLOCK_STATUS ->
                session.metaContexts().isEmpty()
                        ? new Refusal(NbdError.EINVAL, "BLOCK_STATUS needs a metadata context, and none was selected.")
                        : null;
            default -> null;
        };
    }

    private @Nullable Refusal checkWritable(int command, int flag) {
        if (session.announces(TransmissionFlags.READ_ONLY)) {
            return new Refusal(NbdError.EPERM, Command.nameOf(command) + " is refused: the export is read-only.");
        }
        return checkAnnounced(command, flag);
    }

    private @Nullable Refusal checkAnnounced(int command, int flag) {
        return session.announces(flag)
                ? null
                : new Refusal(NbdError.EINVAL, Command.nameOf(command) + " is not supported by the export.");
    }

    private @Nullable Refusal checkFlags(Request request) {
        int wrong = request.flags() & ~allowedFlags[request.command()];
        return wrong == 0
                ? null
                : new Refusal(
                        NbdError.EINVAL,
                        Command.nameOf(request.command()) + " does not allow the flags 0x" + Integer.toHexString(wrong)
                                + " here.");
    }

    /** What a client with extended headers has to send along, or has sent along. */
    private @Nullable Refusal checkPayload(Request request) {
        boolean hasPayload = request.has(CommandFlags.PAYLOAD_LEN);
        return switch (request.command()) {
            case Command.WRITE ->
                session.mode() == TransmissionMode.EXTENDED && !hasPayload
                        ? new Refusal(NbdError.EINVAL, "WRITE lacks the flag PAYLOAD_LEN, and so its data.")
                        : null;
            case Command.BLOCK_STATUS -> hasPayload ? checkContexts(request.contextIds()) : null;
            default -> null;
        };
    }

    private @Nullable Refusal checkContexts(@Nullable List<Integer> ids) {
        if (ids == null) {
            return new Refusal(
                    NbdError.EINVAL,
                    "The payload of BLOCK_STATUS has the wrong length (expected: 8 bytes, and 4 for each context).");
        }
        Set<Integer> unnamed = new HashSet<>();
        session.metaContexts().forEach(context -> unnamed.add(context.id()));
        for (int id : ids) {
            if (!unnamed.remove(id)) {
                return new Refusal(
                        NbdError.EINVAL,
                        "The payload of BLOCK_STATUS names the context " + Integer.toUnsignedString(id)
                                + " twice, or it was not selected.");
            }
        }
        return null;
    }

    private static @Nullable Refusal checkFlush(Request request) {
        return request.offsetBytes() == 0 && request.lengthBytes() == 0
                ? null
                : new Refusal(NbdError.EINVAL, "FLUSH must have an offset and a length of 0.");
    }

    private @Nullable Refusal checkRange(Request request) {
        long offset = request.offsetBytes();
        long length = request.lengthBytes();
        // A negative number is one above 2^63 - 1; and offset + length could overflow, size - offset cannot.
        if (offset < 0 || length < 0 || offset > export.sizeBytes() || length > export.sizeBytes() - offset) {
            boolean writes = request.command() == Command.WRITE || request.command() == Command.WRITE_ZEROES;
            return new Refusal(
                    writes ? NbdError.ENOSPC : NbdError.EINVAL,
                    describe(request) + " reaches beyond the export's end at " + export.sizeBytes() + ".");
        }
        if (((offset | length) & (export.minimumBlockBytes() - 1)) != 0) {
            return new Refusal(
                    NbdError.EINVAL,
                    describe(request) + " is not aligned to the minimum block size of " + export.minimumBlockBytes()
                            + ".");
        }
        return null;
    }

    private @Nullable Refusal checkLength(Request request) {
        long length = request.lengthBytes();
        return switch (request.command()) {
            case Command.READ -> length <= export.maximumPayloadBytes() ? null : tooLong(request);
            case Command.WRITE ->
                length <= export.maximumPayloadBytes() && request.payload() != null ? null : tooLong(request);
            case Command.BLOCK_STATUS ->
                length > 0 ? null : new Refusal(NbdError.EINVAL, "BLOCK_STATUS must have a length above 0.");
            default -> null;
        };
    }

    /** The specification knows EOVERFLOW for reads only, and only where the client has heard of DF. */
    private Refusal tooLong(Request request) {
        boolean overflow = request.command() == Command.READ && session.announces(TransmissionFlags.SEND_DF);
        return new Refusal(
                overflow ? NbdError.EOVERFLOW : NbdError.EINVAL,
                describe(request) + " is longer than the maximum payload of " + export.maximumPayloadBytes() + ".");
    }

    private static String describe(Request request) {
        return Command.nameOf(request.command()) + " of " + Long.toUnsignedString(request.lengthBytes())
                + " bytes at offset " + Long.toUnsignedString(request.offsetBytes());
    }
}
