package io.vhdxd.server.cli;

import picocli.CommandLine.IVersionProvider;

/** The version of the program and of what it runs on. */
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"vhdxd " + version() + " (Java " + Runtime.version() + ")"};
    }

    static String version() {
        String version = VersionProvider.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }
}
