package io.vhdxd.vhdx.format;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The two headers, and which of them is current ([MS-VHDX] 2.2.2.1).
 *
 * @param current the header that counts
 * @param currentSlot the slot that it is in: 0 for header 1, 1 for header 2
 * @param otherSlotValid whether the other slot holds a valid header too
 */
public record HeaderPair(Header current, int currentSlot, boolean otherSlotValid) {

    /**
     * Chooses the current header: the only valid one, or the valid one with the larger sequence number. Two headers with
     * the same number are accepted if they are the same to the last byte, as Disk2vhd writes them.
     *
     * @param first the {@link Header#BYTES} bytes of slot 0
     * @param second the {@link Header#BYTES} bytes of slot 1
     * @param findings is told of a slot that is not valid while the other is
     * @throws CorruptImageException if no header is current
     */
    public static HeaderPair choose(ByteBuffer first, ByteBuffer second, Findings findings)
            throws CorruptImageException {
        Slot slot0 = Slot.read(first, 0);
        Slot slot1 = Slot.read(second, 1);
        if (slot0.header == null && slot1.header == null) {
            throw new CorruptImageException(
                    "headers", -1, "no valid header (" + slot0.problem + "; " + slot1.problem + ")");
        }
        if (slot0.header == null) {
            return only(slot1, 1, slot0, findings);
        }
        if (slot1.header == null) {
            return only(slot0, 0, slot1, findings);
        }
        int order = Long.compareUnsigned(slot0.header.sequenceNumber(), slot1.header.sequenceNumber());
        if (order == 0 && !first.equals(second)) {
            throw new CorruptImageException(
                    "headers",
                    -1,
                    "both have the sequence number " + Long.toUnsignedString(slot0.header.sequenceNumber())
                            + " but differ, so neither is current");
        }
        return order >= 0 ? new HeaderPair(slot0.header, 0, true) : new HeaderPair(slot1.header, 1, true);
    }

    private static HeaderPair only(Slot valid, int slot, Slot other, Findings findings) {
        CorruptImageException problem = other.problem;
        Header header = valid.header;
        assert problem != null && header != null;
        findings.warning(
                problem.structure(), problem.fileOffsetBytes(), problem.problem() + "; the other header is used");
        return new HeaderPair(header, slot, false);
    }

    private record Slot(@Nullable Header header, @Nullable CorruptImageException problem) {
        static Slot read(ByteBuffer bytes, int slot) {
            try {
                return new Slot(Header.parse(bytes, slot), null);
            } catch (CorruptImageException e) {
                return new Slot(null, e);
            }
        }
    }
}
