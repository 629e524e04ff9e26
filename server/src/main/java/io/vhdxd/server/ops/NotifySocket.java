package io.vhdxd.server.ops;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/** A Unix socket for datagrams, as the JDK has none (unix(7)). */
final class NotifySocket {
    private static final short AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;

    /** {@code struct sockaddr_un}: the family, and a path that ends with a zero, or an abstract name that begins with one. */
    private static final int FAMILY_BYTES = 2;

    private static final int PATH_BYTES_MAX = 108;

    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = CALL_STATE.byteOffset(PathElement.groupElement("errno"));

    private final MethodHandle sendto;
    private final byte[] address;
    private final int fd;

    /**
     * Opens one that sends to one address.
     *
     * @param name a path, or an abstract name behind an '@'
     * @throws IOException if there can be no such address, or no socket
     */
    NotifySocket(String name) throws IOException {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        boolean isAbstract = name.startsWith("@");
        if (path.length < 2 || path.length >= PATH_BYTES_MAX || !(isAbstract || name.startsWith("/"))) {
            throw new IOException("no path and no abstract name of 2 to 107 bytes");
        }
        address = new byte[FAMILY_BYTES + path.length + (isAbstract ? 0 : 1)];
        System.arraycopy(path, 0, address, FAMILY_BYTES, path.length);
        if (isAbstract) {
            address[FAMILY_BYTES] = 0;
        }
        MethodHandle socket = function(
                "socket",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        sendto = function(
                "sendto",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            fd = (int) socket.invokeExact(state, (int) AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            if (fd < 0) {
                throw failed("socket", state);
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("socket cannot be called", e);
        }
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), descriptor, Linker.Option.captureCallState("errno"));
    }

    private static IOException failed(String call, MemorySegment state) {
        return new IOException(call + " fails with error number " + state.get(ValueLayout.JAVA_INT, ERRNO_OFFSET));
    }

    /**
     * Sends a datagram. Any thread.
     *
     * @param wait whether to wait for the receiver, where its queue is full
     * @throws IOException if nobody gets it
     */
    void send(String text, boolean wait) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CALL_STATE);
            MemorySegment datagram = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            MemorySegment to = arena.allocate(address.length, ValueLayout.JAVA_SHORT.byteAlignment());
            MemorySegment.copy(address, 0, to, ValueLayout.JAVA_BYTE, 0, address.length);
            to.set(ValueLayout.JAVA_SHORT, 0, AF_UNIX);
            long sent = (long) sendto.invokeExact(
                    state,
                    fd,
                    datagram,
                    (long) bytes.length,
                    MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT),
                    to,
                    address.length);
            if (sent < 0) {
                throw failed("sendto", state);
            }
        } catch (IOException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("sendto cannot be called", e);
        }
    }
}
