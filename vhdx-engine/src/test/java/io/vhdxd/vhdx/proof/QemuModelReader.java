package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Soundness;
import java.io.IOException;
import java.util.function.Supplier;

/** What QEMU would find, by the model of its replay (promise R9). It reads neither parents nor sectors of 4096 bytes. */
final class QemuModelReader implements CrashReader {
    @Override
    public void judge(SimulatedStorage state, Expected expected, Supplier<String> description) {
        try {
            LoadedImage opened = ImageLoader.load(state, LoadOptions.STRICT, new Findings());
            if (!opened.needsReplay() || opened.hasParent() || opened.geometry().logicalSectorSizeBytes() != 512) {
                return;
            }
            Header header = opened.headers().current();
            QemuReplay.replay(state, header.logOffsetBytes(), header.logLengthBytes(), header.logGuid());
            new HeaderUpdate(state, opened.headers()).write(current -> current.withLogGuid(GuidCodec.NIL));
            Findings findings = new Findings();
            LoadedImage replayed = ImageLoader.load(state, LoadOptions.STRICT, findings);
            Soundness.require(findings);
            OwnReader.check(replayed, expected);
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new Violation(description.get() + ": QEMU: " + e.getMessage(), e);
        }
    }
}
