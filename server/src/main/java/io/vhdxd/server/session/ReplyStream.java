package io.vhdxd.server.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOutboundBuffer;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.codec.ReplyFormat;
import org.jspecify.annotations.Nullable;

/**
 * The replies of one connection on their way to the socket. Small ones share buffers. Nothing leaves before {@link #flush},
 * and everything that was written until then leaves together.
 */
final class ReplyStream {
    private static final int SHARED_BUFFER_BYTES = 1024;

    private final Channel channel;
    private final ReplyFormat format;
    private final Flushed flushed;

    /** What was written last and not given to the channel yet. The last one of a batch tells when the batch has left. */
    private @Nullable ByteBuf last;

    private boolean lastIsShared;
    private int batchReplies;
    private long batchBytes;
    private long writtenBytes;
    private long leftBytes;

    /** Is told what has left for the socket, or cannot leave any more because the connection is gone. */
    interface Flushed {
        void flushed(int replies, long reservedBytes);
    }

    ReplyStream(Channel channel, ReplyFormat format, Flushed flushed) {
        this.channel = channel;
        this.format = format;
        this.flushed = flushed;
    }

    /** A buffer with room for some bytes at its writer index, to be filled before the next call. */
    ByteBuf room(int bytes) {
        if (last != null && lastIsShared && last.writableBytes() >= bytes) {
            return last;
        }
        ByteBuf buffer = channel.alloc().directBuffer(Math.max(bytes, SHARED_BUFFER_BYTES));
        append(buffer, true);
        return buffer;
    }

    /** Writes a buffer as it is. It belongs to the stream from now on. */
    void write(ByteBuf buffer) {
        append(buffer, false);
    }

    /** Writes the reply to a request that succeeded without anything to tell. */
    void writeSuccess(Request request) {
        format.writeSuccess(room(format.successBytes()), request);
    }

    /** Writes the reply to a request that failed. A simple reply has no room for the text. */
    void writeError(Request request, NbdError error, String text) {
        format.writeError(room(format.errorBytesMax(text)), request, error, text);
    }

    /** A reply is complete; what was reserved for its request is free when the reply has left. */
    void endReply(long reservedBytes) {
        batchReplies++;
        batchBytes += reservedBytes;
    }

    /** Sends everything that was written. */
    void flush() {
        if (last == null) {
            return;
        }
        ByteBuf end = last;
        last = null;
        writtenBytes += end.readableBytes();
        channel.write(end).addListener(new Batch(batchReplies, batchBytes, writtenBytes));
        batchReplies = 0;
        batchBytes = 0;
        channel.flush();
    }

    /** How many bytes were given to the channel since the beginning, with everything that was flushed. */
    long writtenBytes() {
        return writtenBytes;
    }

    /** How many of the {@link #writtenBytes} the socket has taken, at least. */
    long leftBytes() {
        return leftBytes;
    }

    private void append(ByteBuf buffer, boolean shared) {
        if (last != null) {
            writtenBytes += last.readableBytes();
            var _ = channel.write(last);
        }
        last = buffer;
        lastIsShared = shared;
    }

    /** What the channel was given and the client has not taken, roughly, in bytes. */
    long unsentBytes() {
        ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
        return unsent == null ? 0 : unsent.totalPendingWriteBytes() - unsent.currentProgress();
    }

    /** What the client has taken so far, roughly, in bytes. */
    long sentBytes() {
        return writtenBytes - unsentBytes();
    }

    private final class Batch implements ChannelFutureListener {
        private final int replies;
        private final long reservedBytes;
        private final long endBytes;

        Batch(int replies, long reservedBytes, long endBytes) {
            this.replies = replies;
            this.reservedBytes = reservedBytes;
            this.endBytes = endBytes;
        }

        @Override
        public void operationComplete(ChannelFuture future) {
            leftBytes = endBytes;
            flushed.flushed(replies, reservedBytes);
        }
    }
}
