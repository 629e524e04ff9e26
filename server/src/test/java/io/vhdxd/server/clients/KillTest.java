package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A client writes pages, some at once, and never flushes. The server is killed at a random moment. Each page then holds what
 * was last answered for it, or what was still under way: reliability.md row 29.
 */
@DisplayName("T6, R1, OR-05: SIGKILL loses no answered write")
class KillTest {
    private static final int PAGE_BYTES = 4096;
    private static final int PAGES = 16 << 10;
    private static final int UNDER_WAY = 16;
    private static final int KILLS = Boolean.getBoolean("vhdxd.deep") ? 100 : 4;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    /** The number of the write that a page holds for sure; 0 before the first. */
    private final long[] answered = new long[PAGES];

    /** The number of the write to a page that was not answered; 0 if there is none. */
    private final long[] underWay = new long[PAGES];

    private long writeNumber;

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("Shown by 5: whatever the moment, for our reader and for QEMU's")
    void kill() throws IOException {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("vhdxd.seed=" + seed);
        Random random = new Random(seed);
        Path image = directory.resolve("disk.vhdx");
        Tool.run(
                        ServedProcess.vhdxd(List.of(
                                "create", image.toString(), PAGES * (long) PAGE_BYTES + "", "--block-size", "1M")),
                        Map.of(),
                        "")
                .ok();
        killAgainAndAgain(image, random, KILLS, true);
    }

    @Test
    @DisplayName("R1 on the top of a chain of three, whose parents keep every byte")
    void killChild() throws IOException {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("vhdxd.seed=" + seed);
        Random random = new Random(seed);
        Path base = directory.resolve("base.vhdx");
        Path middle = directory.resolve("middle.vhdx");
        Path top = directory.resolve("top.vhdx");
        vhdxd("create", base.toString(), PAGES * (long) PAGE_BYTES + "", "--block-size", "1M");
        killAgainAndAgain(base, random, 1, false);
        vhdxd("create", middle.toString(), "--type", "differencing", "--parent", base.toString(), "--block-size", "4M");
        killAgainAndAgain(middle, random, 1, false);
        vhdxd("create", top.toString(), "--type", "differencing", "--parent", middle.toString());
        byte[] baseBefore = Files.readAllBytes(base);
        byte[] middleBefore = Files.readAllBytes(middle);
        killAgainAndAgain(top, random, KILLS, false);
        assertThat(Files.readAllBytes(base)).isEqualTo(baseBefore);
        assertThat(Files.readAllBytes(middle)).isEqualTo(middleBefore);
        vhdxd("check", top.toString());
    }

    @Test
    @NeedsTool("python3-libnbd")
    @DisplayName("T7: what one connection has written and another one has flushed is there after the kill")
    void flushedByAnother() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        String write = """
                import nbd, sys
                a, b = nbd.NBD(), nbd.NBD()
                a.connect_uri(sys.argv[1])
                b.connect_uri(sys.argv[1])
                for i in range(64):
                    a.pwrite(bytes([i + 1]) * 4096, i << 20)
                b.flush()
                """;
        String read = """
                import nbd, sys
                h = nbd.NBD()
                h.connect_uri(sys.argv[1])
                for i in range(64):
                    assert h.pread(4096, i << 20) == bytes([i + 1]) * 4096
                """;
        try (ServedProcess server =
                ServedProcess.start(directory, "--create", PAGES * (long) PAGE_BYTES + "", image.toString())) {
            Tool.run("/usr/bin/python3", "-c", write, server.uri()).ok();
            server.kill();
        }
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            Tool.run("/usr/bin/python3", "-c", read, server.uri()).ok();
        }
    }

    private static void vhdxd(String... arguments) throws IOException {
        Tool.run(ServedProcess.vhdxd(List.of(arguments)), Map.of(), "").ok();
    }

    private void killAgainAndAgain(Path image, Random random, int kills, boolean withQemu) throws IOException {
        for (int round = 0; round < kills; round++) {
            try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
                verify(server);
                writeUntilKilled(server, random);
            }
            if (withQemu && round % 4 == 0) {
                verifyWithQemu(image);
            }
        }
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            verify(server);
            assertThat(server.stop("TERM")).isZero();
        }
    }

    private void writeUntilKilled(ServedProcess server, Random random) throws IOException {
        int answersBeforeKill = 1 + random.nextInt(3000);
        int answers = 0;
        int requests = 0;
        try (NbdClient client = NbdClient.simple(server.address(), "")) {
            while (true) {
                for (; requests < answers + UNDER_WAY; requests++) {
                    write(client, random);
                }
                NbdClient.Chunk reply = client.chunk();
                assertThat(reply.error()).isZero();
                int page = (int) reply.cookie();
                answered[page] = underWay[page];
                underWay[page] = 0;
                answers++;
                if (answers == answersBeforeKill) {
                    // The client goes on while the server dies.
                    Thread.ofPlatform().start(server::kill);
                }
            }
        } catch (IOException e) {
            assertThat(answers).isGreaterThanOrEqualTo(answersBeforeKill);
        }
        server.awaitEnd();
    }

    private void write(NbdClient client, Random random) throws IOException {
        int page;
        do {
            page = random.nextInt(PAGES);
        } while (underWay[page] != 0);
        writeNumber++;
        underWay[page] = writeNumber;
        client.write(0, page, page * (long) PAGE_BYTES, content(page, writeNumber));
    }

    private void verify(ServedProcess server) throws IOException {
        try (NbdClient client = NbdClient.simple(server.address(), "")) {
            int pagesAtOnce = 256;
            for (int first = 0; first < PAGES; first += pagesAtOnce) {
                byte[] bytes = client.read(first * (long) PAGE_BYTES, pagesAtOnce * PAGE_BYTES);
                for (int i = 0; i < pagesAtOnce; i++) {
                    int page = first + i;
                    answered[page] = verify(page, Arrays.copyOfRange(bytes, i * PAGE_BYTES, (i + 1) * PAGE_BYTES));
                    underWay[page] = 0;
                }
            }
        }
    }

    /** QEMU replays the log of a copy, and reads it. */
    private void verifyWithQemu(Path image) throws IOException {
        Path copy = Files.copy(image, directory.resolve("copy.vhdx"));
        Path raw = directory.resolve("copy.raw");
        Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", copy.toString())
                .ok();
        Tool.run("qemu-img", "convert", "-f", "vhdx", "-O", "raw", copy.toString(), raw.toString())
                .ok();
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "r")) {
            byte[] bytes = new byte[PAGE_BYTES];
            for (int page = 0; page < PAGES; page++) {
                file.readFully(bytes);
                verify(page, bytes);
            }
        }
        Files.delete(copy);
        Files.delete(raw);
    }

    /** Returns the number of the write that the page holds; it must be one that it may hold. */
    private long verify(int page, byte[] bytes) {
        long number = ByteBuffer.wrap(bytes).getLong();
        assertThat(number)
                .as("page %d, which holds write %d or %d", page, answered[page], underWay[page])
                .isIn(answered[page], underWay[page] == 0 ? answered[page] : underWay[page]);
        assertThat(bytes).isEqualTo(number == 0 ? new byte[PAGE_BYTES] : content(page, number));
        return number;
    }

    private static byte[] content(int page, long number) {
        byte[] content = new byte[PAGE_BYTES];
        new Random(number * PAGES + page).nextBytes(content);
        ByteBuffer.wrap(content).putLong(number);
        return content;
    }
}
