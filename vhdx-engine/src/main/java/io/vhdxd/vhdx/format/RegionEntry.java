package io.vhdxd.vhdx.format;

import java.util.UUID;

/**
 * An entry of the region table as it was found ([MS-VHDX] 2.2.3.2).
 *
 * @param fileOffsetBytes unsigned; should be a multiple of 1 MiB, at least 1 MiB
 * @param lengthBytes should be a multiple of 1 MiB; at most 2^32 - 1
 * @param flags bit 0: the region is required, whoever does not know it must not open the image; the rest is reserved
 */
public record RegionEntry(UUID id, long fileOffsetBytes, long lengthBytes, int flags) {
    /** The flag of a region without which the image cannot be understood. */
    public static final int REQUIRED = 1;

    public boolean isRequired() {
        return (flags & REQUIRED) != 0;
    }

    /** The reserved bits of the flags, which should be zero. */
    public int reservedFlags() {
        return flags & ~REQUIRED;
    }

    /** What to call the region in a message. */
    public String displayName() {
        KnownRegion known = KnownRegion.ofId(id);
        return known != null ? known.displayName() : "unknown region " + id;
    }
}
