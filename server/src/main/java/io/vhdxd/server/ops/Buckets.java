package io.vhdxd.server.ops;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.stream.LongStream;

/** The upper bounds of the histograms' buckets. They are few, because each is a time series for each export. */
final class Buckets {
    /** From a read out of the page cache to a disk that hangs. */
    private static final Duration[] DURATIONS = LongStream.of(
                    25, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_000_000, 10_000_000)
            .mapToObj(micros -> Duration.ofNanos(micros * 1000))
            .toArray(Duration[]::new);

    private static final double[] GROUP_SIZES = {1, 2, 4, 8, 16, 32, 64, 256};

    private Buckets() {}

    static Timer.Builder durations(String name) {
        return Timer.builder(name).serviceLevelObjectives(DURATIONS);
    }

    static DistributionSummary.Builder groupSizes(String name) {
        return DistributionSummary.builder(name).serviceLevelObjectives(GROUP_SIZES);
    }
}
