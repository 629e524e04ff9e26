package io.vhdxd.vhdx.repair;

/** What can be done to an entry of the BAT. */
enum BatMend {
    RESERVED_BITS(false, "reserved bits are cleared in"),
    NEEDLESS_PLACE(false, "the place of a block without content is removed from"),
    FOREIGN_ANCHOR(false, "the place of an unmapped block, which is not its own, is removed from"),
    DRAFT_UNMAPPED(false, "the state 5 of a draft has become UNMAPPED in"),
    PARTIAL_WITHOUT_PARENT(false, "PARTIALLY_PRESENT has become FULLY_PRESENT, as there is no parent, in"),
    NEEDLESS_BITMAP(false, "a sector bitmap block, which a disk without a parent does not have, is removed from"),
    SHARED_SPACE(false, "blocks that shared their space with another have got a copy of it, changing"),
    UNREADABLE_BITMAP(false, "a sector bitmap block that is nowhere in the file is removed from"),
    PARTIAL_WITHOUT_BITMAP(true, "blocks without a sector bitmap are decided, changing"),
    RESERVED_STATE(true, "the reserved state 4 has become ZERO in"),
    NO_PLACE(true, "blocks that are present at no place have become ZERO in"),
    BEYOND_END(true, "blocks beyond the end of the file have become ZERO in"),
    OVER_STRUCTURE(true, "blocks that lay over a structure have become ZERO in"),
    CUT(true, "blocks that reached beyond the end of the file have got zeros there; they are of");

    private final boolean lossy;
    private final String text;

    BatMend(boolean lossy, String text) {
        this.lossy = lossy;
        this.text = text;
    }

    /** Whether content of the disk is given up. */
    boolean isLossy() {
        return lossy;
    }

    /** What was done, before the number of entries. */
    String text() {
        return text;
    }

    /** What is the matter with the content. */
    String loss() {
        return switch (this) {
            case RESERVED_STATE -> "blocks in the reserved state 4 hold nothing that can be read";
            case NO_PLACE -> "blocks that are said to be present have no place in the file";
            case BEYOND_END -> "blocks lie beyond the end of the file";
            case OVER_STRUCTURE -> "blocks lie over a structure of the image";
            case CUT -> "blocks reach beyond the end of the file; what was there reads as zeros";
            case PARTIAL_WITHOUT_BITMAP ->
                "nobody knows which sectors of blocks are the child's, and which its parent's";
            case SHARED_SPACE -> "blocks had the same space, so each of them may hold what was written to another";
            default -> throw new IllegalStateException(name());
        };
    }
}
