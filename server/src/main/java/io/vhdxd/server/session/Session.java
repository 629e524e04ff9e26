package io.vhdxd.server.session;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.Payload;
import io.vhdxd.nbd.Refusal;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.RequestValidator;
import io.vhdxd.nbd.codec.ReceiveMemory;
import io.vhdxd.nbd.codec.ReplyFormat;
import io.vhdxd.nbd.codec.RequestDecoder;
import io.vhdxd.nbd.codec.RequestHandler;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportMeter;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One connection in its transmission phase: lets requests in, has them carried out, and sends the replies. Everything on its
 * event loop, unless a method says otherwise.
 */
final class Session implements RequestHandler {
    private static final Refusal SHUTDOWN = new Refusal(NbdError.ESHUTDOWN, "The server is shutting down.");

    private final Channel channel;
    private final NegotiatedSession negotiated;
    private final Export export;
    private final SharedResources server;
    private final SessionLog log;
    private final Operations operations;
    private final RequestValidator validator;
    private final Admission admission;
    private final ReplyFormat format;
    private final ReplyStream replies;
    private final Completions completions;
    private final Lifetime lifetime;
    private final StallWatch stallWatch;

    private @Nullable RequestDecoder decoder;
    private @Nullable Admitted admitted;

    /** A request that was let in and has not come yet. */
    private record Admitted(
            Request request, long reservedBytes, @Nullable Refusal refusal) {}

    Session(Channel channel, NegotiatedSession negotiated, Export export, SharedResources server) {
        this.channel = channel;
        this.negotiated = negotiated;
        this.export = export;
        this.server = server;
        this.log = new SessionLog(channel, export);
        this.operations = new Operations(this, export, negotiated);
        this.validator = new RequestValidator(negotiated);
        this.admission =
                new Admission(server.limits(), server.budget(), export.leftovers(), channel.eventLoop(), this::goOn);
        this.format = new ReplyFormat(negotiated.mode());
        this.replies = new ReplyStream(channel, format, admission::release);
        this.lifetime = new Lifetime(channel, export, server, log, admission, replies);
        this.completions = new Completions(() -> channel.eventLoop().execute(this::finishCompleted));
        this.stallWatch = new StallWatch(
                channel.eventLoop(), server.budget(), this::waitsForClient, this::movedBytes, this::dropStalledClient);
    }

    // What operations ask of their session.

    ByteBufAllocator allocator() {
        return channel.alloc();
    }

    ReplyFormat format() {
        return format;
    }

    SessionLimits limits() {
        return server.limits();
    }

    ExportMeter meter() {
        return export.meter();
    }

    IoPool ioPool() {
        return server.ioPool();
    }

    /** Any thread. */
    boolean isAbandoned() {
        return lifetime.isAbandoned();
    }

    // What the decoder tells.

    @Override
    public ReceiveMemory receiveMemory() {
        return server.receiveMemory();
    }

    @Override
    public void onStart(RequestDecoder started) {
        decoder = started;
        lifetime.begin(started);
        log.started(negotiated);
    }

    @Override
    public boolean tryAdmit(Request request) {
        if (lifetime.isDraining()) {
            return tryRefuseAll(request);
        }
        if (!lifetime.isOpen()) {
            return false;
        }
        Refusal refusal = validator.check(request);
        long neededBytes = operations.neededBytes(request, refusal);
        if (!admission.tryAdmit(neededBytes, refusal == null && Operations.isChange(request))) {
            return false;
        }
        admitted = new Admitted(request, neededBytes, refusal);
        if (admission.holdsBudget()) {
            stallWatch.watch();
        }
        return true;
    }

    private boolean waitsForClient() {
        return !lifetime.isGone() && admission.holdsBudget() && (admitted != null || replies.unsentBytes() > 0);
    }

    private long movedBytes() {
        return Objects.requireNonNull(decoder).receivedBytes() + replies.sentBytes();
    }

    /** What comes while the server shuts down waits for nothing but the client, who has to take the refusals. */
    private boolean tryRefuseAll(Request request) {
        if (!channel.isWritable()) {
            return false;
        }
        admission.admitRefused();
        admitted = new Admitted(request, 0, request.command() == Command.DISC ? null : SHUTDOWN);
        return true;
    }

