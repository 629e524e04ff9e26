package io.vhdxd.server.net;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.vhdxd.server.session.UnderWay;

/**
 * Netty's epoll, whose registrations last as long as their sockets are open.
 *
 * <p>Netty takes a socket of which nothing is expected out of the epoll set, and fails when it is to come back (as of 4.2.20).
 * A client that has closed its side is such a socket: when its replies do not fit into the socket at once, Netty waits for
 * room, that fails, and the rest of the replies is lost. Here such a socket stays in the set. It is edge-triggered then,
 * because errors are always reported, and would be again and again.
 */
final class LastingEpoll implements IoHandler {
    private final IoHandler epoll;

    private LastingEpoll(IoHandler epoll) {
        this.epoll = epoll;
    }

    static IoHandlerFactory newFactory() {
        return executor -> {
            SelectStrategy polling = new AdaptivePolling(
                    System::nanoTime, () -> UnderWay.ofThisLoop().isNone());
            // 0: room for events that grows with their number.
            return new LastingEpoll(EpollIoHandler.newFactory(0, () -> polling).newHandler(executor));
        };
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return new Lasting(epoll.register(handle));
    }

    @Override
    public void initialize() {
        epoll.initialize();
    }

    @Override
    public int run(IoHandlerContext context) {
        return epoll.run(context);
    }

    @Override
    public void wakeup() {
        epoll.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return epoll.isCompatible(handleType);
    }

    @Override
    public void prepareToDestroy() {
        epoll.prepareToDestroy();
    }

    @Override
    public void destroy() {
        epoll.destroy();
    }

    private record Lasting(IoRegistration registration) implements IoRegistration {
        @Override
        public long submit(IoOps ops) {
            return registration.submit(ops.equals(EpollIoOps.NONE) ? EpollIoOps.EPOLLET : ops);
        }

        @Override
        @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's declaration.
        public <T> T attachment() {
            return registration.attachment();
        }

        @Override
        public boolean isValid() {
            return registration.isValid();
        }

        @Override
        public boolean cancel() {
            return registration.cancel();
        }
    }
}
