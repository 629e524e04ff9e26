package io.vhdxd.server.session;

import io.netty.util.concurrent.FastThreadLocal;

/** Counts the operations of all sessions of an event loop that other threads are carrying out. On that event loop only. */
public final class UnderWay {
    private static final FastThreadLocal<UnderWay> OF_THIS_LOOP = new FastThreadLocal<>() {
        @Override
        protected UnderWay initialValue() {
            return new UnderWay();
        }
    };

    private int count;

    private UnderWay() {}

    public static UnderWay ofThisLoop() {
        return OF_THIS_LOOP.get();
    }

    void begun() {
        count++;
    }

    void done() {
        count--;
        assert count >= 0 : count;
    }

    public boolean isNone() {
        return count == 0;
    }
}
