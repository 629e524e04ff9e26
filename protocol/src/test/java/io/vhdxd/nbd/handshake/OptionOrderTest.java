package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.Seed;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** SEC-16: any order of options is survived, and means what the specification says. */
class OptionOrderTest {
    @Test
    @DisplayName("SEC-16, OP-22, MC-10: random sequences of options lead to the session that a simple model predicts")
    void randomSequences() {
        Random random = Seed.random("OptionOrderTest");
        for (int round = 0; round < 2000; round++) {
            HandshakeClient client = HandshakeClient.of("a", "b");
            boolean structured = false;
            String selected = "";
            for (int i = 0; i < 12; i++) {
                String name = random.nextBoolean() ? "a" : "b";
                switch (random.nextInt(6)) {
                    case 0 -> client.info(name);
                    case 1 -> {
                        client.setMetaContext(name, "base:allocation");
                        selected = structured ? name : "";
                    }
                    case 2 -> {
                        client.setMetaContext("no such", "base:allocation");
                        selected = "";
                    }
                    case 3 -> client.send(OptionCode.LIST);
                    case 4 -> client.listMetaContext(name);
                    default -> {
                        client.send(OptionCode.STRUCTURED_REPLY);
                        structured = true;
                    }
                }
            }
            String chosen = random.nextBoolean() ? "a" : "b";
            NegotiatedSession session = assertEntered(client.go(chosen));
            assertThat(session.mode().hasChunks()).isEqualTo(structured);
            assertThat(session.metaContexts())
                    .isEqualTo(selected.equals(chosen) ? List.of(MetaContext.BASE_ALLOCATION) : List.of());
        }
    }
}
