package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.Operation;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One run of a workload in which one operation on the file fails, or all from one on (reliability.md faults 1 to 8). Whatever
 * comes of it, every request is answered, with an error of the right kind where it is one; an image that has failed takes no
 * more changes, and no sync is tried again (promise R4); nothing that was flushed is lost; and the next opening, on a disk
 * that works, finds a sound image and can write to it.
 */
final class FailedRun {
    /** What came of the failure. */
    enum Outcome {
        /** An image could not be opened, or a client's read failed. */
        REFUSED,
        IMAGE_FAILED,
        /** Some requests failed for want of space, and the image went on. */
        REQUESTS_FAILED,
        /** Nobody was told, and nothing is missing. */
        NOTHING
    }

    private final Family family;
    private final Failure failure;
    private final CrashReader reader;
    private final String name;
    private final SimulatedStorage created;
    private @Nullable DrivenImage disk;
    private boolean refused;

    /**
     * Makes a run.
     *
     * @param number of the operation that fails, from 1, among those of the failure's kinds
     * @param stays whether all that follow fail too
     */
    FailedRun(Family family, long seed, Failure failure, long number, boolean stays, CrashReader reader)
            throws IOException {
        this.family = family;
        this.failure = failure;
        this.reader = reader;
        this.name = family.name() + " with seed " + seed + ", " + failure.name() + (stays ? " from " : " at ") + number;
        this.created = family.shape().get().create();
        if (stays) {
            created.faults().failFromNth(failure.kinds(), number, failure.fault());
        } else {
            created.faults().failNth(failure.kinds(), number, failure.fault());
        }
    }

    Outcome run(RandomGenerator random) {
        try {
            work(random);
            return judge(random);
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new Violation(name + ": " + e, e);
        }
    }

    private void work(RandomGenerator random) throws IOException {
        try {
            DrivenImage opened = DrivenImage.open(family.shape().get(), created, Watcher.NONE);
            disk = opened;
            family.workload().run(opened, random);
        } catch (IOException | UncheckedIOException e) {
            refused = true;
            requireReason(e);
        }
        DrivenImage opened = disk;
        if (opened != null && opened.isRecovered() && !opened.image().isClosed()) {
            opened.settle();
        }
    }

    private Outcome judge(RandomGenerator random) throws IOException {
        DrivenImage opened = disk;
        if (opened == null) {
            judgeUnopened();
            return Outcome.REFUSED;
        }
        boolean failed = opened.image().health().hasFailed();
        if (opened.unanswered() > 0 && opened.isRecovered()) {
            throw new Violation(opened.unanswered() + " requests were never answered");
        }
        opened.failures().forEach(this::requireReason);
        if (opened.isRecovered()) {
            requireFailStop(opened, failed);
        }
        LongFunction<Set<Long>> now =
                opened.isRecovered() ? opened.model()::allowedNow : opened.model()::allowedAfterPowerLoss;
        judgeState(opened, opened.storage().copy(), now, "the process died");
        for (SimulatedStorage state : List.of(
                opened.storage().crash(Fate.LOST),
                opened.storage().crash(Fate.KEPT),
                opened.storage().crash(random))) {
            judgeState(opened, state, opened.model()::allowedAfterPowerLoss, "power was lost");
        }
        if (refused) {
            return Outcome.REFUSED;
        }
        if (failed) {
            return Outcome.IMAGE_FAILED;
        }
        return opened.failures().isEmpty() ? Outcome.NOTHING : Outcome.REQUESTS_FAILED;
    }

    /** A new image that could not be opened is as it was. */
    private void judgeUnopened() throws IOException {
        SteppedImage.open(created.copy());
    }

    /** An error says what happened: that the image has failed and why, or that there is no space. */
    private void requireReason(Throwable error) {
        boolean right = switch (failure.effect()) {
            case ANY -> error instanceof IOException || error instanceof UncheckedIOException;
            case FAIL_STOP -> isInjected(error);
            case NO_SPACE -> error instanceof NoSpaceException || isInjected(error);
        };
        if (!right) {
            throw new Violation("a request failed with another error: " + error, error);
        }
    }

    private static boolean isInjected(Throwable error) {
        boolean rightClass = error instanceof ImageFailedException
                || error instanceof UncheckedIOException
                || error.getClass() == IOException.class;
        return rightClass && String.valueOf(error.getMessage()).contains(Failure.MESSAGE);
    }

    private void requireFailStop(DrivenImage opened, boolean failed) {
        SimulatedStorage storage = opened.storage();
        if (failure.effect() == Failure.Effect.FAIL_STOP
                && !failed
                && !refused
                && storage.faults().firedCount() > opened.firedBefore()) {
            throw new Violation("the image goes on after the failure");
        }
        List<Operation> before = storage.recording();
        boolean syncFailed = false;
        for (Operation operation : before.subList(opened.operationsBefore(), before.size())) {
            if (operation instanceof Operation.Sync sync) {
                if (syncFailed) {
                    throw new Violation("a sync was tried after one had failed");
                }
                syncFailed = !sync.succeeded();
            }
        }
        if (failed && !opened.image().isClosed()) {
            int failuresBefore = opened.failures().size();
            opened.write(opened.shape().sector(0, 0), 1);
            opened.trimBlock(0);
            opened.flush();
            opened.settle();
            if (opened.failures().size() != failuresBefore + 3) {
                throw new Violation("an image that has failed took a change");
            }
            if (storage.recording().size() != before.size()) {
                throw new Violation("an image that has failed changed its file");
            }
        }
    }

    private void judgeState(DrivenImage opened, SimulatedStorage state, LongFunction<Set<Long>> allowed, String crash)
            throws IOException {
        Supplier<String> description = () -> crash;
        CrashReader.Expected expected = new CrashReader.Expected(
                SectorOracle.of(opened.shape(), allowed),
                opened.firstStamp(),
                opened.openedHeader(),
                opened.sizesBytes(),
                opened.parent());
        reader.judge(state.copy(), expected, description);
        SteppedImage next = SteppedImage.open(state, state, opened.parent(), SimulatedImages.guids(1000));
        next.close();
    }
}
