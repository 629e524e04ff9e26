package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.measure.ImageObserver;
import io.vhdxd.vhdx.measure.RoundReason;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.PendingCompletion;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The JDK's Flight Recorder gets an event for each commit, round and replay. */
class FlightRecorderTest {
    @TempDir
    private Path directory;

    @Test
    @DisplayName("a write, a flush and the replay of what they left are recorded, with the image's name")
    void events() throws Exception {
        Path file = directory.resolve("disk.vhdx");
        Path crashed = directory.resolve("crashed.vhdx");
        new ImageCreation(DiskType.DYNAMIC, 64 << 20, 1 << 20, 512, 4096, 1 << 20).create(file);
        List<RecordedEvent> events;
        try (Recording recording = new Recording()) {
            recording.enable("vhdxd.Commit").withoutThreshold();
            recording.enable("vhdxd.Round").withoutThreshold();
            recording.enable("vhdxd.Replay").withoutThreshold();
            recording.start();
            try (VhdxImage image = VhdxImage.open(file, Access.READ_WRITE)) {
                writeAndFlush(image);
                Files.copy(file, crashed);
            }
            VhdxImage.open(crashed, Access.READ_WRITE).close();
            recording.stop();
            Path dump = directory.resolve("dump.jfr");
            recording.dump(dump);
            events = RecordingFile.readAllEvents(dump);
        }
        RecordedEvent commit = only(events, "vhdxd.Commit", file);
        assertThat(commit.getInt("requestCount")).isEqualTo(1);
        assertThat(commit.getInt("pageCount")).isEqualTo(1);
        // The recording has the events of each thread together, and two threads take turns with the rounds.
        List<RecordedEvent> rounds = events.stream()
                .filter(event -> event.getEventType().getName().equals("vhdxd.Round"))
                .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
        assertThat(rounds.getFirst().getString("reason")).isEqualTo("FLUSH");
        assertThat(rounds.getFirst().getInt("requestCount")).isEqualTo(1);
        assertThat(rounds.getFirst().getDuration("syncNanos"))
                .isLessThanOrEqualTo(rounds.getFirst().getDuration());
        RecordedEvent replay = only(events, "vhdxd.Replay", crashed);
        assertThat(replay.getInt("entryCount")).isPositive();
        assertThat(replay.getLong("pageCount")).isPositive();
    }

    private static void writeAndFlush(VhdxImage image) throws Exception {
        // An observer hears of the round after the flush is answered; the event follows at once.
        CountDownLatch roundTold = new CountDownLatch(1);
        image.observe(new ImageObserver() {
            @Override
            public void entryWritten(int requestCount, int pageCount) {
                // The event is what counts here.
            }

            @Override
            public void roundDone(RoundReason reason, int requestCount, long syncNanos) {
                roundTold.countDown();
            }
        });
        PendingCompletion written = new PendingCompletion();
        image.submit(new WriteRequest(0, new ByteBuffer[] {DiskModel.content(0, 1, 3)}, false, written));
        written.get();
        PendingCompletion flushed = new PendingCompletion();
        image.submit(new FlushRequest(flushed));
        flushed.get();
        roundTold.await();
    }

    private static RecordedEvent only(List<RecordedEvent> events, String name, Path image) {
        List<RecordedEvent> found = events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
        assertThat(found).hasSize(1);
        assertThat(found.getFirst().getString("image")).isEqualTo(image.toString());
        return found.getFirst();
    }
}
