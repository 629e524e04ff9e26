package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("SEC-24, SEC-25: what is within its allowance, no other connection can keep from a client")
class AllowanceTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final int BUDGET_BYTES = 32 * MIB;
    private static final int ALLOWANCE_BYTES = 64 * KIB;

    private final MemoryDisk disk = new MemoryDisk(640).allPresent();

    @Test
    @DisplayName("While one holds all of the budget: small requests are answered, larger ones when it is gone")
    void budgetIsTaken() throws IOException {
        SessionLimits limits = SessionLimits.of(256, 64 * MIB, ALLOWANCE_BYTES);
        try (TestServer server = TestServer.of(disk, limits, BUDGET_BYTES);
                NbdClient small = server.simpleClient();
                NbdClient large = server.simpleClient()) {
            NbdClient hog = server.simpleClient();
            // Its own allowance and all of the budget.
            hog.request(Command.READ, 0, 1, 0, 0);
            assertThat(hog.simpleReply(0).error()).isZero();
            hog.send(NbdClient.header(Command.WRITE, 0, 2, 0, BUDGET_BYTES).array());
            hog.send(new byte[MIB]);
            NbdClient second = server.simpleClient();
            second.send(NbdClient.header(Command.WRITE, 0, 1, 0, 2 * ALLOWANCE_BYTES)
                    .array());
            second.send(new byte[ALLOWANCE_BYTES]);
            large.write(0, 1, 0, new byte[MIB]);

            for (int i = 0; i < 200; i++) {
                small.write(0, i, 4096L * i, new byte[4096]);
                assertThat(small.outcome()).isZero();
                assertThat(small.read(0, ALLOWANCE_BYTES)).hasSize(ALLOWANCE_BYTES);
            }
            assertThat(large.isQuiet()).isTrue();

            hog.reset();
            second.reset();
            assertThat(large.outcome()).isZero();
        }
    }

    @Test
    @DisplayName("Requests that together exceed the allowance are answered as the connection's own ones come to an end")
    void moreThanTheAllowance() throws IOException {
        SessionLimits limits = SessionLimits.of(256, 64 * MIB, ALLOWANCE_BYTES);
        try (TestServer server = TestServer.of(disk, limits, BUDGET_BYTES);
                NbdClient small = server.simpleClient();
                NbdClient hog = server.simpleClient()) {
            hog.send(NbdClient.header(Command.WRITE, 0, 2, 0, BUDGET_BYTES).array());
            hog.send(new byte[MIB]);
            for (int i = 0; i < 100; i++) {
                small.request(Command.READ, 0, i, 4096L * i, ALLOWANCE_BYTES);
            }
            for (int i = 0; i < 100; i++) {
                assertThat(small.simpleReply(ALLOWANCE_BYTES).error()).isZero();
            }
        }
    }
}
