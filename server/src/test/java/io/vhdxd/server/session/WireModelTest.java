package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.AllocationFlags;
import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.export.VhdxDisk;
import io.vhdxd.server.net.ConnectionLimits;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.net.tls.TlsCertificates;
import io.vhdxd.server.net.tls.TlsSettings;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.VhdxImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random operations on several connections against a model of the disk. In each round every connection sends some requests,
 * no two of which touch the same sector; then all replies are taken, and every byte that was read must be the model's.
 */
class WireModelTest {
    private static final int SECTOR_BYTES = 512;
    private static final int SECTORS = 64 << 11;
    private static final int REQUESTS_IN_A_ROUND = 8;
    private static final int[] COMMANDS = {
        Command.READ,
        Command.READ,
        Command.WRITE,
        Command.WRITE,
        Command.WRITE_ZEROES,
        Command.TRIM,
        Command.BLOCK_STATUS
    };
    private static final int ROUNDS = Boolean.getBoolean("vhdxd.deep") ? 20_000 : 300;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private final byte[] model = new byte[SECTORS * SECTOR_BYTES];

    @Test
    @NeedsTool("openssl")
    @DisplayName(
            "RQ-04, CM-02, CM-08, EX-06, SEC-19: all kinds of replies, TCP, Unix sockets and TLS, through a restart")
    void model() throws IOException, InterruptedException {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("vhdxd.seed=" + seed);
        Random random = new Random(seed);
        Path file = directory.resolve("disk.vhdx");
        Certificates certificates = Certificates.make(directory.resolve("certificates"));
        new ImageCreation(DiskType.DYNAMIC, model.length, 1 << 20, 512, 4096, 1 << 20).create(file);
        for (int session = 0; session < 2; session++) {
            serve(file, certificates, random, ROUNDS / 2);
        }
    }

    private void serve(Path file, Certificates certificates, Random random, int rounds)
            throws IOException, InterruptedException {
        try (VhdxImage image = VhdxImage.open(file, Access.READ_WRITE);
                NbdServer server = new NbdServer(
                        new ExportTable(List.of(new Export("disk", "", new VhdxDisk(image), false)), null),
                        new NbdServer.Settings(
                                2, 2, new ConnectionLimits(100, 100, 20_000), 64 << 20, SessionLimits.DEFAULT))) {
            ListenAddress tcp = server.listen(new ListenAddress.Tcp("127.0.0.1", 0));
            ListenAddress unix = server.listen(new ListenAddress.Unix(directory.resolve("socket")));
            ListenAddress encrypted = server.listen(
                    new ListenAddress.Tcp("127.0.0.1", 0),
                    new TlsCertificates(new TlsSettings(certificates.directory(), false)).encryption(TlsMode.REQUIRE));
            List<NbdClient> clients = new ArrayList<>();
            for (ListenAddress address : List.of(tcp, unix)) {
                clients.add(NbdClient.simple(address, "disk"));
                clients.add(NbdClient.structured(address, "disk"));
                clients.add(NbdClient.transmitting(address, "disk", TransmissionMode.EXTENDED, "base:allocation"));
            }
            SSLContext tls = certificates.stranger();
            clients.add(NbdClient.encrypted(encrypted, tls, "disk", TransmissionMode.SIMPLE));
            clients.add(NbdClient.encrypted(encrypted, tls, "disk", TransmissionMode.EXTENDED, "base:allocation"));
            for (int round = 0; round < rounds; round++) {
                playRound(clients, random);
            }
            for (NbdClient client : clients) {
                client.close();
            }
            assertThat(server.drain(60_000)).isTrue();
        }
    }

    /** One request, and what it does to the model when it was answered. */
    private record Play(NbdClient client, int command, int flags, int sector, int count, ByteBuffer payload) {}

    private void playRound(List<NbdClient> clients, Random random) throws IOException {
        boolean[] taken = new boolean[SECTORS];
        List<List<Play>> plays = new ArrayList<>();
        for (NbdClient client : clients) {
            List<Play> own = new ArrayList<>();
            for (int i = random.nextInt(REQUESTS_IN_A_ROUND); i >= 0; i--) {
                Play play = choose(client, random, taken);
                if (play != null) {
                    own.add(play);
                }
            }
            plays.add(own);
        }
        for (List<Play> own : plays) {
            for (int i = 0; i < own.size(); i++) {
                send(own.get(i), i);
            }
        }
        for (int i = 0; i < clients.size(); i++) {
            takeReplies(clients.get(i), plays.get(i));
        }
    }

