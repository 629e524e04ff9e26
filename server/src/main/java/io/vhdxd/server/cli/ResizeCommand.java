package io.vhdxd.server.cli;

import io.vhdxd.vhdx.OfflineImage;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
import io.vhdxd.vhdx.edit.GuestRange;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd resize}. */
@Command(
        name = "resize",
        description = {
            "Makes the disk of an image larger or smaller. The image must not be in use.",
            "What is added reads as zeros, whatever a parent has there. A disk that holds data behind its new end is not made smaller, unless",
            "--accept-data-loss is given. Killed at any moment, the disk has its old size or its new one."
        })
final class ResizeCommand implements Callable<Integer> {
    private static final int RANGES_SHOWN_MAX = 100;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "The file to change.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Parameters(
            index = "1",
            paramLabel = "SIZE",
            description = "The new size of the disk: a multiple of its sectors up to 64T.",
            converter = ByteSize.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ByteSize size;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Option(names = "--accept-data-loss", description = "Make the disk smaller even if that loses data.")
    private boolean acceptDataLoss;

    @Mixin
    private final ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() throws Failure {
        PrintWriter out = spec.commandLine().getOut();
        try (OfflineImage opened = OfflineImage.open(image, parents.search())) {
            ByteSize before = new ByteSize(opened.virtualSizeBytes());
            if (size.bytes() > before.bytes()) {
                opened.grow(size.bytes());
            } else if (size.bytes() < before.bytes()) {
                requireNoLoss(opened);
                opened.shrink(size.bytes());
            }
            out.println(image + ": " + before + " before, now " + size.withBytes());
            return ExitCode.OK.number();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        } catch (ParentUnavailableException e) {
            throw Failure.toOpen(image, e);
        } catch (IOException e) {
            throw Failure.toChange(image, e);
        }
    }

    private void requireNoLoss(OfflineImage opened) throws IOException, Failure {
        List<GuestRange> lost;
        try (ProgressLine line = ProgressLine.on(spec.commandLine().getErr())) {
            lost = opened.lostByShrinking(size.bytes(), progress.on(line));
        }
        if (lost.isEmpty()) {
            return;
        }
        PrintWriter err = spec.commandLine().getErr();
        for (GuestRange range : lost.subList(0, Math.min(lost.size(), RANGES_SHOWN_MAX))) {
            err.println("data at offset " + range.offsetBytes() + ", " + range.lengthBytes() + " bytes");
        }
        if (lost.size() > RANGES_SHOWN_MAX) {
            err.println("... and " + (lost.size() - RANGES_SHOWN_MAX) + " more ranges");
        }
        if (!acceptDataLoss) {
            throw new Failure(
                    ExitCode.WOULD_LOSE_DATA,
                    image
                            + ": the disk holds data behind its new end; --accept-data-loss makes it smaller all the same",
                    null);
        }
    }
}
