package io.vhdxd.vhdx.diagnosis;

/** A differencing image cannot be opened because its parent, or a parent further down, cannot be used. */
public final class ParentUnavailableException extends VhdxException {
    /** @param message names the child, every path that was tried, and why it would not do */
    public ParentUnavailableException(String message) {
        super(message);
    }
}
