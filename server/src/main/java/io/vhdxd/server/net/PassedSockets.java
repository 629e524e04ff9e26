package io.vhdxd.server.net;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The sockets that systemd has opened and passed to this process (sd_listen_fds(3)): {@code LISTEN_FDS} of them, from
 * descriptor 3 on, for the process {@code LISTEN_PID}.
 */
public final class PassedSockets {
    private static final int FIRST_DESCRIPTOR = 3;

    private PassedSockets() {}

    /**
     * Those of this process; none if nobody has passed any.
     *
     * @throws ListenException if one cannot be listened on
     */
    public static List<PassedSocket> ofThisProcess() throws ListenException {
        return of(System.getenv(), ProcessHandle.current().pid());
    }

    static List<PassedSocket> of(Map<String, String> environment, long pid) throws ListenException {
        String count = environment.get("LISTEN_FDS");
        if (count == null || !Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
            return List.of();
        }
        if (!count.matches("[0-9]{1,4}")) {
            throw new ListenException("LISTEN_FDS=" + count, "expected: how many sockets are passed");
        }
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        List<PassedSocket> sockets = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(count); i++) {
            String name = i < names.length && !names[i].isEmpty() ? names[i] : "unknown";
            sockets.add(ListeningDescriptor.take(FIRST_DESCRIPTOR + i, name));
        }
        return List.copyOf(sockets);
    }
}
