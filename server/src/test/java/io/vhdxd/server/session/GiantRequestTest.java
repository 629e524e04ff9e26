package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.export.VhdxDisk;
import io.vhdxd.server.net.ConnectionLimits;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.VhdxImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("SEC-27: giant requests do what they say, and others pass")
class GiantRequestTest {
    private static final long MIB = 1 << 20;
    private static final long DISK_BYTES_MAX = 64L << 40;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @ParameterizedTest
    @CsvSource({"0, 4294966784", "511, 4294967295"})
    @DisplayName("SEC-18, SEC-19: WRITE_ZEROES of nearly 4 GiB zeroes all of it, and nothing else")
    void zeroes(long start, long length) throws IOException {
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 7);
        long end = start + length;
        try (VhdxImage image = open(8L << 30);
                NbdServer server = serve(image);
                NbdClient client = NbdClient.simple(server.addresses().getFirst(), "disk")) {
            for (long offset = 0; offset < 5L << 30; offset += 61 * MIB + 512) {
                write(client, offset, data);
            }
            write(client, start, data);
            write(client, end - 512, data);
            write(client, end, data);
            client.request(Command.WRITE_ZEROES, 0, 2, start, length);
            assertThat(client.outcome()).isZero();
            for (long offset = 61 * MIB + 512; offset < 5L << 30; offset += 61 * MIB + 512) {
                assertThat(client.read(offset, 512)).isEqualTo(offset < end ? new byte[512] : data);
            }
            assertThat(client.read(0, (int) start)).isEqualTo(Arrays.copyOf(data, (int) start));
            assertThat(client.read(start, 512)).isEqualTo(new byte[512]);
            assertThat(client.read(end - 512, 512)).isEqualTo(new byte[512]);
            assertThat(client.read(end, 512)).isEqualTo(data);
        }
    }

    private static void write(NbdClient client, long offset, byte[] data) throws IOException {
        client.write(0, 1, offset, data);
        assertThat(client.outcome()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {Command.TRIM, Command.WRITE_ZEROES})
    @DisplayName("EX-05: writes and flushes of others pass a TRIM or WRITE_ZEROES of 64 TiB")
    void othersPass(int command) throws IOException {
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 7);
        try (VhdxImage image = open(DISK_BYTES_MAX);
                NbdServer server = serve(image);
                NbdClient other = NbdClient.simple(server.addresses().getFirst(), "disk");
                NbdClient giant =
                        NbdClient.transmitting(server.addresses().getFirst(), "disk", TransmissionMode.EXTENDED)) {
            write(other, DISK_BYTES_MAX - 512, data);
            giant.request(command, 0, 1, 0, DISK_BYTES_MAX);
            for (int i = 0; i < 10; i++) {
                write(other, i * MIB, data);
                other.request(Command.FLUSH, 0, 2, 0, 0);
                assertThat(other.outcome()).isZero();
            }
            assertThat(giant.isQuiet()).isTrue();
            assertThat(giant.outcome()).isZero();
            assertThat(other.read(DISK_BYTES_MAX - 512, 512)).isEqualTo(new byte[512]);
        }
    }

    private VhdxImage open(long sizeBytes) throws IOException {
        Path file = directory.resolve("disk.vhdx");
        new ImageCreation(DiskType.DYNAMIC, sizeBytes, 1 << 20, 512, 4096, 1 << 20).create(file);
        return VhdxImage.open(file, Access.READ_WRITE);
    }

    private static NbdServer serve(VhdxImage image) throws IOException {
        NbdServer server = new NbdServer(
                new ExportTable(List.of(new Export("disk", "", new VhdxDisk(image), false)), null),
                new NbdServer.Settings(1, 1, new ConnectionLimits(10, 10, 20_000), 64 << 20, SessionLimits.DEFAULT));
        server.listen(new ListenAddress.Tcp("127.0.0.1", 0));
        return server;
    }
}
