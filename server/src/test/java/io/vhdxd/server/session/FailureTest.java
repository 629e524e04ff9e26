package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NbdClient.Chunk;
import io.vhdxd.server.support.TestServer;
import io.vhdxd.vhdx.diagnosis.ImageClosedException;
import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.request.ZeroNotFastException;
import io.vhdxd.vhdx.storage.NoSpaceException;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("RQ-13: what the engine reports becomes one of the protocol's errors, with a text for people")
class FailureTest {
    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(new NoSpaceException("full"), NbdError.ENOSPC),
                Arguments.of(new ReadOnlyImageException("read-only"), NbdError.EPERM),
                Arguments.of(new ZeroNotFastException("slow"), NbdError.ENOTSUP),
                Arguments.of(new ImageClosedException("closed"), NbdError.ESHUTDOWN),
                Arguments.of(new ImageFailedException("failed"), NbdError.EIO),
                Arguments.of(new IOException("/some/where: no such sector"), NbdError.EIO));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void becomesWireError(IOException failure, NbdError expected) throws IOException {
        MemoryDisk disk = new MemoryDisk(2);
        disk.failChanges(failure);
        try (TestServer server = TestServer.of(disk);
                NbdClient structured = server.structuredClient();
                NbdClient simple = server.simpleClient()) {
            structured.request(Command.WRITE_ZEROES, 0, 1, 0, 512);
            Chunk reply = structured.chunk();
            assertThat(reply.type()).isEqualTo(ChunkType.ERROR);
            assertThat(reply.error()).isEqualTo(expected.wireValue());
            // nbd-client cuts off the last byte (CL-04); nothing of the server's machine is told.
            assertThat(reply.text()).endsWith(".").doesNotContain("/some/where");

            simple.write(0, 2, 0, new byte[512]);
            assertThat(simple.chunk().error()).isEqualTo(expected.wireValue());
            disk.allPresent();
            simple.write(0, 3, 0, new byte[512]);
            assertThat(simple.chunk().error()).isEqualTo(expected.wireValue());
            simple.write(0, 4, 0, new byte[MemoryDisk.BLOCK_BYTES * 2]);
            assertThat(simple.chunk().error()).isEqualTo(expected.wireValue());
        }
    }
}
