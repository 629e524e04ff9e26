package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;

/**
 * The space of the file that blocks may take.
 *
 * @param structures the space of everything but blocks; stays as it is
 * @param space the same space; the blocks are added
 */
record BlockSpace(SpaceMap structures, SpaceMap space, long fileSizeBytes, BlockFindings findings) {

    boolean isInFile(long offsetMib, long lengthMib) {
        return offsetMib < BlockMap.FILE_OFFSET_LIMIT_MIB
                && offsetMib * Geometry.MIB <= fileSizeBytes - lengthMib * Geometry.MIB;
    }

    /** Whether a range can be that of a block: all of it in the file, and outside everything else. */
    boolean holdsStructure(long offsetMib, long lengthMib) {
        return offsetMib > 0 && isInFile(offsetMib, lengthMib) && structures.isFree(offsetMib, lengthMib);
    }

    /** Adds a block, and tells if another one has some of its space. */
    void claim(long batIndex, String block, long offsetMib, long lengthMib) {
        if (!space.claim(offsetMib, lengthMib)) {
            findings.add(
                    BlockProblem.OVERLAP,
                    batIndex,
                    () -> block + " takes " + lengthMib + " MiB at file offset " + offsetMib * Geometry.MIB
                            + ", expected space that no other entry of the BAT takes");
        }
    }
}
