package io.vhdxd.server.cli;

import io.vhdxd.vhdx.edit.Progress;
import picocli.CommandLine.Option;

/** Whether a command that takes long shows how far it has come. */
final class ProgressOption {
    @Option(
            names = {"-q", "--quiet"},
            description = "Show no progress.")
    private boolean quiet;

    /** Whom to tell. */
    Progress on(ProgressLine line) {
        return quiet ? Progress.NONE : line;
    }
}
