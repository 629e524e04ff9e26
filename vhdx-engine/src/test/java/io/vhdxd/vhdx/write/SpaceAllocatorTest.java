package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.map.SpaceMap;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SpaceAllocatorTest {
    private final SpaceMap space = new SpaceMap();

    @BeforeEach
    void useTheBeginning() {
        space.claim(0, 4);
    }

    @Test
    @DisplayName("there is nothing to take before a round has made it durable")
    void nothingBeforeTheFirstRound() {
        SpaceAllocator allocator = new SpaceAllocator(space, 1, true, 4);
        assertThat(allocator.take()).isEqualTo(-1);
        assertThat(allocator.hasShortage()).isTrue();
        StockPlan plan = allocator.plan(1000, List.of(), 0);
        assertThat(plan.fileEndMib()).isGreaterThan(4);
        assertThat(allocator.take()).isEqualTo(-1);
        allocator.restock(plan.punches(), plan.fileEndMib());
        assertThat(allocator.take()).isEqualTo(4);
        assertThat(allocator.take()).isEqualTo(5);
    }

    @Test
    @DisplayName("steps double while the stock runs out, and end at what the disk can need")
    void stepsDouble() {
        SpaceAllocator allocator = new SpaceAllocator(space, 1, true, 4);
        long neededMib = 100_000;
        long stepBefore = 0;
        for (int i = 0; i < 10; i++) {
            assertThat(allocator.take()).isEqualTo(-1);
            long endBefore = allocator.fileEndMib();
            StockPlan plan = allocator.plan(neededMib, List.of(), 0);
            long step = plan.fileEndMib() - endBefore;
            assertThat(step).isBetween(stepBefore, SpaceAllocator.STEP_MAX_MIB);
            allocator.restock(plan.punches(), plan.fileEndMib());
            for (long taken = 0; taken < step; taken++) {
                assertThat(allocator.take()).isNotNegative();
            }
            stepBefore = step;
        }
        assertThat(stepBefore).isEqualTo(SpaceAllocator.STEP_MAX_MIB);
        assertThat(allocator.plan(3, List.of(), 0).fileEndMib()).isEqualTo(allocator.fileEndMib() + 3);
    }

    @Test
    @DisplayName("free space in the file as it was opened is punched and used before the file grows")
    void gapsComeFirst() {
        space.claim(10, 2);
        space.claim(13, 7);
        SpaceAllocator allocator = new SpaceAllocator(space, 2, true, 24);
        StockPlan plan = allocator.plan(12, List.of(), 0);
        assertThat(plan.punches())
                .as("not the gap that is too small for a block")
                .containsExactly(new Run(4, 6), new Run(20, 4));
        assertThat(plan.fileEndMib()).isEqualTo(26);
        allocator.restock(plan.punches(), plan.fileEndMib());
        assertThat(allocator.plan(12, List.of(), 0).punches())
                .as("no gap twice")
                .isEmpty();
    }

    @Test
    @DisplayName("recycled space is handed out first, and nothing is handed out twice")
    void recycledSpaceComesFirst() {
        SpaceAllocator allocator = new SpaceAllocator(space, 4, true, 4);
        StockPlan first = allocator.plan(64, List.of(), 0);
        allocator.restock(first.punches(), first.fileEndMib());
        long place = allocator.take();
        long other = allocator.take();
        assertThat(other).isEqualTo(place + 4);
        StockPlan second = allocator.plan(64, List.of(new Run(place, 4)), 0);
        assertThat(second.punches()).containsExactly(new Run(place, 4));
        allocator.restock(second.punches(), second.fileEndMib());
        assertThat(allocator.take()).isEqualTo(place);
        assertThat(allocator.take()).isEqualTo(other + 4);
    }

    @Test
    @DisplayName("the file may be cut behind the last block that is in use")
    void releasedStock() {
        SpaceAllocator allocator = new SpaceAllocator(space, 2, true, 4);
        StockPlan plan = allocator.plan(100, List.of(), 0);
        allocator.restock(plan.punches(), plan.fileEndMib());
        allocator.take();
        allocator.take();
        assertThat(allocator.releaseStock()).isEqualTo(8);
    }
}
