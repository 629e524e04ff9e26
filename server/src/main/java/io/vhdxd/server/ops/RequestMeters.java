package io.vhdxd.server.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.server.export.ExportMeter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one export's requests, all looked up at the start. A command that does not exist counts as "other", so that
 * no client makes new time series.
 */
final class RequestMeters implements ExportMeter {
    private static final int OTHER = Command.BLOCK_STATUS + 1;

    private final Timer[] durations = new Timer[OTHER];
    private final @Nullable Counter[] bytes = new @Nullable Counter[OTHER];
    private final List<Map<NbdError, Counter>> errors = new ArrayList<>();
    private final LongAdder inFlight = new LongAdder();
    private final Counter readMisses;

    RequestMeters(MeterRegistry registry, String export) {
        for (int command = 0; command <= OTHER; command++) {
            String label = label(command);
            if (command != OTHER) {
                durations[command] = Buckets.durations("vhdxd.request.duration")
                        .description("Time from the last byte of a request to its reply")
                        .tags("export", export, "command", label)
                        .register(registry);
                bytes[command] = hasRange(command) ? bytes(registry, export, label) : null;
            }
            errors.add(errors(registry, export, label));
        }
        readMisses = Counter.builder("vhdxd.read.misses")
                .description("Reads of up to 1 MiB that had to wait for the device")
                .tags("export", export)
                .register(registry);
        Gauge.builder("vhdxd.requests.in.flight", inFlight::sum)
                .description("Requests that have come and are not answered")
                .tags("export", export)
                .register(registry);
    }

    private static boolean hasRange(int command) {
        return switch (command) {
            case Command.READ, Command.WRITE, Command.TRIM, Command.WRITE_ZEROES -> true;
            default -> false;
        };
    }

    private static Counter bytes(MeterRegistry registry, String export, String command) {
        return Counter.builder("vhdxd.request.bytes")
                .baseUnit("bytes")
                .description("Bytes that were read, written, trimmed or zeroed")
                .tags("export", export, "command", command)
                .register(registry);
    }

    private static Map<NbdError, Counter> errors(MeterRegistry registry, String export, String command) {
        Map<NbdError, Counter> counters = new EnumMap<>(NbdError.class);
        for (NbdError error : NbdError.values()) {
            counters.put(
                    error,
                    Counter.builder("vhdxd.request.errors")
                            .description("Requests that were answered with an error")
                            .tags("export", export, "command", command, "error", error.name())
                            .register(registry));
        }
        return counters;
    }

    private static String label(int command) {
        return command == OTHER ? "other" : Command.nameOf(command).toLowerCase(Locale.ROOT);
    }

    @Override
    public void began() {
        inFlight.increment();
    }

    @Override
    public void answered(int command, long lengthBytes, long nanos, @Nullable NbdError error) {
        inFlight.decrement();
        durations[command].record(nanos, TimeUnit.NANOSECONDS);
        if (error != null) {
            failed(command, error);
            return;
        }
        Counter counter = bytes[command];
        if (counter != null) {
            counter.increment((double) lengthBytes);
        }
    }

    @Override
    public void dropped() {
        inFlight.decrement();
    }

    @Override
    public void refused(int command, NbdError error) {
        int known = command >= 0 && command < OTHER ? command : OTHER;
        failed(known, error);
    }

    private void failed(int command, NbdError error) {
        Objects.requireNonNull(errors.get(command).get(error)).increment();
    }

    @Override
    public void readMissed() {
        readMisses.increment();
    }
}
