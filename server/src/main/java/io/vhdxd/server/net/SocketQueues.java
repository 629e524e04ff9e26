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

    private static final MethodHandle IOCTL = find();

    private SocketQueues() {}

    private static MethodHandle find() {
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor descriptor = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
        MemorySegment ioctl = linker.defaultLookup().findOrThrow("ioctl");
        // The third argument is variadic.
        return linker.downcallHandle(ioctl, descriptor, Linker.Option.firstVariadicArg(2));
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
