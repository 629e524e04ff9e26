package io.vhdxd.vhdx.format;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An entry of the metadata table as it was found ([MS-VHDX] 2.6.1.2).
 *
 * @param offsetBytes from the start of the metadata region; at most 2^32 - 1
 * @param lengthBytes 0 for an item that is present but empty; at most 2^32 - 1
 * @param flags {@link #IS_USER}, {@link #IS_VIRTUAL_DISK}, {@link #IS_REQUIRED}; the rest is reserved
 */
public record MetadataEntry(UUID itemId, long offsetBytes, long lengthBytes, int flags) {
    /** The item belongs to a user of the image, not to the format. */
    public static final int IS_USER = 1;

    /** The item is about the virtual disk, not about this file. */
    public static final int IS_VIRTUAL_DISK = 2;

    /** Whoever does not know the item must not open the image. */
    public static final int IS_REQUIRED = 4;

    private static final int ALL_FLAGS = IS_USER | IS_VIRTUAL_DISK | IS_REQUIRED;

    public boolean isUser() {
        return (flags & IS_USER) != 0;
    }

    public boolean isRequired() {
        return (flags & IS_REQUIRED) != 0;
    }

    /** The reserved bits of the flags, which should be zero. */
    public int reservedFlags() {
        return flags & ~ALL_FLAGS;
    }

    /** The flags without the reserved bits. */
    public int knownFlags() {
        return flags & ALL_FLAGS;
    }

    /** The item as the format knows it; null for users' items and unknown ones. */
    public @Nullable KnownItem known() {
        return isUser() ? null : KnownItem.ofId(itemId);
    }

    /** What to call the item in a message. */
    public String displayName() {
        KnownItem known = known();
        if (known != null) {
            return "metadata item " + known.displayName();
        }
        return (isUser() ? "user metadata item " : "unknown metadata item ") + itemId;
    }
}
