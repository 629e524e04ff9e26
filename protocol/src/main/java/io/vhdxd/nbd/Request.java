package io.vhdxd.nbd;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request of the transmission phase, as it came from the wire; nothing in it has been checked.
 *
 * @param command what to do, see {@link Command}; 16 bits, possibly unknown
 * @param flags how to do it, see {@link CommandFlags}; 16 bits, possibly unknown ones
 * @param cookie 64 bits that the reply repeats; they mean nothing else, and need not be unique
 * @param offsetBytes unsigned: a negative number is one above 2^63 - 1
 * @param lengthBytes how much of the export it is about; unsigned, with compact headers 0 to 2^32 - 1
 * @param payload the bytes of a WRITE; null with other commands, and with a WRITE that has none, or whose payload was
 *     thrown away: because it was larger than the export's maximum, or because the server wants no more payloads
 * @param contextIds the {@linkplain MetaContext#id contexts} that a BLOCK_STATUS with a payload asks for; null if it has
 *     none or a malformed one, and with other commands
 */
public record Request(
        int command,
        int flags,
        long cookie,
        long offsetBytes,
        long lengthBytes,
        @Nullable Payload payload,
        @Nullable List<Integer> contextIds) {

    public Request(int command, int flags, long cookie, long offsetBytes, long lengthBytes, @Nullable Payload payload) {
        this(command, flags, cookie, offsetBytes, lengthBytes, payload, null);
    }

    /** Whether any of the given {@link CommandFlags} is set. */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** The same request, whose payload is thrown away. */
    public Request withoutPayload() {
        return new Request(command, flags, cookie, offsetBytes, lengthBytes, null);
    }
}
