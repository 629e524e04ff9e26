package io.vhdxd.vhdx.storage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Another Java process that uses a storage, step by step as its arguments tell, and prints a line for each step: what
 * came of it, or the exception. Tests run it under tools that make system calls fail, and to hold locks.
 *
 * <p>The steps: {@code open FILE reading|writing}, {@code channel FILE reading|writing}, {@code write OFFSET LENGTH BYTE},
 * {@code gather OFFSET LENGTH BYTE} (in buffers of 1000), {@code read OFFSET LENGTH}, {@code readCached OFFSET LENGTH},
 * {@code punch OFFSET LENGTH}, {@code zero OFFSET LENGTH}, {@code reserve OFFSET LENGTH}, {@code setSize SIZE},
 * {@code size}, {@code sync}, {@code zeroesFast}, {@code close}, and {@code hold}, which waits for the end of the
 * standard input.
 */
final class StorageProcess {
    private StorageProcess() {}

    /** The command line that runs the steps. */
    static List<String> command(String... steps) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                StorageProcess.class.getName()));
        command.addAll(List.of(steps));
        return command;
    }

    /** Runs a command to its end and returns the lines of its standard output. */
    static List<String> run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        List<String> lines;
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            lines = output.lines().toList();
        }
        int exitCode = process.waitFor();
        if (exitCode != 0) {
            throw new IOException("exit code " + exitCode + " (expected: 0) of " + command + ", output " + lines);
        }
        return lines;
    }

    public static void main(String[] steps) throws IOException {
        Storage storage = null;
        for (String step : steps) {
            String[] words = step.split(" ");
            try {
                if (words[0].equals("open")) {
                    storage = Storages.open(Path.of(words[1]), words[2].equals("writing"));
                    System.out.println("ok");
                } else if (words[0].equals("channel")) {
                    storage = ChannelStorage.open(Path.of(words[1]), words[2].equals("writing"));
                    System.out.println("ok");
                } else if (words[0].equals("hold")) {
                    new InputStreamReader(System.in, StandardCharsets.UTF_8).read();
                } else if (storage != null) {
                    System.out.println(run(storage, words));
                }
            } catch (IOException e) {
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }

    private static String run(Storage storage, String[] words) throws IOException {
        long offset = words.length > 1 ? Long.parseLong(words[1]) : 0;
        long length = words.length > 2 ? Long.parseLong(words[2]) : 0;
        return switch (words[0]) {
            case "write" -> {
                storage.write(filled((int) length, words[3]), offset);
                yield "ok";
            }
            case "gather" -> {
                List<ByteBuffer> srcs = new ArrayList<>();
                for (long done = 0; done < length; done += 1000) {
                    srcs.add(filled((int) Math.min(1000, length - done), words[3]));
                }
                storage.write(srcs.toArray(ByteBuffer[]::new), offset);
                yield "ok";
            }
            case "read" -> read(storage, offset, length, false);
            case "readCached" -> read(storage, offset, length, true);
            case "punch" -> {
                storage.punchHole(offset, length);
                yield "ok";
            }
            case "zero" -> {
                storage.zeroRange(offset, length);
                yield "ok";
            }
            case "reserve" -> {
                storage.reserve(offset, length);
                yield "ok";
            }
            case "setSize" -> {
                storage.setSize(offset);
                yield "ok";
            }
            case "size" -> Long.toString(storage.size());
            case "sync" -> {
                storage.sync();
                yield "ok";
            }
            case "zeroesFast" -> Boolean.toString(storage.zeroesFast());
            case "close" -> {
                storage.close();
                yield "ok";
            }
            default -> throw new IllegalArgumentException("step " + words[0]);
        };
    }

    private static ByteBuffer filled(int length, String value) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        while (buffer.hasRemaining()) {
            buffer.put(Byte.parseByte(value));
        }
        return buffer.flip();
    }

    /** For example {@code "4096 bytes: 2048 x 1, 2048 x 0"}. */
    private static String read(Storage storage, long offset, long length, boolean cached) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect((int) length);
        int count = cached ? storage.readCached(dst, offset) : storage.read(dst, offset);
        dst.flip();
        List<String> runs = new ArrayList<>();
        while (dst.hasRemaining()) {
            byte value = dst.get();
            int runLength = 1;
            while (dst.hasRemaining() && dst.get(dst.position()) == value) {
                dst.get();
                runLength++;
            }
            runs.add(runLength + " x " + value);
        }
        return count + " bytes: " + String.join(", ", runs);
    }
}
