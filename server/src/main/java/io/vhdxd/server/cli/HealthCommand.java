package io.vhdxd.server.cli;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.server.net.ListenAddress;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd health}. */
@Command(
        name = "health",
        description =
                "Asks a server that was started with --metrics whether all is well: for the health check of a container.")
final class HealthCommand implements Callable<Integer> {
    private static final int BODY_BYTES_MAX = 64 << 10;
    private static final int TIMEOUT_SECONDS_MAX = 3600;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(
            paramLabel = "HOST:PORT",
            description = "What --metrics was told.",
            converter = ServeOptions.TcpAddressConverter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ListenAddress.Tcp address;

    @Option(
            names = "--ready",
            description = {
                "Ask whether clients should be sent there (/readyz), not only whether to let the process live (/healthz).",
                "An image that has failed makes a server not ready; a restart does not make it well."
            })
    private boolean ready;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "How long to wait for a connection, and for the answer. Default: ${DEFAULT-VALUE}.")
    private int timeoutSeconds;

    @Override
    public Integer call() throws Failure {
        if (timeoutSeconds < 1 || timeoutSeconds > TIMEOUT_SECONDS_MAX) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--timeout: " + timeoutSeconds + " (expected: 1 to " + TIMEOUT_SECONDS_MAX + ")");
        }
        URI page = page();
        String answer;
        int status;
        try {
            HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(timeoutSeconds * 1000);
            connection.setReadTimeout(timeoutSeconds * 1000);
            connection.setInstanceFollowRedirects(false);
            status = connection.getResponseCode();
            answer = text(status < 400 ? connection.getInputStream() : connection.getErrorStream());
        } catch (SocketTimeoutException e) {
            throw unwell(page + " does not answer within " + timeoutSeconds + " s", e);
        } catch (UnknownHostException e) {
            throw unwell(page + " cannot be asked: unknown host", e);
        } catch (IOException e) {
            throw unwell(page + " cannot be asked: " + e.getMessage(), e);
        }
        switch (status) {
            case HttpURLConnection.HTTP_OK -> spec.commandLine().getOut().println(answer);
            case HttpURLConnection.HTTP_UNAVAILABLE -> throw unwell(answer.replace("\n", "\nvhdxd: "), null);
            default ->
                throw unwell(
                        page + " answers " + status
                                + " (expected: 200 or 503); is this the address that --metrics was told?",
                        null);
        }
        return ExitCode.OK.number();
    }

    private URI page() {
        try {
            return new URI("http", null, address.host(), address.port(), ready ? "/readyz" : "/healthz", null, null);
        } catch (URISyntaxException e) {
            throw new ParameterException(spec.commandLine(), ErrorText.quote(address.host()) + " is no host", e);
        }
    }

    private static String text(@Nullable InputStream body) throws IOException {
        if (body == null) {
            return "";
        }
        try (body) {
            return new String(body.readNBytes(BODY_BYTES_MAX), StandardCharsets.UTF_8).strip();
        }
    }

    private static Failure unwell(String message, @Nullable Throwable cause) {
        return new Failure(ExitCode.UNWELL, message, cause);
    }
}
