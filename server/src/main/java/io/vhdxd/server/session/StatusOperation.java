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

/**
 * BLOCK_STATUS, from the block map, and the sector bitmaps of a differencing disk. The extents of each context end where the
 * request does, or earlier (nbd.md CM-09).
 *
 * <p>A request may be about all of a huge disk (nbd.md EX-05). Its beginning is looked up on the event loop, which is all
 * of it for most; the rest on the pool's threads, in slices, between which others have their turn.
 */
final class StatusOperation extends Operation implements Runnable {
    /** A client with a range in more pieces has to ask again from there on. */
    static final int EXTENTS_MAX = 4096;

    /** Up to here a range is looked up on the event loop: 1024 blocks of the smallest size. */
    static final long INLINE_BYTES = 1L << 30;

    /** How much a thread of the pool looks up before the next task has its turn. */
    static final long SLICE_BYTES = 16L << 30;

    private final Disk disk;
    private final List<MetaContext> contexts;

    /** What there is to tell of each context. */
    private final List<Extents> answers;

    /** So many answers are complete. */
    private int completeCount;

    StatusOperation(Session session, Request request, long reservedBytes, Disk disk, List<MetaContext> contexts) {
        super(session, request, reservedBytes);
        this.disk = disk;
        this.contexts = contexts;
        this.answers = contexts.stream()
                .map(context -> new Extents(
                        request.offsetBytes(),
                        request.lengthBytes(),
                        request.has(CommandFlags.REQ_ONE) ? 1 : EXTENTS_MAX,
                        telling(context)))
                .toList();
    }

    private static Extents.Telling telling(MetaContext context) {
        return switch (context) {
            case BASE_ALLOCATION -> (kind, depth) -> allocationFlags(kind);
            case ALLOCATION_DEPTH -> (kind, depth) -> depth;
        };
    }

    /** What one reply may need. */
    static int replyBytesMax(ReplyFormat format, List<MetaContext> contexts) {
        return contexts.size() * format.statusBytes(EXTENTS_MAX);
    }

    @Override
    boolean start() throws IOException {
        while (!isComplete()) {
            Extents next = answers.get(completeCount);
            if (!next.tryAdvance(disk, INLINE_BYTES) || !next.isComplete()) {
                session.ioPool().execute(this);
                return false;
            }
        }
        return true;
    }

    /** Goes on by a slice, on a thread that may wait. */
    @Override
    public void run() {
        session.carryOut(this, () -> {
            if (session.isAbandoned()) {
                throw new AbandonedException();
            }
            answers.get(completeCount).advance(disk, SLICE_BYTES);
            if (isComplete()) {
                return true;
            }
            session.ioPool().execute(this);
            return false;
        });
    }

    private boolean isComplete() {
        while (completeCount < answers.size() && answers.get(completeCount).isComplete()) {
            completeCount++;
        }
        return completeCount == answers.size();
    }

    @Override
    void succeed(ReplyStream replies) {
        ReplyFormat format = session.format();
        for (int i = 0; i < answers.size(); i++) {
            Extents extents = answers.get(i);
            ByteBuf out = replies.room(format.statusBytes(extents.count()));
            boolean done = i == answers.size() - 1;
            format.writeStatusHeader(out, done, request, contexts.get(i).id(), extents.count());
            for (int j = 0; j < extents.count(); j++) {
                format.writeExtent(out, extents.lengthBytes(j), extents.number(j));
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
