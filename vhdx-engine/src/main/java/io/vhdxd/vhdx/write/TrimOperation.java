package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.request.TrimRequest;
import java.io.IOException;

/**
 * Gives space back. A whole block becomes {@link PayloadBlockState#UNMAPPED}, in a differencing disk {@link
 * PayloadBlockState#ZERO}, so that no program shows the parent's content again; of a part, the file system gets back what
 * it can take. Everything that is given back reads as zeros. A fixed disk keeps all its space, so nothing is done to it.
 */
final class TrimOperation extends Operation {
    /** What a file system can take back begins and ends on such a multiple. */
    private static final long HOLE_ALIGNMENT_BYTES = 4096;

    TrimOperation(TrimRequest request) {
        super(request);
    }

    @Override
    boolean changesImage(Batch batch) {
        return !batch.disk().fixed() && batch.holdsMapped(positionBytes(), turnEndBytes(batch.disk()));
    }

    @Override
    boolean advanceIn(Batch batch, long blockIndex, long offsetBytes, long lengthBytes) throws IOException {
        Disk disk = batch.disk();
        boolean leansOnParent = batch.leansOnParent(blockIndex);
        if (disk.fixed() || !(batch.isPresent(blockIndex) || leansOnParent)) {
            return true;
        }
        if (coversBlock(disk, blockIndex)) {
            batch.unmap(blockIndex, disk.hasParent() ? PayloadBlockState.ZERO : PayloadBlockState.UNMAPPED);
        } else if (disk.zeroesFast() && batch.hasPlace(blockIndex)) {
            long inBlockBytes = offsetBytes - disk.blockStartBytes(blockIndex);
            long from = (inBlockBytes + HOLE_ALIGNMENT_BYTES - 1) & -HOLE_ALIGNMENT_BYTES;
            long to = (inBlockBytes + lengthBytes) & -HOLE_ALIGNMENT_BYTES;
            if (from < to) {
                batch.punchInPlace(blockIndex, from, to - from);
            }
        }
        return true;
    }
}
