package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.storage.simulated.Operation;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.write.SteppedImage;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Tries the crashes at every moment of a run. The package page tells which.
 *
 * <p>It works in the midst of the engine's calls, where an error would be taken for one of the disk: so it keeps the first
 * violation for {@link #finish}, and looks at nothing more.
 */
final class CrashEnumerator implements Watcher {
    private final Thoroughness thoroughness;

    private final RandomGenerator random;
    private final CrashReader reader;
    private final String run;

    private long stateCount;
    private long recoveryStateCount;
    private long lastSequence;
    private int recoveriesLeft;
    private long untilRecovery;
    private @Nullable SimulatedStorage lastStorage;
    private @Nullable Violation violation;

    CrashEnumerator(String run, Thoroughness thoroughness, RandomGenerator random, CrashReader reader) {
        this.run = run;
        this.thoroughness = thoroughness;
        this.random = random;
        this.reader = reader;
        this.recoveriesLeft = thoroughness.recoveriesMax();
        this.untilRecovery = nextRecovery();
    }

    /** How many states were judged. */
    long stateCount() {
        return stateCount;
    }

    /** How many of them are those of crashes during the recovery from a crash. */
    long recoveryStateCount() {
        return recoveryStateCount;
    }

    /** Ends the run. */
    void finish() {
        if (violation != null) {
            throw violation;
        }
    }

    @Override
    public void changed(DrivenImage image) {
        if (violation != null) {
            return;
        }
        List<Operation.Change> undurable = image.storage().undurable();
        if (!image.storage().equals(lastStorage)) {
            lastStorage = image.storage();
            lastSequence = 0;
        }
        if (undurable.isEmpty() || undurable.getLast().sequence() == lastSequence) {
            return;
        }
        lastSequence = undurable.getLast().sequence();
        if (!looks()) {
            return;
        }
        guarded(() -> {
            judgeDeath(image);
            choices(image, undurable, thoroughness).afterNewest(undurable);
        });
    }

    @Override
    public void answered(DrivenImage image, boolean durably) {
        if (violation != null || !looks()) {
            return;
        }
        guarded(() -> {
            judgeDeath(image);
            if (durably) {
                List<Operation.Change> undurable = image.storage().undurable();
                choices(image, undurable, thoroughness).afterPromise(undurable);
            }
        });
    }

    private boolean looks() {
        return stateCount < thoroughness.statesInFull() || random.nextLong(stateCount) < thoroughness.statesInFull();
    }

    private void guarded(Runnable action) {
        try {
            action.run();
        } catch (Violation e) {
            violation = e;
        } catch (RuntimeException | AssertionError e) {
            violation = new Violation(run + ": " + e, e);
        }
    }

    /** The process dies, and the machine goes on: promise R1. */
    private void judgeDeath(DrivenImage image) {
        stateCount++;
        SectorOracle now = SectorOracle.of(image.shape(), image.model()::allowedNow);
        reader.judge(
                image.storage().copy(),
                expected(image, now),
                () -> run + ", after change " + lastSequence + ", the process died");
    }

    private CrashChoices choices(DrivenImage image, List<Operation.Change> undurable, Thoroughness how) {
        SectorOracle afterLoss = SectorOracle.of(image.shape(), image.model()::allowedAfterPowerLoss);
        CrashReader.Expected expected = expected(image, afterLoss);
        CrashChoice.MetadataRange metadata = metadataOf(image);
        return new CrashChoices(how, metadata, random, choice -> {
            SimulatedStorage state = choice.applyTo(image.storage(), metadata);
            Supplier<String> description = () -> run + ", after change " + lastSequence + ", power lost with "
                    + undurable.size() + " changes undurable, " + choice.name();
            if (recoveriesLeft > 0 && --untilRecovery <= 0) {
                untilRecovery = nextRecovery();
                recoveriesLeft--;
                crashDuringRecovery(state, expected, metadata, description);
            }
            stateCount++;
            reader.judge(state, expected, description);
        });
    }

    /** Some states further on, so that each state of a run has its chance. */
    private long nextRecovery() {
        return random.nextLong(2L * thoroughness.recoveryEvery()) + 1;
    }

    private static CrashReader.Expected expected(DrivenImage image, SectorOracle sectors) {
        return new CrashReader.Expected(
                sectors, image.firstStamp(), image.openedHeader(), image.sizesBytes(), image.parent());
    }

    private static CrashChoice.MetadataRange metadataOf(DrivenImage image) {
        return image.image()::isMetadata;
    }

    /** Loses power again at every moment of the recovery from a state. */
    private void crashDuringRecovery(
            SimulatedStorage state,
            CrashReader.Expected expected,
            CrashChoice.MetadataRange metadata,
            Supplier<String> description) {
        SimulatedStorage recovering = state.copy();
        recovering.startRecording();
        try {
            SteppedImage.open(recovering, expected.parent());
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new Violation(description.get() + ": " + e.getMessage(), e);
        }
        SimulatedStorage moment = state.copy();
        long momentCount = recovering.recording().stream()
                .filter(Operation.Change.class::isInstance)
                .count();
        boolean all = momentCount <= thoroughness.recoveryMomentsMax();
        for (Operation operation : recovering.recording()) {
            moment.replay(operation);
            if (operation instanceof Operation.Change
                    && (all || random.nextLong(momentCount) < thoroughness.recoveryMomentsMax())) {
                Supplier<String> where = () -> description.get() + ", power lost again after step "
                        + operation.sequence() + " of the recovery";
                new CrashChoices(Thoroughness.RECOVERY, metadata, random, choice -> {
                            stateCount++;
                            recoveryStateCount++;
                            reader.judge(
                                    choice.applyTo(moment, metadata),
                                    expected,
                                    () -> where.get() + ", " + choice.name());
                        })
                        .afterNewest(moment.undurable());
            }
        }
    }
}
