package io.vhdxd.bench;

import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a read from the page cache and an overwrite cost through the engine, and what of it is the system call. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ReadBenchmark {
    private static final int DISK_BYTES = 64 << 20;
    private static final int BLOCK_BYTES = 1 << 20;

    @Param({"4096", "65536", "1048576"})
    public int bytes;

    private Path directory;
    private VhdxImage image;
    private Storage storage;
    private ByteBuffer buffer;
    private ByteBuffer[] srcs;
    private long at;

    @Setup(Level.Trial)
    public void open() throws IOException {
        directory = Files.createTempDirectory("vhdxd-jmh");
        Path file = directory.resolve("disk.vhdx");
        new ImageCreation(DiskType.DYNAMIC, DISK_BYTES, BLOCK_BYTES, 512, 4096, 1 << 20).create(file);
        image = VhdxImage.open(file, Access.READ_WRITE);
        buffer = ByteBuffer.allocateDirect(bytes);
        srcs = new ByteBuffer[] {ByteBuffer.allocateDirect(bytes)};
        ByteBuffer[] all = {ByteBuffer.allocateDirect(DISK_BYTES)};
        CompletableFuture<IOException> written = new CompletableFuture<>();
        image.submit(new WriteRequest(0, all, true, written::complete));
        if (written.join() != null) {
            throw written.join();
        }
        Path plain = directory.resolve("plain");
        Files.write(plain, new byte[DISK_BYTES]);
        storage = Storages.open(plain, true);
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        image.close();
        storage.close();
        Files.delete(directory.resolve("disk.vhdx"));
        Files.delete(directory.resolve("plain"));
        Files.delete(directory);
    }

    private long next() {
        at = (at + 7L * BLOCK_BYTES + bytes) % (DISK_BYTES - bytes);
        return at - at % bytes;
    }

    @Benchmark
    public boolean imageRead() throws IOException {
        return image.tryRead(next(), buffer.clear());
    }

    @Benchmark
    public int fileRead() throws IOException {
        return storage.readCached(buffer.clear(), next());
    }

    @Benchmark
    public boolean imageOverwrite() throws IOException {
        srcs[0].clear();
        return image.tryWrite(next(), srcs);
    }

    @Benchmark
    public void fileOverwrite() throws IOException {
        srcs[0].clear();
        storage.write(srcs, next());
    }
}
