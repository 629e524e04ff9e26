package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Tells a running QEMU what to do (QMP). One line of JSON is one message. */
final class Qmp implements AutoCloseable {
    private final SocketChannel socket;
    private final BufferedReader lines;
    private final List<String> events = new ArrayList<>();

    private Qmp(SocketChannel socket) {
        this.socket = socket;
        this.lines = new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8));
    }

    /** The option that makes QEMU listen. */
    static String option(Path path) {
        return "unix:" + path + ",server=on,wait=off";
    }

    static Qmp connect(Path path) throws IOException {
        SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.connect(UnixDomainSocketAddress.of(path));
        Qmp qmp = new Qmp(socket);
        assertThat(qmp.next()).contains("\"QMP\"");
        qmp.execute("qmp_capabilities", "{}");
        return qmp;
    }

    /** Has a command carried out, which must succeed. */
    void execute(String command, String arguments) throws IOException {
        String message = "{\"execute\": \"" + command + "\", \"arguments\": " + arguments + "}\n";
        socket.write(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
        String answer = next();
        while (answer.contains("\"event\"")) {
            events.add(answer);
            answer = next();
        }
        assertThat(answer).as("the answer to %s", message).contains("\"return\"");
    }

    /** Waits for an event, and returns it. */
    String awaitEvent(String name) throws IOException {
        for (String event : events) {
            if (event.contains("\"" + name + "\"")) {
                events.remove(event);
                return event;
            }
        }
        String event = next();
        while (!event.contains("\"" + name + "\"")) {
            event = next();
        }
        return event;
    }

    private String next() throws IOException {
        String line = lines.readLine();
        assertThat(line).as("QEMU has gone").isNotNull();
        return line;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
