package io.vhdxd.server.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class LeftoversTest {
    private final Leftovers leftovers = new Leftovers();
    private final List<String> released = new ArrayList<>();

    @Test
    @DisplayName("Who asks while there are none is let through at once")
    void none() {
        leftovers.whenNone(() -> released.add("a"));
        assertThat(released).containsExactly("a");
    }

    @Test
    @DisplayName("Who asks while there are some is let through, once, when the last one is done")
    void some() {
        leftovers.add(2);
        leftovers.whenNone(() -> released.add("a"));
        leftovers.add(1);
        leftovers.whenNone(() -> released.add("b"));
        leftovers.oneDone();
        leftovers.oneDone();
        assertThat(leftovers.isNone()).isFalse();
        assertThat(released).isEmpty();
        leftovers.oneDone();
        assertThat(released).containsExactly("a", "b");
        assertThat(leftovers.isNone()).isTrue();
        leftovers.add(1);
        leftovers.oneDone();
        assertThat(released).containsExactly("a", "b");
    }
}
