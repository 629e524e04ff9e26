package io.vhdxd.server.conformance;

import static io.vhdxd.nbd.OptionCode.ABORT;
import static io.vhdxd.nbd.OptionCode.EXTENDED_HEADERS;
import static io.vhdxd.nbd.OptionCode.GO;
import static io.vhdxd.nbd.OptionCode.INFO;
import static io.vhdxd.nbd.OptionCode.LIST;
import static io.vhdxd.nbd.OptionCode.LIST_META_CONTEXT;
import static io.vhdxd.nbd.OptionCode.SET_META_CONTEXT;
import static io.vhdxd.nbd.OptionCode.STARTTLS;
import static io.vhdxd.nbd.OptionCode.STRUCTURED_REPLY;
import static io.vhdxd.server.conformance.Step.contexts;
import static io.vhdxd.server.conformance.Step.exportName;
import static io.vhdxd.server.conformance.Step.go;
import static io.vhdxd.server.conformance.Step.info;
import static io.vhdxd.server.conformance.Step.malformed;
import static io.vhdxd.server.conformance.Step.option;
import static io.vhdxd.server.conformance.Step.optionWithData;
import static io.vhdxd.server.conformance.Step.request;
import static io.vhdxd.server.conformance.Step.unknownOption;
import static io.vhdxd.server.conformance.Step.write;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Limits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Everything that all servers are asked. */
final class Probes {
    private static final long SIZE = Step.DISK_BYTES;
    private static final long GIB_4 = 1L << 32;
    private static final int RESIZE = 8;
    private static final int UNKNOWN_FLAG = 1 << 15;

    private final List<Probe> probes = new ArrayList<>();
    private Flavour flavour = Flavour.WRITABLE;

    private Probes() {}

    static List<Probe> all() {
        Probes probes = new Probes();
        probes.handshake();
        probes.names();
        probes.metadata();
        probes.requests();
        probes.structured();
        probes.extended();
        probes.flavour = Flavour.READ_ONLY;
        probes.readOnly();
        probes.flavour = Flavour.ENCRYPTED;
        probes.encrypted();
        return probes.probes;
    }

    private void probe(String name, String ids, Step... steps) {
        probe(name, ids, Script.USUAL_FLAGS, steps);
    }

    private void probe(String name, String ids, int clientFlags, Step... steps) {
        probes.add(new Probe(name, List.of(ids.split(" ")), flavour, new Script(clientFlags, List.of(steps))));
    }

