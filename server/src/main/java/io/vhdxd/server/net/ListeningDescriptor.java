package io.vhdxd.server.net;

import io.netty.util.NetUtil;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** What Linux tells of a descriptor that was passed, and what it needs before it can be listened on (socket(7)). */
final class ListeningDescriptor {
    private static final int AF_UNIX = 1;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;

    private static final int SOL_SOCKET = 1;
    private static final int SO_TYPE = 3;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SOCK_STREAM = 1;

    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int FD_CLOEXEC = 1;
    private static final int O_NONBLOCK = 0x800;

    /** {@code struct sockaddr_storage}; what is in it depends on the family. */
    private static final int ADDRESS_BYTES_MAX = 128;

    private static final int FAMILY_BYTES = 2;
    private static final int PORT_OFFSET = 2;
    private static final int IPV4_OFFSET = 4;
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_OFFSET = 8;
    private static final int IPV6_BYTES = 16;

    private static final ValueLayout.OfShort PORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

    private static final MethodHandle GETSOCKOPT = function(
            "getsockopt",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.ADDRESS));
    private static final MethodHandle GETSOCKNAME = function(
            "getsockname",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    private static final MethodHandle FCNTL = function(
            "fcntl",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
            // The third argument is variadic.
            Linker.Option.firstVariadicArg(2));

    private ListeningDescriptor() {}

    private static MethodHandle function(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
    }

    /**
     * Makes a descriptor ready for an event loop: it may not block, and no program that is started inherits it.
     *
     * @throws ListenException if it is no socket that listens for streams of bytes
     */
    static PassedSocket take(int descriptor, String name) throws ListenException {
        String text = "descriptor " + descriptor + " (" + name + ")";
        try (Arena arena = Arena.ofConfined()) {
            if (option(arena, descriptor, SO_TYPE) != SOCK_STREAM || option(arena, descriptor, SO_ACCEPTCONN) != 1) {
                throw new ListenException(text, "it is no socket that listens for connections");
            }
            PassedSocket socket = new PassedSocket(descriptor, name, address(arena, descriptor, text));
            // Whoever has passed it has a copy with the same flag, and does not mind.
            int flags = (int) FCNTL.invokeExact(descriptor, F_GETFL, 0);
            int _ = (int) FCNTL.invokeExact(descriptor, F_SETFL, flags | O_NONBLOCK);
            int _ = (int) FCNTL.invokeExact(descriptor, F_SETFD, FD_CLOEXEC);
            return socket;
        } catch (ListenException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a system call cannot be called", e);
        }
    }

    /** -1 if there is no such socket. */
    private static int option(Arena arena, int descriptor, int option) throws Throwable {
        MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, 0);
        MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
        int result = (int) GETSOCKOPT.invokeExact(descriptor, SOL_SOCKET, option, value, length);
        return result < 0 ? -1 : value.get(ValueLayout.JAVA_INT, 0);
    }

    private static ListenAddress address(Arena arena, int descriptor, String text) throws Throwable {
        MemorySegment address = arena.allocate(ADDRESS_BYTES_MAX, Long.BYTES);
        MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, ADDRESS_BYTES_MAX);
        int result = (int) GETSOCKNAME.invokeExact(descriptor, address, length);
        int family = result < 0 ? -1 : address.get(ValueLayout.JAVA_SHORT, 0);
        return switch (family) {
            case AF_INET -> tcp(address, IPV4_OFFSET, IPV4_BYTES);
            case AF_INET6 -> tcp(address, IPV6_OFFSET, IPV6_BYTES);
            case AF_UNIX -> unix(address, length.get(ValueLayout.JAVA_INT, 0), text);
            default -> throw new ListenException(text, "it is neither a TCP nor a Unix socket");
        };
    }

    private static ListenAddress tcp(MemorySegment address, int hostOffset, int hostBytes) throws UnknownHostException {
        byte[] host = address.asSlice(hostOffset, hostBytes).toArray(ValueLayout.JAVA_BYTE);
        int port = Short.toUnsignedInt(address.get(PORT, PORT_OFFSET));
        return new ListenAddress.Tcp(NetUtil.toAddressString(InetAddress.getByAddress(host)), port);
    }

    private static ListenAddress unix(MemorySegment address, int length, String text) throws ListenException {
        byte[] path = address.asSlice(FAMILY_BYTES, Math.max(0, length - FAMILY_BYTES))
                .toArray(ValueLayout.JAVA_BYTE);
        if (path.length == 0 || path[0] == 0) {
            throw new ListenException(text, "it is a Unix socket without a path, which clients could not name");
        }
        int end = path[path.length - 1] == 0 ? path.length - 1 : path.length;
        return new ListenAddress.Unix(Path.of(new String(path, 0, end, StandardCharsets.UTF_8)));
    }
}
