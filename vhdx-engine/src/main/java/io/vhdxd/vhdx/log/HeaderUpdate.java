package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.function.UnaryOperator;

/**
 * Writes the headers, one after the other, so that one valid header is in the file at any time ([MS-VHDX] 2.2.2.1). Not
 * thread-safe. After a failure it must not be used again: which header is current is then known only to the next opening.
 */
public final class HeaderUpdate {
    /** The last sequence numbers are left unused, so that no session runs out of them halfway. */
    private static final long SEQUENCE_NUMBER_LIMIT = -1L << 20;

    private final Storage storage;
    private Header current;
    private int currentSlot;
    private boolean otherSlotValid;
    private boolean confirmed;

    /** Continues from the headers that the file holds. */
    public HeaderUpdate(Storage storage, HeaderPair headers) {
        this.storage = storage;
        this.current = headers.current();
        this.currentSlot = headers.currentSlot();
        this.otherSlotValid = headers.otherSlotValid();
    }

    /** Whether sequence numbers are left for more updates after this header. */
    public static boolean hasRoomAfter(Header header) {
        return Long.compareUnsigned(header.sequenceNumber(), SEQUENCE_NUMBER_LIMIT) < 0;
    }

    /** The header that is current in the file. */
    public Header current() {
        return current;
    }

    /** The headers as the file holds them. */
    public HeaderPair headers() {
        return new HeaderPair(current, currentSlot, otherSlotValid);
    }

    /**
     * Changes the current header, and writes it to both slots: first over the header that is not current, then, when that is
     * durable, over the other one. The one that was found is made durable before. Afterwards both are the same but for their sequence numbers, also where one slot
     * was damaged before.
     *
     * @param change must leave the sequence number alone
     * @return the header that is current afterwards
     * @throws ReadOnlyImageException if the sequence numbers are used up; nothing was written
     */
    public Header write(UnaryOperator<Header> change) throws IOException {
        requireRoom();
        if (!confirmed) {
            settleFound();
        }
        Header changed = change.apply(current);
        writeOther(changed);
        writeOther(changed);
        return current;
    }

    /**
     * Makes the header durable that was found, in both slots, with two syncs; nothing if it was done, or if an update was. What the
     * file shows may be nowhere but in the page cache: a writer that was killed has not synced it, or its sync has failed, and
     * then no later sync makes up for that. An older header may say that the log is in use, so this comes before anything that
     * its replay could not stand: above all before the first change of the log.
     *
     * @throws ReadOnlyImageException if the sequence numbers are used up; nothing was written
     */
    public void confirm() throws IOException {
        if (confirmed) {
            return;
        }
        requireRoom();
        settleFound();
        writeOther(current);
    }

    /** Writes the header that was found to where it is, as the other one is durable; or over the other one if that is not valid. */
    private void settleFound() throws IOException {
        if (otherSlotValid) {
            storage.write(current.encode(), Header.slotOffsetBytes(currentSlot));
            storage.sync();
        } else {
            writeOther(current);
        }
        confirmed = true;
    }

    private void requireRoom() throws ReadOnlyImageException {
        if (!hasRoomAfter(current)) {
            throw new ReadOnlyImageException("the headers cannot be updated: sequence number "
                    + Long.toUnsignedString(current.sequenceNumber()) + ", expected less than "
                    + Long.toUnsignedString(SEQUENCE_NUMBER_LIMIT));
        }
    }

    private void writeOther(Header header) throws IOException {
        Header next = header.withSequenceNumber(current.sequenceNumber() + 1);
        int slot = 1 - currentSlot;
        storage.write(next.encode(), Header.slotOffsetBytes(slot));
        storage.sync();
        current = next;
        currentSlot = slot;
        otherSlotValid = true;
    }
}
