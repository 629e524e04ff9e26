package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.storage.simulated.Operation.Write;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What an entry holds, and when its room is used again. */
class LogWriterTest {
    private static final long MIB = 1 << 20;
    private static final int SECTOR = 4096;
    private static final int AREA_SECTORS = 128;

    private final SimulatedStorage storage = new SimulatedStorage();
    private final LogWriter log = new LogWriter(storage, MIB, MIB, new UUID(1, 2));

    @Test
    @DisplayName("an entry repeats what an earlier round made durable in the log and is not in place")
    void entriesRepeatWhatIsDurable() throws IOException {
        append(1, 2);
        assertThat(log.nextEntryPages()).as("nothing of it can be durable").isEmpty();
        LogRound round = log.beginRound(false);
        assertThat(log.nextEntryPages()).as("the round may make it durable").containsExactly(page(1), page(2));
        append(3);
        round.finish().run();
        assertThat(log.nextEntryPages()).containsExactly(page(1), page(2));
    }

    @Test
    @DisplayName("a page is in place after the round that brought it there, unless it has changed meanwhile")
    void pagesComeToTheirPlace() throws IOException {
        append(1, 2);
        round(true);
        LogRound applying = log.beginRound(true);
        assertThat(places(applying)).containsExactly(page(1), page(2));
        append(2);
        applying.finish().run();
        assertThat(log.isAllInPlace()).isFalse();
        LogRound next = log.beginRound(true);
        assertThat(places(next)).as("only what is durable in the log").isEmpty();
        next.finish().run();
        assertThat(places(round(true))).containsExactly(page(2));
        assertThat(log.isAllInPlace()).isTrue();
    }

    @Test
    @DisplayName("a page is brought to its place as it was when it became durable, not as it is")
    void appliesTheDurableSnapshot() throws IOException {
        log.append(List.of(new LogPage(page(1), content(7))), 4 * MIB);
        round(true);
        log.append(List.of(new LogPage(page(1), content(8))), 4 * MIB);
        assertThat(log.beginRound(true).pages().getFirst().content()).isEqualTo(content(7));
    }

    @Test
    @DisplayName("more pages than an entry can hold: no entry until some are in place")
    void blockedByManyPages() throws IOException {
        for (int i = 0; i < 20; i++) {
            append(i);
        }
        LogRound first = log.beginRound(false);
        assertThat(log.nextEntryPages()).isNull();
        assertThat(log.wantsRound()).isTrue();
        first.finish().run();
        assertThat(log.nextEntryPages()).isNull();
        assertThat(places(round(false))).hasSize(20);
        assertThat(log.nextEntryPages()).isEmpty();
        assertThat(log.isAllInPlace()).isTrue();
    }

    @Test
    @DisplayName("an area is used again only when it was wiped and the zeros are durable")
    void areasAreWiped() throws IOException {
        storage.startRecording();
        int entries = 0;
        while (log.nextEntryPages() != null && entries < 1000) {
            append(entries % 3);
            entries++;
        }
        assertThat(entries).as("entries until both areas are full").isLessThan(AREA_SECTORS + 1);
        assertThat(log.wantsRound()).isTrue();

        LogRound durable = round(false);
        assertThat(durable.wipeLengthBytes())
                .as("not yet: the second area may be lost")
                .isZero();
        assertThat(log.nextEntryPages()).isNull();
        LogRound wiping = log.beginRound(false);
        assertThat(wiping.wipeOffsetBytes()).isEqualTo(MIB);
        assertThat(wiping.wipeLengthBytes()).isBetween(100 * SECTOR, (AREA_SECTORS - 1) * SECTOR);
        assertThat(log.nextEntryPages()).as("the zeros may be lost").isNull();
        wiping.finish().run();
        append(0);
        Write last = (Write) storage.recording().getLast();
        assertThat(last.offset()).isEqualTo(MIB);
    }

    @Test
    @DisplayName("the first entry of an area holds every page that is not in place")
    void firstEntryHoldsAll() throws IOException {
        storage.startRecording();
        append(1, 2, 3);
        while (last().end() < MIB + (AREA_SECTORS - 15) * SECTOR) {
            append(4);
        }
        assertThat(log.nextEntryPages()).containsExactly(page(1), page(2), page(3), page(4));
        append(5);
        assertThat(last().offset()).isEqualTo(MIB + AREA_SECTORS * SECTOR);
        assertThat(last().length()).isEqualTo(6 * SECTOR);
    }

    @Test
    @DisplayName(
            "a page that did not change since it became durable is brought to its place; one that did stays in the log")
    void changingPagesStay() throws IOException {
        append(1, 2);
        round(false);
        append(2);
        assertThat(places(round(false))).containsExactly(page(1));
        append(2);
        assertThat(places(round(false))).isEmpty();
        assertThat(log.nextEntryPages()).containsExactly(page(2));
        assertThat(places(round(false))).containsExactly(page(2));
        assertThat(log.isAllInPlace()).isTrue();
    }

    private Write last() {
        return (Write) storage.recording().getLast();
    }

    @Test
    @DisplayName("the last sector of an area is never written, so no entry stands directly before an older one")
    void lastSectorStaysFree() throws IOException {
        storage.startRecording();
        for (int i = 0; i < 2000; i++) {
            if (log.nextEntryPages() == null) {
                round(false);
            } else {
                append(i % 14);
            }
        }
        assertThat(storage.recording()).allSatisfy(operation -> {
            Write write = (Write) operation;
            long end = write.end() - MIB;
            assertThat(end % (AREA_SECTORS * SECTOR)).isLessThanOrEqualTo((AREA_SECTORS - 1L) * SECTOR);
            assertThat(end % (AREA_SECTORS * SECTOR)).isNotZero();
        });
    }

    @Test
    @DisplayName("header and descriptors of the largest entry share one sector of 512 bytes")
    void largestEntry() {
        assertThat(64 + LogWriter.ENTRY_PAGES_MAX * 32).isLessThanOrEqualTo(512);
    }

    private void append(int... pages) throws IOException {
        List<LogPage> changed = new ArrayList<>();
        for (int number : pages) {
            changed.add(new LogPage(page(number), content(1)));
        }
        log.append(changed, 4 * MIB);
    }

    private LogRound round(boolean settling) {
        LogRound round = log.beginRound(settling);
        round.finish().run();
        return round;
    }

    private static Set<Long> places(LogRound round) {
        return round.pages().stream().map(LogPage::fileOffsetBytes).collect(Collectors.toSet());
    }

    private static long page(int number) {
        return 3 * MIB + (long) number * SECTOR;
    }

    private static ByteBuffer content(int value) {
        return ByteBuffer.allocate(SECTOR).putInt(0, value);
    }
}
