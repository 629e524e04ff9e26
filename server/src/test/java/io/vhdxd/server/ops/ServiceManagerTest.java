package io.vhdxd.server.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NotifyReceiver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The service manager hears what sd_notify(3) says, and nothing that is not so")
class ServiceManagerTest {
    private static final long PID = 4711;
    private static final List<String> WELL = List.of();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @DisplayName(
            "Ready, stopping and what is not well, each when it is so; a status is told again only when it changes")
    void life() throws IOException {
        String path = directory.resolve("notify").toString();
        try (NotifyReceiver receiver = new NotifyReceiver(path)) {
            ServiceManager manager = new ServiceManager(Map.of("NOTIFY_SOCKET", path), PID);
            manager.looked(WELL, WELL);
            manager.ready("serving");
            manager.looked(WELL, WELL);
            manager.looked(WELL, WELL);
            manager.looked(WELL, List.of("one", "two"));
            manager.looked(WELL, List.of("one", "two"));
            manager.looked(WELL, WELL);
            manager.stopping("closing");
            receiver.awaitLast("STATUS=closing");
            assertThat(receiver.heard())
                    .containsExactly(
                            "READY=1",
                            "STATUS=serving",
                            "STATUS=serving",
                            "STATUS=one; two",
                            "STATUS=serving",
                            "STOPPING=1",
                            "STATUS=closing");
        }
    }

    @Test
    @DisplayName("The watchdog is fed after each look, but not while a restart is needed; a failed image needs none")
    void watchdog() throws IOException {
        String path = directory.resolve("notify").toString();
        try (NotifyReceiver receiver = new NotifyReceiver(path)) {
            ServiceManager manager = new ServiceManager(
                    Map.of("NOTIFY_SOCKET", path, "WATCHDOG_USEC", "3000000", "WATCHDOG_PID", Long.toString(PID)), PID);
            assertThat(manager.watchdogNanos()).isEqualTo(3_000_000_000L);
            manager.looked(WELL, WELL);
            manager.looked(WELL, List.of("an I/O error"));
            manager.looked(List.of("stuck"), List.of("stuck"));
            manager.looked(List.of("stuck"), List.of("stuck"));
            manager.looked(WELL, WELL);
            receiver.awaitLast("STATUS=");
            assertThat(receiver.heard())
                    .containsExactly(
                            "WATCHDOG=1", "WATCHDOG=1", "STATUS=an I/O error", "STATUS=stuck", "WATCHDOG=1", "STATUS=");
        }
    }

    @Test
    @DisplayName("A status that nobody got is told again")
    void again() throws IOException {
        String path = directory.resolve("notify").toString();
        ServiceManager manager = new ServiceManager(Map.of("NOTIFY_SOCKET", path), PID);
        manager.looked(WELL, List.of("one"));
        try (NotifyReceiver receiver = new NotifyReceiver(path)) {
            manager.looked(WELL, List.of("one"));
            receiver.awaitLast("STATUS=one");
        }
    }

    @Test
    @DisplayName("A watchdog that is meant for another process, or is no number, is none")
    void othersWatchdog() {
        for (Map<String, String> watchdog : List.of(
                Map.of("WATCHDOG_USEC", "3000000", "WATCHDOG_PID", "1"),
                Map.of("WATCHDOG_USEC", "soon"),
                Map.of("WATCHDOG_PID", Long.toString(PID)))) {
            Map<String, String> environment = new HashMap<>(watchdog);
            environment.put("NOTIFY_SOCKET", directory.resolve("notify").toString());
            assertThat(new ServiceManager(environment, PID).watchdogNanos()).isZero();
        }
    }

    @Test
    @DisplayName("An abstract address is reached as well")
    void abstractAddress() throws IOException {
        String name = "@vhdxd-test-" + UUID.randomUUID();
        try (NotifyReceiver receiver = new NotifyReceiver(name)) {
            new ServiceManager(Map.of("NOTIFY_SOCKET", name), PID).ready("serving");
            receiver.awaitLast("STATUS=serving");
            assertThat(receiver.heard()).containsExactly("READY=1", "STATUS=serving");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "@", "relative", "vsock:2:1", "/nobody/listens"})
    @DisplayName("An address that is not usable, or that nobody listens on, keeps nobody from serving")
    void unusable(String name) {
        ServiceManager manager = new ServiceManager(Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "1000000"), PID);
        manager.ready("serving");
        manager.looked(WELL, WELL);
        manager.stopping("closing");
        assertThat(manager.watchdogNanos()).isEqualTo(name.startsWith("/") ? 1_000_000_000L : 0);
    }

    @Test
    @DisplayName("Without a service manager nothing is told")
    void none() {
        ServiceManager manager = new ServiceManager(Map.of(), PID);
        manager.ready("serving");
        manager.looked(WELL, WELL);
        assertThat(manager.watchdogNanos()).isZero();
    }
}
