package io.vhdxd.server.cli;

import io.vhdxd.vhdx.edit.Progress;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows how far something has come: on a terminal as a bar that is drawn again and again in one line, elsewhere as a line for
 * every tenth part.
 */
final class ProgressLine implements Progress, AutoCloseable {
    private static final int BAR_WIDTH = 30;
    private static final int TENTHS = 10;
    private static final long REDRAW_NANOS = 100_000_000;

    private final PrintWriter err;
    private final boolean terminal;
    private final LongSupplier nanoClock;

    private String phase = "";
    private long totalBytes;
    private long doneBytes;
    private int shownTenths;
    private long shownNanos;
    private boolean lineOpen;

    ProgressLine(PrintWriter err, boolean terminal, LongSupplier nanoClock) {
        this.err = err;
        this.terminal = terminal;
        this.nanoClock = nanoClock;
    }

    /** Shows it on standard error. To be closed when the work has ended. */
    @SuppressWarnings("SystemConsoleNull") // whether it can be null has changed from release to release
    static ProgressLine on(PrintWriter err) {
        Console console = System.console();
        return new ProgressLine(err, console != null && console.isTerminal(), System::nanoTime);
    }

    @Override
    public void begin(String newPhase, long newTotalBytes) {
        endLine();
        phase = newPhase;
        totalBytes = newTotalBytes;
        doneBytes = 0;
        shownTenths = 0;
        if (terminal && totalBytes > 0) {
            draw();
        }
    }

    @Override
    public void advance(long byBytes) {
        doneBytes += byBytes;
        if (totalBytes == 0) {
            return;
        }
        if (terminal) {
            if (nanoClock.getAsLong() - shownNanos >= REDRAW_NANOS) {
                draw();
            }
        } else {
            int tenths = (int) (TENTHS * (double) Math.min(doneBytes, totalBytes) / totalBytes);
            if (tenths > shownTenths) {
                shownTenths = tenths;
                err.println(phase + ": " + tenths * TENTHS + "%");
            }
        }
    }

    private void draw() {
        double part = (double) Math.min(doneBytes, totalBytes) / totalBytes;
        int filled = (int) (BAR_WIDTH * part);
        err.print(String.format(
                Locale.ROOT, "\r%s [%s%s] %3d%%", phase, "#".repeat(filled), " ".repeat(BAR_WIDTH - filled), (int)
                        (100 * part)));
        err.flush();
        shownNanos = nanoClock.getAsLong();
        lineOpen = true;
    }

    private void endLine() {
        if (lineOpen) {
            // The work may have been done before its last part was drawn.
            err.print("\r" + " ".repeat(phase.length() + BAR_WIDTH + 8) + "\r");
            err.flush();
            lineOpen = false;
        }
    }

    @Override
    public void close() {
        endLine();
    }
}
