package io.vhdxd.vhdx.format;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The regions that [MS-VHDX] 2.2.3.2 defines; every image has both. */
public enum KnownRegion {
    BAT("BAT", "2DC27766-F623-4200-9D64-115E9BFD4A08"),
    METADATA("metadata region", "8B7CA206-4790-4B9A-B8FE-575F050F886E");

    private final String displayName;
    private final UUID id;

    KnownRegion(String displayName, String id) {
        this.displayName = displayName;
        this.id = UUID.fromString(id);
    }

    /** What to call it in a message. */
    public String displayName() {
        return displayName;
    }

    public UUID id() {
        return id;
    }

    /** The region with this GUID; null if the specification knows none. */
    public static @Nullable KnownRegion ofId(UUID id) {
        for (KnownRegion region : values()) {
            if (region.id.equals(id)) {
                return region;
            }
        }
        return null;
    }
}
