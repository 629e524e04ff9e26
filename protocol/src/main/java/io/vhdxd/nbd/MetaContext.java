package io.vhdxd.nbd;

/** A kind of block status that a client can select. Every export has all of them. */
public enum MetaContext {
    /** Whether extents are allocated, and whether they read as zeros; see {@link AllocationFlags}. */
    BASE_ALLOCATION("base:allocation", 1),

    /**
     * Where in a chain of images the content of extents comes from: 1 for the image that is served, 2 for its parent, 3 for
     * the parent of that; 0 if none of them has it. QEMU defines it, and nbdinfo knows it.
     */
    ALLOCATION_DEPTH("qemu:allocation-depth", 2);

    private final String wireName;
    private final int id;

    MetaContext(String wireName, int id) {
        this.wireName = wireName;
        this.id = id;
    }

    /** A namespace, a colon and a leaf name. */
    public String wireName() {
        return wireName;
    }

    /** The number that stands for the name in the chunks of block status; unique within a connection. */
    public int id() {
        return id;
    }
}
