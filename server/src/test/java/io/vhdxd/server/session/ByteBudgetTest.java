package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ByteBudgetTest {
    private final ByteBudget budget = new ByteBudget(100);
    private final List<String> granted = new ArrayList<>();

    @Test
    @DisplayName("What is there is taken at once")
    void take() {
        assertThat(budget.tryTake(60)).isTrue();
        assertThat(budget.tryTake(41)).isFalse();
        assertThat(budget.tryTake(40)).isTrue();
        assertThat(budget.takenBytes()).isEqualTo(100);
    }

    @Test
    @DisplayName("Who waits gets its turn in the order of asking: a small request does not overtake a large one")
    void order() {
        assertThat(budget.tryTake(60)).isTrue();
        wait(80, "large");
        wait(10, "small");
        assertThat(budget.tryTake(1)).as("somebody waits").isFalse();
        assertThat(granted).isEmpty();
        budget.give(60);
        assertThat(granted).containsExactly("large", "small");
        assertThat(budget.takenBytes()).isEqualTo(90);
        assertThat(budget.isContended()).isFalse();
    }

    @Test
    @DisplayName("Who waits for what is there already gets it at once")
    void noWait() {
        wait(100, "first");
        assertThat(granted).containsExactly("first");
    }

    @Test
    @DisplayName("Who stops waiting lets the next one pass")
    void cancel() {
        assertThat(budget.tryTake(60)).isTrue();
        ByteBudget.Waiter large = wait(80, "large");
        wait(10, "small");
        assertThat(budget.cancel(large)).isTrue();
        assertThat(granted).containsExactly("small");
        assertThat(budget.cancel(large)).isFalse();
        assertThat(budget.takenBytes()).isEqualTo(70);
    }

    @Test
    @DisplayName("No waiter is forgotten, whatever many threads do at once, and the limit holds")
    void manyThreads() throws InterruptedException {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("vhdxd.seed=" + seed);
        AtomicLong held = new AtomicLong();
        AtomicLong heldMax = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Random random = new Random(seed + i);
            threads.add(Thread.ofPlatform().start(() -> takeAndGive(random, held, heldMax)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(budget.takenBytes()).isZero();
        assertThat(budget.isContended()).isFalse();
        assertThat(heldMax.get()).isBetween(1L, 100L);
    }

    private void takeAndGive(Random random, AtomicLong held, AtomicLong heldMax) {
        for (int round = 0; round < 20_000; round++) {
            long bytes = random.nextLong(1, 101);
            if (!budget.tryTake(bytes)) {
                CountDownLatch turn = new CountDownLatch(1);
                ByteBudget.Waiter waiter = new ByteBudget.Waiter(bytes, turn::countDown);
                budget.takeWhenThere(waiter);
                if (random.nextInt(10) == 0 && budget.cancel(waiter)) {
                    continue;
                }
                try {
                    turn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            heldMax.accumulateAndGet(held.addAndGet(bytes), Math::max);
            held.addAndGet(-bytes);
            budget.give(bytes);
        }
    }

    private ByteBudget.Waiter wait(long bytes, String name) {
        ByteBudget.Waiter waiter = new ByteBudget.Waiter(bytes, () -> granted.add(name));
        budget.takeWhenThere(waiter);
        return waiter;
    }
}
