package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.WireBytes;
import io.vhdxd.nbd.handshake.OptionRefusedException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The server decides when, and whether, a client enters the transmission phase (promise R2, SEC-38). */
class TransmissionStartTest {
    private static final int FLAGS = HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES;

    private final TestConnection connection = new TestConnection(TestConnection.Way.SOCKET);
    private final Promise<RequestHandler> promise = ImmediateEventExecutor.INSTANCE.newPromise();

    @BeforeEach
    void answerLater() {
        connection.sent();
        connection.answer = promise;
    }

    @AfterEach
    void close() {
        connection.close();
    }

    @Test
    @DisplayName("SEC-38: nothing is answered and nothing is read until the server lets the client in")
    void waits() {
        connection.send(new WireBytes()
                .u32(FLAGS)
                .option(OptionCode.GO, WireBytes.infoData("disk"))
                .write(1, 0, new byte[512])
                .request(Command.READ, 0, 2, 0, 512));
        assertThat(connection.sessions).hasSize(1);
        assertThat(connection.sent()).isEmpty();
        assertThat(connection.channel.config().isAutoRead()).isFalse();

        promise.setSuccess(connection.handler);
        connection.channel.runPendingTasks();
        assertThat(connection.sent()).hasSize(20 + 12 + 20 + 14 + 20);
        assertThat(connection.handler.events).containsExactly("start", "WRITE", "READ", "batch");
        assertThat(connection.channel.config().isAutoRead()).isTrue();
        assertThat(connection.channel.pipeline().toMap()).hasSize(1);
    }

    @Test
    @DisplayName("OP-01: the same with EXPORT_NAME")
    void waitsWithExportName() {
        connection.send(
                new WireBytes().u32(FLAGS).option(OptionCode.EXPORT_NAME).request(Command.FLUSH, 0, 1, 0, 0));
        assertThat(connection.sent()).isEmpty();
        promise.setSuccess(connection.handler);
        connection.channel.runPendingTasks();
        assertThat(connection.sent()).hasSize(10);
        assertThat(connection.handler.events).containsExactly("start", "FLUSH", "batch");
    }

    @Test
    @DisplayName("The client is not blamed for the time that the server takes")
    void noDeadline() {
        go();
        connection.passTime(1, TimeUnit.HOURS);
        assertThat(connection.channel.isOpen()).isTrue();
    }

