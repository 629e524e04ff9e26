package io.vhdxd.server.session;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Request;
import io.vhdxd.server.export.Disk;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.ZeroRequest;

/** FLUSH, TRIM and WRITE_ZEROES, which only the image's writer can carry out. */
final class WriterOperation extends Operation implements Completion {
    private final Disk disk;

    WriterOperation(Session session, Request request, Disk disk) {
        super(session, request, 0);
        this.disk = disk;
    }

    @Override
    boolean start() {
        if (Operations.isChange(request) && request.lengthBytes() == 0) {
            return true;
        }
        disk.submit(imageRequest());
        return false;
    }

    private ImageRequest imageRequest() {
        long offsetBytes = request.offsetBytes();
        long lengthBytes = request.lengthBytes();
        boolean durable = request.has(CommandFlags.FUA);
        return switch (request.command()) {
            case Command.FLUSH -> new FlushRequest(this);
            case Command.TRIM -> new TrimRequest(offsetBytes, lengthBytes, durable, this);
            case Command.WRITE_ZEROES ->
                new ZeroRequest(
                        offsetBytes,
                        lengthBytes,
                        request.has(CommandFlags.NO_HOLE),
                        request.has(CommandFlags.FAST_ZERO),
                        durable,
                        this);
            default -> throw new IllegalStateException("command: " + request.command());
        };
    }

    @Override
    public boolean isAbandoned() {
        return session.isAbandoned();
    }

    @Override
    void succeed(ReplyStream replies) {
        replies.writeSuccess(request);
    }

    @Override
    void discard() {
        // It holds none.
    }
}
