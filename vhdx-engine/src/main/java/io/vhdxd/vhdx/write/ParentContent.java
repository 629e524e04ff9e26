package io.vhdxd.vhdx.write;

import java.io.IOException;
import java.nio.ByteBuffer;

/** What a differencing disk reads where it holds nothing itself. */
@FunctionalInterface
public interface ParentContent {
    /** Fills the buffer with the parent's content, waiting for the device; zeros behind the parent's end. */
    void read(long offsetBytes, ByteBuffer dst) throws IOException;
}
