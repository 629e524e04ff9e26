package io.vhdxd.server.conformance;

import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** qemu-nbd or nbdkit, as processes. */
final class OtherServers implements Servers {
    static final String QEMU = "qemu-nbd";
    static final String NBDKIT = "nbdkit";

    private final List<Process> processes = new ArrayList<>();
    private final Map<Flavour, SocketAddress> addresses = new EnumMap<>(Flavour.class);
    private final String version;

    private OtherServers(String version) {
        this.version = version;
    }

    /** @param directory an empty one, for its files */
    static OtherServers start(String name, Path directory, Certificates certificates) throws IOException {
        OtherServers servers = new OtherServers(versionOf(name));
        try {
            for (Flavour flavour : Flavour.values()) {
                Path socket = directory.resolve(flavour.name());
                servers.start(
                        name.equals(QEMU)
                                ? qemu(flavour, socket, directory, certificates)
                                : nbdkit(flavour, socket, certificates),
                        socket,
                        directory.resolve(flavour + ".log"));
                servers.addresses.put(flavour, UnixDomainSocketAddress.of(socket));
            }
        } catch (IOException | RuntimeException | Error e) {
            servers.close();
            throw e;
        }
        return servers;
    }

    private static String versionOf(String name) throws IOException {
        return Tool.run(name, "--version").ok().out().lines().findFirst().orElseThrow();
    }

    /** As the program tells it. */
    String version() {
        return version;
    }

    private static List<String> qemu(Flavour flavour, Path socket, Path directory, Certificates certificates)
            throws IOException {
        Path file = directory.resolve(flavour + ".raw");
        try (RandomAccessFile empty = new RandomAccessFile(file.toFile(), "rw")) {
            empty.setLength(Step.DISK_BYTES);
        }
        List<String> command = new ArrayList<>(List.of(
                "qemu-nbd",
                "-A",
                "-f",
                "raw",
                "-x",
                "disk",
                "-e",
                "50",
                "-t",
                "--discard=unmap",
                "-k",
                socket.toString()));
        switch (flavour) {
            case WRITABLE -> {}
            case READ_ONLY -> command.add("-r");
            case ENCRYPTED -> {
                command.add("--object");
                command.add("tls-creds-x509,id=t,endpoint=server,verify-peer=off,dir=" + certificates.directory());
                command.add("--tls-creds");
                command.add("t");
            }
        }
        command.add(file.toString());
        return command;
    }

    private static List<String> nbdkit(Flavour flavour, Path socket, Certificates certificates) {
        List<String> command = new ArrayList<>(List.of("nbdkit", "-f", "-U", socket.toString()));
        switch (flavour) {
            case WRITABLE -> {}
            case READ_ONLY -> command.add("-r");
            case ENCRYPTED -> {
                command.add("--tls=require");
                command.add("--tls-certificates=" + certificates.directory());
            }
        }
        command.addAll(List.of(
                "--filter=exportname",
                "memory",
                "64M",
                "default-export=disk",
                "exportname-strict=true",
                "exportname=disk"));
        return command;
    }

    private void start(List<String> command, Path socket, Path log) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        processes.add(process);
        Await.until(() -> {
            if (!process.isAlive()) {
                throw new AssertionError(command + " has ended: " + Files.readString(log));
            }
            return Files.exists(socket) && accepts(socket);
        });
    }

    private static boolean accepts(Path socket) {
        try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public SocketAddress address(Flavour flavour) {
        return Objects.requireNonNull(addresses.get(flavour));
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
    }
}
