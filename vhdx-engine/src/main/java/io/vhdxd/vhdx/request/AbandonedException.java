package io.vhdxd.vhdx.request;

import java.io.IOException;

/** A request was dropped before it was carried out in full, because nobody waited for it any more. */
public final class AbandonedException extends IOException {
    public AbandonedException() {
        super("the request was dropped because its connection is gone");
    }
}
