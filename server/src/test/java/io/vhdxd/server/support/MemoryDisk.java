package io.vhdxd.server.support;

import io.vhdxd.server.export.Disk;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.ExtentVisitor;
import io.vhdxd.vhdx.request.AbandonedException;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that keeps the contract of an image: a block has to be made present by the writer before it can be
 * overwritten in place. Tests can make it slow, cold and faulty, and see what was done to it.
 */
public final class MemoryDisk implements Disk {
    public static final int BLOCK_BYTES = 64 << 10;

    private final byte[] content;
    private final ExtentKind[] blocks;
    private final int[] depths;
    private final ExecutorService writer = Executors.newSingleThreadExecutor(
            task -> Thread.ofPlatform().daemon().unstarted(task));

    /** What was done, in order. */
    private final List<String> events = Collections.synchronizedList(new ArrayList<>());

    /** Closed gates hold who comes to them. */
    public final Gate writerGate = new Gate();

    public final Gate readGate = new Gate();
    public final Gate overwriteGate = new Gate();

    private final Usage usage = new Usage();
    private volatile long gatedOverwriteBytes;

    private volatile boolean cold;
    private volatile @Nullable IOException readFailure;
    private volatile @Nullable IOException changeFailure;
    private volatile @Nullable RuntimeException readFault;

    public MemoryDisk(int blockCount) {
        content = new byte[blockCount * BLOCK_BYTES];
        blocks = new ExtentKind[blockCount];
        depths = new int[blockCount];
        Arrays.fill(blocks, ExtentKind.HOLE);
    }

    /** Makes all blocks present. */
    public MemoryDisk allPresent() {
        Arrays.fill(blocks, ExtentKind.DATA);
        Arrays.fill(depths, 1);
        return this;
    }

    public void setBlock(int index, ExtentKind kind) {
        setBlock(index, kind, kind == ExtentKind.DATA ? 1 : 0);
    }

    /** Says what a block is, in the terms of {@link ExtentVisitor}. */
    public void setBlock(int index, ExtentKind kind, int depth) {
        blocks[index] = kind;
        depths[index] = depth;
    }

    /** Whether reads have to wait for the device. */
    public void setCold(boolean cold) {
        this.cold = cold;
    }

    /** Lets smaller overwrites pass their gate. */
    public void gateOverwritesFrom(long bytes) {
        gatedOverwriteBytes = bytes;
    }

    /** What the writer was given and has not completed. */
    public Usage usage() {
        return usage;
    }

    public void failReads(@Nullable IOException failure) {
        readFailure = failure;
    }

    public void failChanges(@Nullable IOException failure) {
        changeFailure = failure;
    }

    /** Makes reads throw what no read should throw. */
    public void breakReads(@Nullable RuntimeException fault) {
        readFault = fault;
    }

    public synchronized byte[] content() {
        return content.clone();
    }

    public synchronized void fill(int offset, byte[] bytes) {
        System.arraycopy(bytes, 0, content, offset, bytes.length);
    }

    /** What was done so far, such as {@code "overwrite 0+512"} or {@code "flush"}. */
    public List<String> events() {
        synchronized (events) {
            return new ArrayList<>(events);
        }
    }

    public void forgetEvents() {
        events.clear();
    }

    @Override
    public long sizeBytes() {
        return content.length;
    }

