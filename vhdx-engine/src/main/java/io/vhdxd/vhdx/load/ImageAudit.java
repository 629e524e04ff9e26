package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;

/** Looks at what an opening does not need: where the file's space went. All that it tells is legal. */
public final class ImageAudit {
    private ImageAudit() {}

    /** Tells the log's state, the blocks and the space that nothing uses, as notes. */
    public static void audit(LoadedImage image, Findings findings) {
        noteLog(image, findings);
        noteBlocks(image, findings);
        noteUnusedSpace(image, findings);
    }

    private static void noteLog(LoadedImage image, Findings findings) {
        var sequence = image.activeSequence();
        if (sequence != null) {
            findings.note(
                    "log",
                    sequence.logOffsetBytes(),
                    sequence.entries().size() + " entries with " + image.replayedPageCount()
                            + " pages are not replayed yet; the findings are about the image as it will be then");
        }
    }

    private static void noteBlocks(LoadedImage image, Findings findings) {
        BlockMap blocks = image.blockMap();
        long anchored = 0;
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            int entry = blocks.entry(block);
            if (BlockMap.fileOffsetMib(entry) != 0 && !BlockMap.isPresent(entry) && !BlockMap.isDamaged(entry)) {
                anchored++;
            }
        }
        long bat = image.regions().bat().fileOffsetBytes();
        findings.note("BAT", bat, image.presentBlockCount() + " of " + blocks.blockCount() + " blocks are present");
        if (anchored > 0) {
            findings.note("BAT", bat, anchored + " blocks without content keep their former space");
        }
        boolean fixed = image.metadata().fileParameters().leaveBlocksAllocated();
        if (fixed && image.presentBlockCount() < blocks.blockCount()) {
            findings.note("BAT", bat, "the disk is a fixed one, but not all of its blocks have their space");
        }
    }

    private static void noteUnusedSpace(LoadedImage image, Findings findings) {
        SpaceMap space = image.spaceMap();
        long endMib =
                Math.min((image.fileSizeBytes() + Geometry.MIB - 1) / Geometry.MIB, BlockMap.FILE_OFFSET_LIMIT_MIB);
        long unused = 0;
        long at = space.nextFreeMib(0);
        while (at < endMib) {
            long used = space.nextUsedMib(at);
            long end = used < 0 ? endMib : Math.min(used, endMib);
            unused += end - at;
            at = space.nextFreeMib(end);
        }
        if (unused > 0) {
            findings.note("file", -1, unused + " MiB of " + endMib + " MiB belong to nothing");
        }
    }
}
