package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.WriteBufferWaterMark;
import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.WireBytes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HandshakeBackPressureTest {
    @Test
    @DisplayName("SEC-23: replies that the client does not take do not pile up")
    void repliesDoNotPileUp() {
        String description = "x".repeat(4000);
        TestExports exports = new TestExports();
        for (int i = 0; i < 4; i++) {
            exports.add(new ExportInfo("disk" + i, description, 1, TestExports.ALL_FLAGS, 1, 4096, 1 << 20));
        }
        try (TestConnection connection =
                new TestConnection(TestConnection.Way.FOREIGN, exports, new RecordingHandler())) {
            connection.channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1000, 20_000));
            connection.sent();
            WireBytes options = new WireBytes().u32(3);
            for (int i = 0; i < 50; i++) {
                options.option(OptionCode.LIST);
            }
            // Without a flush, nothing leaves the channel, as if the client did not read.
            connection.channel.pipeline().fireChannelRead(Unpooled.copiedBuffer(options.toArray()));
            long pendingBytes = connection.channel.bytesBeforeWritable();
            assertThat(connection.channel.isWritable()).isFalse();
            assertThat(connection.channel.config().isAutoRead()).isFalse();
            assertThat(pendingBytes).isLessThan(60_000);

            connection.channel.flush();
            connection.channel.runPendingTasks();
            assertThat(connection.sent()).hasSize(50 * (4 * (20 + 4 + 5 + 4000) + 20));
            assertThat(connection.channel.config().isAutoRead()).isTrue();
        }
    }
}