    @Override
    public void onRequest(Request request) {
        Admitted let = Objects.requireNonNull(admitted);
        assert let.request.cookie() == request.cookie();
        admitted = null;
        if (let.refusal != null) {
            refuse(request, let.reservedBytes, let.refusal);
            return;
        }
        if (request.command() == Command.DISC) {
            admission.release(1, 0);
            lifetime.end("the client disconnected");
        } else {
            start(operations.of(request, let.reservedBytes));
        }
    }

    private void refuse(Request request, long reservedBytes, Refusal refusal) {
        Payload payload = request.payload();
        if (payload != null) {
            payload.release();
        }
        log.refused(request, refusal);
        export.meter().refused(request.command(), refusal.error());
        replies.writeError(request, refusal.error(), refusal.text());
        replies.endReply(reservedBytes);
    }

    @Override
    public void onBatchEnd() {
        replies.flush();
    }

    @Override
    public void onInputEnd() {
        lifetime.end("the client closed the connection");
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        // Replies count as under way until they have left, so what waits to be written is bounded by the admission; but
        // refusals for the shutdown are not.
        if (writable && lifetime.isDraining()) {
            goOn();
        }
    }

    @Override
    public void onFailure(Throwable cause) {
        log.failed(cause);
        lifetime.becomeGone();
    }

    @Override
    public void onClosed() {
        lifetime.becomeGone();
        if (admitted != null) {
            admission.release(1, admitted.reservedBytes);
            admitted = null;
        }
        log.closed();
        lifetime.leaveIfOver();
    }

    // Operations.

    private void start(Operation operation) {
        lifetime.operationBegun(Operations.isChange(operation.request));
        export.meter().began();
        carryOut(operation, operation::start);
    }

    /** A piece of work on an operation. */
    interface Work {
        /** Tells whether the operation is done. */
        boolean work() throws IOException;
    }

    /** Does a piece of work, and completes the operation if that was all or if it failed. Any thread. */
    void carryOut(Operation operation, Work work) {
        IOException failure;
        try {
            if (!work.work()) {
                return;
            }
            failure = null;
        } catch (IOException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            log.internalError(operation.request, e);
            failure = new IOException("an error in the server itself: " + e, e);
        }
        operation.completed(failure);
    }

    /** An operation is done, or has failed. Any thread. */
    void complete(Operation operation) {
        if (channel.eventLoop().inEventLoop()) {
            finish(operation);
        } else {
            completions.put(operation);
        }
    }

    /** Ends operations that were completed on other threads, all that there are at once. */
    private void finishCompleted() {
        completions.drain(this::finish);
        replies.flush();
    }

    private void finish(Operation operation) {
        lifetime.operationDone(Operations.isChange(operation.request));
        if (lifetime.isGone()) {
            export.meter().dropped();
            operation.discard();
            admission.release(1, operation.reservedBytes);
            lifetime.leaveIfOver();
            return;
        }
        try {
            reply(operation);
        } catch (RuntimeException | Error e) {
            // Half a reply may have been written.
            log.failed(e);
            export.meter().dropped();
            admission.release(1, operation.reservedBytes);
            lifetime.becomeGone();
            lifetime.close();
            return;
        }
        replies.endReply(operation.reservedBytes);
        lifetime.hangUpIfDone();
    }

    private void reply(Operation operation) {
        IOException failure = operation.failure();
        if (failure == null) {
            operation.succeed(replies);
            answered(operation, null);
        } else {
            operation.discard();
            WireError error = WireError.of(failure);
            log.failed(operation.request, failure);
            replies.writeError(operation.request, error.error(), error.text());
            answered(operation, error.error());
        }
    }

    private void answered(Operation operation, @Nullable NbdError error) {
        Request request = operation.request;
        long nanos = System.nanoTime() - operation.cameNanos;
        export.meter().answered(request.command(), request.lengthBytes(), nanos, error);
        log.answered(request, nanos);
    }

    /** Asks the decoder again for the request that was not admitted. */
    private void goOn() {
        if (lifetime.takesRequests()) {
            Objects.requireNonNull(decoder).resume();
            replies.flush();
        }
    }

    private void dropStalledClient() {
        lifetime.drop("the client stalled while others waited for the memory that it held");
    }
}
