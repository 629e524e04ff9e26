package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.Severity;

/** What can be wrong with an entry of the BAT ([MS-VHDX] 2.5.1). */
enum BlockProblem {
    RESERVED_STATE(Severity.READ_ONLY, "have the reserved state 4; they cannot be read"),
    DRAFT_UNMAPPED(Severity.WARNING, "have the state 5 of a draft of the specification; they are taken as unmapped"),
    PARTIAL_WITHOUT_PARENT(
            Severity.WARNING, "are partially present in a disk without a parent; they are taken as fully present"),
    PARTIAL_WITHOUT_BITMAP(
            Severity.READ_ONLY, "are partially present in a chunk without a sector bitmap; they cannot be read"),
    BITMAP_UNREADABLE(Severity.READ_ONLY, "are of sector bitmaps that cannot be where they are said to be"),
    NO_PLACE(Severity.READ_ONLY, "are present without a place in the file; they cannot be read"),
    BEYOND_END(Severity.READ_ONLY, "are present beyond the end of the file; they cannot be read"),
    BEYOND_LIMIT(Severity.READ_ONLY, "are present where this version cannot address; they cannot be read"),
    OVER_STRUCTURE(Severity.READ_ONLY, "lie over a structure of the image; they cannot be read"),
    OVERLAP(Severity.READ_ONLY, "share their space with another block; a write to one would change both"),
    PLACE_WITHOUT_CONTENT(Severity.WARNING, "have no content but a place in the file; the place is ignored"),
    ANCHOR_DROPPED(Severity.WARNING, "are unmapped and name a place that is not theirs; the place is ignored"),
    RESERVED_BITS(Severity.WARNING, "have reserved bits set"),
    BITMAP_WITHOUT_PARENT(Severity.WARNING, "are of sector bitmaps, which a disk without a parent does not have");

    private final Severity severity;
    private final String plural;

    BlockProblem(Severity severity, String plural) {
        this.severity = severity;
        this.plural = plural;
    }

    Severity severity() {
        return severity;
    }

    /** How the sum of such entries is told: "12 more entries ...". */
    String plural() {
        return plural;
    }
}
