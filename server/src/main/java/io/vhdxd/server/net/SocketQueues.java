package io.vhdxd.server.net;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** How much Linux holds of a socket's bytes, in either direction (tcp(7)). */
final class SocketQueues {
    private static final long SIOCINQ = 0x541B;
    private static final long SIOCOUTQ = 0x5411;

    private static final short POLLIN = 0x1;
    private static final short POLLRDHUP = 0x2000;

    /** {@code struct pollfd} (poll(2)). */
    private static final long POLL_FD_OFFSET = 0;

    private static final long POLL_EVENTS_OFFSET = 4;
    private static final long POLL_BYTES = 8;

    private static final MethodHandle IOCTL = findIoctl();
    private static final MethodHandle POLL = findPoll();

    private SocketQueues() {}

    private static MethodHandle findIoctl() {
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor descriptor = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
        MemorySegment ioctl = linker.defaultLookup().findOrThrow("ioctl");
        // The third argument is variadic.
        return linker.downcallHandle(ioctl, descriptor, Linker.Option.firstVariadicArg(2));
    }

    private static MethodHandle findPoll() {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow("poll"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    }

    /** Whether there is nothing to read: no byte, no end, and no error. Much cheaper than to ask for more. */
    static boolean isQuiet(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment poll = arena.allocate(POLL_BYTES);
            poll.set(ValueLayout.JAVA_INT, POLL_FD_OFFSET, fd);
            poll.set(ValueLayout.JAVA_SHORT, POLL_EVENTS_OFFSET, (short) (POLLIN | POLLRDHUP));
            return (int) POLL.invokeExact(poll, 1L, 0) == 0;
        } catch (Throwable e) {
            throw new IllegalStateException("poll cannot be called", e);
        }
    }

    /** Bytes that have come and were not read; 0 if there is no such socket. */
    static int unreadBytes(int fd) {
        return ask(fd, SIOCINQ);
    }

    /** Bytes that were written and are not acknowledged; 0 if there is no such socket. */
    static int unacknowledgedBytes(int fd) {
        return ask(fd, SIOCOUTQ);
    }

    private static int ask(int fd, long request) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            int result = (int) IOCTL.invokeExact(fd, request, count);
            return result < 0 ? 0 : count.get(ValueLayout.JAVA_INT, 0);
        } catch (Throwable e) {
            throw new IllegalStateException("ioctl cannot be called", e);
        }
    }
}
