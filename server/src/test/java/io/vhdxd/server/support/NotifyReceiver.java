package io.vhdxd.server.support;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/** What a service manager hears (sd_notify(3)): one line for each assignment. A thread of its own empties the short queue. */
public final class NotifyReceiver implements AutoCloseable {
    private static final long POLL_NANOS = 1_000_000;

    private final Socket socket;
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean closed;

    /**
     * Begins to listen.
     *
     * @param address a path, or an abstract name behind an '@'
     */
    public NotifyReceiver(String address) throws IOException {
        Epoll.ensureAvailability();
        socket = Socket.newSocketDomainDgram();
        socket.bind(new DomainSocketAddress(address.replaceFirst("^@", "\0")));
        thread = Thread.ofPlatform().daemon().start(this::receiveAll);
    }

    private void receiveAll() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
        try {
            while (!closed) {
                var from = socket.recvFromDomainSocket(buffer, 0, buffer.capacity());
                if (from == null) {
                    LockSupport.parkNanos(POLL_NANOS);
                    continue;
                }
                byte[] bytes = new byte[from.receivedAmount()];
                buffer.get(0, bytes);
                heard.addAll(new String(bytes, StandardCharsets.UTF_8).lines().toList());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All lines that have come so far. */
    public List<String> heard() {
        return List.copyOf(heard);
    }

    /** Waits until the last line is this one. */
    public void awaitLast(String line) {
        Await.until(() -> !heard.isEmpty() && heard.getLast().equals(line));
    }

    /** Waits until a line has come. */
    public void await(String line) {
        Await.until(() -> heard.contains(line));
    }

    @Override
    public void close() throws IOException {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        socket.close();
    }
}
