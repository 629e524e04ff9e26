package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A machine for clients, with a cable to this one that can be cut: a network namespace of Linux, and a pair of virtual
 * Ethernet devices. It belongs to one thread of this process, so nothing of it outlives the process. Takes root's rights and
 * {@code ip}; where the kernel refuses it all the same, the test is skipped.
 */
public final class FarMachine implements AutoCloseable {
    private static final int CLONE_NEWNET = 0x40000000;

    /** 198.18.0.0/15 is set aside for tests; each process takes 4 addresses of it. */
    private static final long NETWORK = 198L << 24 | 18L << 16;

    private static final int NETWORKS = 1 << 15;
    private static final String FAR_END = "cable";

    /** What this thread does, it does over there; the sockets that it opens stay there. */
    private final ExecutorService there = Executors.newSingleThreadExecutor(
            task -> Thread.ofPlatform().daemon().unstarted(task));

    private final String nearEnd = "vhdxd" + ProcessHandle.current().pid();

    /** What is done on the far machine. */
    public interface Deed<T> {
        T perform() throws IOException;
    }

    public FarMachine() throws IOException {
        boolean ready = false;
        try {
            assumeTrue(there(FarMachine::unshareNetwork) == 0, "the kernel refuses a network namespace");
            String thread = there(() -> Files.readSymbolicLink(Path.of("/proc/thread-self"))
                    .getFileName()
                    .toString());
            Tool.Result cable = ip("link", "add", nearEnd, "type", "veth", "peer", "name", FAR_END, "netns", thread);
            assumeTrue(cable.exitCode() == 0, "the kernel refuses a virtual Ethernet device: " + cable.err());
            connect(nearEnd, address());
            there(() -> connect(FAR_END, address(2)));
            ready = true;
        } finally {
            if (!ready) {
                close();
            }
        }
    }

    private static boolean connect(String end, String address) throws IOException {
        ip("address", "add", address + "/30", "dev", end).ok();
        ip("link", "set", end, "up").ok();
        return true;
    }

    private static Tool.Result ip(String... words) throws IOException {
        String[] command = new String[words.length + 1];
        command[0] = "ip";
        System.arraycopy(words, 0, command, 1, words.length);
        return Tool.run(command);
    }

    private static int unshareNetwork() {
        Linker linker = Linker.nativeLinker();
        try {
            return (int) linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("unshare"),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
                    .invokeExact(CLONE_NEWNET);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** The address of this machine on the cable. */
    public String address() {
        return address(1);
    }

    private static String address(int host) {
        long address = NETWORK + ProcessHandle.current().pid() % NETWORKS * 4 + host;
        return (address >> 24) + "." + (address >> 16 & 0xff) + "." + (address >> 8 & 0xff) + "." + (address & 0xff);
    }

    /** Does something over there, such as connecting. */
    public <T> T there(Deed<T> deed) throws IOException {
        try {
            return there.submit(deed::perform).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case Error error -> throw error;
                case null, default -> throw new AssertionError(e);
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** From now on nothing comes through, in either direction, and nobody is told. */
    public void cut() throws IOException {
        there(() -> ip("link", "set", FAR_END, "down").ok());
    }

    public void mend() throws IOException {
        there(() -> ip("link", "set", FAR_END, "up").ok());
    }

    @Override
    public void close() {
        try {
            assertThat(ip("link", "delete", nearEnd)).isNotNull();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            there.shutdown();
        }
    }
}