    @Test
    @DisplayName("OP-13, HS-12: a refusal is told with its text, and the client may go on, until the deadline")
    void refused() {
        go();
        promise.setFailure(new OptionRefusedException(OptionReplyType.POLICY, "Somebody else uses it."));
        connection.channel.runPendingTasks();
        assertThat(connection.sent()).isEqualTo(error(OptionCode.GO, OptionReplyType.POLICY, "Somebody else uses it."));

        connection.answer = ImmediateEventExecutor.INSTANCE.newFailedFuture(
                new OptionRefusedException(OptionReplyType.SHUTDOWN, "Too late."));
        connection.send(new WireBytes()
                .option(OptionCode.GO, WireBytes.infoData("disk"))
                .option(OptionCode.GO, WireBytes.infoData("disk")));
        byte[] tooLate = error(OptionCode.GO, OptionReplyType.SHUTDOWN, "Too late.");
        assertThat(connection.sent())
                .isEqualTo(new WireBytes().put(tooLate).put(tooLate).toArray());

        connection.passTime(TestConnection.TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        assertThat(connection.ends).hasSize(1);
    }

    @Test
    @DisplayName("OP-01: after a refusal of EXPORT_NAME the connection ends")
    void refusedExportName() {
        connection.send(new WireBytes().u32(FLAGS).option(OptionCode.EXPORT_NAME));
        promise.setFailure(new OptionRefusedException(OptionReplyType.POLICY, "Somebody else uses it."));
        connection.channel.runPendingTasks();
        assertThat(connection.sent()).isEmpty();
        assertThat(connection.ends).containsExactly("EXPORT_NAME was refused: Somebody else uses it.");
    }

    @Test
    @DisplayName("Any other failure is told without details, and its cause is not lost")
    void failed() {
        go();
        IllegalStateException cause = new IllegalStateException("secret");
        promise.setFailure(cause);
        connection.channel.runPendingTasks();
        assertThat(connection.sent())
                .isEqualTo(error(OptionCode.GO, OptionReplyType.PLATFORM, "The server cannot provide the export."));
        connection.close();
        assertThat(connection.endCauses).containsExactly(cause);
    }

    @Test
    @DisplayName("A starter that throws is one that fails")
    void starterThrows() {
        connection.startFailure = new IllegalStateException("secret");
        go();
        assertThat(connection.sent())
                .isEqualTo(error(OptionCode.GO, OptionReplyType.PLATFORM, "The server cannot provide the export."));
        connection.close();
        assertThat(connection.endCauses).containsExactly(connection.startFailure);
    }

    @Test
    @DisplayName("SEC-40: a client that leaves in the meantime is told to whoever has taken it")
    void leavesMeanwhile() {
        go();
        connection.close();
        assertThat(connection.ends).isEmpty();
        promise.setSuccess(connection.handler);
        connection.channel.runPendingTasks();
        assertThat(connection.handler.events).containsExactly("closed");
        assertThat(connection.ends).isEmpty();
    }

    @Test
    @DisplayName("SEC-40: the same with a connection that breaks")
    void breaksMeanwhile() {
        go();
        connection.channel.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        assertThat(connection.channel.isOpen()).isFalse();
        promise.setSuccess(connection.handler);
        connection.channel.runPendingTasks();
        assertThat(connection.handler.events).containsExactly("closed");
        assertThat(connection.ends).isEmpty();
    }

    @Test
    @DisplayName("SEC-40: a client that leaves and is refused is told once")
    void leavesAndIsRefused() {
        go();
        connection.close();
        promise.setFailure(new OptionRefusedException(OptionReplyType.POLICY, "Somebody else uses it."));
        connection.channel.runPendingTasks();
        assertThat(connection.handler.events).isEmpty();
        assertThat(connection.ends).hasSize(1);
    }

    @Test
    @DisplayName("DC-03: a client that has closed its side in the meantime still gets its requests answered")
    void inputEndMeanwhile() {
        connection.send(new WireBytes()
                .u32(FLAGS)
                .option(OptionCode.GO, WireBytes.infoData("disk"))
                .request(Command.FLUSH, 0, 1, 0, 0));
        connection.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertThat(connection.channel.isOpen()).isTrue();
        promise.setSuccess(connection.handler);
        connection.channel.runPendingTasks();
        assertThat(connection.handler.events).containsExactly("start", "FLUSH", "batch", "input end");
    }

    @Test
    @DisplayName("A handler that throws at its start is told, and the connection ends")
    void handlerThrows() {
        RecordingHandler throwing = new RecordingHandler() {
            @Override
            public void onStart(RequestDecoder newDecoder) {
                throw new IllegalStateException("No.");
            }
        };
        go();
        promise.setSuccess(throwing);
        connection.channel.runPendingTasks();
        assertThat(connection.channel.isOpen()).isFalse();
        assertThat(throwing.failures).hasOnlyElementsOfType(IllegalStateException.class);
        assertThat(throwing.events).contains("failure", "closed");
    }

    private void go() {
        connection.send(new WireBytes().u32(FLAGS).option(OptionCode.GO, WireBytes.infoData("disk")));
    }

    private static byte[] error(OptionCode option, OptionReplyType type, String text) {
        return new WireBytes()
                .u64(0x3e889045565a9L)
                .u32(option.wireValue())
                .u32(type.wireValue())
                .string(text)
                .toArray();
    }
}
