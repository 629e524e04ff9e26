package io.vhdxd.server.conformance;

import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.support.NbdClient;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Plays a script to a server, and puts each answer into a word: the type of the last reply, an error, {@code ok}, ... */
final class Player implements AutoCloseable {
    /**
     * What a server said.
     *
     * @param answers a word for each step
     * @param errorTexts the texts that came with errors
     */
    record Conversation(List<String> answers, List<String> errorTexts) {}

    static final String CLOSES = "closes";

    /** An option in the transmission, or a request before it. */
    static final String NOT_ASKED = "-";

    private static final int PATIENCE_SECONDS = 60;
    private static final long COOKIE = 0x8123_4567_89ab_cdefL;

    private static final ScheduledExecutorService ALARMS = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().daemon().unstarted(task));

    private final SocketChannel channel;
    private final DataInputStream in;
    private final OutputStream out;
    private final int clientFlags;
    private final List<String> errorTexts = new ArrayList<>();
    private TransmissionMode mode = TransmissionMode.SIMPLE;
    private boolean transmitting;

    private Player(SocketAddress address, int clientFlags) throws IOException {
        channel = SocketChannel.open(address);
        in = new DataInputStream(Channels.newInputStream(channel));
        out = Channels.newOutputStream(channel);
        this.clientFlags = clientFlags;
    }

    /** The answers to the steps of a script, up to the end of the connection. */
    static List<String> play(SocketAddress address, Script script) throws IOException {
        return converse(address, script).answers;
    }

    /** As {@link #play}, with the texts that came with errors. */
    static Conversation converse(SocketAddress address, Script script) throws IOException {
        List<String> answers = new ArrayList<>();
        List<String> texts;
        try (Player player = new Player(address, script.clientFlags())) {
            player.in.readFully(new byte[18]);
            player.out.write(ByteBuffer.allocate(4).putInt(script.clientFlags()).array());
            for (Step step : script.steps()) {
                String answer = player.answer(step);
                answers.add(answer);
                if (answer.equals(CLOSES) || answer.startsWith("silent")) {
                    break;
                }
            }
            texts = player.errorTexts;
        }
        return new Conversation(answers, texts);
    }

    private String answer(Step step) {
        ScheduledFuture<?> alarm = ALARMS.schedule(this::hangUp, PATIENCE_SECONDS, TimeUnit.SECONDS);
        try {
            return switch (step) {
                case Step.Opt option -> transmitting ? NOT_ASKED : option(option);
                case Step.Req request -> transmitting ? request(request) : NOT_ASKED;
                case Step.Raw raw -> raw(raw);
            };
        } catch (IOException e) {
            return alarm.isDone() ? "silent" : CLOSES;
        } finally {
            alarm.cancel(false);
        }
    }

    private void hangUp() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String option(Step.Opt option) throws IOException {
        out.write(ByteBuffer.allocate(16 + option.data().length)
                .putLong(Magic.OPTION)
                .putInt(option.code())
                .putInt(option.data().length)
                .put(option.data())
                .array());
        if (option.code() == OptionCode.EXPORT_NAME.wireValue()) {
            in.readFully(new byte[(clientFlags & HandshakeFlags.NO_ZEROES) != 0 ? 10 : 134]);
            transmitting = true;
            return "enters";
        }
        for (int more = 0; ; more++) {
            if (in.readLong() != Magic.OPTION_REPLY || in.readInt() != option.code()) {
                return "garbage";
            }
            int type = in.readInt();
            byte[] data = new byte[in.readInt()];
            in.readFully(data);
            if (type == OptionReplyType.ACK.wireValue()) {
                agreed(option.code());
                boolean countMatters = option.code() == OptionCode.SET_META_CONTEXT.wireValue()
                        || option.code() == OptionCode.LIST_META_CONTEXT.wireValue();
                return countMatters ? "ACK+" + more : "ACK";
            } else if (type < 0) {
                errorTexts.add(new String(data, StandardCharsets.UTF_8));
                return errorType(type);
            }
        }
    }

    private void agreed(int option) {
        if (option == OptionCode.GO.wireValue()) {
            transmitting = true;
        } else if (option == OptionCode.STRUCTURED_REPLY.wireValue() && mode == TransmissionMode.SIMPLE) {
            mode = TransmissionMode.STRUCTURED;
        } else if (option == OptionCode.EXTENDED_HEADERS.wireValue()) {
            mode = TransmissionMode.EXTENDED;
        }
    }

    private static String errorType(int type) {
        for (OptionReplyType known : OptionReplyType.values()) {
            if (known.wireValue() == type) {
                return known.name();
            }
        }
        return "error 0x" + Integer.toHexString(type);
    }

    private String request(Step.Req request) throws IOException {
        byte[] payload = request.payload() == null ? new byte[0] : request.payload();
        boolean extended = mode == TransmissionMode.EXTENDED;
        int flags = request.flags() | (extended && request.payload() != null ? CommandFlags.PAYLOAD_LEN : 0);
        ByteBuffer header = extended
                ? NbdClient.extendedHeader(request.command(), flags, COOKIE, request.offset(), request.length())
                : NbdClient.header(request.command(), flags, COOKIE, request.offset(), request.length());
        out.write(ByteBuffer.allocate(header.capacity() + payload.length)
                .put(header.flip())
                .put(payload)
                .array());
        String outcome = "ok";
        boolean done = false;
        while (!done) {
            int magic = in.readInt();
            if (magic == Magic.SIMPLE_REPLY) {
                int error = in.readInt();
                if (in.readLong() != COOKIE) {
                    return "garbage";
                }
                if (error == 0 && request.command() == Command.READ) {
                    in.readFully(new byte[(int) request.length()]);
                }
                return error == 0 ? "ok" : errorName(error);
            } else if (magic != (extended ? Magic.EXTENDED_REPLY : Magic.STRUCTURED_REPLY)) {
                return "garbage";
            }
            done = (in.readUnsignedShort() & ChunkType.FLAG_DONE) != 0;
            int type = in.readUnsignedShort();
            if (in.readLong() != COOKIE) {
                return "garbage";
            }
            if (extended) {
                in.readLong();
            }
            byte[] content = new byte[Math.toIntExact(extended ? in.readLong() : in.readInt())];
            in.readFully(content);
            if ((type & 0x8000) != 0) {
                ByteBuffer error = ByteBuffer.wrap(content);
                outcome = errorName(error.getInt());
                byte[] text = new byte[error.getShort() & 0xffff];
                error.get(text);
                errorTexts.add(new String(text, StandardCharsets.UTF_8));
            }
        }
        return outcome;
    }

    private static String errorName(int error) {
        for (NbdError known : NbdError.values()) {
            if (known.wireValue() == error) {
                return known.name();
            }
        }
        return "error " + error;
    }

    private String raw(Step.Raw raw) throws IOException {
        out.write(raw.bytes());
        return in.read() < 0 ? CLOSES : "answers";
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
