package io.vhdxd.vhdx.repair;

/**
 * What the person who repairs an image has allowed and decided.
 *
 * @param allowLoss whether to give up what cannot be read any more, so that the image can be used again
 * @param headerToUse the header that counts where both have the same number and differ: 1 or 2; 0 if nothing was decided
 * @param withoutBitmap what to make of the blocks of a differencing disk whose sector bitmap is lost
 */
public record RepairOptions(boolean allowLoss, int headerToUse, WithoutBitmap withoutBitmap) {
    /** Repairs that lose nothing. */
    public static final RepairOptions LOSSLESS = new RepairOptions(false, 0, WithoutBitmap.UNDECIDED);

    /** Whose content a partially present block gets when nobody knows any more which of its sectors are the child's. */
    public enum WithoutBitmap {
        UNDECIDED,
        /** All sectors are the child's: what it never wrote reads as zeros, or as anything. */
        CHILD,
        /** All sectors are the parent's: what was written to the child is given up. */
        PARENT
    }
}
