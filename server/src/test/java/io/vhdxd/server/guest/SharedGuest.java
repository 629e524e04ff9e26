package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * A guest without disks that all tests share which attach images to it over the network: to boot it takes longer than most
 * of them. Each test leaves no device attached and nothing mounted.
 */
final class SharedGuest implements BeforeAllCallback {
    private static final Namespace NAMESPACE = Namespace.create(SharedGuest.class);

    private @Nullable Guest guest;

    /** Ends the guest when all tests are over. */
    private record Running(Guest guest) implements AutoCloseable {
        static Running boot() {
            try {
                Path directory = Files.createTempDirectory("guest");
                return new Running(Guest.boot(directory));
            } catch (IOException e) {
                throw new AssertionError("the guest does not boot", e);
            }
        }

        @Override
        public void close() {
            guest.close();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        guest = context.getRoot()
                .getStore(NAMESPACE)
                .getOrComputeIfAbsent("guest", key -> Running.boot(), Running.class)
                .guest();
    }

    Guest get() {
        assertThat(guest).as("the guest of this test class").isNotNull();
        return guest;
    }
}
