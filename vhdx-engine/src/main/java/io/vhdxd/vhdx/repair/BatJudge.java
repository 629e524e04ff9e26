package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import java.io.IOException;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Says what each entry of a BAT has to be, in three passes over all of them: who comes first keeps its space. Remembers the
 * space that was given, so one object serves for one round of passes.
 */
final class BatJudge {
    /** The entries of which kind are judged; the others stay. */
    enum Pass {
        BITMAPS,
        PRESENT,
        ABSENT
    }

    /** Is told what is wrong with an entry, and makes copies. */
    interface Clerk {
        /** Notes it. Returns whether it may be mended. */
        boolean note(BatMend mend, long block, long lostFromBytes);

        /** Copies a block to a place of its own; 0 if that is not to be done now. */
        long copy(long fromMib) throws IOException;
    }

    private static final int STATE_4 = 4;
    private static final int STATE_5 = 5;

    private final Geometry geometry;
    private final boolean hasParent;
    private final RepairOptions.WithoutBitmap withoutBitmap;
    private final long fileSizeBytes;
    private final Clerk clerk;
    private final SpaceMap reserved;
    private final SpaceMap space = new SpaceMap();
    private final SpaceMap shared = new SpaceMap();
    private final BitSet bitmaps = new BitSet();
    private long extendToBytes;

    BatJudge(LoadedImage image, RepairOptions.WithoutBitmap withoutBitmap, Clerk clerk) {
        this.geometry = image.geometry();
        this.hasParent = image.hasParent();
        this.withoutBitmap = withoutBitmap;
        this.fileSizeBytes = image.fileSizeBytes();
        this.clerk = clerk;
        this.reserved = image.structureSpace();
        space.claimAll(reserved);
    }

    /** How long the file has to be for all blocks that stay. */
    long extendToBytes() {
        return extendToBytes;
    }

    /** The first MiB behind everything that is used. */
    long endMib() {
        return space.endMib();
    }

    /** The space that more than one block has; complete after all passes. */
    SpaceMap shared() {
        return shared;
    }

    /** What an entry has to be; the entry itself if it is right or is not judged in this pass. */
    long judge(Pass pass, long batIndex, long entry) throws IOException {
        if (geometry.isBitmapIndex(batIndex)) {
            return pass == Pass.BITMAPS && entry != 0 ? bitmap(batIndex, entry) : entry;
        }
        long block = geometry.blockOfBatIndex(batIndex);
        if (block >= geometry.blockCount()) {
            return entry;
        }
        return switch (BatEntry.stateCode(entry)) {
            case STATE_4, 6, 7 -> pass == Pass.PRESENT ? present(block, entry) : entry;
            default -> pass == Pass.ABSENT ? absent(block, entry) : entry;
        };
    }

    private long bitmap(long batIndex, long entry) {
        long chunk = geometry.chunkOfBatIndex(batIndex);
        long firstBlock = chunk * geometry.chunkRatio();
        if (!hasParent) {
            return mended(BatMend.NEEDLESS_BITMAP, firstBlock, entry, 0);
        }
        if (BatEntry.stateCode(entry) == 0) {
            return mended(BatMend.NEEDLESS_PLACE, firstBlock, entry, 0);
        }
        long placeMib = BatEntry.fileOffsetMib(entry);
        if (placeMib == 0 || !isInFile(placeMib, 1) || !space.isFree(placeMib, 1)) {
            // Nothing is lost by this; its blocks are judged one by one, where they need it.
            return mended(BatMend.UNREADABLE_BITMAP, firstBlock, entry, 0);
        }
        space.claim(placeMib, 1);
        reserved.claim(placeMib, 1);
        bitmaps.set(Math.toIntExact(chunk));
        return withoutReservedBits(firstBlock, entry, PayloadBlockState.FULLY_PRESENT, placeMib);
    }

