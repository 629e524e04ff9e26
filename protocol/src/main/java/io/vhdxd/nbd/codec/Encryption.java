package io.vhdxd.nbd.codec;

import io.netty.channel.Channel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import io.vhdxd.nbd.handshake.TlsMode;

/** How the connections to a listener are encrypted. Asked on a connection's event loop: it must not block. */
public interface Encryption {
    Encryption OFF = new Encryption() {
        @Override
        public TlsMode mode() {
            return TlsMode.OFF;
        }

        @Override
        public Future<SslHandler> newHandler(Channel channel) {
            throw new IllegalStateException("TLS is off");
        }
    };

    TlsMode mode();

    /** What encrypts one connection, as its server; never asked if the mode is {@link TlsMode#OFF}. */
    Future<SslHandler> newHandler(Channel channel);

    /**
     * What a failure that came up the pipeline is about: Netty wraps what the decryption throws. Where what came is no TLS,
     * Netty tells all of it; a client must not fill the log with that.
     */
    static Throwable unwrapped(Throwable failure) {
        Throwable cause = failure instanceof DecoderException ? failure.getCause() : failure;
        return switch (cause) {
            case NotSslRecordException e -> new NotSslRecordException("what came is no record of TLS");
            case null -> failure;
            default -> cause;
        };
    }
}
