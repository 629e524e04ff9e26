package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.ImageBuilder.GIB;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The file type identifier and the headers: vhdx.md cases 1 to 23. */
class HeaderCasesTest {
    private static final String GUID = "DEADBEEF-0001-0002-0003-000000000004";
    private static final long HEADER_1 = ImageBuilder.HEADERS.get(0);
    private static final long HEADER_2 = ImageBuilder.HEADERS.get(1);

    private final ImageBuilder image = ImageBuilder.small();

    private static void assertSound(Loading loading) {
        assertThat(loading.findings()).isEmpty();
        assertThat(loading.image().presentBlockCount()).isEqualTo(3);
    }

    private void assertCorrupt(String message) {
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(CorruptImageException.class)
                .hasMessage(message);
    }

    private void assertUnsupported(String message) {
        assertThatThrownBy(() -> Loading.of(image))
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessage(message);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    @DisplayName("a sound image loads without findings, with every value")
    void sound() throws IOException {
        Loading loading = Loading.of(image);
        assertSound(loading);
        LoadedImage loaded = loading.image();
        assertThat(loaded.identifier().creator()).isEqualTo("a test");
        assertThat(loaded.headers().currentSlot()).isEqualTo(1);
        assertThat(loaded.headers().otherSlotValid()).isTrue();
        Header header = loaded.headers().current();
        assertThat(header)
                .isEqualTo(new Header(
                        8,
                        UUID.fromString(ImageBuilder.FILE_WRITE_GUID),
                        UUID.fromString(ImageBuilder.DATA_WRITE_GUID),
                        GuidCodec.NIL,
                        0,
                        1,
                        MIB,
                        MIB));
        assertThat(loaded.metadata().diskId()).isEqualTo(UUID.fromString(ImageBuilder.DISK_ID));
        assertThat(loaded.metadata().physicalSectorSizeBytes()).isEqualTo(4096);
        assertThat(loaded.geometry().virtualSizeBytes()).isEqualTo(8 * MIB);
        assertThat(loaded.fileSizeBytes()).isEqualTo(7 * MIB);
        assertThat(loaded.activeSequence()).isNull();
        assertThat(loaded.needsReplay()).isFalse();
        assertThat(loaded.spaceMap().nextFreeMib(0)).isEqualTo(7);
        assertThat(loaded.spaceMap().endMib()).isEqualTo(7);
    }

    @Test
    @DisplayName("case 1: a file without the signature is refused, with a hint if the format is known")
    void notVhdx() {
        image.put(0, ascii("vhdxfilf"));
        assertCorrupt("file type identifier at offset 0: not a VHDX file: signature 0x666c696678646876, expected"
                + " 0x656c696678646876 (\"vhdxfile\")");
        image.put(0, ascii("conectix"));
        assertCorrupt("file type identifier at offset 0: not a VHDX file: signature 0x78697463656e6f63, expected"
                + " 0x656c696678646876 (\"vhdxfile\"); this looks like a VHD, the older format");
        image.put(0, new byte[] {'Q', 'F', 'I', (byte) 0xFB, 0, 0, 0, 3});
        assertCorrupt("file type identifier at offset 0: not a VHDX file: signature 0x03000000fb494651, expected"
                + " 0x656c696678646876 (\"vhdxfile\"); this looks like a qcow2 image");
        image.put(0, ascii("KDMV\1\0\0\0"));
        assertCorrupt("file type identifier at offset 0: not a VHDX file: signature 0x00000001564d444b, expected"
                + " 0x656c696678646876 (\"vhdxfile\"); this looks like a VMDK image");
    }

    @Test
    @DisplayName("case 1: a file that ends before its structures is refused")
    void shortFile() {
        image.size(0);
        assertCorrupt(
                "file type identifier at offset 0: not a VHDX file: it ends after 0 bytes, expected at least 520");
        image.size(519);
        assertCorrupt(
                "file type identifier at offset 0: not a VHDX file: it ends after 519 bytes, expected at least 520");
        image.size(100_000);
        assertCorrupt("header 2 at offset 131072: the file ends at 100000, expected 4096 bytes from here on");
    }

    @Test
    @DisplayName("case 2: any creator is accepted: empty, without NUL, not UTF-16; control characters are masked")
    void creators() throws IOException {
        image.put(8, new byte[512]);
        assertThat(Loading.of(image).image().identifier().creator()).isEmpty();
        image.fill(8, 512, 'x');
        assertThat(Loading.of(image).image().identifier().creator()).hasSize(256);
        image.put(8, new byte[] {0, (byte) 0xD8, 27, 0, 0, 0});
        Loading loneSurrogate = Loading.of(image);
        assertSound(loneSurrogate);
        assertThat(loneSurrogate.image().identifier().creator()).isEqualTo("\ud800\ufffd");
    }

    @Test
    @DisplayName("case 3: what stands behind the creator is ignored")
    void reservedBehindCreator() throws IOException {
        image.fill(520, 65536 - 520, 0xEE);
        assertSound(Loading.of(image));
    }

    @Test
    @DisplayName("case 4: header 1 is damaged: header 2 is used, with a warning, and the next update rebuilds header 1")
    void header1Damaged() throws IOException {
        image.editHeader(1, at -> image.putLong(at + 8, 6)).flip(HEADER_1 + 100);
        SimulatedStorage storage = image.simulated();
        Loading loading = Loading.of(storage);
        assertThat(loading.findings())
                .singleElement()
                .asString()
                .matches("WARNING header 1 at offset 65540: checksum 0x[0-9a-f]{8}, expected 0x[0-9a-f]{8}; the other"
                        + " header is used");
        assertThat(loading.image().headers().currentSlot()).isEqualTo(1);
        assertThat(loading.image().headers().otherSlotValid()).isFalse();

        new HeaderUpdate(storage, loading.image().headers()).write(header -> header);
        assertSound(Loading.of(storage));
    }

    @Test
    @DisplayName("case 5: header 2 is damaged: header 1 is used, with a warning, and the next update rebuilds header 2")
    void header2Damaged() throws IOException {
        image.put(HEADER_2, new byte[4096]);
        SimulatedStorage storage = image.simulated();
        Loading loading = Loading.of(storage);
        assertThat(loading.findings())
                .containsExactly(
                        "WARNING header 2 at offset 131072: signature 0x00000000, expected 0x64616568 (\"head\");"
                                + " the other header is used");
        assertThat(loading.image().headers().currentSlot()).isZero();

        new HeaderUpdate(storage, loading.image().headers()).write(header -> header);
        assertSound(Loading.of(storage));
    }

    @Test
    @DisplayName("case 6: no valid header is refused, with what is wrong with each")
    void bothHeadersDamaged() {
        image.putInt(HEADER_1, 0).putInt(HEADER_2, 0x12345678);
        assertCorrupt("headers: no valid header (header 1 at offset 65536: signature 0x00000000, expected 0x64616568"
                + " (\"head\"); header 2 at offset 131072: signature 0x12345678, expected 0x64616568 (\"head\"))");
    }

    @Test
    @DisplayName(
            "case 7: two identical headers, as Disk2vhd writes them, are accepted, and the next update orders them")
    void identicalHeaders() throws IOException {
        image.put(HEADER_2, image.get(HEADER_1, 4096));
        SimulatedStorage storage = image.simulated();
        Loading loading = Loading.of(storage);
        assertSound(loading);
        assertThat(loading.image().headers().currentSlot()).isZero();

        new HeaderUpdate(storage, loading.image().headers()).write(header -> header);
        assertThat(Loading.of(storage).image().headers().current().sequenceNumber())
                .isEqualTo(9);
    }

    @Test
    @DisplayName("case 8: two headers with one number and different content are refused")
    void equalNumbers() {
        image.editHeader(1, at -> image.putLong(at + 8, 7).putLong(at + 4000, 1));
        assertCorrupt("headers: both have the sequence number 7 but differ, so neither is current");
    }

    @Test
    @DisplayName("case 9: sequence numbers may be far apart")
    void distantNumbers() throws IOException {
        image.editHeader(0, at -> image.putLong(at + 8, 1_000_000));
        Loading loading = Loading.of(image);
        assertSound(loading);
        assertThat(loading.image().headers().currentSlot()).isZero();
    }

    @Test
    @DisplayName("case 10: a sequence number at its end makes the image read-only, and no header is written")
    void numbersUsedUp() throws IOException {
        image.editHeader(0, at -> image.putLong(at + 8, -1));
        SimulatedStorage storage = image.simulated();
        Loading loading = Loading.of(storage);
        assertThat(loading.worst()).isEqualTo(Severity.READ_ONLY);
        assertThat(loading.findings())
                .containsExactly(
                        "READ_ONLY header 1 at offset 65536: sequence number 18446744073709551615 leaves no room"
                                + " for further updates");
        HeaderUpdate update = new HeaderUpdate(storage, loading.image().headers());
        assertThatThrownBy(() -> update.write(header -> header))
                .isInstanceOf(ReadOnlyImageException.class)
                .hasMessageContaining("sequence number 18446744073709551615");
        assertThat(Recorded.operations(storage)).isEmpty();
    }

    @Test
    @DisplayName("case 11: sequence numbers are compared as unsigned")
    void unsignedNumbers() throws IOException {
        image.editHeader(0, at -> image.putLong(at + 8, Long.MIN_VALUE));
        image.editHeader(1, at -> image.putLong(at + 8, Long.MAX_VALUE));
        Loading loading = Loading.of(image);
        assertSound(loading);
        assertThat(loading.image().headers().currentSlot()).isZero();
    }

    @Test
    @DisplayName("case 12: another version is refused")
    void otherVersion() {
        image.editHeaders(at -> image.putShort(at + 66, 2));
        assertUnsupported("header 2 at offset 131072: VHDX version 2, expected 1");
    }

    @Test
    @DisplayName("case 13: the version of a log that is not in use does not matter, and is 0 when it comes into use")
    void logVersionOfUnusedLog() throws IOException {
        image.editHeaders(at -> image.putShort(at + 64, 5));
        SimulatedStorage storage = image.simulated();
        Loading loading = Loading.of(storage);
        assertSound(loading);

        HeaderUpdate update = new HeaderUpdate(storage, loading.image().headers());
        assertThat(update.write(header -> header.withLogGuid(UUID.fromString(GUID)))
                        .logVersion())
                .isZero();
    }

    @Test
    @DisplayName("case 14: a log in use of another version is refused")
    void logVersionOfUsedLog() {
        image.logGuid(GUID).editHeaders(at -> image.putShort(at + 64, 5));
        assertUnsupported("header 2 at offset 131072: the log is in use and of version 5, expected 0");
    }

    @Test
    @DisplayName("case 15: without a log the image is read-only")
    void noLog() throws IOException {
        image.editHeaders(at -> image.putInt(at + 68, 0).putLong(at + 72, 0));
        Loading loading = Loading.of(image);
        assertThat(loading.worst()).isEqualTo(Severity.READ_ONLY);
        assertThat(loading.findings())
                .containsExactly(
                        "READ_ONLY header 2 at offset 131072: log length 0: without a log nothing can be changed"
                                + " safely");
    }

    @Test
    @DisplayName("case 16: a log in use without length is refused")
    void usedLogWithoutLength() {
        image.logGuid(GUID).editHeaders(at -> image.putInt(at + 68, 0));
        assertCorrupt(
                "header 2 at offset 131072: the log is in use with GUID deadbeef-0001-0002-0003-000000000004, but its"
                        + " length is 0");
    }

    @Test
    @DisplayName("case 17: a log that does not stand on whole MiB is refused, in use or not")
    void misplacedLog() {
        image.editHeaders(at -> image.putLong(at + 72, 0));
        assertCorrupt("header 2 at offset 131072: log offset 0, expected a multiple of 1 MiB, at least 1 MiB");
        image.editHeaders(at -> image.putLong(at + 72, MIB + 4096));
        assertCorrupt("header 2 at offset 131072: log offset 1052672, expected a multiple of 1 MiB, at least 1 MiB");
        image.editHeaders(at -> image.putLong(at + 72, MIB).putInt(at + 68, MIB + 4096));
        assertCorrupt(
                "header 2 at offset 131072: log length 1052672, expected a multiple of 1 MiB, at most 1073741824");
    }

    @Test
    @DisplayName("case 18: a log beyond the end of the file is refused if it is in use, and read-only otherwise")
    void logBeyondEnd() throws IOException {
        for (long offset : new long[] {7 * MIB, 1L << 62, -MIB}) {
            image.editHeaders(at -> image.putLong(at + 72, offset));
            Loading loading = Loading.of(image);
            assertThat(loading.worst()).isEqualTo(Severity.READ_ONLY);
            assertThat(loading.findings())
                    .containsExactly("READ_ONLY header 2 at offset 131072: the log, 1048576 bytes at offset "
                            + Long.toUnsignedString(offset) + ", reaches beyond the end of the file at 7340032");
        }
        image.logGuid(GUID);
        assertCorrupt(
                "header 2 at offset 131072: the log, 1048576 bytes at offset 18446744073708503040, reaches beyond the"
                        + " end of the file at 7340032");
    }

    @Test
    @DisplayName("case 19: a log of more than 1 GiB is refused; one of 1 GiB is scanned in slices")
    void hugeLog() throws IOException {
        image.editHeaders(at -> image.putLong(at + 72, 8 * MIB).putInt(at + 68, GIB + MIB));
        assertCorrupt(
                "header 2 at offset 131072: log length 1074790400, expected a multiple of 1 MiB, at most 1073741824");
        image.editHeaders(at -> image.putInt(at + 68, 0xFFF00000L));
        assertCorrupt(
                "header 2 at offset 131072: log length 4293918720, expected a multiple of 1 MiB, at most 1073741824");

        image.editHeaders(at -> image.putInt(at + 68, GIB)).size(8 * MIB + GIB).logGuid(GUID);
        byte[] entry = LogBuilder.entry(GUID, 1).tail(GIB - 4096).bytes();
        LogBuilder.place(image, 8 * MIB, GIB, GIB - 4096, entry);
        ActiveSequenceAssert.assertThatSequenceOf(image).hasSequenceNumbers(1);
    }

    @Test
    @DisplayName("case 20: headers that differ in their GUIDs, as QEMU's do, are accepted; the current one counts")
    void differentGuids() throws IOException {
        image.editHeader(0, at -> image.putGuid(at + 32, GUID));
        Loading loading = Loading.of(image);
        assertSound(loading);
        assertThat(loading.image().headers().current().dataWriteGuid())
                .isEqualTo(UUID.fromString(ImageBuilder.DATA_WRITE_GUID));
    }

    @Test
    @DisplayName("case 21: write GUIDs of zero are warned of")
    void zeroGuids() throws IOException {
        image.editHeaders(at -> image.putLong(at + 16, 0)
                .putLong(at + 24, 0)
                .putLong(at + 32, 0)
                .putLong(at + 40, 0));
        assertThat(Loading.of(image).findings())
                .containsExactly(
                        "WARNING header 2 at offset 131072: file write GUID is zero, expected a random one",
                        "WARNING header 2 at offset 131072: data write GUID is zero, expected a random one");
    }

    @Test
    @DisplayName("case 22: reserved bytes of a header are ignored")
    void reservedBytes() throws IOException {
        image.editHeaders(at -> image.fill(at + 80, 4016, 0xEE));
        assertSound(Loading.of(image));
    }

    @Test
    @DisplayName("case 23: a crash between the two writes of an update leaves a sound image with the change")
    void crashBetweenHeaders() throws IOException {
        image.editHeader(0, at -> image.putLong(at + 8, 9).putGuid(at + 16, GUID));
        Loading loading = Loading.of(image);
        assertSound(loading);
        assertThat(loading.image().headers().current().fileWriteGuid()).isEqualTo(UUID.fromString(GUID));
    }

    @Test
    @DisplayName(
            "an update first makes what it found durable; then it writes the slot that is not current, syncs, then the other, syncs")
    void updateOrder() throws IOException {
        SimulatedStorage storage = image.simulated();
        LoadedImage loaded = Loading.of(storage).image();
        HeaderUpdate update = new HeaderUpdate(storage, loaded.headers());
        Header after = update.write(header -> header.withFileWriteGuid(UUID.fromString(GUID)));
        assertThat(Recorded.operations(storage))
                .containsExactly("write 131072+4096", "sync", "write 65536+4096", "sync", "write 131072+4096", "sync");
        assertThat(after)
                .isEqualTo(loaded.headers()
                        .current()
                        .withFileWriteGuid(UUID.fromString(GUID))
                        .withSequenceNumber(10));
        assertThat(update.headers().currentSlot()).isEqualTo(1);
        Loading again = Loading.of(storage);
        assertSound(again);
        assertThat(again.image().headers()).isEqualTo(update.headers());
    }
}
