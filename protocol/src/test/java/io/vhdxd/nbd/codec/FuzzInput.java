package io.vhdxd.nbd.codec;

import io.vhdxd.nbd.codec.TestConnection.Way;
import java.util.Arrays;
import java.util.Random;

/**
 * What an input of Jazzer says: how a conversation reaches the handlers, and then the conversation itself. Zeros are added at
 * its end, so that a short input can hold a long payload.
 */
final class FuzzInput {
    private static final int FOREIGN = 0x80;
    private static final int PREFIX_BYTES = 4;
    private static final int PADDING_UNIT_BYTES = 2048;
    private static final int SEGMENTS_MAX = 256;

    private final byte[] input;
    private final Random random;

    FuzzInput(byte[] input) {
        this.input = Arrays.copyOf(input, Math.max(input.length, PREFIX_BYTES));
        this.random = new Random(this.input[3]);
    }

    /** An input that holds a conversation, which arrives in segments of different sizes. */
    static byte[] of(int choices, int paddingUnits, byte[] conversation) {
        byte[] input = new byte[PREFIX_BYTES + conversation.length];
        input[0] = (byte) choices;
        input[1] = (byte) paddingUnits;
        input[2] = 17;
        System.arraycopy(conversation, 0, input, PREFIX_BYTES, conversation.length);
        return input;
    }

    /** @param choice a bit; the highest one of eight is taken */
    boolean chooses(int choice) {
        return (input[0] & choice) != 0;
    }

    Way way() {
        return chooses(FOREIGN) ? Way.FOREIGN : Way.SOCKET;
    }

    byte[] conversation() {
        byte[] sent = Arrays.copyOfRange(input, PREFIX_BYTES, input.length);
        return Arrays.copyOf(sent, sent.length + paddingBytes());
    }

    private int paddingBytes() {
        return (input[1] & 0xff) * PADDING_UNIT_BYTES;
    }

    /** How many bytes of the conversation arrive next. */
    int segmentBytes() {
        int leastBytes = 1 + (input.length + paddingBytes()) / SEGMENTS_MAX;
        return leastBytes + random.nextInt(1 << (input[2] & 0x1f) % 18);
    }
}
