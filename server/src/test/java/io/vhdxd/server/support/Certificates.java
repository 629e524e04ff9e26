package io.vhdxd.server.support;

import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;

/** Certificates that {@code build/make-certs.sh} has made; takes openssl. */
public record Certificates(Path directory) {
    /** Makes new ones in a directory, which need not exist. */
    public static Certificates make(Path directory) throws IOException {
        Tool.run(Path.of("..", "build", "make-certs.sh").toString(), directory.toString())
                .ok();
        return new Certificates(directory);
    }

    public Path file(String name) {
        return directory.resolve(name);
    }

    /** Runs openssl in the directory, with words that are separated by blanks. */
    public void openssl(String words) throws IOException {
        Tool.run(
                        List.of("sh", "-c", "cd \"$DIRECTORY\" && openssl " + words),
                        Map.of("DIRECTORY", directory.toString()),
                        "")
                .ok();
    }

    /** Replaces one file by that of another directory, all at once. */
    public void take(String name, Certificates other) throws IOException {
        Path copy = Files.copy(other.file(name), file(name + ".new"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(copy, file(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** A client that believes in this authority, and has its certificate. */
    public SSLContext client() throws IOException {
        return context(SslContextBuilder.forClient()
                .keyManager(
                        file("client-cert.pem").toFile(), file("client-key.pem").toFile()));
    }

    /** A client that believes in this authority, and has no certificate. */
    public SSLContext stranger() throws IOException {
        return context(SslContextBuilder.forClient());
    }

    /** A client that believes in this authority, and has the certificate of another one. */
    public SSLContext clientOf(Certificates other) throws IOException {
        return context(SslContextBuilder.forClient()
                .keyManager(
                        other.file("client-cert.pem").toFile(),
                        other.file("client-key.pem").toFile()));
    }

    private SSLContext context(SslContextBuilder builder) throws IOException {
        JdkSslContext context = (JdkSslContext) builder.sslProvider(SslProvider.JDK)
                .trustManager(file("ca-cert.pem").toFile())
                .build();
        return context.context();
    }
}
