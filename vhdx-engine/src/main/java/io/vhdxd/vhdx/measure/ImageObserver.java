package io.vhdxd.vhdx.measure;

/**
 * Is told what the writer of an image does, on the writer's thread: it must be quick, and must not throw.
 *
 * @see io.vhdxd.vhdx.VhdxImage#observe
 */
public interface ImageObserver {
    /** Observes nothing. */
    ImageObserver NONE = new ImageObserver() {
        @Override
        public void entryWritten(int requestCount, int pageCount) {
            // Nobody wants to know.
        }

        @Override
        public void roundDone(RoundReason reason, int requestCount, long syncNanos) {
            // Nobody wants to know.
        }
    };

    /**
     * An entry was written to the log.
     *
     * @param requestCount the requests that were carried out, all or their last part, with this entry
     * @param pageCount the pages of the BAT that the requests have changed
     */
    void entryWritten(int requestCount, int pageCount);

    /**
     * A round is done, and the sync that ends it.
     *
     * @param requestCount the requests that waited for it
     * @param syncNanos how long the sync alone took
     */
    void roundDone(RoundReason reason, int requestCount, long syncNanos);
}