    private void handshake() {
        probe(
                "unknown options with 0, 1 and 4096 bytes, then GO",
                "HS-09 OP-07",
                unknownOption(4, 0),
                unknownOption(77, 1),
                unknownOption(-1, 4096),
                go());
        probe("a client flag that was not announced", "HS-05", 4, option(LIST));
        probe("the highest client flag", "HS-05", 1 << 31, option(LIST));
        probe("LIST without fixed newstyle", "HS-06", 0, option(LIST));
        probe(
                "EXPORT_NAME without fixed newstyle",
                "HS-06 HS-07 OP-01",
                0,
                exportName("disk"),
                request(Command.READ, 0, 0, 512));
        probe("an option with the wrong magic number", "HS-08", new Step.Raw(new byte[16], "a wrong magic number"));
        probe(
                "a request in place of an option",
                "HS-08",
                new Step.Raw(
                        new byte[] {0x25, 0x60, (byte) 0x95, 0x13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                        "a request in the handshake"));
        probe("an unknown option with 1 MiB, then LIST", "HS-10", unknownOption(77, 1 << 20), option(LIST));
        probe("LIST, and with data", "OP-05", option(LIST), optionWithData(LIST, 2), option(LIST));
        probe("ABORT", "OP-04", option(ABORT), option(LIST));
        probe("ABORT with data", "OP-04", optionWithData(ABORT, 2), option(LIST));
        probe("STARTTLS without TLS", "TLS-02", option(STARTTLS), option(LIST));
        probe(
                "STRUCTURED_REPLY twice, and with data",
                "OP-20 HS-13",
                optionWithData(STRUCTURED_REPLY, 1),
                option(STRUCTURED_REPLY),
                option(STRUCTURED_REPLY),
                go());
        probe(
                "EXTENDED_HEADERS, and STRUCTURED_REPLY behind it",
                "EX-01 OP-21",
                optionWithData(EXTENDED_HEADERS, 1),
                option(EXTENDED_HEADERS),
                option(STRUCTURED_REPLY),
                go());
    }

    private void names() {
        String longName = "n".repeat(Limits.STRING_BYTES);
        probe("EXPORT_NAME for an unknown export", "OP-01", exportName("none"));
        probe("EXPORT_NAME for the default export", "OP-02", exportName(""), request(Command.READ, 0, 0, 512));
        probe("GO for the default export", "OP-02", info(GO, ""));
        probe(
                "INFO and GO for an unknown export, then LIST",
                "OP-12 OP-13",
                info(INFO, "none"),
                info(GO, "none"),
                option(LIST),
                go());
        probe(
                "INFO with all kinds of requests, then GO",
                "OP-10 OP-11 OP-14 OP-22",
                info(INFO, "disk", 0, 1, 2, 3),
                info(INFO, "disk", 3, 3, 999),
                option(LIST),
                go());
        probe("INFO for a name of 4096 bytes", "OP-09 HS-12", info(INFO, longName), option(LIST));
        probe("INFO for a name of 4097 bytes", "OP-09", info(INFO, longName + "n"), option(LIST));
        Step.Opt good = info(INFO, "disk");
        byte[] name = good.data();
        byte[] huge = name.clone();
        Arrays.fill(huge, 0, 4, (byte) 0xff);
        byte[] nul = name.clone();
        nul[5] = 0;
        byte[] noUtf8 = name.clone();
        noUtf8[5] = (byte) 0xff;
        probe(
                "INFO with a name length of 2^32 - 1",
                "OP-09 SZ-07",
                malformed(good, huge, "with a huge name length"),
                option(LIST));
        probe(
                "INFO with two bytes too many",
                "OP-09",
                malformed(good, Arrays.copyOf(name, name.length + 2), "with bytes at its end"),
                option(LIST));
        probe(
                "INFO with one byte too few",
                "OP-09",
                malformed(good, Arrays.copyOf(name, name.length - 1), "cut off"),
                option(LIST));
        probe("INFO without data", "OP-09", malformed(good, new byte[0], "cut off"), option(LIST));
        probe("INFO for a name with NUL", "OP-09", malformed(good, nul, "of a name with NUL"), option(LIST));
        probe(
                "INFO for a name that is no UTF-8",
                "OP-09",
                malformed(good, noUtf8, "of a name that is no UTF-8"),
                option(LIST));
    }

    private void metadata() {
        Step structured = option(STRUCTURED_REPLY);
        probe(
                "SET_META_CONTEXT before structured replies",
                "MC-03",
                contexts(SET_META_CONTEXT, "disk", "base:allocation"),
                go());
        probe("LIST_META_CONTEXT before structured replies", "MC-03 MC-05", contexts(LIST_META_CONTEXT, "disk"));
        probe(
                "LIST_META_CONTEXT with queries",
                "MC-06",
                structured,
                contexts(LIST_META_CONTEXT, "disk", "base:"),
                contexts(LIST_META_CONTEXT, "disk", "base:allocation"),
                contexts(LIST_META_CONTEXT, "disk", "qemu:"),
                contexts(LIST_META_CONTEXT, "disk", "qemu:allocation-depth"),
                contexts(LIST_META_CONTEXT, "disk", "other:thing"));
        probe(
                "both metadata options for an unknown export",
                "MC-04",
                structured,
                contexts(LIST_META_CONTEXT, "none"),
                contexts(SET_META_CONTEXT, "none", "base:allocation"),
                go());
        probe(
                "SET_META_CONTEXT, and BLOCK_STATUS",
                "MC-01 CM-08 CM-09",
                structured,
                contexts(SET_META_CONTEXT, "disk", "base:allocation"),
                go(),
                request(Command.BLOCK_STATUS, 0, 0, SIZE),
                request(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, 0, SIZE));
        probe(
                "two contexts, and BLOCK_STATUS",
                "CM-08 MC-12",
                structured,
                contexts(SET_META_CONTEXT, "disk", "base:allocation", "qemu:allocation-depth"),
                go(),
                request(Command.BLOCK_STATUS, 0, 0, SIZE),
                request(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, 512, 512));
        probe(
                "SET_META_CONTEXT with wildcards and unknown contexts",
                "MC-07",
                structured,
                contexts(SET_META_CONTEXT, "disk"),
                contexts(SET_META_CONTEXT, "disk", "base:"),
                contexts(SET_META_CONTEXT, "disk", "qemu:"),
                contexts(SET_META_CONTEXT, "disk", "base:none"),
                contexts(SET_META_CONTEXT, "disk", "nonsense"),
                go(),
                request(Command.BLOCK_STATUS, 0, 0, 512));
        probe(
                "the same context twice",
                "MC-09",
                structured,
                contexts(SET_META_CONTEXT, "disk", "base:allocation", "base:allocation"));
        Step.Opt good = contexts(SET_META_CONTEXT, "disk", "base:allocation");
        byte[] data = good.data();
        for (int extra : new int[] {1, 4, 4096}) {
            probe(
                    "SET_META_CONTEXT with " + extra + " bytes too many",
                    "MC-02",
                    structured,
                    malformed(good, Arrays.copyOf(data, data.length + extra), "with bytes at its end"),
                    option(LIST));
        }
        probe(
                "SET_META_CONTEXT cut off",
                "MC-02",
                structured,
                malformed(good, Arrays.copyOf(data, data.length - 1), "cut off"),
                option(LIST));
        probe(
                "a selection, a malformed one, and BLOCK_STATUS",
                "MC-08",
                structured,
                good,
                malformed(good, Arrays.copyOf(data, data.length - 1), "cut off"),
                go(),
                request(Command.BLOCK_STATUS, 0, 0, 512));
        String[] many = new String[100];
        Arrays.fill(many, "x:y");
        probe("SET_META_CONTEXT with 100 queries", "MC-11", structured, contexts(SET_META_CONTEXT, "disk", many));
    }

    private void requests() {
        probe(
                "READ and WRITE of single bytes",
                "SZ-01 SZ-03 OP-15",
                go(),
                request(Command.READ, 0, 1, 1),
                write(0, 1, 1));
        probe(
                "READ and WRITE of 32 MiB",
                "SZ-01 RP-14",
                go(),
                request(Command.READ, 0, 0, 32 << 20),
                write(0, 0, 32 << 20));
        probe(
                "READ above 32 MiB",
                "RP-12",
                go(),
                request(Command.READ, 0, 0, (32 << 20) + 512),
                request(Command.READ, 0, 0, 512));
        probe("WRITE of 33 MiB", "SZ-04", go(), write(0, 0, 33 << 20), request(Command.READ, 0, 0, 512));
        probe(
                "READ and WRITE of nothing",
                "RQ-08",
                go(),
                request(Command.READ, 0, 0, 0),
                write(0, 0, 0),
                request(Command.TRIM, 0, 0, 0),
                request(Command.WRITE_ZEROES, 0, 0, 0));
        probe(
                "past the end",
                "RQ-07",
                go(),
                request(Command.READ, 0, SIZE, 512),
                write(0, SIZE, 512),
                request(Command.TRIM, 0, SIZE, 512),
                request(Command.WRITE_ZEROES, 0, SIZE, 512),
                request(Command.CACHE, 0, SIZE, 512),
                request(Command.READ, 0, 0, 512));
        probe(
                "half past the end",
                "RQ-07 RQ-03",
                go(),
                write(0, SIZE - 512, 1024),
                request(Command.READ, 0, SIZE - 512, 1024),
                request(Command.READ, 0, 0, 512));
        probe(
                "offsets that wrap around",
                "SZ-07",
                go(),
                request(Command.READ, 0, -512, 1024),
                request(Command.WRITE_ZEROES, 0, Long.MIN_VALUE, 512),
                write(0, -512, 1024),
                request(Command.READ, 0, 0, 512));
        probe(
                "unknown commands",
                "RQ-05",
                go(),
                request(99, 0, 0, 0),
                request(0xffff, 0, 0, 0),
                request(Command.READ, 0, 0, 512));
        probe("RESIZE", "CM-13 RQ-09", go(), request(RESIZE, 0, SIZE, 0), request(Command.READ, 0, 0, 512));
        probe(
                "unknown flags",
                "RQ-06 RQ-03",
                go(),
                request(Command.READ, UNKNOWN_FLAG, 0, 512),
                write(UNKNOWN_FLAG, 0, 512),
                request(Command.FLUSH, UNKNOWN_FLAG, 0, 0),
                request(Command.TRIM, UNKNOWN_FLAG, 0, 512),
                request(Command.READ, 0, 0, 512));
        probe(
                "flags of other commands",
                "RQ-06",
                go(),
                request(Command.READ, CommandFlags.REQ_ONE, 0, 512),
                write(CommandFlags.NO_HOLE, 0, 512),
                request(Command.TRIM, CommandFlags.FAST_ZERO, 0, 512),
                request(Command.CACHE, CommandFlags.DF, 0, 512));
        probe(
                "FUA on all commands",
                "RQ-06 TF-03",
                go(),
                request(Command.READ, CommandFlags.FUA, 0, 512),
                write(CommandFlags.FUA, 0, 512),
                request(Command.FLUSH, CommandFlags.FUA, 0, 0),
                request(Command.TRIM, CommandFlags.FUA, 0, 512),
                request(Command.WRITE_ZEROES, CommandFlags.FUA, 0, 512),
                request(Command.CACHE, CommandFlags.FUA, 0, 512));
        probe("DF without structured replies", "TF-06", go(), request(Command.READ, CommandFlags.DF, 0, 512));
        probe(
                "FLUSH of a range",
                "RQ-10",
                go(),
                request(Command.FLUSH, 0, 512, 0),
                request(Command.FLUSH, 0, 0, 512),
                request(Command.FLUSH, 0, 0, 0));
        probe("BLOCK_STATUS without contexts", "CM-08", go(), request(Command.BLOCK_STATUS, 0, 0, 512));
        probe(
                "WRITE_ZEROES in all ways",
                "TF-05 CM-03 CM-04",
                go(),
                request(Command.WRITE_ZEROES, 0, 0, SIZE),
                request(Command.WRITE_ZEROES, CommandFlags.NO_HOLE, 0, 1 << 20),
                request(Command.WRITE_ZEROES, CommandFlags.FAST_ZERO, 0, 1 << 20));
        probe(
                "CACHE and TRIM",
                "TF-08 CM-06 CM-05 SZ-05",
                go(),
                request(Command.CACHE, 0, 0, SIZE),
                request(Command.TRIM, 0, 0, SIZE),
                request(Command.TRIM, 0, 0, GIB_4 - 512));
        probe("the wrong request magic", "RQ-01", go(), new Step.Raw(new byte[28], "a wrong request magic"));
        probe("DISC", "CM-12 RQ-11", go(), request(Command.DISC, 0, 0, 0));
        probe("DISC with fields that mean nothing", "RQ-11", go(), request(Command.DISC, 0, 512, 512));
    }

    private void structured() {
        Step structured = option(STRUCTURED_REPLY);
        probe(
                "structured READs",
                "RP-03 RP-10",
                structured,
                go(),
                request(Command.READ, 0, 0, 512),
                request(Command.READ, CommandFlags.DF, 0, 65536),
                request(Command.READ, 0, SIZE, 512),
                request(Command.READ, 0, 0, 0));
        probe(
                "structured errors",
                "RP-03 RP-09",
                structured,
                go(),
                write(UNKNOWN_FLAG, 0, 512),
                request(99, 0, 0, 0),
                request(Command.FLUSH, 0, 0, 0));
        probe(
                "EXPORT_NAME after STRUCTURED_REPLY",
                "OP-03",
                structured,
                exportName("disk"),
                request(Command.READ, CommandFlags.DF, 0, 512));
        probe(
                "BLOCK_STATUS that is wrong",
                "CM-11 RQ-08",
                structured,
                contexts(SET_META_CONTEXT, "disk", "base:allocation"),
                go(),
                request(Command.BLOCK_STATUS, 0, SIZE, 512),
                request(Command.BLOCK_STATUS, 0, 0, 0),
                request(Command.BLOCK_STATUS, CommandFlags.FUA, 0, 512),
                request(Command.BLOCK_STATUS, CommandFlags.NO_HOLE, 0, 512));
    }

    private void extended() {
        Step extended = option(EXTENDED_HEADERS);
        probe(
                "extended requests",
                "EX-01 EX-03 EX-04 EX-05 EX-06",
                extended,
                contexts(SET_META_CONTEXT, "disk", "base:allocation"),
                go(),
                request(Command.READ, 0, 0, 512),
                write(0, 0, 512),
                request(Command.WRITE_ZEROES, 0, 0, SIZE),
                request(Command.BLOCK_STATUS, 0, 0, SIZE),
                request(Command.READ, 0, 0, 1L << 40));
        probe("EXPORT_NAME after EXTENDED_HEADERS", "EX-02 OP-03", extended, exportName("disk"));
    }

    private void readOnly() {
        probe(
                "changes of a read-only export",
                "TF-02 RQ-03",
                go(),
                write(0, 0, 512),
                request(Command.WRITE_ZEROES, 0, 0, 512),
                request(Command.TRIM, 0, 0, 512),
                request(Command.FLUSH, 0, 0, 0),
                request(Command.READ, 0, 0, 512));
    }

    private void encrypted() {
        probe(
                "options before TLS",
                "TLS-03",
                option(LIST),
                info(INFO, "disk"),
                info(GO, "none"),
                unknownOption(77, 3),
                option(STRUCTURED_REPLY),
                contexts(LIST_META_CONTEXT, "disk"));
        probe("ABORT before TLS", "TLS-03 OP-04", option(ABORT), option(LIST));
        probe("EXPORT_NAME before TLS", "TLS-03", exportName("disk"));
        probe("EXPORT_NAME before TLS, without fixed newstyle", "TLS-11", 0, exportName("disk"));
        probe("STARTTLS with data", "OP-08", optionWithData(STARTTLS, 1), option(LIST));
        probe(
                "clear text behind STARTTLS",
                "TLS-09 TLS-06",
                option(STARTTLS),
                new Step.Raw(new byte[64], "clear text in place of a TLS handshake"));
    }
}
