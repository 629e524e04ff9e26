package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.Payload;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.WireBytes;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The direct way of a payload, on real sockets. */
class SocketReceiveTest {
    private static final ReplyFormat FORMAT = new ReplyFormat(TransmissionMode.SIMPLE);
    private static final int ENTRY_BYTES = 18 + 2 * 20 + 12 + 14 + 20;

    /** Answers every request with success, keeps payloads, and refuses some requests at first. */
    private static final class AnsweringHandler extends RecordingHandler {
        final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
        private final Channel channel;
        private final Random random;
        private final int refusals;

        /** @param refusals how many of 8 requests are not admitted at first */
        AnsweringHandler(Channel channel, Random random, int refusals) {
            this.channel = channel;
            this.random = random;
            this.refusals = refusals;
            this.keepsPayloads = true;
        }

        @Override
        public boolean tryAdmit(Request request) {
            boolean admitted = random.nextInt(8) >= refusals;
            if (!admitted) {
                channel.eventLoop().execute(Objects.requireNonNull(decoder)::resume);
            }
            return admitted;
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored") // The client sees what comes of it.
        public void onRequest(Request request) {
            super.onRequest(request);
            ByteBuf reply = channel.alloc().buffer(FORMAT.successBytes());
            FORMAT.writeSuccess(reply, request);
            channel.write(reply);
        }

        @Override
        public void onBatchEnd() {
            channel.flush();
        }

        @Override
        @SuppressWarnings("FutureReturnValueIgnored")
        public void onInputEnd() {
            ends.add("input end");
            channel.close();
        }

        @Override
        public void onClosed() {
            received.forEach(each -> release(each.request()));
            ends.add("closed");
        }

        /** The sizes of the parts of all payloads. Called when all replies have come, so nothing changes any more. */
        List<Integer> partSizes() {
            List<Integer> sizes = new ArrayList<>();
            for (Received each : List.copyOf(received)) {
                Payload payload = each.request().payload();
                if (payload != null) {
                    Arrays.stream(payload.buffers()).map(ByteBuffer::remaining).forEach(sizes::add);
                }
            }
            return sizes;
        }

        private static void release(Request request) {
            Payload payload = request.payload();
            if (payload != null) {
                payload.release();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("SEC-24, RQ-03: payloads of all sizes arrive intact, in the very buffers that the socket has filled")
    void arbitrarySegments(Transport transport) throws Exception {
        Random random = Seed.random("SocketReceiveTest");
        transmit(transport, random, 0);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("RQ-12: the same with pauses")
    void pauses(Transport transport) throws Exception {
        Random random = Seed.random("SocketReceiveTest");
        transmit(transport, random, 4);
    }

    private static void transmit(Transport transport, Random random, int refusals) throws Exception {
        List<AnsweringHandler> handlers = new ArrayList<>();
        List<byte[]> payloads = new ArrayList<>();
        try (SocketServer server = new SocketServer(transport, TestExports.of("disk"), channel -> {
            handlers.add(new AnsweringHandler(channel, new Random(random.nextLong()), refusals));
            return handlers.getFirst();
        })) {
            try (Socket client = connect(server)) {
                int buffersOfHandshake = server.allocator.count();
                WireBytes bytes = new WireBytes();
                int[] sizes = {1 << 20, 4000, 512, 1 << 20, 100, 0, 65536, 131072 - 28, 131072, (1 << 20) + 1, 4000};
                for (int i = 0; i < sizes.length; i++) {
                    byte[] payload = new byte[sizes[i]];
                    random.nextBytes(payload);
                    payloads.add(payload);
                    bytes.write(i, i, payload).request(Command.READ, 0, 1000 + i, i, 1);
                }
                sendInSegments(client.getOutputStream(), bytes.toArray(), random);
                DataInputStream replies = new DataInputStream(client.getInputStream());
                for (int i = 0; i < sizes.length; i++) {
                    assertReply(replies, i);
                    assertReply(replies, 1000 + i);
                }
                List<Integer> partSizes = handlers.getFirst().partSizes();
                partSizes.add(SharedBuffer.LARGE_BYTES);
                partSizes.add(FORMAT.successBytes());
                assertThat(server.allocator.capacities(buffersOfHandshake))
                        .as("the sizes of all buffers, which are those for requests, pieces and replies")
                        .isSubsetOf(partSizes);
            }
            assertThat(handlers.getFirst().ends.take()).isEqualTo("input end");
            assertThat(handlers.getFirst().ends.take()).isEqualTo("closed");
            assertPayloads(handlers.getFirst(), payloads);
        }
    }

    private static void assertPayloads(AnsweringHandler handler, List<byte[]> payloads) {
        assertThat(handler.failures).isEmpty();
        assertThat(handler.received).hasSize(2 * payloads.size());
        for (int i = 0; i < payloads.size(); i++) {
            assertThat(handler.received.get(2 * i).payload()).isEqualTo(ByteBuffer.wrap(payloads.get(i)));
            assertThat(handler.received.get(2 * i + 1).request().cookie()).isEqualTo(1000 + i);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("DC-03: a client that closes its side behind its last request gets all replies")
    void halfClose(Transport transport) throws Exception {
        List<AnsweringHandler> handlers = new ArrayList<>();
        try (SocketServer server = new SocketServer(transport, TestExports.of("disk"), channel -> {
                    handlers.add(new AnsweringHandler(channel, new Random(1), 7));
                    return handlers.getFirst();
                });
                Socket client = new Socket(
                        server.address().getAddress(), server.address().getPort())) {
            client.getOutputStream()
                    .write(entry().write(1, 0, new byte[500_000])
                            .request(Command.FLUSH, 0, 2, 0, 0)
                            .toArray());
            client.shutdownOutput();
            DataInputStream in = new DataInputStream(client.getInputStream());
            in.skipNBytes(ENTRY_BYTES);
            assertReply(in, 1);
            assertReply(in, 2);
            assertThat(in.read()).as("the end of the stream").isEqualTo(-1);
            assertThat(handlers.getFirst().ends.take()).isEqualTo("input end");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("DC-04: a connection that breaks inside a payload leaves nothing behind, and delivers nothing")
    void reset(Transport transport) throws Exception {
        List<AnsweringHandler> handlers = new ArrayList<>();
        try (SocketServer server = new SocketServer(transport, TestExports.of("disk"), channel -> {
            handlers.add(new AnsweringHandler(channel, new Random(1), 0));
            return handlers.getFirst();
        })) {
            try (Socket client = connect(server)) {
                client.getOutputStream()
                        .write(new WireBytes()
                                .request(Command.FLUSH, 0, 1, 0, 0)
                                .request(Command.WRITE, 0, 2, 0, 1 << 20)
                                .put(new byte[500_000])
                                .toArray());
                assertReply(new DataInputStream(client.getInputStream()), 1);
                client.setSoLinger(true, 0);
            }
            assertThat(handlers.getFirst().ends.take()).isEqualTo("closed");
            assertThat(handlers.getFirst().received).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("HS-16, SEC-11: clients that only look leave nothing behind")
    void lookers(Transport transport) throws Exception {
        try (SocketServer server = new SocketServer(transport, TestExports.of("disk"), channel -> {
            throw new AssertionError("Nobody enters the transmission phase.");
        })) {
            for (int i = 0; i < 50; i++) {
                try (Socket client = new Socket(
                        server.address().getAddress(), server.address().getPort())) {
                    client.getOutputStream().write(new byte[i % 4]);
                    client.setSoLinger(i % 2 == 0, 0);
                }
                assertThat(server.ends.take()).endsWith(".");
            }
        }
    }

    private static Socket connect(SocketServer server) throws IOException {
        Socket client =
                new Socket(server.address().getAddress(), server.address().getPort());
        client.setTcpNoDelay(true);
        client.getOutputStream().write(entry().toArray());
        new DataInputStream(client.getInputStream()).skipNBytes(ENTRY_BYTES);
        return client;
    }

    private static WireBytes entry() {
        return new WireBytes()
                .u32(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES)
                .option(OptionCode.GO, WireBytes.infoData("disk"));
    }

    private static void sendInSegments(OutputStream out, byte[] bytes, Random random) throws IOException {
        for (int at = 0; at < bytes.length; ) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(1 << random.nextInt(4, 19)));
            out.write(bytes, at, length);
            at += length;
        }
    }

    private static void assertReply(DataInputStream in, long cookie) throws IOException {
        assertThat(in.readInt()).isEqualTo(0x67446698);
        assertThat(in.readInt()).isZero();
        assertThat(in.readLong()).isEqualTo(cookie);
    }
}
