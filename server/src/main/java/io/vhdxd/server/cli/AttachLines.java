package io.vhdxd.server.cli;

import io.vhdxd.server.net.ListenAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The commands that attach an export, ready to be pasted into a shell of this machine.
 *
 * @param address where the server listens
 * @param certificates the directory with the certificates, of which a client needs its own; null if there is no TLS
 */
record AttachLines(ListenAddress address, @Nullable Path certificates) {
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    List<String> of(String exportName, boolean readOnly) {
        String uri = uri(exportName);
        return List.of(
                nbdClient(exportName),
                "qemu-system-x86_64 " + qemuDrive(exportName, readOnly),
                "qemu-img info " + qemuImage(exportName),
                "nbdcopy " + quoted(uri) + " " + quoted("./" + exportName + ".raw"));
    }

    /** The export's address after the NBD URI specification, with libnbd's parameters for TLS. */
    String uri(String exportName) {
        String scheme = certificates == null ? "nbd" : "nbds";
        String tls = certificates == null ? "" : "tls-certificates=" + encoded(certificates.toString(), "/");
        return switch (address) {
            case ListenAddress.Tcp tcp ->
                scheme + "://" + new ListenAddress.Tcp(reachableHost(tcp.host()), tcp.port()) + "/"
                        + encoded(exportName, "") + (tls.isEmpty() ? "" : "?" + tls);
            case ListenAddress.Unix unix ->
                scheme + "+unix:///" + encoded(exportName, "") + "?socket="
                        + encoded(unix.path().toString(), "/") + (tls.isEmpty() ? "" : "&" + tls);
        };
    }

    private String qemuDrive(String exportName, boolean readOnly) {
        String options = ",format=raw,if=virtio" + (readOnly ? ",readonly=on" : "");
        return certificates == null
                ? "-drive " + quoted("file=" + uri(exportName) + options)
                : "-object " + quoted(qemuCredentials(certificates)) + " -drive "
                        + quoted(qemuNode(exportName, "file.") + options);
    }

    private String qemuImage(String exportName) {
        return certificates == null
                ? quoted(uri(exportName))
                : "--object " + quoted(qemuCredentials(certificates)) + " --image-opts "
                        + quoted(qemuNode(exportName, ""));
    }

    /** QEMU reads TLS credentials from an object, which its URIs cannot name. */
    private static String qemuCredentials(Path directory) {
        return "tls-creds-x509,id=tls0,endpoint=client,dir=" + commasDoubled(directory.toString());
    }

    private String qemuNode(String exportName, String prefix) {
        String server = switch (address) {
            case ListenAddress.Tcp tcp ->
                prefix + "server.type=inet," + prefix + "server.host=" + reachableHost(tcp.host()) + "," + prefix
                        + "server.port=" + tcp.port();
            case ListenAddress.Unix unix ->
                prefix + "server.type=unix," + prefix + "server.path="
                        + commasDoubled(unix.path().toString()) + "," + prefix + "tls-hostname=localhost";
        };
        return prefix + "driver=nbd," + server + "," + prefix + "export=" + commasDoubled(exportName) + "," + prefix
                + "tls-creds=tls0";
    }

    /** As QEMU's options have it. */
    private static String commasDoubled(String value) {
        return value.replace(",", ",,");
    }

    private String nbdClient(String exportName) {
        String where = switch (address) {
            case ListenAddress.Tcp tcp -> quoted(reachableHost(tcp.host())) + " " + tcp.port();
            case ListenAddress.Unix unix -> "-unix " + quoted(unix.path().toString());
        };
        return "nbd-client " + where + " /dev/nbd0 -name " + quoted(exportName) + nbdClientTls();
    }

    private String nbdClientTls() {
        if (certificates == null) {
            return "";
        }
        return " -certfile " + quoted(certificates.resolve("client-cert.pem").toString())
                + " -keyfile " + quoted(certificates.resolve("client-key.pem").toString())
                + " -cacertfile " + quoted(certificates.resolve("ca-cert.pem").toString())
                + (address instanceof ListenAddress.Unix ? " -tlshostname localhost" : "");
    }

    /** Who listens everywhere is reached here. */
    private static String reachableHost(String host) {
        return switch (host) {
            case "0.0.0.0" -> "127.0.0.1";
            case "::" -> "::1";
            default -> host;
        };
    }

    private static String encoded(String text, String alsoPlain) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (UNRESERVED.indexOf(c) >= 0 || alsoPlain.indexOf(c) >= 0) {
                encoded.append(c);
            } else {
                encoded.append(String.format("%%%02X", (int) c));
            }
        }
        return encoded.toString();
    }

    /** As one word of a POSIX shell. */
    static String quoted(String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./\\[\\]-]+") && !word.contains("[")
                ? word
                : "'" + word.replace("'", "'\\''") + "'";
    }
}
