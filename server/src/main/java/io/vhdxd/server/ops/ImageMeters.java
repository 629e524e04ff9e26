package io.vhdxd.server.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.measure.ImageObserver;
import io.vhdxd.vhdx.measure.RoundReason;
import io.vhdxd.vhdx.measure.WriterState;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The meters of one open image. Those of its writer are there only if it is open for writing. */
final class ImageMeters implements ImageObserver {
    private final MeterRegistry registry;
    private final String export;
    private final VhdxImage image;
    private final DistributionSummary entryRequests;
    private final Counter entryPages;
    private final Timer syncs;
    private final DistributionSummary roundRequests;
    private final Map<RoundReason, Counter> rounds = new EnumMap<>(RoundReason.class);

    private ImageMeters(MeterRegistry registry, String export, VhdxImage image) {
        this.registry = registry;
        this.export = export;
        this.image = image;
        entryRequests = Buckets.groupSizes("vhdxd.commit.requests")
                .description("Requests that share an entry of the log")
                .tags("export", export)
                .register(registry);
        entryPages = Counter.builder("vhdxd.commit.pages")
                .description("Pages of the block table that were logged")
                .tags("export", export)
                .register(registry);
        syncs = Buckets.durations("vhdxd.sync.duration")
                .description("Time of the syncs that end the writer's rounds")
                .tags("export", export)
                .register(registry);
        roundRequests = Buckets.groupSizes("vhdxd.round.requests")
                .description("Requests that share a sync")
                .tags("export", export)
                .register(registry);
        for (RoundReason reason : RoundReason.values()) {
            rounds.put(
                    reason,
                    Counter.builder("vhdxd.rounds")
                            .description("Rounds of the writer, which end with a sync, by what they were begun for")
                            .tags("export", export, "reason", reason.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
    }

    static void bind(MeterRegistry registry, String export, VhdxImage image) {
        gauge(registry, export, "vhdxd.image.size", "bytes", "The size of the disk", image::virtualSizeBytes);
        int blockBytes = image.info().blockSizeBytes();
        gauge(registry, export, "vhdxd.image.block.size", "bytes", "The size of a block", () -> blockBytes);
        gauge(
                registry,
                export,
                "vhdxd.image.failed",
                null,
                "1 after a failure that ends all changes until the image is opened again",
                () -> image.failure() == null ? 0 : 1);
        if (image.writerState() != null) {
            ImageMeters meters = new ImageMeters(registry, export, image);
            meters.bindState();
            image.observe(meters);
        }
    }

    private void bindState() {
        state("vhdxd.image.file.size", "bytes", "The size of the file", WriterState::fileSizeBytes);
        state("vhdxd.image.present.blocks", null, "Blocks with space of their own", WriterState::presentBlockCount);
        state("vhdxd.log.used", "bytes", "What of the log is written and not wiped", WriterState::logUsedBytes);
        state("vhdxd.log.capacity", "bytes", "What of the log is used at most", WriterState::logCapacityBytes);
        state("vhdxd.log.pending.pages", null, "Logged pages that are not in place", WriterState::pagesNotInPlace);
        state("vhdxd.writer.waiting.requests", null, "Requests that the writer has", WriterState::waitingRequestCount);
        FunctionCounter.builder(
                        "vhdxd.writer.turns", image, opened -> state(opened).turnCount())
                .description("Turns of the writer's duty cycle")
                .tags("export", export)
                .register(registry);
    }

    private void state(String name, @Nullable String unit, String text, ToDoubleFunction<WriterState> value) {
        gauge(registry, export, name, unit, text, () -> value.applyAsDouble(state(image)));
    }

    private static WriterState state(VhdxImage image) {
        return Objects.requireNonNull(image.writerState());
    }

    private static void gauge(
            MeterRegistry registry,
            String export,
            String name,
            @Nullable String unit,
            String text,
            Supplier<Number> value) {
        Gauge.builder(name, value)
                .baseUnit(unit)
                .description(text)
                .tags("export", export)
                .register(registry);
    }

    @Override
    public void entryWritten(int requestCount, int pageCount) {
        entryRequests.record(requestCount);
        entryPages.increment(pageCount);
    }

    @Override
    public void roundDone(RoundReason reason, int requestCount, long syncNanos) {
        Objects.requireNonNull(rounds.get(reason)).increment();
        syncs.record(syncNanos, TimeUnit.NANOSECONDS);
        roundRequests.record(requestCount);
    }
}
