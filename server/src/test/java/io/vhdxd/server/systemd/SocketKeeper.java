package io.vhdxd.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.ServedProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps listening sockets, and passes them to servers, one after another, as systemd does: blocking ones, from descriptor 3
 * on.
 */
final class SocketKeeper implements AutoCloseable {
    private static final int BACKLOG = 64;

    /** Takes sockets from the keeper, and becomes the server: the JDK gives no descriptors to the programs that it starts. */
    private static final String LAUNCHER = """
            import fcntl, os, socket, sys
            names = sys.argv[2]
            with socket.socket(socket.AF_UNIX) as keeper:
                keeper.connect(sys.argv[1])
                received = [socket.recv_fds(keeper, 1, 1)[1][0] for _ in names.split(':')]
            received = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in received]
            for index, fd in enumerate(received):
                os.dup2(fd, 3 + index)
                os.set_blocking(3 + index, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(received)), LISTEN_FDNAMES=names)
            os.closerange(3 + len(received), 256)
            os.execvp(sys.argv[3], sys.argv[3:])
            """;

    private final Path directory;
    private final Path launcher;
    private final Socket control;
    private final Path controlPath;
    private final List<Socket> sockets = new ArrayList<>();

    SocketKeeper(Path directory) throws IOException {
        Epoll.ensureAvailability();
        this.directory = directory;
        launcher = Files.writeString(directory.resolve("launcher.py"), LAUNCHER);
        controlPath = directory.resolve("keeper");
        control = Socket.newSocketDomain();
        control.bind(new DomainSocketAddress(controlPath.toString()));
        control.listen(1);
    }

    /** Listens on any free port. */
    ListenAddress listenTcp() throws IOException {
        Socket socket = Socket.newSocketStream();
        sockets.add(socket);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        socket.listen(BACKLOG);
        return new ListenAddress.Tcp("127.0.0.1", socket.localAddress().getPort());
    }

    ListenAddress.Unix listenUnix() throws IOException {
        Path path = directory.resolve("socket");
        Socket socket = Socket.newSocketDomain();
        sockets.add(socket);
        socket.bind(new DomainSocketAddress(path.toString()));
        socket.listen(BACKLOG);
        return new ListenAddress.Unix(path);
    }

    /**
     * Starts a server that gets the sockets, in the order in which they were made.
     *
     * @param names of all sockets, with colons between them
     */
    ServedProcess start(String names, String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("/usr/bin/python3", launcher.toString(), controlPath.toString(), names));
        List<String> serve = new ArrayList<>(List.of("serve"));
        serve.addAll(List.of(arguments));
        command.addAll(ServedProcess.vhdxd(serve));
        Thread.ofPlatform().daemon().start(this::pass);
        return ServedProcess.startAs(directory, command);
    }

    private void pass() {
        byte[] address = new byte[128];
        int[] accepted = {-1};
        Await.until(() -> (accepted[0] = control.accept(address)) >= 0);
        Socket launched = new Socket(accepted[0]);
        for (Socket socket : sockets) {
            Await.until(() -> launched.sendFd(socket.intValue()) >= 0);
        }
    }

    @Override
    public void close() throws IOException {
        control.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        assertThat(sockets).noneMatch(Socket::isOpen);
    }
}
