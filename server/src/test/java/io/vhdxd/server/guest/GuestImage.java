package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** An image and the process that serves it as {@code "disk"}, always on the same port, however often it is started. */
final class GuestImage implements AutoCloseable {
    private final Path directory;
    private final Path image;
    private final List<String> createOptions;
    private ServedProcess server;
    private final int port;

    private GuestImage(Path directory, Path image, List<String> createOptions, List<String> serveOptions)
            throws IOException {
        this.directory = directory;
        this.image = image;
        this.createOptions = createOptions;
        this.server = serve(0, serveOptions);
        this.port = ((ListenAddress.Tcp) server.address()).port();
    }

    /** Creates an image with blocks of 1 MiB, and serves it. */
    static GuestImage create(Path directory, String size, String... createOptions) throws IOException {
        Path image =
                directory.resolve(Files.createTempDirectory(directory, "image").resolve("disk.vhdx"));
        List<String> command = new ArrayList<>(List.of("create", "--block-size", "1M"));
        command.addAll(Arrays.asList(createOptions));
        command.addAll(List.of(image.toString(), size));
        vhdxd(command).ok();
        return new GuestImage(directory, image, List.of(createOptions), List.of());
    }

    /** Serves the same image once more, for reading; nobody may be serving it now. */
    GuestImage readOnly() throws IOException {
        return new GuestImage(directory, image, createOptions, List.of("--read-only"));
    }

    private ServedProcess serve(int onPort, List<String> options) throws IOException {
        List<String> command = new ArrayList<>(List.of("serve", "--listen", "127.0.0.1:" + onPort));
        command.addAll(options);
        command.add("disk=" + image);
        return ServedProcess.startAs(directory, ServedProcess.vhdxd(command));
    }

    private static Tool.Result vhdxd(List<String> arguments) throws IOException {
        return Tool.run(ServedProcess.vhdxd(arguments), Map.of(), "");
    }

    int port() {
        return port;
    }

    /** What Linux's client needs to be told to attach it. */
    String nbdClient(String device, String options) {
        return "nbd-client " + Guest.HOST + " " + port + " " + device + " -name disk " + options;
    }

    /** How QEMU names it. */
    String uri(String host) {
        return "nbd://" + host + ":" + port + "/disk";
    }

    void start() throws IOException {
        server = serve(port, List.of());
    }

    void kill() {
        server.kill();
    }

    /** SIGTERM: the server must end cleanly. */
    void stop() throws IOException {
        assertThat(server.stop("TERM")).as("exit code; log:%n%s", server.log()).isZero();
    }

    /** Lets QEMU replay what a server that was killed has left. */
    void replayByQemu() throws IOException {
        Tool.run("qemu-img", "check", "-q", "-r", "all", "-f", "vhdx", image.toString())
                .ok();
    }

    /** How much of the host's space the image has. */
    long allocatedBytes() throws IOException {
        String kibibytes = Tool.run("du", "-k", image.toString()).ok().out().split("\t", -1)[0];
        return Long.parseLong(kibibytes) << 10;
    }

    /**
     * The image is sound, and has this content for QEMU that reads the file, if its driver knows the sector size, and for QEMU
     * that asks vhdxd.
     */
    void verify(String md5) throws IOException {
        vhdxd(List.of("check", image.toString())).ok();
        if (!createOptions.contains("--logical-sector-size=4096")) {
            assertThat(md5("vhdx", image.toString())).as("the content for QEMU").isEqualTo(md5);
        }
        try (GuestImage served = readOnly()) {
            assertThat(md5("raw", served.uri("127.0.0.1")))
                    .as("the content for a client of vhdxd")
                    .isEqualTo(md5);
        }
    }

    private String md5(String format, String source) throws IOException {
        Path raw = image.resolveSibling("raw");
        Tool.run("qemu-img", "convert", "-f", format, "-O", "raw", source, raw.toString())
                .ok();
        String md5 = Tool.run("md5sum", raw.toString()).ok().out().split(" ", -1)[0];
        Files.delete(raw);
        return md5;
    }

    @Override
    public void close() {
        kill();
    }
}
