package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.AccessGate;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.measure.ImageObserver;
import io.vhdxd.vhdx.measure.WriterState;
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
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.testing.Soundness;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An open image on a simulated disk, whose writer does nothing but what the test lets it do, step by step. */
public final class SteppedImage {
    private final SimulatedStorage storage;
    private final LoadedImage loaded;
    private final AccessGate gate = new AccessGate();
    private final BlockReader reader;
    private final WriterAssembly assembly;
    private @Nullable Round startedRound;
    private long nanos;

    /** What the engine takes for the file: the simulated disk, or something before it. */
    private final Storage seen;

    private SteppedImage(
            SimulatedStorage storage,
            Storage seen,
            LoadedImage loaded,
            @Nullable BlockReader parent,
            Supplier<UUID> guids) {
        this.storage = storage;
        this.seen = seen;
        this.loaded = loaded;
        BitmapPlaces places = loaded.bitmapPlaces();
        SectorBitmaps bitmaps = places == null ? null : new SectorBitmaps(loaded.geometry(), places, seen);
        this.reader = new BlockReader(
                new DiskLayer("image", loaded.geometry(), loaded.blockMap(), bitmaps, seen, loaded.fileSizeBytes()),
                parent);
        WritableImage image = new WritableImage(
                "image",
                seen,
                loaded.geometry(),
                loaded.metadata().fileParameters().leaveBlocksAllocated(),
                loaded.headers(),
                loaded.blockMap(),
                loaded.spaceMap(),
                loaded.presentBlockCount(),
                loaded.regions().bat(),
                loaded.regions().metadata(),
                loaded.fileSizeBytes(),
                bitmaps == null || parent == null
                        ? null
                        : new WritableChild(bitmaps, parent::readExtended, parent.sizeBytes()));
        this.assembly = WriterAssembly.of(image, gate, round -> startedRound = round, () -> nanos, guids);
    }

    /** Opens an image for writing; a dirty log is replayed. */
    public static SteppedImage open(SimulatedStorage storage) throws IOException {
        return open(storage, storage, null, SimulatedImages.guids(7));
    }

    /** Opens a child of a disk for writing; a dirty log is replayed. */
    public static SteppedImage open(SimulatedStorage storage, @Nullable BlockReader parent) throws IOException {
        return open(storage, storage, parent, SimulatedImages.guids(7));
    }

    /**
     * Opens an image for writing; a dirty log is replayed.
     *
     * @param seen what the engine takes for the file; hands on to {@code storage} what it is told
     * @param parent of the image; null if it has none
     * @param guids for this session
     */
    public static SteppedImage open(
            SimulatedStorage storage, Storage seen, @Nullable BlockReader parent, Supplier<UUID> guids)
            throws IOException {
        Findings findings = new Findings();
        LoadedImage loaded = ImageLoader.load(seen, LoadOptions.STRICT, findings);
        Soundness.requireButForHeader(findings);
        if (loaded.needsReplay()) {
            loaded = loaded.replay(seen, guids.get());
        }
        return new SteppedImage(storage, seen, loaded, parent, guids);
    }

    public SimulatedStorage storage() {
        return storage;
    }

    public Geometry geometry() {
        return loaded.geometry();
    }

    /** The size of the virtual disk at this moment. */
    long size() {
        return assembly.disk().geometry().virtualSizeBytes();
    }

    public BlockMap blockMap() {
        return loaded.blockMap();
    }

    public AccessGate gate() {
        return gate;
    }

    public Overwrites overwrites() {
        return assembly.overwrites();
    }

    public ImageHealth health() {
        return assembly.health();
    }

    /** One turn of the agent. */
    public int step() {
        return assembly.agent().doWork();
    }

    WriterState state() {
        return assembly.gauges().read(!assembly.requests().isEmpty());
    }

    void observe(ImageObserver observer) {
        assembly.gauges().observe(observer);
    }

    long sleepNanos() {
        return assembly.agent().sleepNanos();
    }

    public void requestClose() {
        assembly.agent().requestClose();
    }

    public boolean isClosed() {
        return assembly.agent().isClosed();
    }

    RequestQueue.Put put(ImageRequest request) {
        return assembly.requests().put(request);
    }

    public void crashed(Throwable error) {
        assembly.agent().crashed(error);
    }

    /** Turns of the agent until it has nothing to do but wait. */
    public void stepToRest() {
        for (int turns = 0; step() != 0; turns++) {
            assertThat(turns).as("turns without rest").isLessThan(100_000);
        }
    }

    public boolean isRoundStarted() {
        return startedRound != null;
    }

    /** Runs the round that the agent has started. */
    public void runRound() {
        Round round = startedRound;
        assertThat(round).as("a round is started").isNotNull();
        startedRound = null;
        round.run(seen);
    }

    /** Lets everything happen until nothing is left to do. */
    public void settle() {
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

    /** Lets so much time pass that the space of trimmed blocks is given back without a flush. */
    public void advanceClockToRecycling() {
        nanos += Rounds.RECYCLE_DELAY_NANOS;
    }

    /** The headers as the file holds them since the opening. */
    public HeaderPair openedHeaders() {
        return loaded.headers();
    }

    /** Whether a place in an image that was made in one go is not that of payload. */
    public boolean isMetadata(long fileOffsetBytes) {
        return fileOffsetBytes < metadataEndBytes() || isInBitmap(fileOffsetBytes / Geometry.MIB);
    }

    private boolean isInBitmap(long placeMib) {
        BitmapPlaces places = loaded.bitmapPlaces();
        for (int chunk = 0; places != null && chunk < places.chunkCount(); chunk++) {
            if (places.placeMib(chunk) == placeMib) {
                return true;
            }
        }
        return false;
    }

    /** Where the payload begins in an image that was made in one go. */
    public long metadataEndBytes() {
        RegionEntry bat = loaded.regions().bat();
        RegionEntry metadata = loaded.regions().metadata();
        return Math.max(bat.fileOffsetBytes() + bat.lengthBytes(), metadata.fileOffsetBytes() + metadata.lengthBytes());
    }

    /** Hands a request to the writer. */
    public void submit(ImageRequest request) {
        assertThat(put(request)).isNotEqualTo(RequestQueue.Put.CLOSED);
    }

    /** Closes the image as {@code VhdxImage.close} does. */
    public void close() {
        assembly.agent().requestClose();
        settle();
        assertThat(assembly.agent().isClosed()).as("closed").isTrue();
    }

    Answer submit(ImageRequest request, Answer answer) {
        submit(request);
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
    public ByteBuffer read(long offsetBytes, int lengthBytes) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(lengthBytes);
        read(offsetBytes, dst);
        return dst.flip();
    }

    /** Fills a buffer with what the disk holds at this moment. */
    public void read(long offsetBytes, ByteBuffer dst) throws IOException {
        int access = gate.enter();
        try {
            reader.read(offsetBytes, dst);
        } finally {
            gate.exit(access);
        }
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
