package io.vhdxd.server;

import io.vhdxd.server.cli.VhdxdCommand;
import io.vhdxd.vhdx.storage.Storages;

/** The entry point. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        if (System.getenv("VHDXD_DEBUG") != null) {
            System.setProperty("vhdxd.log.level", "DEBUG");
        }
        // Nearly every command opens an image; the C library's functions are linked while the command line is read.
        Thread.ofPlatform().daemon().name("preload").start(Storages::preload);
        System.exit(VhdxdCommand.commandLine().execute(args));
    }
}
