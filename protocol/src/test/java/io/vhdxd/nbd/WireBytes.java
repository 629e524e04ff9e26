package io.vhdxd.nbd;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Builds what a client sends, also what it must not send. */
public final class WireBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public WireBytes u16(int value) {
        return put(ByteBuffer.allocate(2).putShort((short) value).array());
    }

    public WireBytes u32(long value) {
        return put(ByteBuffer.allocate(4).putInt((int) value).array());
    }

    public WireBytes u64(long value) {
        return put(ByteBuffer.allocate(8).putLong(value).array());
    }

    public WireBytes text(String value) {
        return put(value.getBytes(StandardCharsets.UTF_8));
    }

    /** A string behind its length. */
    public WireBytes string(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return u32(utf8.length).put(utf8);
    }

    public WireBytes put(byte[] value) {
        bytes.writeBytes(value);
        return this;
    }

    public WireBytes option(OptionCode code, byte[] data) {
        return option(code.wireValue(), data);
    }

    public WireBytes option(int code, byte[] data) {
        return u64(Magic.OPTION).u32(code).u32(data.length).put(data);
    }

    public WireBytes option(OptionCode code) {
        return option(code, new byte[0]);
    }

    /** A request without a payload. */
    public WireBytes request(int command, int flags, long cookie, long offsetBytes, long lengthBytes) {
        return u32(Magic.REQUEST)
                .u16(flags)
                .u16(command)
                .u64(cookie)
                .u64(offsetBytes)
                .u32(lengthBytes);
    }

    public WireBytes write(long cookie, long offsetBytes, byte[] payload) {
        return request(Command.WRITE, 0, cookie, offsetBytes, payload.length).put(payload);
    }

    /** A request with an extended header, without its payload if it has one. */
    public WireBytes extendedRequest(int command, int flags, long cookie, long offsetBytes, long lengthBytes) {
        return u32(Magic.EXTENDED_REQUEST)
                .u16(flags)
                .u16(command)
                .u64(cookie)
                .u64(offsetBytes)
                .u64(lengthBytes);
    }

    public byte[] toArray() {
        return bytes.toByteArray();
    }

    /** The data of INFO and GO. */
    public static byte[] infoData(String name, int... infoTypes) {
        WireBytes data = new WireBytes().string(name).u16(infoTypes.length);
        for (int type : infoTypes) {
            data.u16(type);
        }
        return data.toArray();
    }

    /** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
    public static byte[] metaContextData(String name, String... queries) {
        WireBytes data = new WireBytes().string(name).u32(queries.length);
        for (String query : queries) {
            data.string(query);
        }
        return data.toArray();
    }
}
