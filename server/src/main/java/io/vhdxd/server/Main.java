package io.vhdxd.server;

import io.vhdxd.server.cli.VhdxdCommand;

/** The entry point. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        if (System.getenv("VHDXD_DEBUG") != null) {
            System.setProperty("vhdxd.log.level", "DEBUG");
        }
        System.exit(VhdxdCommand.commandLine().execute(args));
    }
}
