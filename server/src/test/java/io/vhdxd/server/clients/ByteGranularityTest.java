package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Clients that never heard of block sizes: requests at any byte, on two connections, of which several are under way in the same
 * sector at once; a model that knows every byte; and a server that is killed over it.
 */
@DisplayName("nbd.md OP-15, SZ-01, SZ-03: every byte can be written for itself, whatever the logical sector size")
class ByteGranularityTest {
    private static final int SIZE = (3 << 20) + 5 * 4096;
    private static final int ROUNDS = Boolean.getBoolean("vhdxd.deep") ? 40 : 2;
    private static final int REQUESTS_PER_ROUND = 600;
    private static final int UNDER_WAY = 12;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    /** What each byte holds, and what it may hold instead because of a request without an answer or a trim. */
    private final byte[] held = new byte[SIZE];

    private final byte[] other = new byte[SIZE];

    private record Sent(int command, int offset, int length, byte value) {}

    @ParameterizedTest(name = "{0} disk with logical sectors of {1}")
    @CsvSource({"dynamic, 512", "dynamic, 4096", "fixed, 4096"})
    @DisplayName("A model at the granularity of bytes agrees, while the server runs and after it was killed")
    void model(String type, int sectorBytes) throws IOException {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("ByteGranularityTest: replay with -Dvhdxd.seed=" + seed);
        Random random = new Random(seed);
        Path image = directory.resolve("disk.vhdx");
        Tool.run(
                        ServedProcess.vhdxd(List.of(
                                "create",
                                "--type",
                                type,
                                "--block-size",
                                "1M",
                                "--logical-sector-size",
                                "" + sectorBytes,
                                image.toString(),
                                "" + SIZE)),
                        Map.of(),
                        "")
                .ok();
        for (int round = 0; round < ROUNDS; round++) {
            try (ServedProcess server = ServedProcess.start(directory, image.toString());
                    NbdClient one = NbdClient.simple(server.address(), "disk");
                    NbdClient two = NbdClient.simple(server.address(), "disk")) {
                verify(one);
                change(List.of(one, two), random);
                verify(two);
                // Nothing was flushed: what was answered must be there all the same (R1).
                server.kill();
            }
        }
        try (ServedProcess server = ServedProcess.start(directory, image.toString());
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            verify(client);
            assertThat(server.stop("TERM")).isZero();
        }
        Tool.run(ServedProcess.vhdxd(List.of("check", image.toString())), Map.of(), "")
                .ok();
    }

    private void change(List<NbdClient> clients, Random random) throws IOException {
        for (int i = 0; i < REQUESTS_PER_ROUND / UNDER_WAY; i++) {
            Map<Long, Sent> underWay = new HashMap<>();
            List<NbdClient> asked = new ArrayList<>();
            long cookie = 0;
            // Close together, so that they share sectors and pages; none overlaps another.
            int at = random.nextInt(SIZE - UNDER_WAY * 3000);
            for (int n = 0; n < UNDER_WAY; n++) {
                at += random.nextInt(3) == 0 ? random.nextInt(700) : 0;
                int length = 1 + random.nextInt(random.nextInt(4) == 0 ? 2000 : 300);
                Sent sent = new Sent(command(random), at, length, (byte) random.nextInt(256));
                at += length;
                underWay.put(++cookie, sent);
                NbdClient client = clients.get(random.nextInt(clients.size()));
                send(client, sent, cookie, random);
                asked.add(client);
            }
            for (NbdClient client : asked) {
                NbdClient.Chunk reply = client.chunk();
                assertThat(reply.error()).isZero();
                take(Objects.requireNonNull(underWay.remove(reply.cookie())));
            }
            assertThat(underWay).isEmpty();
            if (random.nextInt(8) == 0) {
                wholeBlock(clients.getFirst(), random);
            }
        }
    }

    private static int command(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> Command.TRIM;
            case 1 -> Command.WRITE_ZEROES;
            default -> Command.WRITE;
        };
    }

    private static void send(NbdClient client, Sent sent, long cookie, Random random) throws IOException {
        int flags = random.nextInt(10) == 0 ? CommandFlags.FUA : 0;
        if (sent.command == Command.WRITE) {
            byte[] payload = new byte[sent.length];
            Arrays.fill(payload, sent.value);
            client.write(flags, cookie, sent.offset, payload);
        } else {
            boolean noHole = sent.command == Command.WRITE_ZEROES && random.nextBoolean();
            client.request(sent.command, flags | (noHole ? CommandFlags.NO_HOLE : 0), cookie, sent.offset, sent.length);
        }
    }

    /** A block is given up as a whole, so that later requests are first writes again. */
    private void wholeBlock(NbdClient client, Random random) throws IOException {
        int block = random.nextInt(SIZE >> 20);
        int command = random.nextBoolean() ? Command.TRIM : Command.WRITE_ZEROES;
        client.request(command, 0, 1, (long) block << 20, 1 << 20);
        assertThat(client.outcome()).isZero();
        take(new Sent(command, block << 20, 1 << 20, (byte) 0));
    }

    private void take(Sent sent) {
        for (int i = sent.offset; i < sent.offset + sent.length; i++) {
            switch (sent.command) {
                case Command.WRITE -> held[i] = sent.value;
                case Command.WRITE_ZEROES -> held[i] = 0;
                default -> {
                    other[i] = 0;
                    continue;
                }
            }
            other[i] = held[i];
        }
    }

    private void verify(NbdClient client) throws IOException {
        byte[] read = client.read(0, SIZE);
        for (int i = 0; i < SIZE; i++) {
            if (read[i] != held[i] && read[i] != other[i]) {
                assertThat(read[i]).as("byte %d, or %d", i, other[i]).isEqualTo(held[i]);
            }
            // What a trim has left, it stays.
            held[i] = read[i];
            other[i] = read[i];
        }
    }

    @ParameterizedTest(name = "logical sectors of {0}")
    @CsvSource({"512", "4096"})
    @DisplayName("The block sizes that are told: 1, 4096 and 32 MiB")
    void blockSizes(int sectorBytes) throws IOException {
        Path image = directory.resolve("disk.vhdx");
        Tool.run(
                        ServedProcess.vhdxd(
                                List.of("create", "--logical-sector-size", "" + sectorBytes, image.toString(), "1M")),
                        Map.of(),
                        "")
                .ok();
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            Tool.Result info = Tool.run(List.of("nbdinfo", server.uri()), Map.of(), "");
            assertThat(info.ok().out())
                    .contains(
                            "block_size_minimum: 1\n",
                            "block_size_preferred: 4096\n",
                            "block_size_maximum: 33554432\n");
        }
    }
}
