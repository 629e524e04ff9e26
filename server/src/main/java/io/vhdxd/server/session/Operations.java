package io.vhdxd.server.session;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.Refusal;
import io.vhdxd.nbd.Request;
import io.vhdxd.server.export.Export;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the requests of a session need, and who carries them out. */
final class Operations {
    private final Session session;
    private final Export export;
    private final NegotiatedSession negotiated;

    Operations(Session session, Export export, NegotiatedSession negotiated) {
        this.session = session;
        this.export = export;
        this.negotiated = negotiated;
    }

    /** How many bytes a request will hold: its payload, which comes also if it is refused, or what goes back. */
    long neededBytes(Request request, @Nullable Refusal refusal) {
        return switch (request.command()) {
            case Command.WRITE -> request.payload() == null ? 0 : request.lengthBytes();
            case Command.READ -> refusal == null ? request.lengthBytes() : 0;
            case Command.BLOCK_STATUS ->
                refusal == null ? StatusOperation.replyBytesMax(session.format(), contexts(request)) : 0;
            default -> 0;
        };
    }

    /** What a BLOCK_STATUS asks for: all contexts that were selected, if it names none. */
    private List<MetaContext> contexts(Request request) {
        List<Integer> ids = request.contextIds();
        return ids == null
                ? negotiated.metaContexts()
                : negotiated.metaContexts().stream()
                        .filter(context -> ids.contains(context.id()))
                        .toList();
    }

    static boolean isChange(Request request) {
        return switch (request.command()) {
            case Command.WRITE, Command.TRIM, Command.WRITE_ZEROES -> true;
            default -> false;
        };
    }

    /** The operation for a request that is not refused; DISC has none. */
    Operation of(Request request, long reservedBytes) {
        return switch (request.command()) {
            case Command.READ -> new ReadOperation(session, request, reservedBytes, export.disk());
            case Command.WRITE ->
                new WriteOperation(
                        session, request, Objects.requireNonNull(request.payload()), reservedBytes, export.disk());
            // Nothing can have been changed through an export that is read-only.
            case Command.FLUSH ->
                export.isReadOnly()
                        ? new NoOperation(session, request)
                        : new WriterOperation(session, request, export.disk());
            case Command.TRIM, Command.WRITE_ZEROES -> new WriterOperation(session, request, export.disk());
            // The file system's cache needs no advice from us.
            case Command.CACHE -> new NoOperation(session, request);
            case Command.BLOCK_STATUS ->
                new StatusOperation(session, request, reservedBytes, export.disk(), contexts(request));
            default -> throw new IllegalStateException("command: " + request.command());
        };
    }
}
