package io.vhdxd.vhdx.interop;

/** What can be asked of a disk. */
sealed interface Change {
    long offsetBytes();

    long lengthBytes();

    default long endBytes() {
        return offsetBytes() + lengthBytes();
    }

    /** Fills a range with one byte. */
    record Write(long offsetBytes, long lengthBytes, byte value, boolean durable) implements Change {}

    /** As NBD's WRITE_ZEROES. */
    record Zero(long offsetBytes, long lengthBytes, boolean keepAllocated) implements Change {}

    /** As NBD's TRIM. */
    record Trim(long offsetBytes, long lengthBytes) implements Change {}

    record Flush() implements Change {
        @Override
        public long offsetBytes() {
            return 0;
        }

        @Override
        public long lengthBytes() {
            return 0;
        }
    }

    /** Makes the disk larger. */
    record Grow(long newSizeBytes) implements Change {
        @Override
        public long offsetBytes() {
            return 0;
        }

        @Override
        public long lengthBytes() {
            return 0;
        }
    }

    /** What the disk holds afterwards, for sure; a trim may have changed nothing. */
    default DiskRuns applyTo(DiskRuns before) {
        return switch (this) {
            case Write write -> filled(before, write.value());
            case Zero _, Trim _ -> filled(before, (byte) 0);
            case Flush _ -> before;
            case Grow grow -> before.grown(grow.newSizeBytes());
        };
    }

    private DiskRuns filled(DiskRuns before, byte value) {
        DiskRuns after = before.copy();
        after.fill(offsetBytes(), endBytes(), value);
        return after;
    }
}
