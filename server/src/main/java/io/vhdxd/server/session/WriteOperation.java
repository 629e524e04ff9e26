package io.vhdxd.server.session;

import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Payload;
import io.vhdxd.nbd.Request;
import io.vhdxd.server.export.Disk;
import io.vhdxd.vhdx.request.AbandonedException;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import java.io.IOException;
import java.nio.ByteBuffer;

/** WRITE. Blocks that are present are overwritten here; everything else is the business of the image's writer. */
final class WriteOperation extends Operation implements Completion, Runnable {
    private final Disk disk;
    private final Payload payload;

    WriteOperation(Session session, Request request, Payload payload, long reservedBytes, Disk disk) {
        super(session, request, reservedBytes);
        this.disk = disk;
        this.payload = payload;
    }

    @Override
    boolean start() throws IOException {
        if (request.lengthBytes() == 0) {
            return true;
        }
        if (request.lengthBytes() <= session.limits().inlineBytes()) {
            return write();
        }
        session.ioPool().execute(this);
        return false;
    }

    @Override
    public void run() {
        session.carryOut(this, () -> {
            if (isAbandoned()) {
                throw new AbandonedException();
            }
            return write();
        });
    }

    /** @return whether it is done; the writer completes it if not */
    private boolean write() throws IOException {
        ByteBuffer[] srcs = payload.buffers();
        boolean durable = request.has(CommandFlags.FUA);
        if (!disk.tryWrite(request.offsetBytes(), srcs)) {
            disk.submit(new WriteRequest(request.offsetBytes(), srcs, durable, this));
            return false;
        }
        if (durable) {
            disk.submit(new FlushRequest(this));
            return false;
        }
        return true;
    }

    @Override
    public boolean isAbandoned() {
        return session.isAbandoned();
    }

    @Override
    void succeed(ReplyStream replies) {
        payload.release();
        replies.writeSuccess(request);
    }

    @Override
    void discard() {
        payload.release();
    }
}
