package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.format.Header;

/**
 * When the watcher of an image is told what happens. While nobody looks, it is told all the same for some changes when the log
 * goes from one of its halves to the other.
 */
final class Watching {
    /** So many changes are watched from the moment on in which the log comes to its other half. */
    private static final int CHANGES_AT_LOG_HALF = 8;

    private final DrivenImage image;
    private final Watcher watcher;
    private boolean watched = true;
    private int changesToWatch;
    /** The half of the log that was written last. */
    private boolean inSecondHalf;

    Watching(DrivenImage image, Watcher watcher) {
        this.image = image;
        this.watcher = watcher;
    }

    void set(boolean on) {
        changesToWatch = 0;
        watched = on;
    }

    /** A change was made. */
    void changed() {
        if (watched) {
            watcher.changed(image);
        }
        if (changesToWatch > 0 && --changesToWatch == 0) {
            watched = false;
        }
    }

    void answered(boolean durably) {
        if (watched) {
            watcher.answered(image, durably);
        }
    }

    /** Something was written to the file; comes before {@link #changed}. */
    void written(long offsetBytes) {
        Header header = image.openedHeader();
        long inLogBytes = offsetBytes - header.logOffsetBytes();
        if (inLogBytes >= 0 && inLogBytes < header.logLengthBytes()) {
            boolean second = inLogBytes >= header.logLengthBytes() / 2;
            if (second != inSecondHalf && (changesToWatch > 0 || !watched)) {
                watched = true;
                changesToWatch = CHANGES_AT_LOG_HALF;
            }
            inSecondHalf = second;
        }
    }
}
