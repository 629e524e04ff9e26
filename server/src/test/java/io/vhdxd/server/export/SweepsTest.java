package io.vhdxd.server.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("R2, SEC-07: newcomers have all connections looked at, together")
class SweepsTest {
    private static final int CONNECTIONS = 1000;

    /** Looks that were asked for and have not begun. */
    private final ArrayDeque<Runnable> asked = new ArrayDeque<>();

    private final Set<Export.Attachment> connections = new HashSet<>();
    private final Sweeps sweeps = new Sweeps(connections);
    private int lookCount;

    private void connect(int count) {
        for (int i = 0; i < count; i++) {
            connections.add((looked, examined) -> asked.add(() -> {
                lookCount++;
                examined.run();
                looked.run();
            }));
        }
    }

    private void runAll() {
        while (!asked.isEmpty()) {
            asked.remove().run();
        }
    }

    @Test
    @DisplayName("Without connections there is nothing to wait for")
    void none() {
        List<Integer> swept = new ArrayList<>();
        sweeps.add(() -> swept.add(1));
        sweeps.add(() -> swept.add(2));
        assertThat(swept).containsExactly(1, 2);
    }

    @Test
    @DisplayName("Many who come during a sweep share the next one; the running one has come too early for them")
    void shared() {
        connect(CONNECTIONS);
        List<Integer> swept = new ArrayList<>();
        sweeps.add(() -> swept.add(0));
        asked.remove().run();
        for (int i = 1; i <= 100; i++) {
            int newcomer = i;
            sweeps.add(() -> swept.add(newcomer));
        }
        while (lookCount < CONNECTIONS) {
            assertThat(swept).isEmpty();
            asked.remove().run();
        }
        assertThat(swept).containsExactly(0);
        runAll();
        assertThat(swept).hasSize(101);
        assertThat(lookCount).isEqualTo(2 * CONNECTIONS);
    }

    @Test
    @DisplayName("So many looks are asked for in a row, and no more")
    void inARow() {
        connect(CONNECTIONS);
        sweeps.add(() -> {});
        assertThat(asked).hasSize(Sweeps.LOOKS_IN_A_ROW);
        runAll();
        assertThat(lookCount).isEqualTo(CONNECTIONS);
    }

    @Test
    @DisplayName("A connection whose examination takes long keeps those back who came before, but not the next sweep")
    void slowExamination() {
        List<Runnable> slow = new ArrayList<>();
        connections.add((looked, examined) -> {
            slow.add(examined);
            looked.run();
        });
        List<Integer> swept = new ArrayList<>();
        sweeps.add(() -> swept.add(1));
        sweeps.add(() -> swept.add(2));
        assertThat(slow).hasSize(2);
        assertThat(swept).isEmpty();
        slow.get(1).run();
        assertThat(swept).containsExactly(2);
        slow.get(0).run();
        assertThat(swept).containsExactly(2, 1);
    }
}
