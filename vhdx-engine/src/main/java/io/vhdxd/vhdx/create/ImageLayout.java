package io.vhdxd.vhdx.create;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;

/**
 * Where the parts of a new image stand, in the order in which Hyper-V places them: headers, log, metadata, BAT, payload
 * blocks. All of it is on whole MiB.
 *
 * @param fixed whether all blocks have their space from the beginning
 * @param hasParent whether it is the image of a differencing disk, whose BAT has an entry more for its last chunk
 */
public record ImageLayout(Geometry geometry, boolean fixed, boolean hasParent, long logLengthBytes) {
    static final long LOG_OFFSET_BYTES = Geometry.MIB;
    static final long METADATA_LENGTH_BYTES = Geometry.MIB;

    /** The layout of an image without a parent. */
    public ImageLayout(Geometry geometry, boolean fixed, long logLengthBytes) {
        this(geometry, fixed, false, logLengthBytes);
    }

    long metadataOffsetBytes() {
        return LOG_OFFSET_BYTES + logLengthBytes;
    }

    long batOffsetBytes() {
        return metadataOffsetBytes() + METADATA_LENGTH_BYTES;
    }

    /** At least 1 MiB, also for a disk without blocks: other readers expect a BAT. */
    long batLengthBytes() {
        long needed = geometry.batEntryCount(hasParent) * BatEntry.BYTES;
        return Math.max(1, (needed + Geometry.MIB - 1) / Geometry.MIB) * Geometry.MIB;
    }

    long payloadOffsetBytes() {
        return batOffsetBytes() + batLengthBytes();
    }

    /** Where a fixed image has a block, in MiB. */
    long blockOffsetMib(long blockIndex) {
        return payloadOffsetBytes() / Geometry.MIB + blockIndex * geometry.blockSizeMib();
    }

    /** The bytes that the blocks of a fixed image take; the last block is whole, also if the disk ends inside it. */
    long payloadLengthBytes() {
        return fixed ? geometry.blockCount() * geometry.blockSizeBytes() : 0;
    }

    /** The size of the file. */
    public long fileSizeBytes() {
        return payloadOffsetBytes() + payloadLengthBytes();
    }
}
