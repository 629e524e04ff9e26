package io.vhdxd.server.net;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The permissions that new files of this process do not get. There is one such mask for all threads. */
final class Umask {
    private static final Optional<MethodHandle> UMASK = find();

    private Umask() {}

    private static Optional<MethodHandle> find() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> symbol = linker.defaultLookup().find("umask");
        FunctionDescriptor descriptor = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
        return symbol.map(address -> linker.downcallHandle(address, descriptor));
    }

    /** Sets the mask, and returns the one before; on a system without it, does nothing. */
    static int set(int mask) {
        if (UMASK.isEmpty()) {
            return mask;
        }
        try {
            return (int) UMASK.get().invokeExact(mask);
        } catch (Throwable e) {
            throw new IllegalStateException("umask cannot be called", e);
        }
    }
}
