package io.vhdxd.vhdx.storage.simulated;

import java.io.IOException;

/**
 * Called in the thread of an operation, with no lock held: it may wait, or use the storage itself. An exception goes
 * up to the caller of the operation, which then has no effect.
 */
@FunctionalInterface
public interface StorageHook {
    /**
     * Called with the operation's range.
     *
     * @param offset for a change of size the new size; 0 where there is no offset
     * @param length 0 where there is no length
     */
    void run(OperationKind kind, long offset, long length) throws IOException;
}
