package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.WireBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName(
        "SEC-06, SEC-14, SEC-28, reliability.md 61, 62: the decoder finds what a simple one finds, in whatever comes")
public class RequestFuzzTest {
    private static final int ROUNDS = 3_000;
    /** Choices of a {@link FuzzInput}. */
    private static final int EXTENDED = 1;

    private static final int SMALL_BUFFERS = 2;
    private static final int WAITING = 4;

    private static final int COMPACT_BYTES = 28;
    private static final int EXTENDED_BYTES = 32;

    /** What must have come of a stream. */
    private record Expected(List<Found> requests, boolean violation) {}

    /** A request with its payload; null if it has none, or it is thrown away. */
    private record Found(
            int command,
            int flags,
            long cookie,
            long offsetBytes,
            long lengthBytes,
            @Nullable ByteBuffer payload) {}

    @ParameterizedTest
    @EnumSource(names = {"SIMPLE", "EXTENDED"})
    @DisplayName("Mutated requests, in random segments, through large and small buffers")
    void mutations(TransmissionMode mode) {
        Random random = Seed.random("RequestFuzzTest " + mode);
        Mutator mutator = new Mutator(random, seeds(mode == TransmissionMode.EXTENDED, 5000, 300_000));
        for (int round = 0; round < ROUNDS; round++) {
            RecordingHandler handler = new RecordingHandler();
            handler.receiveMemory = random.nextBoolean() ? ReceiveMemory.unlimited() : new ReceiveMemory(0);
            play(
                    TestConnection.transmitting(TestConnection.Way.SOCKET, handler, mode),
                    mutator.next(),
                    mode,
                    () -> 1 + random.nextInt(1 << random.nextInt(1, 17)));
        }
    }

