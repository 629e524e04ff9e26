package io.vhdxd.vhdx.request;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Who waits for an {@link ImageRequest}. */
public interface Completion {
    /**
     * The request has been carried out, or has failed. Called exactly once, on the writer's thread or, if the image
     * does not take the request, on the caller's: it must be quick and must not throw.
     *
     * @param failure null if it was carried out; {@link AbandonedException} if nobody waited for it any more
     */
    void completed(@Nullable IOException failure);

    /**
     * Whether nobody waits for the request any more, because its connection is gone. Asked on the writer's thread before
     * each step that changes the image; an abandoned request changes nothing from then on (promise R2).
     */
    default boolean isAbandoned() {
        return false;
    }
}
