package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.WireBytes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Replies, byte for byte. */
class ReplyFormatTest {
    private static final long COOKIE = 0x8877665544332211L;
    private static final long OFFSET = 0x0123456789abcdefL;
    private static final Request REQUEST = new Request(Command.READ, 0, COOKIE, OFFSET, 1 << 20, null);
    private static final ReplyFormat SIMPLE = new ReplyFormat(TransmissionMode.SIMPLE);
    private static final ReplyFormat STRUCTURED = new ReplyFormat(TransmissionMode.STRUCTURED);
    private static final ReplyFormat EXTENDED = new ReplyFormat(TransmissionMode.EXTENDED);

    private final ByteBuf out = Unpooled.buffer();

    @Test
    @DisplayName("RP-01: simple replies, of which a READ gets one as well")
    void simple() {
        SIMPLE.writeSuccess(out, REQUEST);
        assertSize(SIMPLE.successBytes());
        SIMPLE.writeError(out, REQUEST, NbdError.ENOSPC, "Full.");
        assertSize(2 * SIMPLE.errorBytesMax("Full."));
        SIMPLE.writeDataHeader(out, true, REQUEST, OFFSET, 512);
        assertSize(3 * SIMPLE.dataHeaderBytes());
        SIMPLE.writeNoData(out, REQUEST);
        assertSize(4 * SIMPLE.noDataBytes());
        assertWritten(reply(0), reply(28), reply(0), reply(0));
    }

    @Test
    @DisplayName("RP-03: with structured replies, a success without data may be simple, one of a READ may not")
    void structuredSuccess() {
        STRUCTURED.writeSuccess(out, REQUEST);
        assertSize(STRUCTURED.successBytes());
        STRUCTURED.writeNoData(out, REQUEST);
        assertSize(STRUCTURED.successBytes() + STRUCTURED.noDataBytes());
        assertWritten(reply(0), chunk(1, 0, 0));
    }

    @Test
    @DisplayName("EX-01, EX-03: with extended headers nothing is simple, and each reply repeats the request's offset")
    void extendedSuccess() {
        EXTENDED.writeSuccess(out, REQUEST);
        assertSize(EXTENDED.successBytes());
        EXTENDED.writeNoData(out, REQUEST);
        assertSize(EXTENDED.successBytes() + EXTENDED.noDataBytes());
        assertWritten(extended(1, 0, 0), extended(1, 0, 0));
    }

    @Test
    @DisplayName("RP-04, RP-06: data and holes")
    void content() {
        STRUCTURED.writeDataHeader(out, false, REQUEST, 0x123456789abcL, 512);
        assertSize(STRUCTURED.dataHeaderBytes());
        STRUCTURED.writeHole(out, true, REQUEST, 1L << 40, 4096);
        assertSize(STRUCTURED.dataHeaderBytes() + STRUCTURED.holeBytes());
        assertWritten(
                chunk(0, 1, 520).u64(0x123456789abcL),
                chunk(1, 2, 12).u64(1L << 40).u32(4096));
    }

    @Test
    @DisplayName("EX-03, EX-09: data and holes; the size of a hole has 32 bits as before")
    void extendedContent() {
        EXTENDED.writeDataHeader(out, false, REQUEST, 0x123456789abcL, 512);
        assertSize(EXTENDED.dataHeaderBytes());
        EXTENDED.writeHole(out, true, REQUEST, 1L << 40, 4096);
        assertSize(EXTENDED.dataHeaderBytes() + EXTENDED.holeBytes());
        assertWritten(
                extended(0, 1, 520).u64(0x123456789abcL),
                extended(1, 2, 12).u64(1L << 40).u32(4096));
    }

    @Test
    @DisplayName("CM-08, CM-10: block status, with extents of almost 4 GiB")
    void blockStatus() {
        STRUCTURED.writeStatusHeader(out, true, REQUEST, 7, 2);
        STRUCTURED.writeExtent(out, 0xfffffe00L, 3);
        STRUCTURED.writeExtent(out, 512, 0);
        assertSize(STRUCTURED.statusBytes(2));
        assertWritten(chunk(1, 5, 20).u32(7).u32(0xfffffe00L).u32(3).u32(512).u32(0));
    }

    @Test
    @DisplayName("EX-06: extended block status has a count, and extents of 64 bits")
    void extendedBlockStatus() {
        EXTENDED.writeStatusHeader(out, true, REQUEST, 7, 2);
        EXTENDED.writeExtent(out, 1L << 46, 3);
        EXTENDED.writeExtent(out, 512, 0x80000000);
        assertSize(EXTENDED.statusBytes(2));
        assertWritten(
                extended(1, 6, 40).u32(7).u32(2).u64(1L << 46).u64(3).u64(512).u64(0x80000000L));
    }

    @Test
    @DisplayName("CM-09: the largest chunk of block status has the length that the specification gives")
    void largestBlockStatus() {
        STRUCTURED.writeStatusHeader(out, true, REQUEST, 1, 1 << 20);
        assertWritten(chunk(1, 5, 8_388_612).u32(1));
    }

    @Test
    @DisplayName("RP-09: errors with a text")
    void errors() {
        STRUCTURED.writeError(out, REQUEST, NbdError.EIO, "Nö.");
        assertThat(out.readableBytes()).isLessThanOrEqualTo(STRUCTURED.errorBytesMax("Nö."));
        EXTENDED.writeError(out, REQUEST, NbdError.ESHUTDOWN, "No.");
        assertWritten(
                chunk(1, 0x8001, 10).u32(5).u16(4).text("Nö."),
                extended(1, 0x8001, 9).u32(108).u16(3).text("No."));
    }

    @Test
    @DisplayName("RP-09: an error's text never has more than 4096 bytes")
    void longText() {
        STRUCTURED.writeError(out, REQUEST, NbdError.EIO, "x".repeat(5000));
        assertSize(STRUCTURED.errorBytesMax("x".repeat(5000)));
        assertWritten(chunk(1, 0x8001, 4102).u32(5).u16(4096).text("x".repeat(4096)));
    }

    private static WireBytes reply(int error) {
        return new WireBytes().u32(0x67446698L).u32(error).u64(COOKIE);
    }

    private static WireBytes chunk(int flags, int type, long length) {
        return new WireBytes().u32(0x668e33efL).u16(flags).u16(type).u64(COOKIE).u32(length);
    }

    private static WireBytes extended(int flags, int type, long length) {
        return new WireBytes()
                .u32(0x6e8a278cL)
                .u16(flags)
                .u16(type)
                .u64(COOKIE)
                .u64(OFFSET)
                .u64(length);
    }

    private void assertSize(int bytes) {
        assertThat(out.readableBytes()).isEqualTo(bytes);
    }

    private void assertWritten(WireBytes... expected) {
        WireBytes all = new WireBytes();
        for (WireBytes one : expected) {
            all.put(one.toArray());
        }
        assertThat(ByteBufUtil.getBytes(out)).isEqualTo(all.toArray());
    }
}
