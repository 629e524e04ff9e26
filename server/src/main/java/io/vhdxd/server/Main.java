package io.vhdxd.server;

import io.vhdxd.server.cli.VhdxdCommand;

/** The entry point. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(VhdxdCommand.commandLine().execute(args));
    }
}
