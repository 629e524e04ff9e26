package io.vhdxd.server.net.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * TLS that ends when a client sends too many records without data. Each exchange of keys is one in TLS 1.3, and several in
 * TLS 1.2: it costs the client next to nothing, and the server time and memory (nbd.md SEC-33).
 */
final class RecordLimit extends SslHandler {
    /** So many records without data are free, of alerts and of exchanges of keys. */
    static final int FREE_RECORDS = 100;

    /** One more is allowed for each so many bytes of data. Clients that exchange keys at all do so after much more. */
    static final int BYTES_PER_RECORD = 1 << 20;

    private long dataBytes;
    private long recordsWithoutData;
    private boolean hadData;

    RecordLimit(SSLEngine engine, Executor executor) {
        super(engine, false, executor);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        super.handlerAdded(ctx);
        ctx.pipeline().addAfter(ctx.name(), null, new DataMeter());
    }

    /** Called for each record; does nothing while one is incomplete. */
    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws SSLException {
        boolean inUse = handshakeFuture().isSuccess();
        int beganAt = in.readerIndex();
        hadData = false;
        super.decode(ctx, in, out);
        if (inUse && in.readerIndex() != beganAt && !hadData) {
            recordsWithoutData++;
            if (recordsWithoutData > FREE_RECORDS + dataBytes / BYTES_PER_RECORD) {
                throw new SSLException("The client has sent " + recordsWithoutData
                        + " TLS records without data, to exchange keys again and again.");
            }
        }
    }

    /** Sees what was in the records. */
    private final class DataMeter extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            hadData = true;
            dataBytes += ((ByteBuf) message).readableBytes();
            ctx.fireChannelRead(message);
        }
    }
}
