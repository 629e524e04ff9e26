package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ExportInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a server offers to one client. Asked on the client's event loop: it must not block. */
public interface ExportDirectory {
    /**
     * The export with a name; null if there is none, or if this client may not use it. The empty name stands for the
     * default export; {@link ExportInfo#name} then tells its real name.
     */
    @Nullable ExportInfo find(String name);

    /** What this client may know of, in the order in which it shall be listed. */
    List<ExportInfo> list();

    /** Whether the server is being shut down, so that options are refused. */
    boolean isShuttingDown();
}
