package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.handshake.Handshake;
import io.vhdxd.nbd.handshake.Outcome;
import org.jspecify.annotations.Nullable;

/** Takes the client's messages out of the bytes of a handshake, and leads each of them through the {@link Handshake}. */
final class HandshakeDecoder {
    /** What comes next from the client. */
    private enum State {
        CLIENT_FLAGS,
        OPTION_HEADER,
        OPTION_DATA,
        /** Data that is of no use, or too long to be kept. */
        SKIPPED_DATA
    }

    private static final int CLIENT_FLAGS_BYTES = 4;
    private static final int OPTION_HEADER_BYTES = 16;

    private final Handshake handshake;
    private State state = State.CLIENT_FLAGS;
    private int option;
    private long dataBytesLeft;

    HandshakeDecoder(Handshake handshake) {
        this.handshake = handshake;
    }

    /** What comes of the next message; null if it is not complete. */
    @Nullable Outcome next(ByteBuf in) {
        if (state == State.CLIENT_FLAGS) {
            return readClientFlags(in);
        }
        if (state == State.OPTION_HEADER) {
            Outcome violation = readOptionHeader(in);
            if (violation != null) {
                return violation;
            }
        }
        return switch (state) {
            case OPTION_DATA -> readOptionData(in);
            case SKIPPED_DATA -> skipOptionData(in);
            case CLIENT_FLAGS, OPTION_HEADER -> null;
        };
    }

    private @Nullable Outcome readClientFlags(ByteBuf in) {
        if (in.readableBytes() < CLIENT_FLAGS_BYTES) {
            return null;
        }
        state = State.OPTION_HEADER;
        return handshake.clientFlags(in.readInt());
    }

    private @Nullable Outcome readOptionHeader(ByteBuf in) {
        if (in.readableBytes() < OPTION_HEADER_BYTES) {
            return null;
        }
        long magic = in.readLong();
        if (magic != Magic.OPTION) {
            return Outcome.close("An option begins with the wrong magic number 0x" + Long.toHexString(magic) + ".");
        }
        option = in.readInt();
        dataBytesLeft = in.readUnsignedInt();
        switch (handshake.dataPolicy(option, dataBytesLeft)) {
            case KEEP -> state = State.OPTION_DATA;
            case SKIP -> state = State.SKIPPED_DATA;
            case CLOSE -> {
                return Outcome.close("Option " + Integer.toUnsignedString(option) + " declares too much data: "
                        + dataBytesLeft + " bytes.");
            }
        }
        return null;
    }

    private @Nullable Outcome readOptionData(ByteBuf in) {
        if (in.readableBytes() < dataBytesLeft) {
            return null;
        }
        byte[] data = new byte[(int) dataBytesLeft];
        in.readBytes(data);
        state = State.OPTION_HEADER;
        return handshake.option(option, data);
    }

    private @Nullable Outcome skipOptionData(ByteBuf in) {
        int skippedBytes = (int) Math.min(in.readableBytes(), dataBytesLeft);
        in.skipBytes(skippedBytes);
        dataBytesLeft -= skippedBytes;
        if (dataBytesLeft > 0) {
            return null;
        }
        state = State.OPTION_HEADER;
        return handshake.option(option, null);
    }
}
