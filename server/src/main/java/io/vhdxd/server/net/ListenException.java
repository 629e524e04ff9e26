package io.vhdxd.server.net;

import java.io.IOException;

/** An address cannot be listened on. */
public final class ListenException extends IOException {
    ListenException(ListenAddress address, String reason, Throwable cause) {
        super(address + ": " + reason, cause);
    }

    ListenException(ListenAddress address, String reason) {
        this(address.toString(), reason);
    }

    /** @param where what stands for an address */
    ListenException(String where, String reason) {
        super(where + ": " + reason);
    }
}