    private static @Nullable Play choose(NbdClient client, Random random, boolean[] taken) {
        int count = 1 + (random.nextInt(4) == 0 ? random.nextInt(6000) : random.nextInt(40));
        int sector = random.nextInt(SECTORS - count);
        for (int i = sector; i < sector + count; i++) {
            if (taken[i]) {
                return null;
            }
        }
        Arrays.fill(taken, sector, sector + count, true);
        int command = COMMANDS[random.nextInt(COMMANDS.length)];
        if (command == Command.BLOCK_STATUS && !client.mode().hasChunks()) {
            command = Command.READ;
        }
        int flags = command != Command.READ && random.nextInt(8) == 0 ? CommandFlags.FUA : 0;
        if (command == Command.WRITE_ZEROES && random.nextBoolean()) {
            flags |= CommandFlags.NO_HOLE;
        }
        byte[] payload = new byte[command == Command.WRITE ? count * SECTOR_BYTES : 0];
        random.nextBytes(payload);
        return new Play(client, command, flags, sector, count, ByteBuffer.wrap(payload));
    }

    private static void send(Play play, long cookie) throws IOException {
        long offset = (long) play.sector * SECTOR_BYTES;
        if (play.command == Command.WRITE) {
            byte[] payload = new byte[play.payload.remaining()];
            play.payload.get(0, payload);
            play.client.write(play.flags, cookie, offset, payload);
        } else {
            play.client.request(play.command, play.flags, cookie, offset, (long) play.count * SECTOR_BYTES);
        }
    }

    private void takeReplies(NbdClient client, List<Play> plays) throws IOException {
        byte[][] read = new byte[plays.size()][];
        for (int i = 0; i < plays.size(); i++) {
            read[i] = new byte[plays.get(i).command == Command.READ ? plays.get(i).count * SECTOR_BYTES : 0];
        }
        for (int left = plays.size(); left > 0; ) {
            NbdClient.Chunk chunk = client.chunk(cookie -> read[(int) cookie].length);
            assertThat(chunk.error()).isZero();
            int index = (int) chunk.cookie();
            ByteBuffer content = chunk.content();
            if (chunk.simple()) {
                content.get(read[index]);
            } else if (chunk.type() == ChunkType.OFFSET_DATA) {
                int at = (int) content.getLong() - plays.get(index).sector * SECTOR_BYTES;
                content.get(read[index], at, content.remaining());
            } else if (chunk.type() == ChunkType.BLOCK_STATUS || chunk.type() == ChunkType.BLOCK_STATUS_EXT) {
                checkExtents(plays.get(index), content, client.mode() == TransmissionMode.EXTENDED);
            }
            left -= chunk.done() ? 1 : 0;
        }
        for (int i = 0; i < plays.size(); i++) {
            apply(plays.get(i), read[i]);
        }
    }

    /** The extents end where the request does, and what they call zeros is zeros. */
    private void checkExtents(Play play, ByteBuffer content, boolean extended) {
        content.getInt();
        if (extended) {
            content.getInt();
        }
        long position = (long) play.sector * SECTOR_BYTES;
        while (content.hasRemaining()) {
            long length = extended ? content.getLong() : content.getInt();
            long flags = extended ? content.getLong() : content.getInt();
            if ((flags & AllocationFlags.ZERO) != 0) {
                byte[] told = Arrays.copyOfRange(model, (int) position, (int) (position + length));
                assertThat(Arrays.mismatch(told, new byte[told.length]))
                        .as("first byte of %s at %d that is no zero", play, position)
                        .isEqualTo(-1);
            }
            position += length;
        }
        assertThat(position).isEqualTo((long) (play.sector + play.count) * SECTOR_BYTES);
    }

    private void apply(Play play, byte[] read) throws IOException {
        int from = play.sector * SECTOR_BYTES;
        int to = from + play.count * SECTOR_BYTES;
        switch (play.command) {
            case Command.READ -> {
                int mismatch = Arrays.mismatch(read, 0, read.length, model, from, to);
                assertThat(mismatch).as("first wrong byte of %s", play).isEqualTo(-1);
            }
            case Command.WRITE -> play.payload.get(0, model, from, to - from);
            case Command.WRITE_ZEROES -> Arrays.fill(model, from, to, (byte) 0);
            case Command.BLOCK_STATUS -> {}
            // What is trimmed is undefined. So it is read, and must stay so.
            default -> System.arraycopy(play.client.read(from, to - from), 0, model, from, to - from);
        }
    }
}
