package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.WireBytes;
import io.vhdxd.nbd.handshake.OptionRefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName(
        "SEC-03, SEC-05, SEC-06, reliability.md 59: whatever comes in a handshake, it gets well-formed replies or an end")
public class HandshakeFuzzTest {
    private static final int ROUNDS = 3_000;
    private static final int FIXED_NEWSTYLE = 1;

    /** A choice of a {@link FuzzInput}: the server does not take the connection. */
    private static final int REFUSED = 1;

    /** What one connection may hold: the data of an option, and its copy, in buffers that double. */
    private static final long LIVE_BYTES_MAX = 4L * Limits.OPTION_DATA_BYTES;

    /** NO_ZEROES is not negotiated by these, so that the end of EXPORT_NAME shows. */
    private static final List<byte[]> SEEDS = List.of(
            client().option(OptionCode.GO, WireBytes.infoData("disk"))
                    .request(Command.READ, 0, 1, 0, 512)
                    .toArray(),
            client().option(OptionCode.STRUCTURED_REPLY)
                    .option(OptionCode.LIST)
                    .option(OptionCode.LIST_META_CONTEXT, WireBytes.metaContextData("disk"))
                    .option(OptionCode.SET_META_CONTEXT, WireBytes.metaContextData("disk", "base:allocation", "x:y"))
                    .option(OptionCode.INFO, WireBytes.infoData("disk", 0, 1, 2, 3))
                    .option(OptionCode.GO, WireBytes.infoData("", 3))
                    .toArray(),
            client().option(OptionCode.EXTENDED_HEADERS)
                    .option(OptionCode.SET_META_CONTEXT, WireBytes.metaContextData("disk", "base:"))
                    .option(OptionCode.GO, WireBytes.infoData("disk"))
                    .toArray(),
            client().option(OptionCode.STARTTLS)
                    .option(77, new byte[100])
                    .option(OptionCode.INFO, WireBytes.infoData("absent"))
                    .option(OptionCode.LIST, new byte[70_000])
                    .option(OptionCode.EXPORT_NAME, new byte[] {'d', 'i', 's', 'k'})
                    .write(5, 0, new byte[100])
                    .toArray(),
            client().option(OptionCode.INFO, WireBytes.infoData("\0\u001b[2J../../etc/passwd"))
                    .option(OptionCode.ABORT)
                    .toArray());

    private static WireBytes client() {
        return new WireBytes().u32(FIXED_NEWSTYLE);
    }

    @Test
    @DisplayName("Mutated handshakes, in random segments")
    void mutations() {
        Random random = Seed.random("HandshakeFuzzTest");
        Mutator mutator = new Mutator(random, SEEDS);
        for (int round = 0; round < ROUNDS; round++) {
            try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
                play(connection, mutator.next(), () -> 1 + random.nextInt(1 << random.nextInt(1, 17)));
            }
        }
    }

    @Test
    @DisplayName("Handshakes that Jazzer makes, guided by what code they reach")
    void guided(@TempDir Path directory) throws IOException, InterruptedException {
        List<byte[]> seeds = new ArrayList<>();
        SEEDS.stream()
                .filter(seed -> seed.length < GuidedFuzzing.INPUT_BYTES_MAX)
                .forEach(seed -> seeds.add(FuzzInput.of(0, 0, seed)));
        // The zeros behind the header are its data.
        byte[] longOption = client().option(OptionCode.LIST, new byte[70_000]).toArray();
        seeds.add(FuzzInput.of(0, 40, Arrays.copyOf(longOption, 20)));
        GuidedFuzzing.run(HandshakeFuzzTest.class, "handshakes", seeds, directory);
    }

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        try (TestConnection connection = new TestConnection(input.way())) {
            if (input.chooses(REFUSED)) {
                connection.answer = ImmediateEventExecutor.INSTANCE.newFailedFuture(
                        new OptionRefusedException(OptionReplyType.SHUTDOWN, "The server is shutting down."));
            }
            play(connection, input.conversation(), input::segmentBytes);
        }
    }

    private static void play(TestConnection connection, byte[] conversation, IntSupplier segmentBytes) {
        ByteBuf network = Unpooled.wrappedBuffer(conversation);
        while (network.isReadable() && connection.channel.isOpen() && connection.handler.events.isEmpty()) {
            int bytes = Math.min(network.readableBytes(), segmentBytes.getAsInt());
            connection.deliver(network.readSlice(bytes));
            assertThat(connection.allocator.liveBytes())
                    .isLessThan(LIVE_BYTES_MAX
                            + connection.channel.outboundMessages().size() * 4096L);
        }
        boolean transmitting = !connection.handler.events.isEmpty();
        checkReplies(connection.sent(), transmitting);
        if (!transmitting && !connection.channel.isOpen()) {
            assertThat(connection.ends).hasSize(1);
            assertThat(connection.endCauses).containsOnlyNulls();
        }
    }

    /** The greeting, and replies to options, of which the last may be that to EXPORT_NAME. */
    private static void checkReplies(byte[] sent, boolean transmitting) {
        ByteBuf replies = Unpooled.wrappedBuffer(sent);
        assertThat(replies.readLong()).isEqualTo(Magic.GREETING);
        assertThat(replies.readLong()).isEqualTo(Magic.OPTION);
        replies.readShort();
        while (replies.isReadable()) {
            if (transmitting && replies.getLong(replies.readerIndex()) != Magic.OPTION_REPLY) {
                assertThat(replies.readableBytes()).as("reply to EXPORT_NAME").isIn(10, 134);
                return;
            }
            assertThat(replies.readLong()).isEqualTo(Magic.OPTION_REPLY);
            replies.skipBytes(4);
            int type = replies.readInt();
            int dataBytes = replies.readInt();
            assertThat(dataBytes).isBetween(0, Limits.OPTION_DATA_BYTES);
            if (type < 0) {
                assertThat(dataBytes).as("text of an error").isBetween(1, Limits.STRING_BYTES);
            }
            replies.skipBytes(dataBytes);
        }
    }
}
