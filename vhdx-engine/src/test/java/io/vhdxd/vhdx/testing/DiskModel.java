package io.vhdxd.vhdx.testing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;

/**
 * What each sector of a virtual disk may hold, given which changes were asked for, which were answered, and which flushes
 * were.
 *
 * <p>Every change has a stamp of its own, and fills each sector that it writes with the sector's number and its stamp; stamp 0
 * is zeros. A sector may hold the content of any change that is not superseded. A change is superseded by another one that
 * began after its answer and that cannot be lost: after a loss of power, one that was answered before an answered flush began, or was itself answered as persistent;
 * after the death of the process, one that was answered (promises R1, R3).
 */
public final class DiskModel {
    public static final int SECTOR_BYTES = 512;
    private static final long NEVER = Long.MAX_VALUE;

    /** A change of one sector. */
    private static final class Change {
        final long stamp;
        final boolean hint;
        final long begun;
        long answered = NEVER;
        /** From this moment on it changes nothing any more, whether it was answered or not. */
        long over = NEVER;

        boolean persisted;
        /** A sync that should have made it durable has failed, and no later one makes up for that. */
        boolean doubtful;

        Change(long stamp, boolean hint, long begun) {
            this.stamp = stamp;
            this.hint = hint;
            this.begun = begun;
        }
    }

    private final LongPredicate tracked;
    private final Map<Long, List<Change>> changes = new TreeMap<>();
    private final Map<Long, List<Change>> byStamp = new HashMap<>();
    private long time;
    private long lastStamp;
    /** Everything answered before this moment is durable. */
    private long flushedBefore;

    /**
     * Makes a model of a disk full of zeros.
     *
     * @param tracked the sectors that are followed, by their number; the others are not looked at
     */
    public DiskModel(LongPredicate tracked) {
        this.tracked = tracked;
    }

    /** Takes note that a write begins; the stamp of its content. */
    public long beginWrite(long firstSector, long sectorCount) {
        long stamp = ++lastStamp;
        begin(stamp, stamp, false, firstSector, sectorCount);
        return stamp;
    }

    /** Takes note that a range begins to be zeroed; a handle for {@link #answered}. */
    public long beginZero(long firstSector, long sectorCount) {
        return begin(++lastStamp, 0, false, firstSector, sectorCount);
    }

    /** Takes note that a range begins to be trimmed: it may then hold zeros, or what it held. */
    public long beginTrim(long firstSector, long sectorCount) {
        return begin(++lastStamp, 0, true, firstSector, sectorCount);
    }

    private long begin(long handle, long stamp, boolean hint, long firstSector, long sectorCount) {
        long begun = ++time;
        List<Change> all = new ArrayList<>();
        for (long sector = firstSector; sector < firstSector + sectorCount; sector++) {
            if (!tracked.test(sector)) {
                continue;
            }
            Change change = new Change(stamp, hint, begun);
            changes.computeIfAbsent(sector, key -> new ArrayList<>()).add(change);
            all.add(change);
        }
        byStamp.put(handle, all);
        return handle;
    }

    /** Takes note that a change was answered with success. */
    public void answered(long handle) {
        long now = ++time;
        for (Change change : byStamp.getOrDefault(handle, List.of())) {
            change.answered = now;
            change.over = now;
        }
    }

    /** Takes note that the process has died: what it has not answered it may have done or not, and will not do any more. */
    public void died() {
        long now = ++time;
        for (List<Change> all : byStamp.values()) {
            for (Change change : all) {
                change.over = Math.min(change.over, now);
            }
        }
    }

    /**
     * Takes note that a sync has failed, and so every flush after it: what was not flushed before can be lost for ever, also when
     * it was answered and a later session can flush again.
     */
    public void syncFailed() {
        for (List<Change> all : changes.values()) {
            for (Change change : all) {
                change.doubtful |= !isSafe(change, flushedBefore);
            }
        }
    }

    /** Takes note that a change survives a loss of power from now on, and that it was answered so (NBD's FUA). */
    public void persisted(long handle) {
        for (Change change : byStamp.getOrDefault(handle, List.of())) {
            change.persisted = true;
        }
    }

