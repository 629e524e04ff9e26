package io.vhdxd.server.session;

import io.vhdxd.nbd.Request;

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
        replies.writeSuccess(request);
    }

    @Override
    void discard() {
        // It holds none.
    }
}
