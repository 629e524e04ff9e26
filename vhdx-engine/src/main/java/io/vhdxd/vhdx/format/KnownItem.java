package io.vhdxd.vhdx.format;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The metadata items that [MS-VHDX] 2.6.2 defines, and three that Microsoft's code knows beside them. */
public enum KnownItem {
    FILE_PARAMETERS("file parameters", "CAA16737-FA36-4D43-B3B6-33F0AA44E76B", Kind.MANDATORY, 4, 8),
    VIRTUAL_DISK_SIZE("virtual disk size", "2FA54224-CD1B-4876-B211-5DBED83BF4B8", Kind.MANDATORY, 6, 8),
    VIRTUAL_DISK_ID("virtual disk ID", "BECA12AB-B2E6-4523-93EF-C309E000C746", Kind.MANDATORY, 6, 16),
    LOGICAL_SECTOR_SIZE("logical sector size", "8141BF1D-A96F-4709-BA47-F233A8FAAB5F", Kind.MANDATORY, 6, 4),
    PHYSICAL_SECTOR_SIZE("physical sector size", "CDA348C7-445D-4471-9CC9-E9885251C556", Kind.MANDATORY, 6, 4),
    PARENT_LOCATOR("parent locator", "A8D35F2D-B30B-454D-ABF7-D3D84834AB0C", Kind.OPTIONAL, 4, 0),
    INCOMPLETE_FILE("incomplete file", "71CC85F0-1B69-4E28-9558-C3BF83AE75D3", Kind.FOREIGN, 4, 0),
    CHS_PARAMETERS("CHS parameters", "DA02D7BC-3D3A-423C-AC88-2A36AB21479B", Kind.FOREIGN, 0, 0),
    PMEM_LABEL_STORAGE("PMEM label storage", "10E1AE8A-4B7E-4169-A40F-CD70DE928393", Kind.FOREIGN, 0, 0);

    private enum Kind {
        MANDATORY,
        OPTIONAL,
        FOREIGN
    }

    private final String displayName;
    private final UUID id;
    private final Kind kind;
    private final int flags;
    private final int lengthBytes;

    KnownItem(String displayName, String id, Kind kind, int flags, int lengthBytes) {
        this.displayName = displayName;
        this.id = UUID.fromString(id);
        this.kind = kind;
        this.flags = flags;
        this.lengthBytes = lengthBytes;
    }

    /** What to call it in a message. */
    public String displayName() {
        return displayName;
    }

    public UUID id() {
        return id;
    }

    /** Whether every image has it. */
    public boolean isMandatory() {
        return kind == Kind.MANDATORY;
    }

    /** Whether its content is understood here; of the others only the name is known. */
    public boolean isUnderstood() {
        return kind != Kind.FOREIGN;
    }

    /** The flags that the specification gives it, in the terms of {@link MetadataEntry#flags}. */
    public int flags() {
        return flags;
    }

    /** The item's length, 0 where it has no fixed one. */
    public int lengthBytes() {
        return lengthBytes;
    }

    /** The system item with this GUID; null if there is none. */
    public static @Nullable KnownItem ofId(UUID id) {
        for (KnownItem item : values()) {
            if (item.id.equals(id)) {
                return item;
            }
        }
        return null;
    }
}
