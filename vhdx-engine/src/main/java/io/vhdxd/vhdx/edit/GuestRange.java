package io.vhdxd.vhdx.edit;

import java.util.List;

/**
 * A range of the virtual disk.
 *
 * @param lengthBytes greater than 0
 */
public record GuestRange(long offsetBytes, long lengthBytes) {
    public long endBytes() {
        return offsetBytes + lengthBytes;
    }

    /** Adds a range behind all others; the last one becomes longer if the new one begins at its end. */
    public static void append(List<GuestRange> ranges, long offsetBytes, long lengthBytes) {
        if (!ranges.isEmpty() && ranges.getLast().endBytes() == offsetBytes) {
            GuestRange last = ranges.removeLast();
            ranges.add(new GuestRange(last.offsetBytes, last.lengthBytes + lengthBytes));
        } else {
            ranges.add(new GuestRange(offsetBytes, lengthBytes));
        }
    }
}
