package io.vhdxd.vhdx.sequences;

import java.nio.file.Path;

/** What one image of a chain has to hold. */
final class Layer {
    /** Of {@link #decided}: the sector is read from further down the chain. */
    static final long NO = 0;
    /** The image itself decides what is in the sector. */
    static final long YES = 1;
    /** It does, or what is further down reads as zeros as well. */
    static final long MAYBE = 2;

    Path file;
    final boolean fixed;
    final int blockSizeBytes;
    final int sectorBytes;
    /** The stamps of all that is read from the image, with all that is below. */
    Runs content;
    /** Which image decides each byte. */
    Runs decided;

    /** A new layer over another, or over nothing. */
    Layer(Path file, boolean fixed, int blockSizeBytes, int sectorBytes, Runs content) {
        this.file = file;
        this.fixed = fixed;
        this.blockSizeBytes = blockSizeBytes;
        this.sectorBytes = sectorBytes;
        this.content = content;
        this.decided = new Runs(content.sizeBytes());
    }

    long sizeBytes() {
        return content.sizeBytes();
    }

    void wrote(long startBytes, long endBytes, long stamp) {
        content.fill(startBytes, endBytes, stamp);
        decided.fill(startOfSector(startBytes), endOfSector(endBytes), YES);
    }

    /** Parts of a range may have become zeros; what was found there is in the content already. */
    void trimmed(long startBytes, long endBytes) {
        mayDecide(startOfSector(startBytes), endOfSector(endBytes));
    }

    void resized(long newSizeBytes) {
        long before = sizeBytes();
        content = content.resized(newSizeBytes);
        decided = decided.resized(newSizeBytes);
        if (newSizeBytes > before) {
            mayDecide(before, newSizeBytes);
        }
    }

    /** Takes in all that its child decides. */
    void merged(Layer child) {
        if (child.sizeBytes() > sizeBytes()) {
            resized(child.sizeBytes());
        }
        child.content.visit(0, child.sizeBytes(), content::fill);
        child.decided.visit(0, child.sizeBytes(), (start, end, value) -> {
            if (value == YES) {
                decided.fill(start, end, YES);
            } else if (value == MAYBE) {
                mayDecide(start, end);
            }
        });
    }

    private void mayDecide(long startBytes, long endBytes) {
        Runs before = decided.resized(sizeBytes());
        before.visit(startBytes, endBytes, (start, end, value) -> {
            if (value == NO) {
                decided.fill(start, end, MAYBE);
            }
        });
    }

    private long startOfSector(long offsetBytes) {
        return offsetBytes / sectorBytes * sectorBytes;
    }

    private long endOfSector(long offsetBytes) {
        return Math.ceilDiv(offsetBytes, (long) sectorBytes) * sectorBytes;
    }
}
