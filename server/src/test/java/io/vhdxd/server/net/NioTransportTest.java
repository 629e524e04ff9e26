package io.vhdxd.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.session.SessionLimits;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Where there is no epoll, NIO serves TCP and Unix sockets")
class NioTransportTest {
    @Test
    void serves(@TempDir Path directory) throws IOException, InterruptedException {
        MemoryDisk disk = new MemoryDisk(64);
        ExportTable exports = new ExportTable(List.of(new Export("disk", "", disk, false)), null);
        NbdServer.Settings settings =
                new NbdServer.Settings(1, 1, new ConnectionLimits(10, 10, 20_000), 64 << 20, SessionLimits.DEFAULT);
        try (NbdServer server = new NbdServer(exports, settings, Transport.nio("NIO"))) {
            List<ListenAddress> addresses = List.of(
                    server.listen(new ListenAddress.Tcp("127.0.0.1", 0)),
                    server.listen(new ListenAddress.Unix(directory.resolve("socket"))));
            byte[] payload = new byte[1 << 20];
            for (ListenAddress address : addresses) {
                try (NbdClient client = NbdClient.structured(address, "disk")) {
                    new Random(1).nextBytes(payload);
                    client.write(0, 1, 512, payload);
                    assertThat(client.outcome()).isZero();
                    assertThat(client.read(512, payload.length)).isEqualTo(payload);
                    client.request(Command.FLUSH, 0, 2, 0, 0);
                    assertThat(client.outcome()).isZero();
                    client.request(Command.DISC, 0, 3, 0, 0);
                    assertThat(client.isAtEnd()).isTrue();
                }
            }
            assertThat(server.drain(60_000)).isTrue();
        }
        disk.close();
    }
}
