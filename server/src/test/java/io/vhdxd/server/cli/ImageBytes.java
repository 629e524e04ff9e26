package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Changes an image of blocks of 1 MiB byte by byte, as nobody should: to damage it, or to give a child blocks. */
record ImageBytes(Path file, long batOffsetBytes) {
    private static final int MIB = 1 << 20;
    private static final Pattern BAT = Pattern.compile("\"bat-region\" : \\{\\s+\"offset-bytes\" : (\\d+)");

    static ImageBytes of(Path file) {
        Matcher found = BAT.matcher(CommandLineRun.of("info", "--json", file).out());
        assertThat(found.find()).isTrue();
        return new ImageBytes(file, Long.parseLong(found.group(1)));
    }

    void put(long offsetBytes, byte[] content) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.seek(offsetBytes);
            opened.write(content);
        }
    }

    /** Where a block is; its index must be within the first chunk. */
    long placeMib(int block) throws IOException {
        byte[] bytes = new byte[Long.BYTES];
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "r")) {
            opened.seek(batOffsetBytes + (long) Long.BYTES * block);
            opened.readFully(bytes);
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong() >>> 20;
    }

    void setBlock(int block, int state, long placeMib) throws IOException {
        put(
                batOffsetBytes + (long) Long.BYTES * block,
                ByteBuffer.allocate(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, state | placeMib << 20)
                        .array());
    }

    /** Gives a block content of its own, at the end of the file. */
    void append(int block, byte[] content) throws IOException {
        long placeMib = Math.ceilDiv(Files.size(file), MIB);
        put(placeMib * MIB, content);
        setBlock(block, 6, placeMib);
    }
}
