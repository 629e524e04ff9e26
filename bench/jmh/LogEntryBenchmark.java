package io.vhdxd.bench;

import io.vhdxd.vhdx.format.LogEntryEncoder;
import io.vhdxd.vhdx.format.LogPage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the making of a log entry costs, by the number of its pages. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class LogEntryBenchmark {
    private static final int PAGE_BYTES = 4096;
    private static final UUID LOG_GUID = new UUID(1, 2);

    @Param({"1", "2", "8"})
    public int pages;

    private final List<LogPage> content = new ArrayList<>();
    private ByteBuffer entry;
    private long sequenceNumber;

    @Setup
    public void fill() {
        for (int i = 0; i < pages; i++) {
            content.add(new LogPage((3L << 20) + (long) i * PAGE_BYTES, ByteBuffer.allocate(PAGE_BYTES)));
        }
        entry = ByteBuffer.allocateDirect(LogEntryEncoder.encodedLengthBytes(pages));
    }

    @Benchmark
    public ByteBuffer encode() {
        sequenceNumber++;
        LogEntryEncoder.encode(entry, sequenceNumber, 0, LOG_GUID, 1L << 30, 1L << 30, content);
        return entry;
    }
}
