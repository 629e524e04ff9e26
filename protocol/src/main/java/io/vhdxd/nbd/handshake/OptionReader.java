package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.Limits;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads the data of an option. Whatever does not fit together is refused as INVALID. */
final class OptionReader {
    private final ByteBuffer data;

    OptionReader(byte[] data) {
        this.data = ByteBuffer.wrap(data);
    }

    int unsignedShort() throws OptionRefusedException {
        need(Short.BYTES);
        return Short.toUnsignedInt(data.getShort());
    }

    long unsignedInt() throws OptionRefusedException {
        need(Integer.BYTES);
        return Integer.toUnsignedLong(data.getInt());
    }

    /** The name of an export, behind its length. */
    String exportName() throws OptionRefusedException {
        long lengthBytes = unsignedInt();
        need(lengthBytes);
        return exportName(lengthBytes);
    }

    /** The name of an export that fills the rest of the data. */
    String exportNameToEnd() throws OptionRefusedException {
        return exportName(data.remaining());
    }

    private String exportName(long lengthBytes) throws OptionRefusedException {
        if (lengthBytes > Limits.STRING_BYTES) {
            throw OptionRefusedException.invalid(
                    "The export's name has " + lengthBytes + " bytes (expected: at most " + Limits.STRING_BYTES + ").");
        }
        String name = utf8((int) lengthBytes);
        if (name == null || name.indexOf('\0') >= 0) {
            throw OptionRefusedException.invalid("The export's name is not UTF-8 without NUL.");
        }
        return name;
    }

    /** A query, behind its length; null if it is no string that could match anything. */
    @Nullable String query() throws OptionRefusedException {
        long lengthBytes = unsignedInt();
        need(lengthBytes);
        if (lengthBytes > Limits.STRING_BYTES) {
            data.position(data.position() + (int) lengthBytes);
            return null;
        }
        return utf8((int) lengthBytes);
    }

    void expectEnd() throws OptionRefusedException {
        if (data.hasRemaining()) {
            throw OptionRefusedException.invalid(
                    "The option's data goes on for " + data.remaining() + " bytes behind its last field.");
        }
    }

    private void need(long lengthBytes) throws OptionRefusedException {
        if (lengthBytes > data.remaining()) {
            throw OptionRefusedException.invalid("The option's data ends too early: a field of " + lengthBytes
                    + " bytes has only " + data.remaining() + " bytes left.");
        }
    }

    private @Nullable String utf8(int lengthBytes) {
        ByteBuffer bytes = data.slice(data.position(), lengthBytes);
        data.position(data.position() + lengthBytes);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
