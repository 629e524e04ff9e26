package io.vhdxd.vhdx.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ImageOnStorage;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.load.ImageAudit;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.PendingCompletion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Function;

/**
 * Does with an image, whatever it holds, what its users do. Nothing but a reason may come of it: no crash, no other exception, no
 * write that cannot be read, and no change by who only reads.
 */
final class ImageExercise {
    private static final int LENGTH = 1000;
    private static final int PLACES_MAX = 12;

    /** How far an image let itself be used. */
    enum Outcome {
        REFUSED,
        READ,
        WRITTEN
    }

    private ImageExercise() {}

    static Outcome run(SimulatedStorage storage) throws IOException {
        check(storage.readOnlyCopy());
        try (VhdxImage image = ImageOnStorage.open(storage.readOnlyCopy(), Access.READ_ONLY)) {
            readAround(image);
        } catch (CorruptImageException | UnsupportedImageException e) {
            assertThat(e.getMessage()).isNotBlank();
            // What cannot be read is not written either.
            assertThat(write(storage)).isFalse();
            return Outcome.REFUSED;
        }
        return write(storage) ? Outcome.WRITTEN : Outcome.READ;
    }

    private static void check(SimulatedStorage storage) throws IOException {
        try {
            Findings findings = new Findings();
            ImageAudit.audit(ImageLoader.load(storage, LoadOptions.STRICT, findings), findings);
            findings.kept().forEach(finding -> assertThat(finding.toString()).isNotBlank());
        } catch (CorruptImageException | UnsupportedImageException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    /** The beginning and the end of the first blocks and of the last one. */
    private static Set<Long> places(VhdxImage image) {
        long size = image.virtualSizeBytes();
        long block = image.info().blockSizeBytes();
        Set<Long> places = new LinkedHashSet<>();
        for (long at = 0; at + LENGTH <= size && places.size() < PLACES_MAX; at += block) {
            places.add(at);
            places.add(Math.min(at + block - LENGTH / 2, size - LENGTH));
        }
        if (size >= LENGTH) {
            places.add(size - LENGTH);
        }
        return places;
    }

    private static void readAround(VhdxImage image) throws IOException {
        for (long place : places(image)) {
            try {
                read(image, place);
            } catch (CorruptImageException e) {
                // A block that is marked as damaged.
                assertThat(e.getMessage()).contains("payload block");
            }
        }
        long size = image.virtualSizeBytes();
        long[] told = {0};
        int[] extents = {0};
        image.extents(0, size, (offset, length, kind, depth) -> {
            assertThat(offset).isEqualTo(told[0]);
            assertThat(length).isPositive();
            told[0] = offset + length;
            return extents[0]++ < 1000;
        });
    }

    private static byte[] read(VhdxImage image, long offset) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(LENGTH);
        image.read(offset, dst);
        byte[] content = new byte[LENGTH];
        dst.get(0, content);
        return content;
    }

    /** Writes, if the image lets itself be opened for that, and reads what was written, before and after a reopening. */
    private static boolean write(SimulatedStorage storage) throws IOException {
        VhdxImage image;
        try {
            image = ImageOnStorage.open(storage, Access.READ_WRITE);
        } catch (CorruptImageException | UnsupportedImageException | ReadOnlyImageException e) {
            assertThat(e.getMessage()).isNotBlank();
            return false;
        }
        try (image) {
            byte number = 0;
            for (long place : places(image)) {
                number++;
                byte value = number;
                submit(image, done -> new WriteRequest(place, new ByteBuffer[] {filled(value)}, false, done));
                assertThat(read(image, place)).containsOnly(value);
            }
            long half = Math.min(image.virtualSizeBytes(), 3L * image.info().blockSizeBytes());
            submit(image, done -> new TrimRequest(0, half, false, done));
            submit(image, done -> new ZeroRequest(0, half, false, false, false, done));
            submit(image, FlushRequest::new);
            for (long place : places(image)) {
                if (place + LENGTH <= half) {
                    assertThat(read(image, place)).containsOnly(0);
                }
            }
            for (long place : places(image)) {
                submit(image, done -> new WriteRequest(place, new ByteBuffer[] {filled((byte) 77)}, false, done));
            }
        }
        try (VhdxImage again = ImageOnStorage.open(storage.copy(), Access.READ_WRITE)) {
            for (long place : places(again)) {
                assertThat(read(again, place)).containsOnly(77);
            }
        }
        return true;
    }

    private static void submit(VhdxImage image, Function<Completion, ImageRequest> request) throws IOException {
        PendingCompletion done = new PendingCompletion();
        image.submit(request.apply(done));
        done.get();
    }

    private static ByteBuffer filled(byte value) {
        byte[] content = new byte[LENGTH];
        Arrays.fill(content, value);
        return ByteBuffer.allocateDirect(LENGTH).put(content).flip();
    }
}
