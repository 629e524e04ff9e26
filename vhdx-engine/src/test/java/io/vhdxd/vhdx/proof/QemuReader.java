package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.SimulatedFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;

/**
 * QEMU itself, for one state out of many: {@code qemu-img check -r all} replays the log, then {@code qemu-io} reads all
 * followed sectors (promise R9).
 */
final class QemuReader implements CrashReader {
    private final Path directory;
    private final int stride;
    private final long statesMax;
    private long untilNext;
    private long stateCount;

    /**
     * Makes a reader.
     *
     * @param directory for the files
     * @param stride of so many states it reads one
     * @param statesMax it reads no more than this
     */
    QemuReader(Path directory, int stride, long statesMax) {
        this.directory = directory;
        this.stride = stride;
        this.statesMax = statesMax;
        this.untilNext = stride;
    }

    /** How many states were read. */
    long stateCount() {
        return stateCount;
    }

    @Override
    public void judge(SimulatedStorage state, Expected expected, Supplier<String> description) {
        if (--untilNext > 0 || stateCount == statesMax) {
            return;
        }
        untilNext = stride;
        stateCount++;
        Path file = directory.resolve("state.vhdx");
        try {
            SimulatedFiles.write(state, file);
            Tool.run("qemu-img", "check", "-q", "-f", "vhdx", "-r", "all", file.toString())
                    .succeeded();
            readByQemu(file, expected);
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } catch (AssertionError e) {
            throw new Violation(description.get() + ": QEMU itself: " + e.getMessage(), e);
        }
    }

    private static void readByQemu(Path file, Expected expected) throws IOException, InterruptedException {
        // A disk that may have grown or not is read as far as it goes in any case.
        long sizeBytes = Collections.min(expected.sizesBytes());
        List<SectorOracle.Run> runs = expected.sectors().runs().stream()
                .filter(run -> run.offsetBytes() + run.lengthBytes() <= sizeBytes)
                .toList();
        List<String> command = new ArrayList<>(List.of("qemu-io", "-r", "-f", "vhdx"));
        for (SectorOracle.Run run : runs) {
            command.add("-c");
            command.add("read -v " + run.offsetBytes() + " " + run.lengthBytes());
        }
        command.add(file.toString());
        int lengthBytes = runs.stream().mapToInt(SectorOracle.Run::lengthBytes).sum();
        ByteBuffer contents = contents(Tool.run(command.toArray(String[]::new)).succeeded(), lengthBytes);
        for (SectorOracle.Run run : runs) {
            SectorOracle.check(
                    run, contents.slice(contents.position(), run.lengthBytes()).order(ByteOrder.LITTLE_ENDIAN));
            contents.position(contents.position() + run.lengthBytes());
        }
    }

    /** What the dumps of all reads show, one after the other. */
    private static ByteBuffer contents(Tool dumps, int lengthBytes) {
        ByteBuffer contents = ByteBuffer.allocate(lengthBytes);
        for (String line : dumps.output().lines().toList()) {
            // "00000200:  5a 5a ... 5a  ZZZZZZZZZZZZZZZZ"
            int colon = line.indexOf(":  ");
            if (colon > 0 && line.length() > colon + 50) {
                contents.put(HexFormat.ofDelimiter(" ").parseHex(line.substring(colon + 3, colon + 50)));
            }
        }
        if (contents.hasRemaining()) {
            throw new AssertionError("qemu-io showed " + contents.position() + " bytes, expected " + lengthBytes
                    + ", the first line: " + dumps.output().lines().findFirst().orElse("none"));
        }
        return contents.flip();
    }
}
