package io.vhdxd.server.cli;

import io.vhdxd.server.net.ListenAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The commands that attach an export, ready to be pasted into a shell of this machine. */
final class AttachLines {
    private static final String UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    private AttachLines() {}

    static List<String> of(ListenAddress address, String exportName, boolean readOnly) {
        String uri = uri(address, exportName);
        String drive = "file=" + uri + ",format=raw,if=virtio" + (readOnly ? ",readonly=on" : "");
        return List.of(
                nbdClient(address, exportName),
                "qemu-system-x86_64 -drive " + quoted(drive),
                "qemu-img info " + quoted(uri),
                "nbdcopy " + quoted(uri) + " " + quoted("./" + exportName + ".raw"));
    }

    /** The export's address after the NBD URI specification. */
    static String uri(ListenAddress address, String exportName) {
        return switch (address) {
            case ListenAddress.Tcp tcp ->
                "nbd://" + new ListenAddress.Tcp(reachableHost(tcp.host()), tcp.port()) + "/" + encoded(exportName, "");
            case ListenAddress.Unix unix ->
                "nbd+unix:///" + encoded(exportName, "") + "?socket="
                        + encoded(unix.path().toString(), "/");
        };
    }

    private static String nbdClient(ListenAddress address, String exportName) {
        String where = switch (address) {
            case ListenAddress.Tcp tcp -> quoted(reachableHost(tcp.host())) + " " + tcp.port();
            case ListenAddress.Unix unix -> "-unix " + quoted(unix.path().toString());
        };
        return "nbd-client " + where + " /dev/nbd0 -name " + quoted(exportName);
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
