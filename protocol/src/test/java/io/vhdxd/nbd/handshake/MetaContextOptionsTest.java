package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertAck;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertError;
import static io.vhdxd.nbd.handshake.HandshakeClient.replies;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.WireBytes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetaContextOptionsTest {
    private static final String ALLOCATION = "base:allocation";
    private static final String DEPTH = "qemu:allocation-depth";

    private final HandshakeClient client = HandshakeClient.of("disk", "other");

    @BeforeEach
    void agreeOnStructuredReplies() {
        client.agreeOnStructuredReplies();
    }

    @Test
    @DisplayName("MC-01, MC-09, MC-12, EX-08: SET tells the name and the id of what it selects, once")
    void select() {
        assertContexts(client.setMetaContext("disk", ALLOCATION, ALLOCATION), context(1, ALLOCATION));
        assertThat(selectedFor("disk")).containsExactly(MetaContext.BASE_ALLOCATION);
        assertContexts(client.setMetaContext("disk", DEPTH), context(2, DEPTH));
        assertThat(selectedFor("disk")).containsExactly(MetaContext.ALLOCATION_DEPTH);
        assertContexts(
                client.setMetaContext("disk", DEPTH, ALLOCATION, DEPTH), context(1, ALLOCATION), context(2, DEPTH));
        assertThat(selectedFor("disk")).containsExactly(MetaContext.values());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "base:",
                "qemu:",
                "base:unknown",
                "base:allocation2",
                "qemu:allocation-depth:x",
                "qemu:dirty-bitmap:x",
                "base:allocation-depth",
                "allocation",
                "",
                ":"
            })
    @DisplayName("MC-07: SET ignores wildcards, and what it does not know")
    void selectNothing(String query) {
        assertAck(client.setMetaContext("disk", query));
        assertThat(selectedFor("disk")).isEmpty();
    }

    @Test
    @DisplayName("MC-07: SET without queries selects nothing")
    void noQueries() {
        client.setMetaContext("disk", ALLOCATION);
        assertAck(client.setMetaContext("disk"));
        assertThat(selectedFor("disk")).isEmpty();
    }

    @Test
    @DisplayName("MC-05, MC-06: LIST without queries tells all, with a wildcard all of a namespace, with id 0")
    void list() {
        byte[] allocation = context(0, ALLOCATION);
        byte[] depth = context(0, DEPTH);
        assertContexts(client.listMetaContext("disk"), allocation, depth);
        assertContexts(client.listMetaContext("disk", "base:"), allocation);
        assertContexts(client.listMetaContext("disk", "qemu:"), depth);
        assertContexts(client.listMetaContext("disk", DEPTH, "qemu:"), depth);
        assertContexts(client.listMetaContext("disk", "qemu:", ALLOCATION, "base:"), allocation, depth);
        assertAck(client.listMetaContext("disk", "base"));
        assertAck(client.listMetaContext("disk", "qemu:dirty-bitmap:", "x-other:"));
    }

    @Test
    @DisplayName("MC-03: SET needs structured replies, LIST does not")
    void withoutStructuredReplies() {
        HandshakeClient simple = HandshakeClient.of("disk");
        assertError(simple.setMetaContext("disk", ALLOCATION), OptionReplyType.INVALID);
        assertContexts(simple.listMetaContext("disk", ALLOCATION), context(0, ALLOCATION));
    }

    @Test
    @DisplayName("MC-04: an unknown export gets UNKNOWN")
    void unknownExport() {
        assertError(client.setMetaContext("no such", ALLOCATION), OptionReplyType.UNKNOWN);
        assertError(client.listMetaContext("no such"), OptionReplyType.UNKNOWN);
    }

    @Test
    @DisplayName("MC-08: SET replaces the selection, also when it fails")
    void replaced() {
        byte[] malformed =
                new WireBytes().string("disk").u32(1).u32(99).text(ALLOCATION).toArray();
        for (Outcome failing : List.of(
                select(() -> client.setMetaContext("no such", ALLOCATION)),
                select(() -> client.send(OptionCode.SET_META_CONTEXT, malformed)),
                select(() -> client.send(OptionCode.SET_META_CONTEXT, new byte[70000])))) {
            assertThat(replies(failing).getLast().type().isError()).isTrue();
        }
    }

    /** Selects, does something that fails, and checks that nothing is selected any more. */
    private Outcome select(Supplier<Outcome> failing) {
        client.setMetaContext("disk", ALLOCATION);
        assertThat(selectedFor("disk")).hasSize(1);
        Outcome outcome = failing.get();
        assertThat(selectedFor("disk")).isEmpty();
        return outcome;
    }

    @Test
    @DisplayName("MC-10: a selection counts for its export only, under any of its names")
    void otherExport() {
        client.setMetaContext("disk", ALLOCATION);
        assertThat(selectedFor("other")).isEmpty();
        assertThat(selectedFor("")).hasSize(1);
        client.setMetaContext("", ALLOCATION);
        assertThat(selectedFor("disk")).hasSize(1);
        client.listMetaContext("other");
        assertThat(selectedFor("disk")).as("LIST changes nothing").hasSize(1);
    }

    @Test
    @DisplayName("MC-11: 64 queries are good, 65 are TOO_BIG, and one that is too long matches nothing")
    void limits() {
        String[] queries = new String[64];
        Arrays.fill(queries, "x:y");
        queries[63] = ALLOCATION;
        assertContexts(client.setMetaContext("disk", queries), context(1, ALLOCATION));

        String[] tooMany = Arrays.copyOf(queries, 65);
        tooMany[64] = ALLOCATION;
        assertError(client.setMetaContext("disk", tooMany), OptionReplyType.TOO_BIG);
        assertThat(selectedFor("disk")).isEmpty();

        assertContexts(client.setMetaContext("disk", "x:" + "y".repeat(5000), ALLOCATION), context(1, ALLOCATION));
    }

    @ParameterizedTest
    @EnumSource(names = {"LIST_META_CONTEXT", "SET_META_CONTEXT"})
    @DisplayName("MC-02, SEC-03: lengths that do not fit together get INVALID")
    void malformed(OptionCode option) {
        WireBytes[] malformed = {
            new WireBytes(),
            new WireBytes().string("disk"),
            new WireBytes().u32(0xffffffffL).text("disk").u32(0),
            new WireBytes().u32(0x7fffffffL).text("disk").u32(0),
            new WireBytes().string("disk").u32(1),
            new WireBytes().string("disk").u32(2).string(ALLOCATION),
            new WireBytes().string("disk").u32(0xffffffffL).string(ALLOCATION),
            new WireBytes().string("disk").u32(1).u32(0xffffffffL).text(ALLOCATION),
            new WireBytes().string("disk").u32(1).u32(16).text(ALLOCATION),
            new WireBytes().string("n".repeat(4097)).u32(0)
        };
        for (WireBytes data : malformed) {
            assertError(client.send(option, data.toArray()), OptionReplyType.INVALID);
        }
        assertThat(selectedFor("disk")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16, 4096})
    @DisplayName("SEC-08: bytes behind the last query get INVALID, even if they look like another option")
    void trailingBytes(int count) {
        byte[] trailing =
                Arrays.copyOf(new WireBytes().u64(Magic.OPTION).u32(3).u32(0).toArray(), count);
        byte[] data = new WireBytes()
                .put(WireBytes.metaContextData("disk", ALLOCATION))
                .put(trailing)
                .toArray();
        assertError(client.send(OptionCode.SET_META_CONTEXT, data), OptionReplyType.INVALID);
        assertThat(selectedFor("disk")).isEmpty();
    }

    private List<MetaContext> selectedFor(String name) {
        return assertEntered(client.go(name)).metaContexts();
    }

    private static byte[] context(int id, String name) {
        return new WireBytes().u32(id).text(name).toArray();
    }

    /** Checks that exactly these contexts are told, and then the ACK. */
    private static void assertContexts(Outcome outcome, byte[]... contexts) {
        List<OptionReply> replies = new ArrayList<>(replies(outcome));
        assertThat(replies.removeLast().type()).isEqualTo(OptionReplyType.ACK);
        assertThat(replies).extracting(OptionReply::type).containsOnly(OptionReplyType.META_CONTEXT);
        assertThat(replies).extracting(OptionReply::data).containsExactly(contexts);
    }
}
