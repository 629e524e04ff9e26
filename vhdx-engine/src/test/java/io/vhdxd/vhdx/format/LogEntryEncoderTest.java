package io.vhdxd.vhdx.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.testing.Seed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Log entries are, to the byte, what the specification says; the fixture builds them independently. */
class LogEntryEncoderTest {
    private static final String GUID = "DEADBEEF-0001-0002-0003-000000000004";

    @Test
    @DisplayName("entries of 0 to 300 pages are encoded to the byte, in a reused buffer full of garbage")
    void bytes() {
        RandomGenerator random = Seed.generator(LogEntryEncoderTest.class);
        ByteBuffer dst = ByteBuffer.allocateDirect(LogEntryEncoder.encodedLengthBytes(300));
        for (int pages : new int[] {0, 1, 2, 125, 126, 127, 253, 254, 255, 300}) {
            while (dst.hasRemaining()) {
                dst.put((byte) random.nextInt());
            }
            long number = random.nextLong() | 1;
            LogBuilder expected = LogBuilder.entry(GUID, number).tail(8192).sizes(7L << 20, 9L << 32);
            List<LogPage> toWrite = new ArrayList<>();
            for (int i = 0; i < pages; i++) {
                byte[] page = new byte[4096];
                random.nextBytes(page);
                long offset = (1000L + random.nextInt(1 << 30)) * 4096;
                expected.page(offset, page);
                toWrite.add(new LogPage(offset, within(page)));
            }
            LogEntryEncoder.encode(dst, number, 8192, UUID.fromString(GUID), 7L << 20, 9L << 32, toWrite);

            assertThat(LogEntryEncoder.encodedLengthBytes(pages)).isEqualTo(expected.lengthBytes());
            assertThat(dst.position()).isZero();
            byte[] found = new byte[dst.remaining()];
            dst.get(0, found);
            assertThat(found).isEqualTo(expected.bytes());
            toWrite.forEach(page -> assertThat(page.content().remaining()).isEqualTo(4096));
            dst.clear();
        }
    }

    /** The page inside a larger buffer, as a writer's snapshot may have it. */
    private static ByteBuffer within(byte[] page) {
        return ByteBuffer.allocate(3 * 4096).put(4096, page).position(4096).limit(8192);
    }

    @Test
    @DisplayName("a page must be whole and aligned, a sequence number not 0")
    void arguments() {
        ByteBuffer page = ByteBuffer.allocate(4096);
        assertThatThrownBy(() -> new LogPage(512, page)).hasMessage("file offset: 512 (expected: a multiple of 4096)");
        assertThatThrownBy(() -> new LogPage(0, page.slice(0, 512))).hasMessage("content: 512 bytes (expected: 4096)");
        ByteBuffer dst = ByteBuffer.allocate(8192);
        UUID guid = UUID.fromString(GUID);
        assertThatThrownBy(() -> LogEntryEncoder.encode(dst, 0, 0, guid, 0, 0, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("sequence number: 0 (expected: any other)");
    }
}
