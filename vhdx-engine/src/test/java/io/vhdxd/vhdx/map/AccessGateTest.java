package io.vhdxd.vhdx.map;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AccessGateTest {
    private final AccessGate gate = new AccessGate();

    @Test
    @DisplayName("a grace period ends with the last access that began before it")
    void graceWaitsForEarlierAccesses() {
        int first = gate.enter();
        int second = gate.enter();
        assertThat(gate.tryBeginGrace()).isTrue();
        assertThat(gate.isGraceOver()).isFalse();
        gate.exit(first);
        assertThat(gate.isGraceOver()).isFalse();
        gate.exit(second);
        assertThat(gate.isGraceOver()).isTrue();
    }

    @Test
    @DisplayName("a grace period does not wait for accesses that began after it")
    void graceIgnoresLaterAccesses() {
        assertThat(gate.tryBeginGrace()).isTrue();
        int later = gate.enter();
        assertThat(gate.isGraceOver()).isTrue();
        assertThat(gate.tryBeginGrace()).as("the next one").isTrue();
        assertThat(gate.isGraceOver()).isFalse();
        gate.exit(later);
        assertThat(gate.isGraceOver()).isTrue();
    }

    @Test
    @DisplayName("one grace period runs at a time")
    void oneAtATime() {
        int access = gate.enter();
        assertThat(gate.tryBeginGrace()).isTrue();
        assertThat(gate.tryBeginGrace()).isFalse();
        gate.exit(access);
        assertThat(gate.isGraceOver()).isTrue();
        assertThat(gate.tryBeginGrace()).isTrue();
    }

    @Test
    @DisplayName("the gate is idle when no access is running, in whichever generation it began")
    void idle() {
        assertThat(gate.isIdle()).isTrue();
        int first = gate.enter();
        assertThat(gate.tryBeginGrace()).isTrue();
        int second = gate.enter();
        gate.exit(second);
        assertThat(gate.isIdle()).isFalse();
        gate.exit(first);
        assertThat(gate.isIdle()).isTrue();
    }

    @Test
    @DisplayName("under concurrency: after a grace period nobody uses what was taken away before it")
    void concurrentAccesses() throws Exception {
        int rounds = 300;
        AtomicInteger published = new AtomicInteger();
        AtomicBoolean[] retired = new AtomicBoolean[rounds + 1];
        for (int i = 0; i <= rounds; i++) {
            retired[i] = new AtomicBoolean();
        }
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger violations = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                readers.add(threads.submit(() -> {
                    while (!stop.get()) {
                        int access = gate.enter();
                        int place = published.get();
                        for (int look = 0; look < 20; look++) {
                            if (retired[place].get()) {
                                violations.incrementAndGet();
                            }
                        }
                        gate.exit(access);
                    }
                }));
            }
            for (int round = 1; round <= rounds; round++) {
                published.set(round);
                assertThat(gate.tryBeginGrace()).isTrue();
                while (!gate.isGraceOver()) {
                    Thread.onSpinWait();
                }
                retired[round - 1].set(true);
            }
            stop.set(true);
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
        assertThat(violations).hasValue(0);
        assertThat(gate.isIdle()).isTrue();
    }
}
