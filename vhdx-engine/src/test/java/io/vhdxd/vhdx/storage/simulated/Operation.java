package io.vhdxd.vhdx.storage.simulated;

import java.nio.ByteBuffer;

/**
 * Something that was done to a simulated file, and what the disk may do with it in a crash.
 *
 * <p>The disk takes an operation apart into <em>pieces</em> that survive one by one: the aligned sectors of a write, the
 * aligned pages of a hole. Pieces are numbered from 0.
 */
public sealed interface Operation {
    /** The unit that a crash never tears. */
    int SECTOR_BYTES = 512;

    /** The unit in which a crash tears holes and zeroed ranges, which a file system records in blocks. */
    int PAGE_BYTES = 4096;

    /** The operation's place in the order of all; the first has 1. */
    long sequence();

    /** A change of the content or the size, which waits for a sync. */
    sealed interface Change extends Operation {
        /** How many pieces of content the change consists of. */
        long pieceCount();

        /** Whether the file's size was another afterwards. */
        boolean changesSize();
    }

    /** A change of the content of a range. */
    sealed interface RangeChange extends Change {
        long offset();

        long length();

        /** The size in which pieces are aligned. */
        int pieceBytes();

        default long end() {
            return offset() + length();
        }

        @Override
        default long pieceCount() {
            return (end() - 1) / pieceBytes() - offset() / pieceBytes() + 1;
        }

        default long pieceStart(long piece) {
            return Math.max(offset(), (offset() / pieceBytes() + piece) * pieceBytes());
        }

        default long pieceEnd(long piece) {
            return Math.min(end(), (offset() / pieceBytes() + piece + 1) * pieceBytes());
        }
    }

    /**
     * A write of at least one byte; a gathering write is one as well.
     *
     * @param content what was written, from position 0 to its limit; read-only
     * @param sizeBefore the file's size before the write
     */
    record Write(long sequence, long offset, ByteBuffer content, long sizeBefore) implements RangeChange {
        @Override
        public long length() {
            return content.limit();
        }

        @Override
        public int pieceBytes() {
            return SECTOR_BYTES;
        }

        @Override
        public boolean changesSize() {
            return end() > sizeBefore;
        }
    }

    /** A hole of at least one byte, within the file. */
    record Punch(long sequence, long offset, long length) implements RangeChange {
        @Override
        public int pieceBytes() {
            return PAGE_BYTES;
        }

        @Override
        public boolean changesSize() {
            return false;
        }
    }

    /** A zeroing of at least one byte, within the file. */
    record Zero(long sequence, long offset, long length) implements RangeChange {
        @Override
        public int pieceBytes() {
            return PAGE_BYTES;
        }

        @Override
        public boolean changesSize() {
            return false;
        }
    }

    /** A change of the size alone. */
    record SetSize(long sequence, long size) implements Change {
        @Override
        public long pieceCount() {
            return 0;
        }

        @Override
        public boolean changesSize() {
            return true;
        }
    }

    /**
     * A sync.
     *
     * @param covered the sequence number of the last operation that was finished when the sync began
     * @param succeeded false if it failed, which leaves open what of the covered operations is durable
     */
    record Sync(long sequence, long covered, boolean succeeded) implements Operation {}
}
