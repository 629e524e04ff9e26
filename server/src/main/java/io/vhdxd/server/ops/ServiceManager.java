package io.vhdxd.server.ops;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how the server does (sd_notify(3)), if it has asked for that by {@code NOTIFY_SOCKET}: that it is ready, that
 * it stops, what {@code systemctl status} shows, and, for its watchdog, that it lives.
 */
public final class ServiceManager {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.ops");

    private final @Nullable NotifySocket socket;
    private final long watchdogNanos;

    private volatile String serving = "";
    private String toldStatus = "";
    private volatile boolean deaf;

    /** The one that has started this process, if there is one. */
    public static ServiceManager ofThisProcess() {
        return new ServiceManager(System.getenv(), ProcessHandle.current().pid());
    }

    /**
     * The one that an environment names.
     *
     * @param pid of this process; a watchdog may be meant for another one (sd_watchdog_enabled(3))
     */
    ServiceManager(Map<String, String> environment, long pid) {
        String name = environment.get("NOTIFY_SOCKET");
        socket = name == null ? null : open(name);
        watchdogNanos = socket == null ? 0 : watchdogNanos(environment, pid);
    }

    private static @Nullable NotifySocket open(String name) {
        try {
            return new NotifySocket(name);
        } catch (IOException e) {
            LOG.warn("NOTIFY_SOCKET={}: {}; nobody is told that the server is ready", name, e.getMessage());
            return null;
        }
    }

    private static long watchdogNanos(Map<String, String> environment, long pid) {
        String micros = environment.get("WATCHDOG_USEC");
        String meant = environment.get("WATCHDOG_PID");
        if (micros == null || (meant != null && !meant.equals(Long.toString(pid)))) {
            return 0;
        }
        try {
            return TimeUnit.MICROSECONDS.toNanos(Long.parseLong(micros));
        } catch (NumberFormatException e) {
            LOG.warn("WATCHDOG_USEC={} (expected: a number); the watchdog is not fed", micros);
            return 0;
        }
    }

    /** After how many nanoseconds without {@link #looked} the process is killed; 0 if it is not. */
    long watchdogNanos() {
        return watchdogNanos;
    }

    /** The server takes connections. Until then, who waits for its start is kept waiting. */
    public void ready(String status) {
        serving = status;
        send("READY=1\nSTATUS=" + status, true);
    }

    /** The server takes no more connections, and will end. */
    public void stopping(String status) {
        serving = status;
        send("STOPPING=1\nSTATUS=" + status, false);
    }

    /**
     * The watch over the writers has looked. The watchdog gets nothing while a restart is needed.
     *
     * @param needsRestart why the process should be restarted, if it should be
     * @param problems what is not well, if something is not
     */
    void looked(List<String> needsRestart, List<String> problems) {
        String status = problems.isEmpty() ? serving : String.join("; ", problems);
        StringBuilder message = new StringBuilder();
        if (watchdogNanos > 0 && needsRestart.isEmpty()) {
            message.append("WATCHDOG=1\n");
        }
        if (!status.equals(toldStatus)) {
            message.append("STATUS=").append(status);
        }
        if (!message.isEmpty() && send(message.toString(), false)) {
            toldStatus = status;
        }
    }

    /** Whether somebody has got it. */
    private boolean send(String message, boolean wait) {
        if (socket == null) {
            return false;
        }
        try {
            socket.send(message, wait);
            deaf = false;
        } catch (IOException e) {
            if (!deaf) {
                LOG.warn("the service manager is not reached: {}", e.getMessage());
            }
            deaf = true;
        }
        return !deaf;
    }
}
