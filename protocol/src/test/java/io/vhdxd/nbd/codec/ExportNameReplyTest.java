package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.WireBytes;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExportNameReplyTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    @DisplayName("HS-07, OP-01: the size and the flags, and 124 zeros unless the client has declined them")
    void reply(int clientFlags) {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.sent();
            connection.send(new WireBytes()
                    .u32(clientFlags)
                    .option(OptionCode.EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8))
                    .request(Command.FLUSH, 0, 1, 0, 0));
            WireBytes expected = new WireBytes().u64(64 << 20).u16(TestExports.ALL_FLAGS);
            if ((clientFlags & 2) == 0) {
                expected.put(new byte[124]);
            }
            assertThat(connection.sent()).isEqualTo(expected.toArray());
            assertThat(connection.handler.received).hasSize(1);
        }
    }
}
