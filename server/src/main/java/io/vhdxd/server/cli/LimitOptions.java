package io.vhdxd.server.cli;

import io.netty.util.internal.PlatformDependent;
import io.vhdxd.nbd.Limits;
import io.vhdxd.server.net.ConnectionLimits;
import io.vhdxd.server.session.SessionLimits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What clients may use of the server, as options of {@code serve}. */
final class LimitOptions {
    /** Room for some of the largest requests, and for the small ones of all connections. */
    private static final long MEMORY_BYTES_MIN = 128 << 20;

    private static final long ALLOWANCE_BYTES_MAX = 256 << 10;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Connections at the same time. Default: ${DEFAULT-VALUE}.")
    private int connectionsMax;

    @Option(
            names = "--max-connections-per-address",
            paramLabel = "N",
            description = "TCP connections from one address, or one IPv6 /64 network. Default: half of all.")
    private @Nullable Integer connectionsPerAddress;

    @Option(
            names = "--handshake-timeout",
            paramLabel = "SECONDS",
            defaultValue = "20",
            description = "How long a client may take to choose an export. Default: ${DEFAULT-VALUE}.")
    private int handshakeSeconds;

    @Option(
            names = "--max-requests",
            paramLabel = "N",
            defaultValue = "256",
            description = "Requests of one connection that are under way. Default: ${DEFAULT-VALUE}.")
    private int requestsMax;

    @Option(
            names = "--connection-memory",
            paramLabel = "SIZE",
            defaultValue = "64M",
            description = "What the requests of one connection may hold. Default: ${DEFAULT-VALUE}.",
            converter = ByteSize.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ByteSize connectionMemory;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = {
                "What the requests of all connections may hold; half of it is divided among the connections.",
                "Default: half of what the JVM has for such memory (-XX:MaxDirectMemorySize)."
            },
            converter = ByteSize.Converter.class)
    private @Nullable ByteSize memory;

    /** What is wrong with them: each problem begins with an option. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        requireOneOrMore(problems, "--max-connections", connectionsMax);
        if (connectionsPerAddress != null) {
            requireOneOrMore(problems, "--max-connections-per-address", connectionsPerAddress);
        }
        requireOneOrMore(problems, "--handshake-timeout", handshakeSeconds);
        requireOneOrMore(problems, "--max-requests", requestsMax);
        if (connectionMemory.bytes() < Limits.MAXIMUM_PAYLOAD_BYTES) {
            problems.add("--connection-memory: " + connectionMemory
                    + " (expected: at least 32 MiB, for the largest request)");
        }
        long most = PlatformDependent.maxDirectMemory() * 3 / 4;
        if (memory != null && (memory.bytes() < MEMORY_BYTES_MIN || memory.bytes() > most)) {
            problems.add("--memory: " + memory + " (expected: 128 MiB to " + new ByteSize(most)
                    + ", three quarters of -XX:MaxDirectMemorySize)");
        }
        return problems;
    }

    private static void requireOneOrMore(List<String> problems, String option, int value) {
        if (value < 1) {
            problems.add(option + ": " + value + " (expected: 1 or more)");
        }
    }

    ConnectionLimits connections() {
        int perAddress = connectionsPerAddress == null ? Math.max(1, connectionsMax / 2) : connectionsPerAddress;
        return new ConnectionLimits(connectionsMax, perAddress, handshakeSeconds * 1000L);
    }

    SessionLimits session() {
        return SessionLimits.of(requestsMax, connectionMemory.bytes(), allowanceBytes());
    }

    /** What the connections share, beyond their allowances. */
    long budgetBytes() {
        return memoryBytes() - allowanceBytes() * connectionsMax;
    }

    private long allowanceBytes() {
        return Math.min(ALLOWANCE_BYTES_MAX, memoryBytes() / 2 / connectionsMax);
    }

    /** The rest of the direct memory is for what is not counted: requests, small replies, and the allocator's gaps. */
    long memoryBytes() {
        return memory == null ? Math.max(MEMORY_BYTES_MIN, PlatformDependent.maxDirectMemory() / 2) : memory.bytes();
    }
}
