package io.vhdxd.server.session;

import io.vhdxd.server.export.Disk;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.ExtentVisitor;
import java.io.IOException;
import java.util.Arrays;

/** The extents of a range, found out piece by piece, each with a number that says what it is. Neighbours have different ones. */
final class Extents implements ExtentVisitor {
    /** What is to be known of an extent. */
    @FunctionalInterface
    interface Telling {
        /** The number of an extent, from what {@link ExtentVisitor} tells. */
        int numberOf(ExtentKind kind, int depth);
    }

    private final long offsetBytes;
    private final long lengthBytes;
    private final int countMax;
    private final Telling telling;
    private long[] lengthsBytes = new long[4];
    private int[] numbers = new int[4];
    private int count;
    private long coveredBytes;

    /** Whether there was another extent behind the last one that may be told. */
    private boolean full;

    /** @param countMax the extents behind the first so many are not looked for */
    Extents(long offsetBytes, long lengthBytes, int countMax, Telling telling) {
        this.offsetBytes = offsetBytes;
        this.lengthBytes = lengthBytes;
        this.countMax = countMax;
        this.telling = telling;
    }

    /**
     * Looks at the next piece of the range, at most so long.
     *
     * @return false if it takes waiting for the device to tell all of it
     */
    boolean tryAdvance(Disk disk, long bytesMax) throws IOException {
        return disk.tryExtents(positionBytes(), pieceBytes(bytesMax), this);
    }

    /** Looks at the next piece of the range, at most so long. Waits for the device if need be. */
    void advance(Disk disk, long bytesMax) throws IOException {
        disk.extents(positionBytes(), pieceBytes(bytesMax), this);
    }

    private long positionBytes() {
        return offsetBytes + coveredBytes;
    }

    private long pieceBytes(long bytesMax) {
        return Math.min(bytesMax, lengthBytes - coveredBytes);
    }

    /** Whether nothing is left to be found out. */
    boolean isComplete() {
        return full || coveredBytes == lengthBytes;
    }

    int count() {
        return count;
    }

    long lengthBytes(int index) {
        return lengthsBytes[index];
    }

    int number(int index) {
        return numbers[index];
    }

    /** The length of all extents together. */
    long coveredBytes() {
        return coveredBytes;
    }

    @Override
    public boolean extent(long extentOffsetBytes, long extentBytes, ExtentKind kind, int depth) {
        int extentNumber = telling.numberOf(kind, depth);
        if (count > 0 && numbers[count - 1] == extentNumber) {
            lengthsBytes[count - 1] += extentBytes;
        } else if (count == countMax) {
            full = true;
            return false;
        } else {
            add(extentBytes, extentNumber);
        }
        coveredBytes += extentBytes;
        return true;
    }

    private void add(long extentBytes, int extentNumber) {
        if (count == numbers.length) {
            lengthsBytes = Arrays.copyOf(lengthsBytes, 2 * count);
            numbers = Arrays.copyOf(numbers, 2 * count);
        }
        lengthsBytes[count] = extentBytes;
        numbers[count] = extentNumber;
        count++;
    }
}
