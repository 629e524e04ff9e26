package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Whether an image may still be changed (promise R4). The first failure of a sync, of a log write or of a payload write
 * ends that for good: what the disk holds then is not known any more, and only the replay of the next opening
 * finds it out.
 */
public final class ImageHealth {
    private final String imageName;
    private final AtomicReference<@Nullable Throwable> cause = new AtomicReference<>();

    public ImageHealth(String imageName) {
        this.imageName = imageName;
    }

    String imageName() {
        return imageName;
    }

    /** Marks the image as failed. Only the first cause is kept; later ones are attached to it. */
    public void fail(Throwable failure) {
        if (!cause.compareAndSet(null, failure)) {
            Throwable first = cause.get();
            assert first != null;
            if (!first.equals(failure)) {
                first.addSuppressed(failure);
            }
        }
    }

    public boolean hasFailed() {
        return cause.get() != null;
    }

    /** What made the image fail; null if it has not. */
    public @Nullable Throwable cause() {
        return cause.get();
    }

    /** Refuses a change to an image that has failed. */
    public void check() throws ImageFailedException {
        if (hasFailed()) {
            throw exception();
        }
    }

    /** The error of every change that is asked of a failed image. */
    ImageFailedException exception() {
        Throwable failure = cause.get();
        assert failure != null;
        return new ImageFailedException(
                imageName + " takes no more changes since an earlier failure: " + failure.getMessage()
                        + "; it has to be opened again",
                failure);
    }
}
