package io.vhdxd.nbd.codec;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes wrong conversations out of right ones. */
final class Mutator {
    private static final int[] TELLING_NUMBERS = {
        0,
        1,
        8,
        16,
        255,
        256,
        4095,
        4096,
        4097,
        0x7fff,
        0xffff,
        0x10000,
        1 << 20,
        32 << 20,
        (32 << 20) + 1,
        64 << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        -512,
        -1
    };

    private final Random random;
    private final List<byte[]> seeds;

    /** @param seeds conversations, each not empty */
    Mutator(Random random, List<byte[]> seeds) {
        this.random = random;
        this.seeds = seeds;
    }

    byte[] next() {
        byte[] bytes = anySeed();
        for (int count = random.nextInt(5); count > 0 && bytes.length > 0; count--) {
            bytes = mutate(bytes);
        }
        return bytes;
    }

    private byte[] anySeed() {
        return seeds.get(random.nextInt(seeds.size())).clone();
    }

    private byte[] mutate(byte[] bytes) {
        int at = random.nextInt(bytes.length);
        int end = Math.min(bytes.length, at + 1 + random.nextInt(64));
        switch (random.nextInt(8)) {
            case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes[at] = (byte) random.nextInt();
            case 2, 3 -> putNumber(bytes, at & ~1);
            case 4 -> {
                return join(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, end, bytes.length));
            }
            case 5 -> {
                return join(Arrays.copyOf(bytes, end), Arrays.copyOfRange(bytes, at, bytes.length));
            }
            case 6 -> {
                byte[] other = anySeed();
                return join(
                        Arrays.copyOf(bytes, at),
                        Arrays.copyOfRange(other, random.nextInt(other.length), other.length));
            }
            default -> {
                return Arrays.copyOf(bytes, at);
            }
        }
        return bytes;
    }

    private void putNumber(byte[] bytes, int at) {
        if (at + Integer.BYTES <= bytes.length) {
            ByteBuffer.wrap(bytes).putInt(at, TELLING_NUMBERS[random.nextInt(TELLING_NUMBERS.length)]);
        }
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }
}
