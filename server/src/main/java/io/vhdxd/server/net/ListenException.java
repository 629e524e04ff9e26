package io.vhdxd.server.net;

import java.io.IOException;

/** An address cannot be listened on. */
public final class ListenException extends IOException {
    ListenException(ListenAddress address, String reason, Throwable cause) {
        super(address + ": " + reason, cause);
    }

    ListenException(ListenAddress address, String reason) {
        super(address + ": " + reason);
    }
}
