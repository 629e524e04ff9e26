package io.vhdxd.server.cli;

import picocli.CommandLine.Option;

/** In which form a command tells what it has found or done. */
final class JsonOption {
    @Option(names = "--json", description = "Write JSON.")
    private boolean json;

    boolean isGiven() {
        return json;
    }
}
