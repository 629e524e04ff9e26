package io.vhdxd.server.session;

import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.codec.Replies;

/** A request that succeeds without anything being done. */
final class NoOperation extends Operation {
    NoOperation(Session session, Request request) {
        super(session, request, 0);
    }

    @Override
    boolean start() {
        return true;
    }

    @Override
    void succeed(ReplyStream replies) {
        Replies.writeSuccess(replies.room(Replies.SIMPLE_HEADER_BYTES), request.cookie());
    }

    @Override
    void discard() {
        // It holds none.
    }
}
