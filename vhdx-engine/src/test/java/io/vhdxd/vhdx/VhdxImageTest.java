package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.diagnosis.ImageClosedException;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroNotFastException;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.storage.FileInUseException;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.PendingCompletion;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image in a real file, with the writer on its own threads. */
class VhdxImageTest {
    private static final long MIB = 1 << 20;
    private static final long SIZE = 64 * MIB;

    @TempDir
    private Path directory;

    private Path file;
    private VhdxImage image;

    @BeforeEach
    void create() throws IOException {
        file = directory.resolve("disk.vhdx");
        new ImageCreation(DiskType.DYNAMIC, SIZE, 1 << 20, 512, 4096, 1 << 20).create(file);
        image = VhdxImage.open(file, Access.READ_WRITE);
    }

    @AfterEach
    void close() throws IOException {
        image.close();
    }

    @Test
    @DisplayName("what was written is read, at once and after a reopening")
    void writeAndRead() throws Exception {
        assertThat(image.tryWrite(MIB, srcs(3))).as("a block without space").isFalse();
        write(MIB - 512, DiskModel.content(0, 2, 3));
        assertThat(image.tryWrite(MIB, srcs(4))).as("a block with space").isTrue();
        assertThat(read(MIB)).isEqualTo(sector(4));
        assertThat(read(5 * MIB)).isEqualTo(sector(0));

        reopen(Access.READ_ONLY);
        assertThat(image.info().logState()).isEqualTo(LogState.CLEAN);
        assertThat(read(MIB)).isEqualTo(sector(4));
        assertThat(image.info().presentBlockCount()).isEqualTo(2);
    }

    @Test
    @DisplayName("one gathering write of many buffers crosses blocks")
    void gatheringWrite() throws Exception {
        ByteBuffer content = DiskModel.content(0, 4096 + 7, 9);
        List<ByteBuffer> pieces = new ArrayList<>();
        for (int at = 0; at < content.limit(); ) {
            int length = Math.min(content.limit() - at, 1 + (at * 7) % 3000);
            pieces.add(content.slice(at, length));
            at += length;
        }
        ByteBuffer[] srcs = pieces.toArray(ByteBuffer[]::new);
        submit(completion -> new WriteRequest(3 * MIB - 5 * 512, srcs, false, completion))
                .get();
        ByteBuffer dst = ByteBuffer.allocateDirect(content.limit());
        image.read(3 * MIB - 5 * 512, dst);
        assertThat(dst.flip()).isEqualTo(content);

        ByteBuffer again = DiskModel.content(0, 4096 + 7, 10);
        assertThat(image.tryWrite(3 * MIB - 5 * 512, new ByteBuffer[] {
                    again.slice(0, 100), again.slice(100, again.limit() - 100)
                }))
                .isTrue();
        dst.clear();
        image.read(3 * MIB - 5 * 512, dst);
        assertThat(dst.flip()).isEqualTo(again);
    }

    @Test
    @DisplayName("nbd.md MC-13, CM-05: extents follow writes, trims and zeroes")
    void extents() throws Exception {
        write(2 * MIB, sector(1));
        write(3 * MIB, sector(1));
        write(9 * MIB, sector(1));
        assertThat(extentsOf(0, SIZE))
                .containsExactly(
                        "0 HOLE 2097152",
                        "2097152 DATA 2097152",
                        "4194304 HOLE 5242880",
                        "9437184 DATA 1048576",
                        "10485760 HOLE 56623104");
        submit(completion -> new TrimRequest(2 * MIB, MIB, false, completion)).get();
        submit(completion -> new ZeroRequest(9 * MIB, MIB, false, true, false, completion))
                .get();
        assertThat(extentsOf(512, 4 * MIB))
                .containsExactly("512 HOLE 3145216", "3145728 DATA 1048576", "4194304 HOLE 512");
        assertThat(extentsOf(8 * MIB, 4 * MIB)).containsExactly("8388608 HOLE 4194304");
        assertThat(read(2 * MIB)).isEqualTo(sector(0));
        assertThat(read(9 * MIB)).isEqualTo(sector(0));
    }

    @Test
    @DisplayName("CM-03: zeroes that keep their space are data, and read as zeros")
    void zeroesThatKeepTheirSpace() throws Exception {
        write(2 * MIB, sector(1));
        submit(completion -> new ZeroRequest(2 * MIB, 2 * MIB, true, false, true, completion))
                .get();
        assertThat(extentsOf(2 * MIB, 2 * MIB)).containsExactly("2097152 DATA 2097152");
        assertThat(read(2 * MIB)).isEqualTo(sector(0));
    }

    @Test
    @DisplayName("parts of blocks are zeroed and trimmed in place")
    void partsOfBlocks() throws Exception {
        write(2 * MIB, DiskModel.content(0, 2048, 5));
        submit(completion -> new ZeroRequest(2 * MIB + 512, 512, false, false, false, completion))
                .get();
        submit(completion -> new TrimRequest(2 * MIB + 100_000, 300_000, false, completion))
                .get();
        submit(completion -> new ZeroRequest(2 * MIB + 500_224, 400_384, false, false, false, completion))
                .get();
        ByteBuffer expected = DiskModel.content(0, 2048, 5);
        zero(expected, 512, 512);
        zero(expected, 102_400, 397_312 - 102_400);
        zero(expected, 500_224, 400_384);
        ByteBuffer dst = ByteBuffer.allocateDirect(1 << 20);
        image.read(2 * MIB, dst);
        assertThat(dst.flip()).isEqualTo(expected);
    }

