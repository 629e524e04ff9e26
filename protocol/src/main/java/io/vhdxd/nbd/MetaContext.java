package io.vhdxd.nbd;

/**
 * A kind of block status that a client can select.
 *
 * @param name a namespace, a colon and a leaf name
 * @param id the number that stands for the name in the chunks of block status; unique within a connection
 */
public record MetaContext(String name, int id) {
    /** Whether extents are allocated, and whether they read as zeros; see {@link AllocationFlags}. */
    public static final MetaContext BASE_ALLOCATION = new MetaContext("base:allocation", 1);
}
