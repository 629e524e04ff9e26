package io.vhdxd.server.conformance;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.OptionCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Makes scripts of options and requests, of which some are wrong. */
final class RandomScripts {
    private static final int[] COMMANDS = {
        Command.READ,
        Command.READ,
        Command.WRITE,
        Command.WRITE,
        Command.FLUSH,
        Command.TRIM,
        Command.CACHE,
        Command.WRITE_ZEROES,
        Command.WRITE_ZEROES,
        Command.BLOCK_STATUS,
        Command.BLOCK_STATUS,
        8,
        99
    };
    private static final int[] FLAGS = {
        CommandFlags.FUA, CommandFlags.NO_HOLE, CommandFlags.DF, CommandFlags.REQ_ONE, CommandFlags.FAST_ZERO, 1 << 9
    };
    private static final int[] LENGTHS = {1, 511, 512, 4096, 70000, 1 << 20};

    private final Random random;
    private final List<Step> steps = new ArrayList<>();

    private RandomScripts(Random random) {
        this.random = random;
    }

    static Script next(Random random) {
        RandomScripts script = new RandomScripts(random);
        int clientFlags = random.nextInt(20) == 0 ? random.nextInt(8) : Script.USUAL_FLAGS;
        for (int i = random.nextInt(8); i > 0; i--) {
            script.steps.add(script.option());
        }
        script.steps.add(random.nextInt(8) == 0 ? Step.exportName("disk") : Step.go());
        for (int i = random.nextInt(12); i > 0; i--) {
            script.steps.add(script.request());
        }
        if (random.nextInt(4) == 0) {
            script.steps.add(Step.request(Command.DISC, 0, 0, 0));
        }
        return new Script(clientFlags, script.steps);
    }

    private Step option() {
        OptionCode metaOption = random.nextBoolean() ? OptionCode.SET_META_CONTEXT : OptionCode.LIST_META_CONTEXT;
        OptionCode infoOption = random.nextInt(3) == 0 ? OptionCode.GO : OptionCode.INFO;
        return switch (random.nextInt(16)) {
            case 0 -> Step.unknownOption(100 + random.nextInt(100), random.nextInt(3000));
            case 1 -> Step.option(OptionCode.LIST);
            case 2 -> Step.optionWithData(OptionCode.LIST, 1 + random.nextInt(100));
            case 3, 4, 5 -> Step.option(OptionCode.STRUCTURED_REPLY);
            case 6 -> Step.optionWithData(OptionCode.STRUCTURED_REPLY, 1 + random.nextInt(100));
            case 7 -> random.nextInt(4) == 0 ? Step.option(OptionCode.ABORT) : Step.option(OptionCode.STARTTLS);
            case 8 -> Step.info(OptionCode.INFO, random.nextBoolean() ? "disk" : "", random.nextInt(5), 3);
            case 9 -> Step.info(infoOption, "none");
            case 10 -> cut(Step.info(infoOption, "disk", 3));
            case 11 -> random.nextInt(4) == 0 ? Step.option(OptionCode.EXTENDED_HEADERS) : Step.option(OptionCode.LIST);
            case 12, 13 -> Step.contexts(OptionCode.SET_META_CONTEXT, "disk", "base:allocation");
            case 14 -> Step.contexts(metaOption, random.nextInt(4) == 0 ? "none" : "disk", queries());
            default -> cut(Step.contexts(metaOption, "disk", "base:allocation"));
        };
    }

    private String[] queries() {
        String[] all = {
            "base:allocation", "base:", "base:none", "qemu:allocation-depth", "qemu:", "other:thing", "nonsense"
        };
        String[] some = new String[random.nextInt(3)];
        Arrays.setAll(some, i -> all[random.nextInt(all.length)]);
        return some;
    }

    private Step cut(Step.Opt option) {
        byte[] data = option.data();
        return Step.malformed(option, Arrays.copyOf(data, random.nextInt(data.length)), "cut off");
    }

    private Step request() {
        int command = COMMANDS[random.nextInt(COMMANDS.length)];
        int flags = random.nextInt(3) == 0 ? FLAGS[random.nextInt(FLAGS.length)] : 0;
        if (command == Command.FLUSH && random.nextInt(4) > 0) {
            return Step.request(command, flags, 0, 0);
        }
        int length = random.nextInt(12) == 0 ? 0 : LENGTHS[random.nextInt(LENGTHS.length)];
        long offset = offset(length);
        if (command == Command.WRITE) {
            return Step.write(flags, offset, length);
        }
        boolean large = random.nextInt(10) == 0 && command != Command.FLUSH;
        return Step.request(command, flags, offset, large ? Step.DISK_BYTES - 512 : length);
    }

    private long offset(int length) {
        return switch (random.nextInt(10)) {
            case 0 -> Step.DISK_BYTES;
            case 1 -> Step.DISK_BYTES - length / 2;
            case 2 -> random.nextLong();
            case 3 -> Step.DISK_BYTES - length;
            default -> random.nextInt((int) (Step.DISK_BYTES - length) / 512) * 512L;
        };
    }
}
