package io.vhdxd.bench;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.AccessGate;
import io.vhdxd.vhdx.map.BlockMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What every access costs for the sake of trims: being counted, and looking a block up. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class GateBenchmark {
    private static final long DISK_BYTES = 1L << 40;

    private final Geometry geometry = new Geometry(DISK_BYTES, 1 << 20, 512);
    private final BlockMap map = new BlockMap(geometry);
    private final AccessGate gate = new AccessGate();
    private long block;

    @Setup
    public void fill() {
        for (long i = 0; i < map.blockCount(); i++) {
            map.publish(i, BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, i + 4));
        }
    }

    @Benchmark
    public int lookUp() {
        block = (block + 7919) & (map.blockCount() - 1);
        return map.entry(block);
    }

    @Benchmark
    public int gatedLookUp() {
        int access = gate.enter();
        try {
            return lookUp();
        } finally {
            gate.exit(access);
        }
    }
}
