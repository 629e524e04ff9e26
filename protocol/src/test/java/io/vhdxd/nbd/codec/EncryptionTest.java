package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EncryptionTest {
    @Test
    @DisplayName("A failure is told without what Netty puts around it")
    void unwrapped() {
        SSLException cause = new SSLException("bad_certificate");
        assertThat(Encryption.unwrapped(new DecoderException(cause))).isSameAs(cause);
        IOException other = new IOException("Connection reset by peer", new IOException());
        assertThat(Encryption.unwrapped(other)).isSameAs(other);
        DecoderException bare = new DecoderException("no cause");
        assertThat(Encryption.unwrapped(bare)).isSameAs(bare);
    }

    @Test
    @DisplayName("SEC-30: what is no TLS is not told to the log, byte by byte")
    void noTls() {
        NotSslRecordException long64KiB = new NotSslRecordException("not an SSL/TLS record: " + "00".repeat(1 << 16));
        for (Throwable failure : new Throwable[] {long64KiB, new DecoderException(long64KiB)}) {
            assertThat(Encryption.unwrapped(failure))
                    .isInstanceOf(SSLException.class)
                    .hasMessage("what came is no record of TLS");
        }
    }
}
