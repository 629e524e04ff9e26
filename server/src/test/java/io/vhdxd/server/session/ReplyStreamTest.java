package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.codec.ReplyFormat;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ReplyStreamTest {
    private final FlushCounter flushes = new FlushCounter();
    private final EmbeddedChannel channel = new EmbeddedChannel(flushes);
    private final List<String> flushed = new ArrayList<>();
    private final ReplyStream replies = new ReplyStream(
            channel,
            new ReplyFormat(TransmissionMode.STRUCTURED),
            (count, bytes) -> flushed.add(count + " replies, " + bytes + " bytes"));

    @AfterEach
    void releaseAll() {
        channel.releaseOutbound();
        channel.finishAndReleaseAll();
        assertThat(UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory()).isZero();
    }

    @Test
    @DisplayName("java.md trap 6: the replies of a batch leave in one flush, small ones in one buffer")
    void oneFlush() {
        for (int i = 0; i < 50; i++) {
            replies.writeSuccess(request(i));
            replies.endReply(10);
        }
        assertThat(flushed).isEmpty();
        replies.flush();
        assertThat(flushes.count).isEqualTo(1);
        assertThat(flushed).containsExactly("50 replies, 500 bytes");
        assertThat(channel.outboundMessages()).hasSize(1);
    }

    @Test
    @DisplayName("Replies keep their order, whichever way they are written")
    void order() {
        replies.writeSuccess(request(1));
        replies.write(data(3000));
        replies.writeSuccess(request(2));
        replies.writeError(request(3), NbdError.EIO, "No.");
        replies.write(data(1));
        replies.endReply(0);
        replies.flush();
        assertThat(channel.outboundMessages())
                .extracting(message -> ((ByteBuf) message).readableBytes())
                .containsExactly(16, 3000, 16 + 20 + 6 + 3, 1);
    }

    @Test
    @DisplayName("Nothing written, nothing flushed")
    void nothing() {
        replies.flush();
        assertThat(flushes.count).isZero();
    }

    @Test
    @DisplayName("What was written to a closed connection is released, and counts as gone")
    void closedConnection() {
        var _ = channel.close();
        replies.writeSuccess(request(1));
        replies.write(data(100));
        replies.endReply(7);
        replies.flush();
        channel.runPendingTasks();
        assertThat(flushed).containsExactly("1 replies, 7 bytes");
    }

    @Test
    @DisplayName("Many small replies fill more than one buffer")
    void manySmallReplies() {
        for (int i = 0; i < 100; i++) {
            replies.writeSuccess(request(i));
            replies.endReply(0);
        }
        replies.flush();
        int bytes = channel.outboundMessages().stream()
                .mapToInt(message -> ((ByteBuf) message).readableBytes())
                .sum();
        assertThat(bytes).isEqualTo(1600);
        assertThat(flushes.count).isEqualTo(1);
    }

    private static Request request(long cookie) {
        return new Request(Command.FLUSH, 0, cookie, 0, 0, null);
    }

    private ByteBuf data(int length) {
        return channel.alloc().directBuffer(length).writeZero(length);
    }

    private static final class FlushCounter extends ChannelOutboundHandlerAdapter {
        private int count;

        @Override
        public void flush(ChannelHandlerContext ctx) {
            count++;
            ctx.flush();
        }
    }
}
