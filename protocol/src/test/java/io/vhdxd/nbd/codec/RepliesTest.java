package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.WireBytes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Replies, byte for byte. */
class RepliesTest {
    private static final long COOKIE = 0x8877665544332211L;
    private static final long SIMPLE = 0x67446698L;
    private static final long CHUNK = 0x668e33efL;

    private final ByteBuf out = Unpooled.buffer();

    @Test
    @DisplayName("RP-01: simple replies")
    void simple() {
        Replies.writeSuccess(out, COOKIE);
        assertThat(out.readableBytes()).isEqualTo(Replies.SIMPLE_HEADER_BYTES);
        Replies.writeSimpleError(out, COOKIE, NbdError.ENOSPC);
        assertWritten(new WireBytes()
                .u32(SIMPLE)
                .u32(0)
                .u64(COOKIE)
                .u32(SIMPLE)
                .u32(28)
                .u64(COOKIE));
    }

    @Test
    @DisplayName("RP-04: the chunk that only tells the end")
    void done() {
        Replies.writeDone(out, COOKIE);
        assertThat(out.readableBytes()).isEqualTo(Replies.CHUNK_HEADER_BYTES);
        assertWritten(chunk(1, 0, 0));
    }

    @Test
    @DisplayName("RP-06: data and holes")
    void content() {
        Replies.writeDataHeader(out, false, COOKIE, 0x123456789abcL, 512);
        assertThat(out.readableBytes()).isEqualTo(Replies.DATA_HEADER_BYTES);
        Replies.writeHole(out, true, COOKIE, 1L << 40, 4096);
        assertThat(out.readableBytes()).isEqualTo(Replies.DATA_HEADER_BYTES + Replies.HOLE_BYTES);
        assertWritten(chunk(0, 1, 520)
                .u64(0x123456789abcL)
                .put(chunk(1, 2, 12).u64(1L << 40).u32(4096).toArray()));
    }

    @Test
    @DisplayName("CM-08, CM-10: block status, with extents of almost 4 GiB")
    void blockStatus() {
        Replies.writeStatusHeader(out, true, COOKIE, 7, 2);
        assertThat(out.readableBytes()).isEqualTo(Replies.STATUS_HEADER_BYTES);
        Replies.writeExtent(out, 0xfffffe00L, 3);
        Replies.writeExtent(out, 512, 0);
        assertThat(out.readableBytes()).isEqualTo(Replies.STATUS_HEADER_BYTES + 2 * Replies.EXTENT_BYTES);
        assertWritten(chunk(1, 5, 20).u32(7).u32(0xfffffe00L).u32(3).u32(512).u32(0));
    }

    @Test
    @DisplayName("CM-09: the largest chunk of block status has the length that the specification gives")
    void largestBlockStatus() {
        Replies.writeStatusHeader(out, true, COOKIE, 1, 1 << 20);
        assertWritten(chunk(1, 5, 8_388_612).u32(1));
    }

    @Test
    @DisplayName("RP-09: errors with a text, and the offset behind it")
    void errors() {
        Replies.writeError(out, COOKIE, NbdError.EIO, "Nö.");
        Replies.writeErrorAt(out, COOKIE, NbdError.ESHUTDOWN, "", 4096);
        assertWritten(chunk(1, 0x8001, 10)
                .u32(5)
                .u16(4)
                .text("Nö.")
                .put(chunk(1, 0x8002, 14).u32(108).u16(0).u64(4096).toArray()));
    }

    @Test
    @DisplayName("RP-09: an error's text never has more than 4096 bytes")
    void longText() {
        Replies.writeError(out, COOKIE, NbdError.EIO, "x".repeat(5000));
        assertWritten(chunk(1, 0x8001, 4102).u32(5).u16(4096).text("x".repeat(4096)));
    }

    private static WireBytes chunk(int flags, int type, long length) {
        return new WireBytes().u32(CHUNK).u16(flags).u16(type).u64(COOKIE).u32(length);
    }

    private void assertWritten(WireBytes expected) {
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(expected.toArray());
    }
}
