package io.vhdxd.server.session;

import io.netty.buffer.ByteBuf;
import io.vhdxd.nbd.AllocationFlags;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.codec.ReplyFormat;
import io.vhdxd.server.export.Disk;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.request.AbandonedException;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** BLOCK_STATUS, from the block map, and the sector bitmaps of a differencing disk. The extents end where the request does, or earlier (nbd.md CM-09). */
final class StatusOperation extends Operation implements Runnable {
    /** A client with a range in more pieces has to ask again from there on. */
    static final int EXTENTS_MAX = 4096;

    private final Disk disk;
    private final List<MetaContext> contexts;
    private @Nullable Extents extents;

    StatusOperation(Session session, Request request, long reservedBytes, Disk disk, List<MetaContext> contexts) {
        super(session, request, reservedBytes);
        this.disk = disk;
        this.contexts = contexts;
    }

    /** What one reply may need. */
    static int replyBytesMax(ReplyFormat format, List<MetaContext> contexts) {
        return contexts.size() * format.statusBytes(EXTENTS_MAX);
    }

    @Override
    boolean start() throws IOException {
        extents = Extents.tryOf(
                disk, request.offsetBytes(), request.lengthBytes(), countMax(), StatusOperation::allocationFlags);
        if (extents == null) {
            session.ioPool().execute(this);
            return false;
        }
        return true;
    }

    /** Finds the extents out on a thread that may wait. */
    @Override
    public void run() {
        session.carryOut(this, () -> {
            if (session.isAbandoned()) {
                throw new AbandonedException();
            }
            extents = Extents.of(
                    disk, request.offsetBytes(), request.lengthBytes(), countMax(), StatusOperation::allocationFlags);
            return true;
        });
    }

    private int countMax() {
        return request.has(CommandFlags.REQ_ONE) ? 1 : EXTENTS_MAX;
    }

    @Override
    void succeed(ReplyStream replies) {
        ReplyFormat format = session.format();
        Extents found = Objects.requireNonNull(extents);
        for (int i = 0; i < contexts.size(); i++) {
            ByteBuf out = replies.room(format.statusBytes(found.count()));
            boolean done = i == contexts.size() - 1;
            format.writeStatusHeader(out, done, request, contexts.get(i).id(), found.count());
            for (int j = 0; j < found.count(); j++) {
                format.writeExtent(out, found.lengthBytes(j), found.number(j));
            }
        }
    }

    private static int allocationFlags(ExtentKind kind) {
        return switch (kind) {
            case DATA -> 0;
            case HOLE -> AllocationFlags.HOLE | AllocationFlags.ZERO;
        };
    }

    @Override
    void discard() {
        // It holds none.
    }
}
