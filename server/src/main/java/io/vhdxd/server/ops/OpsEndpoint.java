package io.vhdxd.server.ops;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /metrics} for Prometheus, {@code /healthz} and {@code /readyz} for who starts and stops servers. Nobody is asked
 * who he is: the address should be one that only the operator reaches.
 */
public final class OpsEndpoint implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.ops");

    private static final int THREADS = 2;

    static {
        // Limits of the JDK's server (promise R7), in connections and seconds; it has none by itself.
        setIfAbsent("jdk.httpserver.maxConnections", "64");
        setIfAbsent("sun.net.httpserver.maxReqTime", "10");
        setIfAbsent("sun.net.httpserver.maxRspTime", "30");
    }

    private final HttpServer server;
    private final ExecutorService executor;

    private static void setIfAbsent(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** What a page says, and its status. */
    private record Page(int status, String contentType, String text) {
        static Page plain(int status, String text) {
            return new Page(status, "text/plain; charset=utf-8", text);
        }

        static Page verdict(List<String> problems) {
            return problems.isEmpty() ? plain(200, "ok\n") : plain(503, String.join("\n", problems) + "\n");
        }
    }

    private OpsEndpoint(HttpServer server, Metrics metrics, Health health) {
        this.server = server;
        executor = Executors.newFixedThreadPool(
                THREADS, task -> Thread.ofPlatform().daemon().name("vhdxd-ops").unstarted(task));
        server.setExecutor(executor);
        serve("/metrics", () -> new Page(200, Metrics.CONTENT_TYPE, metrics.scrape()));
        serve("/healthz", () -> Page.verdict(health.needsRestart()));
        serve("/readyz", () -> Page.verdict(health.notReady()));
        server.start();
    }

    /**
     * Starts to listen.
     *
     * @throws IOException if that cannot be done
     */
    public static OpsEndpoint start(InetSocketAddress address, Metrics metrics, Health health) throws IOException {
        if (address.isUnresolved()) {
            throw new IOException("unknown host");
        }
        return new OpsEndpoint(HttpServer.create(address, 0), metrics, health);
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private void serve(String path, Supplier<Page> page) {
        server.createContext(path, exchange -> {
            try (exchange) {
                answer(exchange, pageFor(exchange, path, page));
            }
        });
    }

    private static Page pageFor(HttpExchange exchange, String path, Supplier<Page> page) {
        if (!exchange.getRequestURI().getPath().equals(path)) {
            return Page.plain(404, "there are /metrics, /healthz and /readyz\n");
        }
        return switch (exchange.getRequestMethod()) {
            case "GET", "HEAD" -> computed(page);
            default -> Page.plain(405, "only GET and HEAD\n");
        };
    }

    private static Page computed(Supplier<Page> page) {
        try {
            return page.get();
        } catch (RuntimeException e) {
            LOG.error("an error in the server itself", e);
            return Page.plain(500, "an error in the server itself; its log says more\n");
        }
    }

    private static void answer(HttpExchange exchange, Page page) throws IOException {
        byte[] body = page.text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", page.contentType);
        if (page.status == 405) {
            exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        }
        boolean bodyless = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(page.status, bodyless ? -1 : body.length);
        if (!bodyless) {
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdown();
    }
}
