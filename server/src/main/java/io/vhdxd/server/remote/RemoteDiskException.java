package io.vhdxd.server.remote;

import java.io.IOException;

/** An NBD server cannot be reached, refuses, answers with an error, breaks the rules or is gone. The message begins with its URI. */
public final class RemoteDiskException extends IOException {
    private final NbdUri uri;

    RemoteDiskException(NbdUri uri, String problem) {
        super(uri + ": " + problem);
        this.uri = uri;
    }

    RemoteDiskException(NbdUri uri, String problem, Throwable cause) {
        super(uri + ": " + problem, cause);
        this.uri = uri;
    }

    public NbdUri uri() {
        return uri;
    }
}
