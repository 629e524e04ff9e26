package io.vhdxd.vhdx.testing;

import io.vhdxd.vhdx.request.Completion;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** A completion that a test waits for. */
public final class PendingCompletion implements Completion {
    private final CompletableFuture<Void> future = new CompletableFuture<>();

    @Override
    public void completed(@Nullable IOException failure) {
        if (failure == null) {
            future.complete(null);
        } else {
            future.completeExceptionally(failure);
        }
    }

    /** Whether the request is complete. */
    public boolean isDone() {
        return future.isDone();
    }

    /** Waits until the request is carried out. */
    public void get() throws IOException {
        try {
            future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
