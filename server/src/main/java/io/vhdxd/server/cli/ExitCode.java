package io.vhdxd.server.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the program can end with. From 64 on they follow {@code sysexits.h}. */
public enum ExitCode {
    OK(0, "Success."),
    INTERNAL(1, "An error in vhdxd itself, or it could not be built or run."),
    USAGE(2, "The command line is wrong."),
    BAD_IMAGE(65, "The image is corrupt or needs something that vhdxd does not do; 'check' found errors."),
    NO_IMAGE(66, "The image is missing, cannot be read, or is in use."),
    NO_ADDRESS(69, "The address to listen on is in use or cannot be had."),
    FAIL_STOP(70, "An I/O error stopped an image; its log is replayed when it is next opened."),
    CANNOT_CREATE(73, "The file cannot be created."),
    CANNOT_CHANGE(74, "An I/O error or a full disk ended a change of an image; no content is lost."),
    UNWELL(75, "'health': the server is not well, not ready, or does not answer."),
    WOULD_LOSE_DATA(77, "Data would be lost, and the command line does not accept that."),
    CONFIG(78, "The configuration file is wrong, or the certificates for TLS are missing or cannot be used.");

    private final int number;
    private final String meaning;

    ExitCode(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    public int number() {
        return number;
    }

    /** Number to meaning, as the help texts list them. */
    static Map<String, String> meanings() {
        Map<String, String> meanings = new LinkedHashMap<>();
        for (ExitCode code : values()) {
            meanings.put(Integer.toString(code.number), code.meaning);
        }
        return meanings;
    }
}