    @Test
    @DisplayName("a fixed image keeps all its space, whatever is trimmed or zeroed")
    void fixedImage() throws Exception {
        image.close();
        file = directory.resolve("fixed.vhdx");
        new ImageCreation(DiskType.FIXED, 8 * MIB, 2 << 20, 512, 4096, 1 << 20).create(file);
        long sizeBytes = Files.size(file);
        image = VhdxImage.open(file, Access.READ_WRITE);
        assertThat(image.info().type()).isEqualTo(DiskType.FIXED);
        write(0, DiskModel.content(0, 8192, 6));
        submit(completion -> new TrimRequest(0, 2 * MIB, false, completion)).get();
        submit(completion -> new ZeroRequest(2 * MIB, 2 * MIB, false, false, false, completion))
                .get();
        assertThat(read(2 * MIB)).isEqualTo(sector(0));
        assertThat(extentsOf(0, 8 * MIB)).containsExactly("0 DATA 8388608");
        reopen(Access.READ_ONLY);
        assertThat(image.info().presentBlockCount()).isEqualTo(4);
        assertThat(Files.size(file)).isEqualTo(sizeBytes);
    }

    @Test
    @DisplayName("CM-04: fast zeroes on a file system without fast zeroing change nothing and say so")
    void zeroesNotFast() throws Exception {
        image.close();
        SimulatedStorage storage = SimulatedImages.dynamic(SIZE, 1 << 20);
        storage.setZeroesFast(false);
        image = VhdxImage.open(storage, "slow", Access.READ_WRITE, (loaded, findings) -> ParentChain.none());
        write(2 * MIB, DiskModel.content(0, 2048, 5));
        PendingCompletion part = submit(completion -> new ZeroRequest(2 * MIB, 8192, false, true, false, completion));
        assertThatThrownBy(part::get).isInstanceOf(ZeroNotFastException.class);
        PendingCompletion kept = submit(completion -> new ZeroRequest(5 * MIB, MIB, true, true, false, completion));
        assertThatThrownBy(kept::get).isInstanceOf(ZeroNotFastException.class);
        assertThat(read(2 * MIB)).isEqualTo(DiskModel.content(0, 1, 5));
        submit(completion -> new ZeroRequest(2 * MIB, MIB, false, true, false, completion))
                .get();
        assertThat(read(2 * MIB)).isEqualTo(sector(0));
    }

    @Test
    @DisplayName("case 113, R6: a second opening of the same file is refused")
    void secondOpening() {
        assertThatThrownBy(() -> VhdxImage.open(file, Access.READ_WRITE)).isInstanceOf(FileInUseException.class);
        assertThatThrownBy(() -> VhdxImage.open(file, Access.READ_ONLY)).isInstanceOf(FileInUseException.class);
    }

    @Test
    @DisplayName("an image that is open for reading only takes no change and keeps every byte")
    void readOnly() throws Exception {
        write(MIB, sector(4));
        image.close();
        byte[] before = Files.readAllBytes(file);
        image = VhdxImage.open(file, Access.READ_ONLY);
        assertThatThrownBy(() -> image.tryWrite(MIB, srcs(5))).isInstanceOf(ReadOnlyImageException.class);
        assertThatThrownBy(submit(FlushRequest::new)::get).isInstanceOf(ReadOnlyImageException.class);
        assertThat(read(MIB)).isEqualTo(sector(4));
        image.close();
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
    }

    @Test
    @DisplayName("after the close every call is refused, and a second close does nothing")
    void afterClose() throws Exception {
        image.close();
        image.close();
        assertThatThrownBy(() -> read(0)).isInstanceOf(ImageClosedException.class);
        assertThatThrownBy(() -> image.tryWrite(0, srcs(1))).isInstanceOf(ImageClosedException.class);
        assertThatThrownBy(submit(FlushRequest::new)::get).isInstanceOf(ImageClosedException.class);
    }

    @Test
    @DisplayName("what is behind the last block is cut off at the close, and trimmed space is given back")
    void closeCutsTheFile() throws Exception {
        for (long block = 0; block < 40; block++) {
            write(block * MIB, sector(block + 1));
        }
        submit(completion -> new TrimRequest(10 * MIB, 30 * MIB, false, completion))
                .get();
        reopen(Access.READ_WRITE);
        assertThat(Files.size(file)).isEqualTo(4 * MIB + 10 * MIB);
        assertThat(read(9 * MIB)).isEqualTo(sector(10));
        assertThat(read(10 * MIB)).isEqualTo(sector(0));
    }

    private void write(long offsetBytes, ByteBuffer content) throws Exception {
        submit(completion -> new WriteRequest(offsetBytes, new ByteBuffer[] {content}, false, completion))
                .get();
    }

    private PendingCompletion submit(Function<PendingCompletion, ImageRequest> request) {
        PendingCompletion completion = new PendingCompletion();
        image.submit(request.apply(completion));
        return completion;
    }

    private ByteBuffer read(long offsetBytes) throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(512);
        if (!image.tryRead(offsetBytes, dst)) {
            image.read(offsetBytes, dst);
        }
        return dst.flip();
    }

    private List<String> extentsOf(long offsetBytes, long lengthBytes) throws IOException {
        List<String> extents = new ArrayList<>();
        image.extents(
                offsetBytes,
                lengthBytes,
                (offset, length, kind, depth) -> extents.add(offset + " " + kind + " " + length));
        return extents;
    }

    private void reopen(Access access) throws IOException {
        image.close();
        image = VhdxImage.open(file, access);
    }

    private static void zero(ByteBuffer buffer, int from, int length) {
        buffer.put(from, new byte[length]);
    }

    private static ByteBuffer sector(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }

    private static ByteBuffer[] srcs(long stamp) {
        return new ByteBuffer[] {sector(stamp)};
    }
}