    private long present(long block, long entry) throws IOException {
        long zero = BatEntry.encode(PayloadBlockState.ZERO, 0);
        if (BatEntry.stateCode(entry) == STATE_4) {
            return mended(BatMend.RESERVED_STATE, block, entry, zero);
        }
        long placeMib = BatEntry.fileOffsetMib(entry);
        BatMend unreadable = unreadable(placeMib);
        if (unreadable != null) {
            return mended(unreadable, block, entry, zero);
        }
        PayloadBlockState state = PayloadBlockState.FULLY_PRESENT;
        if (BatEntry.stateCode(entry) == PayloadBlockState.PARTIALLY_PRESENT.code()) {
            if (hasParent && !bitmaps.get(Math.toIntExact(geometry.chunkOfBlock(block)))) {
                return withoutBitmap(block, entry, placeMib);
            }
            if (hasParent) {
                state = PayloadBlockState.PARTIALLY_PRESENT;
            } else {
                clerk.note(BatMend.PARTIAL_WITHOUT_PARENT, block, 0);
            }
        }
        return withoutReservedBits(block, entry, state, claim(block, placeMib));
    }

    /** Why a place cannot be that of a block; null if it can. */
    private @Nullable BatMend unreadable(long placeMib) {
        if (placeMib == 0) {
            return BatMend.NO_PLACE;
        }
        if (placeMib >= BlockMap.FILE_OFFSET_LIMIT_MIB || placeMib * Geometry.MIB >= fileSizeBytes) {
            return BatMend.BEYOND_END;
        }
        return reserved.isFree(placeMib, geometry.blockSizeMib()) ? null : BatMend.OVER_STRUCTURE;
    }

    private long withoutBitmap(long block, long entry, long placeMib) throws IOException {
        if (!clerk.note(BatMend.PARTIAL_WITHOUT_BITMAP, block, 0)) {
            return entry;
        }
        return switch (withoutBitmap) {
            case UNDECIDED -> entry;
            case PARENT -> BatEntry.encode(PayloadBlockState.NOT_PRESENT, 0);
            case CHILD -> BatEntry.encode(PayloadBlockState.FULLY_PRESENT, claim(block, placeMib));
        };
    }

    /** Gives a block its space, or that of a copy. Returns the place. */
    private long claim(long block, long placeMib) throws IOException {
        long endBytes = (placeMib + geometry.blockSizeMib()) * Geometry.MIB;
        if (endBytes > fileSizeBytes) {
            extendToBytes = Math.max(extendToBytes, endBytes);
            if (block != geometry.blockCount() - 1) {
                clerk.note(BatMend.CUT, block, fileSizeBytes - placeMib * Geometry.MIB);
            }
        }
        if (space.claim(placeMib, geometry.blockSizeMib())) {
            return placeMib;
        }
        shared.claim(placeMib, geometry.blockSizeMib());
        clerk.note(BatMend.SHARED_SPACE, -1, 0);
        long copyMib = clerk.copy(placeMib);
        if (copyMib == 0) {
            return placeMib;
        }
        space.claim(copyMib, geometry.blockSizeMib());
        return copyMib;
    }

    private long absent(long block, long entry) {
        int code = BatEntry.stateCode(entry);
        long placeMib = BatEntry.fileOffsetMib(entry);
        PayloadBlockState state = PayloadBlockState.ofCode(code == STATE_5 ? PayloadBlockState.UNMAPPED.code() : code);
        assert state != null : entry;
        if (code == STATE_5) {
            clerk.note(BatMend.DRAFT_UNMAPPED, block, 0);
        }
        boolean anchor = state == PayloadBlockState.UNDEFINED || state == PayloadBlockState.UNMAPPED;
        if (placeMib != 0
                && !(anchor
                        && isInFile(placeMib, geometry.blockSizeMib())
                        && space.isFree(placeMib, geometry.blockSizeMib()))) {
            clerk.note(anchor ? BatMend.FOREIGN_ANCHOR : BatMend.NEEDLESS_PLACE, block, 0);
            return BatEntry.encode(state, 0);
        }
        if (placeMib != 0) {
            space.claim(placeMib, geometry.blockSizeMib());
        }
        return withoutReservedBits(block, entry, state, placeMib);
    }

    private boolean isInFile(long placeMib, long lengthMib) {
        return placeMib < BlockMap.FILE_OFFSET_LIMIT_MIB
                && placeMib * Geometry.MIB <= fileSizeBytes - lengthMib * Geometry.MIB;
    }

    private long withoutReservedBits(long block, long entry, PayloadBlockState state, long placeMib) {
        if (BatEntry.reservedBits(entry) != 0) {
            clerk.note(BatMend.RESERVED_BITS, block, 0);
        }
        return BatEntry.encode(state, placeMib);
    }

    private long mended(BatMend mend, long block, long entry, long wanted) {
        return clerk.note(mend, block, 0) ? wanted : entry;
    }
}