    @Test
    @DisplayName("Requests that Jazzer makes, guided by what code they reach; some wait until they are let in")
    void guided(@TempDir Path directory) throws IOException, InterruptedException {
        List<byte[]> inputs = new ArrayList<>();
        for (TransmissionMode mode : List.of(TransmissionMode.SIMPLE, TransmissionMode.EXTENDED)) {
            boolean extended = mode == TransmissionMode.EXTENDED;
            int choices = extended ? EXTENDED : 0;
            for (byte[] seed : seeds(extended, 200, 2000)) {
                inputs.add(FuzzInput.of(choices, 0, seed));
                inputs.add(FuzzInput.of(choices | SMALL_BUFFERS | WAITING, 0, seed));
            }
            // The zeros behind the header are its payload.
            byte[] large = seeds(extended, 200, 300_000).getLast();
            inputs.add(FuzzInput.of(choices, 150, Arrays.copyOf(large, extended ? EXTENDED_BYTES : COMPACT_BYTES)));
        }
        GuidedFuzzing.run(RequestFuzzTest.class, "requests", inputs, directory);
    }

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        TransmissionMode mode = input.chooses(EXTENDED) ? TransmissionMode.EXTENDED : TransmissionMode.SIMPLE;
        RecordingHandler handler = new RecordingHandler();
        handler.receiveMemory = input.chooses(SMALL_BUFFERS) ? new ReceiveMemory(0) : ReceiveMemory.unlimited();
        if (input.chooses(WAITING)) {
            AtomicBoolean waited = new AtomicBoolean();
            handler.admission = request -> waited.getAndSet(!waited.get());
        }
        play(TestConnection.transmitting(input.way(), handler, mode), input.conversation(), mode, input::segmentBytes);
    }

    /** Every request is let in at the second attempt at the latest. */
    private static void play(TestConnection played, byte[] stream, TransmissionMode mode, IntSupplier segmentBytes) {
        Expected expected = decode(stream, mode == TransmissionMode.EXTENDED);
        try (TestConnection connection = played) {
            RecordingHandler handler = connection.handler;
            ByteBuf network = Unpooled.wrappedBuffer(stream);
            while (network.isReadable() && connection.channel.isOpen()) {
                ByteBuf segment = network.readSlice(Math.min(network.readableBytes(), segmentBytes.getAsInt()));
                do {
                    connection.deliver(segment);
                    while (!connection.channel.config().isAutoRead()) {
                        Objects.requireNonNull(handler.decoder).resume();
                    }
                } while (segment.isReadable() && connection.channel.isOpen());
            }
            assertThat(handler.received.stream().map(RequestFuzzTest::found).toList())
                    .isEqualTo(expected.requests);
            assertThat(handler.failures).hasSize(expected.violation ? 1 : 0);
            assertThat(handler.failures).allMatch(ProtocolViolationException.class::isInstance);
        }
    }

    private static List<byte[]> seeds(boolean extended, int payloadBytes, int largePayloadBytes) {
        byte[] payload = new byte[payloadBytes];
        new Random(1).nextBytes(payload);
        WireBytes compact = new WireBytes();
        WireBytes large = new WireBytes();
        if (!extended) {
            compact.request(Command.READ, CommandFlags.DF, 1, 4096, 512)
                    .write(2, 512, payload)
                    .request(Command.FLUSH, 0, 3, 0, 0)
                    .request(Command.TRIM, CommandFlags.FUA, 4, 0, 0xffffffffL)
                    .request(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, 5, 0, 1 << 20)
                    .request(Command.DISC, 0, 6, 0, 0)
                    .request(Command.READ, 0, 7, 0, 1);
            large.write(1, 0, new byte[largePayloadBytes]).write(2, 0, payload).request(Command.CACHE, 0, 3, -512, 512);
        } else {
            compact.extendedRequest(Command.READ, 0, 1, 4096, 512)
                    .extendedRequest(Command.WRITE, CommandFlags.PAYLOAD_LEN, 2, 512, payload.length)
                    .put(payload)
                    .extendedRequest(Command.BLOCK_STATUS, CommandFlags.PAYLOAD_LEN, 3, 0, 12)
                    .u64(1 << 20)
                    .u32(1)
                    .extendedRequest(Command.WRITE_ZEROES, 0, 4, 0, 1L << 40)
                    .extendedRequest(Command.DISC, 0, 5, 0, 0)
                    .extendedRequest(Command.READ, 0, 6, 0, 1);
            large.extendedRequest(Command.WRITE, CommandFlags.PAYLOAD_LEN, 1, 0, largePayloadBytes)
                    .put(new byte[largePayloadBytes])
                    .extendedRequest(Command.CACHE, CommandFlags.PAYLOAD_LEN, 2, 0, 100)
                    .put(new byte[100])
                    .extendedRequest(Command.FLUSH, 0, 3, 0, 0);
        }
        return List.of(compact.toArray(), compact.toArray(), large.toArray());
    }

    private static Found found(RecordingHandler.Received received) {
        var request = received.request();
        return new Found(
                request.command(),
                request.flags(),
                request.cookie(),
                request.offsetBytes(),
                request.lengthBytes(),
                received.payload());
    }

    /** Decodes a stream that is there as a whole, by the rules of nbd.md RQ and EX. */
    private static Expected decode(byte[] stream, boolean extended) {
        List<Found> requests = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(stream);
        while (in.remaining() >= (extended ? EXTENDED_BYTES : COMPACT_BYTES)) {
            if (in.getInt() != (extended ? Magic.EXTENDED_REQUEST : Magic.REQUEST)) {
                return new Expected(requests, true);
            }
            int flags = in.getShort() & 0xffff;
            int command = in.getShort() & 0xffff;
            long cookie = in.getLong();
            long offset = in.getLong();
            long length = extended ? in.getLong() : in.getInt() & 0xffffffffL;
            boolean hasPayload = command != Command.DISC
                    && (extended ? (flags & CommandFlags.PAYLOAD_LEN) != 0 : command == Command.WRITE);
            ByteBuffer payload = null;
            if (hasPayload) {
                long most = extended ? Limits.MAXIMUM_PAYLOAD_BYTES : Limits.SKIPPED_PAYLOAD_BYTES;
                if (length < 0 || length > most) {
                    return new Expected(requests, true);
                }
                if (length > in.remaining()) {
                    return new Expected(requests, false);
                }
                ByteBuffer bytes = in.slice(in.position(), (int) length);
                in.position(in.position() + (int) length);
                if (command == Command.WRITE && length <= Limits.MAXIMUM_PAYLOAD_BYTES) {
                    payload = bytes;
                } else if (command == Command.BLOCK_STATUS && length > 8 && length <= 8 + 64 * 4 && length % 4 == 0) {
                    length = bytes.getLong();
                }
            }
            requests.add(new Found(command, flags, cookie, offset, length, payload));
            if (command == Command.DISC) {
                break;
            }
        }
        return new Expected(requests, false);
    }
}