    /** Takes note that a flush begins; a handle for {@link #flushed}. */
    public long beginFlush() {
        return ++time;
    }

    /** Takes note that a flush was answered with success. */
    public void flushed(long handle) {
        ++time;
        flushedBefore = Math.max(flushedBefore, handle);
        changes.values().forEach(this::forgetSuperseded);
    }

    /** Drops what no crash can bring back, so that the lists stay short. */
    private void forgetSuperseded(List<Change> all) {
        all.removeIf(change -> isSuperseded(change, all, flushedBefore));
    }

    private static boolean isSuperseded(Change change, List<Change> all, long answeredBefore) {
        for (Change later : all) {
            if (isSafe(later, answeredBefore) && later.begun > change.over) {
                return true;
            }
        }
        return false;
    }

    /** Takes note of what is found on the disk after a crash: nothing but that can be there from now on. */
    public void found(LongUnaryOperator stampOfSector) {
        changes.replaceAll((sector, before) -> {
            Change found = new Change(stampOfSector.applyAsLong(sector), false, ++time);
            found.answered = ++time;
            found.over = found.answered;
            return new ArrayList<>(List.of(found));
        });
        byStamp.clear();
        flushedBefore = ++time;
    }

    /** The stamp that the next change will get is greater than this; those of all changes before are not. */
    public long lastStamp() {
        return lastStamp;
    }

    /** The sectors that were ever changed and are followed. */
    public Set<Long> changedSectors() {
        return new TreeSet<>(changes.keySet());
    }

    /** The stamps that a sector may hold after a loss of power. */
    public Set<Long> allowedAfterPowerLoss(long sector) {
        return allowed(sector, flushedBefore);
    }

    /** The stamps that a sector may hold at this moment, and after the death of the process. */
    public Set<Long> allowedNow(long sector) {
        return allowed(sector, NEVER);
    }

    private Set<Long> allowed(long sector, long answeredBefore) {
        Set<Long> stamps = new TreeSet<>();
        List<Change> all = changes.getOrDefault(sector, List.of());
        if (all.stream().noneMatch(change -> isSafe(change, answeredBefore))) {
            stamps.add(0L);
        }
        for (Change change : all) {
            if (!isSuperseded(change, all, answeredBefore)) {
                stamps.add(change.stamp);
            }
        }
        return stamps;
    }

    private static boolean isSafe(Change change, long answeredBefore) {
        return !change.hint && !change.doubtful && (change.persisted || change.answered < answeredBefore);
    }

    /** The content of a range of sectors that are written with a stamp. */
    public static ByteBuffer content(long firstSector, long sectorCount, long stamp) {
        ByteBuffer content = ByteBuffer.allocateDirect(Math.toIntExact(sectorCount * SECTOR_BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (long sector = firstSector; sector < firstSector + sectorCount; sector++) {
            for (int i = 0; i < SECTOR_BYTES; i += 2 * Long.BYTES) {
                content.putLong(stamp == 0 ? 0 : sector).putLong(stamp);
            }
        }
        return content.flip();
    }

    /**
     * Whether content was written to this sector, or is zero. A read that meets a write may see some of its bytes and some
     * of what was there before.
     */
    public static boolean belongsTo(long sector, ByteBuffer content) {
        ByteBuffer in = content.slice().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < SECTOR_BYTES; i += 2 * Long.BYTES) {
            boolean zero = in.getLong(i) == 0 && in.getLong(i + Long.BYTES) == 0;
            if (!zero && in.getLong(i) != sector) {
                return false;
            }
        }
        return true;
    }

    /**
     * The stamp of a sector's content.
     *
     * @return -1 if the content is none that was ever written to this sector
     */
    public static long stampOf(long sector, ByteBuffer content) {
        ByteBuffer in = content.slice().order(ByteOrder.LITTLE_ENDIAN);
        long stamp = in.getLong(Long.BYTES);
        return in.equals(content(sector, 1, stamp)) ? stamp : -1;
    }
}
