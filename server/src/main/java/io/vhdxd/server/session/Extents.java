package io.vhdxd.server.session;

import io.vhdxd.server.export.Disk;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.ExtentVisitor;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** The extents of a range, as numbers that stand for their kinds. Neighbours have different numbers. */
final class Extents implements ExtentVisitor {
    private final int countMax;
    private final ToIntFunction<ExtentKind> number;
    private long[] lengthsBytes = new long[4];
    private int[] numbers = new int[4];
    private int count;
    private long coveredBytes;

    private Extents(int countMax, ToIntFunction<ExtentKind> number) {
        this.countMax = countMax;
        this.number = number;
    }

    /** The first extents of a range, at most so many; null if it takes waiting for the device to tell them. */
    static @Nullable Extents tryOf(
            Disk disk, long offsetBytes, long lengthBytes, int countMax, ToIntFunction<ExtentKind> number)
            throws IOException {
        Extents extents = new Extents(countMax, number);
        return disk.tryExtents(offsetBytes, lengthBytes, extents) ? extents : null;
    }

    /** The first extents of a range, at most so many. Waits for the device if need be. */
    static Extents of(Disk disk, long offsetBytes, long lengthBytes, int countMax, ToIntFunction<ExtentKind> number)
            throws IOException {
        Extents extents = new Extents(countMax, number);
        disk.extents(offsetBytes, lengthBytes, extents);
        return extents;
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
    public boolean extent(long offsetBytes, long lengthBytes, ExtentKind kind, int depth) {
        int extentNumber = number.applyAsInt(kind);
        if (count > 0 && numbers[count - 1] == extentNumber) {
            lengthsBytes[count - 1] += lengthBytes;
        } else if (count == countMax) {
            return false;
        } else {
            add(lengthBytes, extentNumber);
        }
        coveredBytes += lengthBytes;
        return true;
    }

    private void add(long lengthBytes, int extentNumber) {
        if (count == numbers.length) {
            lengthsBytes = Arrays.copyOf(lengthsBytes, 2 * count);
            numbers = Arrays.copyOf(numbers, 2 * count);
        }
        lengthsBytes[count] = lengthBytes;
        numbers[count] = extentNumber;
        count++;
    }
}