    @Override
    public boolean tryExtents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
        if (cold) {
            return false;
        }
        extents(offsetBytes, lengthBytes, visitor);
        return true;
    }

    @Override
    public synchronized void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
        long end = offsetBytes + lengthBytes;
        long start = offsetBytes;
        while (start < end) {
            ExtentKind kind = blocks[(int) (start / BLOCK_BYTES)];
            int depth = depths[(int) (start / BLOCK_BYTES)];
            long stop = start;
            while (stop < end
                    && blocks[(int) (stop / BLOCK_BYTES)] == kind
                    && depths[(int) (stop / BLOCK_BYTES)] == depth) {
                stop = Math.min(end, (stop / BLOCK_BYTES + 1) * BLOCK_BYTES);
            }
            if (!visitor.extent(start, stop - start, kind, depth)) {
                return;
            }
            start = stop;
        }
    }

    @Override
    public boolean tryRead(long offsetBytes, ByteBuffer dst) throws IOException {
        if (cold) {
            return false;
        }
        get(offsetBytes, dst);
        return true;
    }

    @Override
    public void read(long offsetBytes, ByteBuffer dst) throws IOException {
        readGate.pass();
        events.add("read " + offsetBytes + "+" + dst.remaining());
        get(offsetBytes, dst);
    }

    private synchronized void get(long offsetBytes, ByteBuffer dst) throws IOException {
        if (readFault != null) {
            throw readFault;
        }
        throwIf(readFailure);
        dst.put(content, (int) offsetBytes, dst.remaining());
    }

    @Override
    public boolean tryWrite(long offsetBytes, ByteBuffer[] srcs) throws IOException {
        long length = Arrays.stream(srcs).mapToLong(ByteBuffer::remaining).sum();
        if (length >= gatedOverwriteBytes) {
            overwriteGate.pass();
        }
        synchronized (this) {
            for (long block = offsetBytes / BLOCK_BYTES; block * BLOCK_BYTES < offsetBytes + length; block++) {
                if (blocks[(int) block] != ExtentKind.DATA) {
                    return false;
                }
            }
            throwIf(changeFailure);
            put(offsetBytes, srcs);
        }
        events.add("overwrite " + offsetBytes + "+" + length);
        return true;
    }

    @Override
    public void submit(ImageRequest request) {
        usage.begin(request.lengthBytes());
        writer.execute(() -> {
            writerGate.pass();
            usage.end(request.lengthBytes());
            carryOut(request);
        });
    }

    private void carryOut(ImageRequest request) {
        if (request.isAbandoned()) {
            events.add("dropped " + name(request));
            request.complete(new AbandonedException());
            return;
        }
        IOException failure = changeFailure;
        if (failure == null) {
            change(request);
            events.add(name(request));
        }
        request.complete(failure);
    }

    private synchronized void change(ImageRequest request) {
        int first = (int) (request.offsetBytes() / BLOCK_BYTES);
        int end = (int) Math.ceilDiv(request.endBytes(), BLOCK_BYTES);
        switch (request) {
            case WriteRequest write -> {
                put(write.offsetBytes(), write.srcs());
                Arrays.fill(blocks, first, end, ExtentKind.DATA);
                Arrays.fill(depths, first, end, 1);
            }
            case ZeroRequest zero -> Arrays.fill(content, (int) zero.offsetBytes(), (int) zero.endBytes(), (byte) 0);
            case TrimRequest trim -> Arrays.fill(content, (int) trim.offsetBytes(), (int) trim.endBytes(), (byte) 0);
            case FlushRequest flush -> {
                // Memory is as durable as it gets.
            }
            case GrowRequest grow -> throw new AssertionError("no client can ask for a growth");
        }
    }

    private static String name(ImageRequest request) {
        String range = request.offsetBytes() + "+" + request.lengthBytes() + (request.isDurable() ? " durable" : "");
        return switch (request) {
            case WriteRequest write -> "write " + range;
            case ZeroRequest zero ->
                "zero " + range + (zero.keepAllocated() ? " allocated" : "") + (zero.fastOnly() ? " fast" : "");
            case TrimRequest trim -> "trim " + range;
            case FlushRequest flush -> "flush";
            case GrowRequest grow -> "grow to " + grow.newSizeBytes();
        };
    }

    private synchronized void put(long offsetBytes, ByteBuffer[] srcs) {
        int offset = (int) offsetBytes;
        for (ByteBuffer src : srcs) {
            int length = src.remaining();
            src.get(content, offset, length);
            offset += length;
        }
    }

    private static void throwIf(@Nullable IOException failure) throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() throws IOException {
        writerGate.open();
        readGate.open();
        overwriteGate.open();
        writer.shutdown();
        try {
            if (!writer.awaitTermination(10, TimeUnit.SECONDS)) {
                throw new IOException("the writer does not end");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
