package io.vhdxd.vhdx.storage;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The C library's functions that {@link LinuxStorage} needs, each as one method. A negative result is the negated errno,
 * as the kernel returns it; nothing is retried here.
 *
 * <p>The numbers in this package are those of Linux on x86_64 and aarch64, where all that are used are the same.
 */
final class Libc {
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final MemoryLayout CALL_STATE_LAYOUT = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET =
            CALL_STATE_LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /** Where a thread's calls leave errno. Per thread, so that a call allocates nothing. */
    private static final ThreadLocal<MemorySegment> CALL_STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CALL_STATE_LAYOUT));

    private static final MethodHandle OPEN = variadic("open", FunctionDescriptor.of(INT, POINTER, INT, INT));
    private static final MethodHandle CLOSE = function("close", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle PREAD = function("pread", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
    private static final MethodHandle PWRITE =
            function("pwrite", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
    private static final MethodHandle PWRITEV =
            function("pwritev", FunctionDescriptor.of(LONG, INT, POINTER, INT, LONG));
    private static final @Nullable MethodHandle PREADV2 =
            functionIfPresent("preadv2", FunctionDescriptor.of(LONG, INT, POINTER, INT, LONG, INT));
    private static final MethodHandle LSEEK = function("lseek", FunctionDescriptor.of(LONG, INT, LONG, INT));
    private static final MethodHandle FTRUNCATE = function("ftruncate", FunctionDescriptor.of(INT, INT, LONG));
    private static final MethodHandle FALLOCATE =
            function("fallocate", FunctionDescriptor.of(INT, INT, INT, LONG, LONG));
    private static final MethodHandle FDATASYNC = function("fdatasync", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle FSYNC = function("fsync", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle FCNTL = variadic("fcntl", FunctionDescriptor.of(INT, INT, INT, POINTER));
    private static final MethodHandle STATX =
            function("statx", FunctionDescriptor.of(INT, INT, POINTER, INT, INT, POINTER));
    private static final MethodHandle FUTIMENS = function("futimens", FunctionDescriptor.of(INT, INT, POINTER));

    private Libc() {}

    /** Fails with a {@link LinkageError} if this class cannot be used. */
    static void load() {}

    static int open(MemorySegment path, int flags, int mode) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) OPEN.invokeExact(state, path, flags, mode), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int close(int fd) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) CLOSE.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static long pread(int fd, MemorySegment dst, long length, long offset) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((long) PREAD.invokeExact(state, fd, dst, length, offset), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static long pwrite(int fd, MemorySegment src, long length, long offset) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((long) PWRITE.invokeExact(state, fd, src, length, offset), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static long pwritev(int fd, MemorySegment iovecs, int count, long offset) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((long) PWRITEV.invokeExact(state, fd, iovecs, count, offset), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    /** A C library without the function answers as a kernel without it. */
    static long preadv2(int fd, MemorySegment iovecs, int count, long offset, int flags) {
        if (PREADV2 == null) {
            return -Errno.ENOSYS;
        }
        MemorySegment state = CALL_STATE.get();
        try {
            return result((long) PREADV2.invokeExact(state, fd, iovecs, count, offset, flags), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static long lseek(int fd, long offset, int whence) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((long) LSEEK.invokeExact(state, fd, offset, whence), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int ftruncate(int fd, long size) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) FTRUNCATE.invokeExact(state, fd, size), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int fallocate(int fd, int mode, long offset, long length) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) FALLOCATE.invokeExact(state, fd, mode, offset, length), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int fdatasync(int fd) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) FDATASYNC.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int fsync(int fd) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) FSYNC.invokeExact(state, fd), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int fcntl(int fd, int command, MemorySegment argument) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) FCNTL.invokeExact(state, fd, command, argument), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int statx(int directory, MemorySegment path, int flags, int mask, MemorySegment dst) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) STATX.invokeExact(state, directory, path, flags, mask, dst), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    static int futimens(int fd, MemorySegment accessAndModificationTime) {
        MemorySegment state = CALL_STATE.get();
        try {
            return result((int) FUTIMENS.invokeExact(state, fd, accessAndModificationTime), state);
        } catch (Throwable e) {
            throw failedCall(e);
        }
    }

    private static int result(int returned, MemorySegment state) {
        return returned < 0 ? -state.get(INT, ERRNO_OFFSET) : returned;
    }

    private static long result(long returned, MemorySegment state) {
        return returned < 0 ? -state.get(INT, ERRNO_OFFSET) : returned;
    }

    /** A method handle declares Throwable, but a call of C throws nothing of its own: this is a bug or a dying machine. */
    private static RuntimeException failedCall(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        MethodHandle handle = functionIfPresent(name, descriptor);
        if (handle == null) {
            throw new UnsatisfiedLinkError("the C library has no function " + name);
        }
        return handle;
    }

    private static @Nullable MethodHandle functionIfPresent(String name, FunctionDescriptor descriptor) {
        return link(name, descriptor, Linker.Option.captureCallState("errno"));
    }

    /** The two variadic functions here have two fixed parameters. */
    private static MethodHandle variadic(String name, FunctionDescriptor descriptor) {
        MethodHandle handle =
                link(name, descriptor, Linker.Option.captureCallState("errno"), Linker.Option.firstVariadicArg(2));
        if (handle == null) {
            throw new UnsatisfiedLinkError("the C library has no function " + name);
        }
        return handle;
    }

    private static @Nullable MethodHandle link(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        SymbolLookup symbols = linker.defaultLookup();
        return symbols.find(name)
                .map(symbol -> linker.downcallHandle(symbol, descriptor, options))
                .orElse(null);
    }
}
