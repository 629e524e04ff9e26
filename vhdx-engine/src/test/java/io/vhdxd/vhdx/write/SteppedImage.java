package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.AccessGate;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.RequestQueue;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An open image on a simulated disk, whose writer does nothing but what the test lets it do, step by step. */
final class SteppedImage {
    private final SimulatedStorage storage;
    private final LoadedImage loaded;
    private final AccessGate gate = new AccessGate();
    private final BlockReader reader;
    private final WriterAssembly assembly;
    private @Nullable Round startedRound;
    private long nanos;

    private SteppedImage(SimulatedStorage storage, LoadedImage loaded) {
        this.storage = storage;
        this.loaded = loaded;
        this.reader = new BlockReader(
                new DiskLayer("image", loaded.geometry(), loaded.blockMap(), null, storage, loaded.fileSizeBytes()),
                null);
        WritableImage image = new WritableImage(
                "image",
                storage,
                loaded.geometry(),
                loaded.metadata().fileParameters().leaveBlocksAllocated(),
                loaded.headers(),
                loaded.blockMap(),
                loaded.spaceMap(),
                loaded.presentBlockCount(),
                loaded.regions().bat(),
                loaded.regions().metadata(),
                loaded.fileSizeBytes());
        this.assembly =
                WriterAssembly.of(image, gate, round -> startedRound = round, () -> nanos, SimulatedImages.guids(7));
    }

    /** Opens an image for writing; a dirty log is replayed. */
    static SteppedImage open(SimulatedStorage storage) throws IOException {
        Findings findings = new Findings();
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        assertThat(findings.worst()).as(findings.kept().toString()).isLessThan(Severity.WARNING);
        if (loaded.needsReplay()) {
            loaded = loaded.replay(storage, new UUID(9, 9));
        }
        return new SteppedImage(storage, loaded);
    }

    SimulatedStorage storage() {
        return storage;
    }

    Geometry geometry() {
        return loaded.geometry();
    }

    /** The size of the virtual disk at this moment. */
    long size() {
        return assembly.disk().geometry().virtualSizeBytes();
    }

    BlockMap blockMap() {
        return loaded.blockMap();
    }

    AccessGate gate() {
        return gate;
    }

    Overwrites overwrites() {
        return assembly.overwrites();
    }

    ImageHealth health() {
        return assembly.health();
    }

    /** One turn of the agent. */
    int step() {
        return assembly.agent().doWork();
    }

    long sleepNanos() {
        return assembly.agent().sleepNanos();
    }

    void requestClose() {
        assembly.agent().requestClose();
    }

    boolean isClosed() {
        return assembly.agent().isClosed();
    }

    RequestQueue.Put put(ImageRequest request) {
        return assembly.requests().put(request);
    }

    void crashed(Throwable error) {
        assembly.agent().crashed(error);
    }

    /** Turns of the agent until it has nothing to do but wait. */
    void stepToRest() {
        for (int turns = 0; step() != 0; turns++) {
            assertThat(turns).as("turns without rest").isLessThan(100_000);
        }
    }

    boolean isRoundStarted() {
        return startedRound != null;
    }

    /** Runs the round that the agent has started. */
    void runRound() {
        Round round = startedRound;
        assertThat(round).as("a round is started").isNotNull();
        startedRound = null;
        round.run(storage);
    }

    /** Lets everything happen until nothing is left to do. */
    void settle() {
        for (int rounds = 0; rounds < 10_000; rounds++) {
            stepToRest();
            if (startedRound == null) {
                return;
            }
            runRound();
        }
        throw new AssertionError("the writer never comes to rest");
    }

    void advanceClock(long byNanos) {
        nanos += byNanos;
    }

    /** Closes the image as {@code VhdxImage.close} does. */
    void close() {
        assembly.agent().requestClose();
        settle();
        assertThat(assembly.agent().isClosed()).as("closed").isTrue();
    }

    Answer submit(ImageRequest request, Answer answer) {
        assertThat(put(request)).isNotEqualTo(RequestQueue.Put.CLOSED);
        return answer;
    }

    Answer write(long offsetBytes, ByteBuffer... srcs) {
        Answer answer = new Answer();
        return submit(new WriteRequest(offsetBytes, srcs, false, answer), answer);
    }

    Answer writeDurably(long offsetBytes, ByteBuffer... srcs) {
        Answer answer = new Answer();
        return submit(new WriteRequest(offsetBytes, srcs, true, answer), answer);
    }

    Answer zero(long offsetBytes, long lengthBytes) {
        Answer answer = new Answer();
        return submit(new ZeroRequest(offsetBytes, lengthBytes, false, false, false, answer), answer);
    }

    Answer trim(long offsetBytes, long lengthBytes) {
        Answer answer = new Answer();
        return submit(new TrimRequest(offsetBytes, lengthBytes, false, answer), answer);
    }

    Answer grow(long newSizeBytes) {
        Answer answer = new Answer();
        return submit(new GrowRequest(newSizeBytes, answer), answer);
    }

    Answer flush() {
        Answer answer = new Answer();
        return submit(new FlushRequest(answer), answer);
    }

    /** What a range of the disk holds at this moment. */
    ByteBuffer read(long offsetBytes, int lengthBytes) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(lengthBytes);
        int access = gate.enter();
        try {
            reader.read(offsetBytes, dst);
        } finally {
            gate.exit(access);
        }
        return dst.flip();
    }

    /** The answer to a request. */
    static class Answer implements Completion {
        private int count;
        private @Nullable IOException failure;
        private boolean abandoned;

        @Override
        public void completed(@Nullable IOException failure) {
            assertThat(count).as("answers before this one").isZero();
            count++;
            this.failure = failure;
        }

        @Override
        public boolean isAbandoned() {
            return abandoned;
        }

        Answer abandon() {
            abandoned = true;
            return this;
        }

        boolean isGiven() {
            return count == 1;
        }

        boolean isSuccess() {
            return isGiven() && failure == null;
        }

        @Nullable IOException failure() {
            return failure;
        }
    }
}
