package io.vhdxd.server.conformance;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.server.support.NbdClient;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One thing that a client sends, and gets an answer to. */
sealed interface Step {
    /** The size of the disk that all servers offer. */
    long DISK_BYTES = 64L << 20;

    /** What it is, for people, and for the explanations of differences. */
    String text();

    /** An option. */
    @SuppressWarnings("ArrayRecordComponent") // Steps are not compared.
    record Opt(int code, byte[] data, String what) implements Step {
        @Override
        public String text() {
            OptionCode known = OptionCode.of(code);
            String name = known == null ? "option " + Integer.toUnsignedString(code) : known.name();
            return what.isEmpty() ? name : name + " " + what;
        }
    }

    /** A request. */
    @SuppressWarnings("ArrayRecordComponent") // Steps are not compared.
    record Req(int command, int flags, long offset, long length, byte @Nullable [] payload) implements Step {
        @Override
        public String text() {
            StringBuilder text = new StringBuilder(Command.nameOf(command).replace("Command ", "command "));
            if (length == 0 && command != Command.FLUSH && command != Command.DISC) {
                text.append(" of nothing");
            } else if (length > 32 << 20 && (command == Command.READ || command == Command.WRITE)) {
                text.append(" above 32 MiB");
            }
            if (offset < 0 || offset > DISK_BYTES || length > DISK_BYTES - offset) {
                text.append(" past the end");
            }
            if (flags != 0) {
                text.append(String.format(Locale.ROOT, " with flags 0x%x", flags));
            }
            if (command == Command.FLUSH && (offset | length) != 0) {
                text.append(" of a range");
            }
            return text.toString();
        }
    }

    /** Bytes that no client should send. */
    @SuppressWarnings("ArrayRecordComponent") // Steps are not compared.
    record Raw(byte[] bytes, String what) implements Step {
        @Override
        public String text() {
            return what;
        }
    }

    static Opt option(OptionCode code) {
        return new Opt(code.wireValue(), new byte[0], "");
    }

    static Opt optionWithData(OptionCode code, int length) {
        return new Opt(code.wireValue(), new byte[length], "with data");
    }

    static Opt unknownOption(int code, int length) {
        return new Opt(code, new byte[length], "");
    }

    static Opt info(OptionCode code, String name, int... types) {
        return new Opt(code.wireValue(), infoData(name, types), name.equals("disk") ? "" : "of " + named(name));
    }

    static Opt go() {
        return info(OptionCode.GO, "disk");
    }

    static Opt exportName(String name) {
        byte[] data = name.getBytes(StandardCharsets.UTF_8);
        return new Opt(OptionCode.EXPORT_NAME.wireValue(), data, name.equals("disk") ? "" : "of " + named(name));
    }

    static Opt contexts(OptionCode code, String name, String... queries) {
        String of = name.equals("disk") ? "" : " of " + named(name);
        String what = queries.length == 0 ? "without queries" : String.join(" ", queries);
        return new Opt(
                code.wireValue(),
                NbdClient.contextData(name, queries),
                (queries.length > 3 ? "with many queries" : what) + of);
    }

    /** An option whose data was changed. */
    static Opt malformed(Opt option, byte[] data, String what) {
        return new Opt(option.code, data, what);
    }

    private static String named(String name) {
        if (name.isEmpty()) {
            return "the default export";
        }
        return name.length() > 4096 ? "too long a name" : name.length() > 100 ? "a long name" : "an unknown export";
    }

    static byte[] infoData(String name, int... types) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(6 + bytes.length + 2 * types.length)
                .putInt(bytes.length)
                .put(bytes)
                .putShort((short) types.length);
        for (int type : types) {
            data.putShort((short) type);
        }
        return data.array();
    }

    static Req request(int command, int flags, long offset, long length) {
        return new Req(command, flags, offset, length, null);
    }

    static Req write(int flags, long offset, int length) {
        return new Req(Command.WRITE, flags, offset, length, new byte[length]);
    }
}
