package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many clients that want too much of a server in a process of its own, with the JVM options that it always has, and one honest
 * client on another export. What is measured goes to the standard output, and from there to docs/testing.md.
 */
@DisplayName("T12, R7: the memory of a server that is flooded stays within its budget, and others are served")
class FloodTest {
    private static final int MIB = 1 << 20;
    private static final int HOSTILE = 200;
    private static final int SAMPLES = 2000;

    /** {@code --memory}. */
    private static final long BUDGET_BYTES = 256L * MIB;

    /** What else a server may need: buffers for requests, the allocator's gaps, and the heap's growth. */
    private static final long OTHER_BYTES = 192L * MIB;

    private static final int IDLE = Boolean.getBoolean("vhdxd.deep") ? 10_000 : 2_000;
    private static final int IDLE_EXPORTS = 10;
    private static final long IDLE_BYTES_MAX = 20 << 10;
    /** By so much a JVM grows at any time, for itself. */
    private static final long OWN_BYTES = 16L * MIB;

    private static final Pattern USED_HEAP = Pattern.compile("garbage-first heap .* used ([0-9]+)K");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @DisplayName("SEC-24: 200 connections begin a WRITE of 32 MiB, and stall")
    void stalledWrites() throws IOException {
        flood("stalled WRITEs", client -> {
            client.send(NbdClient.header(Command.WRITE, 0, 1, 0, 32 * MIB).array());
            client.sendWithoutWaiting(ByteBuffer.allocate(8 * MIB));
        });
    }

    @Test
    @DisplayName("SEC-23, SEC-25, reliability.md 55: 200 connections ask for 32 MiB again and again, and never read")
    void unreadReads() throws IOException {
        flood("unread READs", client -> {
            for (int i = 0; i < 8; i++) {
                client.request(Command.READ, 0, i, 0, 32 * MIB);
            }
        });
    }

    /** What a hostile client does when it is connected. */
    private interface Attack {
        void begin(NbdClient client) throws IOException;
    }

    private void flood(String name, Attack attack) throws IOException {
        List<NbdClient> hostile = new ArrayList<>();
        try (ServedProcess server = start()) {
            try (NbdClient honest = NbdClient.simple(server.address(), "honest")) {
                work(honest);
                long idleNanos = work(honest);
                long before = residentBytes(server);
                for (int i = 0; i < HOSTILE; i++) {
                    hostile.add(NbdClient.simple(server.address(), "victim"));
                }
                for (NbdClient client : hostile) {
                    attack.begin(client);
                }
                long floodedNanos = work(honest);
                long peak = peakBytes(server);
                System.out.printf(
                        "%s: %d MiB before, %d MiB at most; median latency %d us idle, %d us flooded (%.2f)%n",
                        name,
                        before / MIB,
                        peak / MIB,
                        idleNanos / 1000,
                        floodedNanos / 1000,
                        (double) floodedNanos / idleNanos);
                assertThat(peak - before).as("growth").isLessThan(BUDGET_BYTES + OTHER_BYTES);
                for (String export : List.of("honest", "victim")) {
                    try (NbdClient newcomer = NbdClient.simple(server.address(), export)) {
                        assertThat(newcomer.read(0, 4096)).hasSize(4096);
                    }
                }
            }
            for (NbdClient client : hostile) {
                client.reset();
            }
            assertThat(server.stop("TERM")).as(server.log()).isZero();
        }
    }

    @Test
    @DisplayName("reliability.md 57, SEC-07: idle connections cost at most 20 KiB each, and the active one is served")
    void idle() throws IOException {
        List<NbdClient> idle = new ArrayList<>();
        try (ServedProcess server = start();
                NbdClient active = NbdClient.simple(server.address(), "honest")) {
            // Everything that is needed once is there before it is counted.
            for (int i = 0; i < 200; i++) {
                NbdClient.simple(server.address(), idleExport(i)).close();
            }
            work(active);
            long aloneNanos = work(active);
            long heapBefore = liveHeapBytes(server);
            long residentBefore = residentBytes(server);
            for (int i = 0; i < IDLE; i++) {
                idle.add(NbdClient.simple(server.address(), idleExport(i)));
            }
            long amongManyNanos = work(active);
            long heapEach = (liveHeapBytes(server) - heapBefore) / IDLE;
            long residentEach = (residentBytes(server) - residentBefore) / IDLE;
            System.out.printf(
                    "%d idle connections: %d bytes each, %d of them on the heap; median latency %d us alone, %d us among"
                            + " them (%.2f)%n",
                    IDLE,
                    residentEach,
                    heapEach,
                    aloneNanos / 1000,
                    amongManyNanos / 1000,
                    (double) amongManyNanos / aloneNanos);
            assertThat(residentEach).isLessThanOrEqualTo(IDLE_BYTES_MAX + OWN_BYTES / IDLE);
            assertThat(idle.getLast().read(0, 512)).hasSize(512);
            for (NbdClient client : idle) {
                client.close();
            }
        }
    }

    /** What is on the heap when all garbage has been collected. */
    private static long liveHeapBytes(ServedProcess server) throws IOException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        String pid = String.valueOf(server.pid());
        Tool.run(jcmd, pid, "GC.run").ok();
        Matcher used =
                USED_HEAP.matcher(Tool.run(jcmd, pid, "GC.heap_info").ok().out());
        assertThat(used.find()).isTrue();
        return Long.parseLong(used.group(1)) << 10;
    }

    private static String idleExport(int client) {
        return "idle" + client % IDLE_EXPORTS;
    }

    private ServedProcess start() throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "--create",
                "64M",
                "--memory",
                String.valueOf(BUDGET_BYTES),
                "--max-connections",
                String.valueOf(IDLE + 100),
                "--max-connections-per-address",
                String.valueOf(IDLE + 100),
                image("honest"),
                image("victim")));
        for (int i = 0; i < IDLE_EXPORTS; i++) {
            arguments.add(image(idleExport(i)));
        }
        return ServedProcess.start(directory, arguments.toArray(String[]::new));
    }

    private String image(String name) {
        return name + "=" + directory.resolve(name + ".vhdx");
    }

    /** Writes and reads, one request after the other; returns the median of what a request took. */
    private static long work(NbdClient client) throws IOException {
        long[] nanos = new long[SAMPLES];
        byte[] page = new byte[4096];
        for (int i = 0; i < SAMPLES; i++) {
            page[0] = (byte) i;
            long begin = System.nanoTime();
            if (i % 2 == 0) {
                client.write(0, i, 4096L * (i % 1000), page);
                assertThat(client.outcome()).isZero();
            } else {
                assertThat(client.read(4096L * ((i - 1) % 1000), 4096)[0]).isEqualTo((byte) (i - 1));
            }
            nanos[i] = System.nanoTime() - begin;
        }
        Arrays.sort(nanos);
        return nanos[SAMPLES / 2];
    }

    private static long residentBytes(ServedProcess server) throws IOException {
        return statusBytes(server, "VmRSS:");
    }

    private static long peakBytes(ServedProcess server) throws IOException {
        return statusBytes(server, "VmHWM:");
    }

    private static long statusBytes(ServedProcess server, String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", String.valueOf(server.pid()), "status"))) {
            if (line.startsWith(field)) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        throw new AssertionError("no " + field);
    }
}
