package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.format.LogDescriptor;
import java.io.IOException;

/** Is told what a replay does to the file, in order. */
interface LogVisitor {
    /**
     * One page is written.
     *
     * @param dataSectorOffsetBytes where the descriptor's data sector stands in the file
     */
    void page(LogDescriptor.Data descriptor, long dataSectorOffsetBytes) throws IOException;

    /** A range becomes zero. */
    void zeros(LogDescriptor.Zero descriptor) throws IOException;
}
