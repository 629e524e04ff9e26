package io.vhdxd.vhdx.map;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BlockMapTest {
    private final BlockMap map = new BlockMap(new Geometry(64L << 40, 1 << 20, 512));

    @ParameterizedTest
    @EnumSource(PayloadBlockState.class)
    @DisplayName("an entry holds its state and its place, up to the last MiB below 256 TiB")
    void entries(PayloadBlockState state) {
        for (long placeMib : new long[] {0, 1, 4096, BlockMap.FILE_OFFSET_LIMIT_MIB - 1}) {
            int entry = BlockMap.entryOf(state, placeMib);
            assertThat(BlockMap.state(entry)).isEqualTo(state);
            assertThat(BlockMap.fileOffsetMib(entry)).isEqualTo(placeMib);
            assertThat(BlockMap.fileOffsetBytes(entry)).isEqualTo(placeMib << 20);
            assertThat(BlockMap.isFullyPresent(entry)).isEqualTo(state == PayloadBlockState.FULLY_PRESENT);
            int damaged = BlockMap.damaged(entry);
            assertThat(BlockMap.isDamaged(damaged)).isTrue();
            assertThat(BlockMap.isFullyPresent(damaged)).isFalse();
            assertThat(BlockMap.fileOffsetMib(damaged)).isEqualTo(placeMib);
        }
    }

    @Test
    @DisplayName("the largest disk: every block is found, the rest is not present")
    void largestDisk() {
        assertThat(map.blockCount()).isEqualTo(1L << 26);
        int entry = BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, 77);
        map.publish((1L << 26) - 1, entry);
        assertThat(map.entry((1L << 26) - 1)).isEqualTo(entry);
        assertThat(map.entry((1L << 26) - 2)).isEqualTo(BlockMap.NOT_PRESENT);
        assertThat(map.entry(0)).isEqualTo(BlockMap.NOT_PRESENT);
        assertThat(map.nextMapped(0)).isEqualTo((1L << 26) - 1024);
        assertThat(map.nextMapped((1L << 26) - 1)).isEqualTo((1L << 26) - 1);
    }

    @Test
    @DisplayName("an empty map has no block to look at")
    void emptyMap() {
        assertThat(map.nextMapped(0)).isEqualTo(map.blockCount());
        map.publish(5, BlockMap.NOT_PRESENT);
        assertThat(map.nextMapped(0)).isEqualTo(map.blockCount());
    }
}
