package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.request.ZeroNotFastException;
import io.vhdxd.vhdx.request.ZeroRequest;
import java.io.IOException;

/**
 * Makes a range read as zeros, whatever the parent of a differencing disk has there. A whole block becomes {@link PayloadBlockState#ZERO} and gives up its space, unless the
 * space has to be kept; a part of a block is zeroed in place; a block without space reads as zeros as it is.
 */
final class ZeroOperation extends Operation {
    /** Where zeros have to be written, so many at a time. */
    private static final long SLOW_PIECE_BYTES = 4L << 20;

    private final boolean keepAllocated;
    private final boolean fastOnly;

    ZeroOperation(ZeroRequest request) {
        super(request);
        this.keepAllocated = request.keepAllocated();
        this.fastOnly = request.fastOnly();
    }

    @Override
    boolean changesImage(Batch batch) {
        return keepAllocated
                ? request().lengthBytes() > 0
                : batch.holdsMapped(positionBytes(), turnEndBytes(batch.disk()));
    }

    @Override
    long pieceMaxBytes(Batch batch) {
        return batch.disk().zeroesFast() ? super.pieceMaxBytes(batch) : SLOW_PIECE_BYTES;
    }

    @Override
    boolean advanceIn(Batch batch, long blockIndex, long offsetBytes, long lengthBytes) throws IOException {
        if (fastOnly && !hasBegun()) {
            requireFast(batch);
        }
        boolean keepsSpace = keepAllocated || batch.disk().fixed();
        if (batch.isPresent(blockIndex)) {
            if (coversBlock(batch.disk(), blockIndex) && !keepsSpace) {
                batch.unmap(blockIndex, PayloadBlockState.ZERO);
            } else {
                long inBlockBytes = offsetBytes - batch.disk().blockStartBytes(blockIndex);
                batch.zeroInPlace(blockIndex, inBlockBytes, lengthBytes, keepsSpace);
            }
            return true;
        }
        boolean leansOnParent = batch.leansOnParent(blockIndex);
        boolean inPlace = !coversBlock(batch.disk(), blockIndex) || (keepAllocated && batch.hasPlace(blockIndex));
        if (leansOnParent && inPlace) {
            long inBlockBytes = offsetBytes - batch.disk().blockStartBytes(blockIndex);
            return batch.zeroSectors(this, blockIndex, inBlockBytes, lengthBytes, keepsSpace);
        }
        if (keepAllocated) {
            return provideSpace(batch, blockIndex);
        }
        if (leansOnParent) {
            batch.unmap(blockIndex, PayloadBlockState.ZERO);
            return true;
        }
        batch.settleAsZero(blockIndex);
        return true;
    }

    private static boolean provideSpace(Batch batch, long blockIndex) throws IOException {
        long placeMib = batch.takeSpace(blockIndex);
        if (placeMib < 0) {
            return false;
        }
        batch.reserveNewBlock(blockIndex, placeMib);
        return true;
    }

    /** Only the first and the last block of a range can be covered in part. */
    private void requireFast(Batch batch) throws ZeroNotFastException {
        Disk disk = batch.disk();
        if (disk.zeroesFast() || request().lengthBytes() == 0) {
            return;
        }
        requireFast(batch, disk.blockOf(request().offsetBytes()));
        requireFast(batch, disk.blockOf(request().endBytes() - 1));
    }

    private void requireFast(Batch batch, long block) throws ZeroNotFastException {
        boolean keepsSpace = keepAllocated || batch.disk().fixed();
        boolean holdsData = batch.isPresent(block) || batch.leansOnParent(block);
        if (keepsSpace || (holdsData && !coversBlock(batch.disk(), block))) {
            throw new ZeroNotFastException("block " + block + " can only be zeroed by writing zeros");
        }
    }
}
