package io.vhdxd.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The numbers of section 1.0 of the checklist, written down a second time. */
class WireNumbersTest {
    @Test
    void magics() {
        byte[] greeting = new WireBytes().u64(Magic.GREETING).u64(Magic.OPTION).toArray();
        assertThat(new String(greeting, StandardCharsets.US_ASCII)).isEqualTo("NBDMAGICIHAVEOPT");
        assertThat(Magic.OPTION_REPLY).isEqualTo(0x3e889045565a9L);
        assertThat(Magic.REQUEST).isEqualTo(0x25609513);
        assertThat(Magic.SIMPLE_REPLY).isEqualTo(0x67446698);
        assertThat(Magic.STRUCTURED_REPLY).isEqualTo(0x668e33ef);
        assertThat(Magic.EXTENDED_REQUEST).isEqualTo(0x21e41c71);
        assertThat(Magic.EXTENDED_REPLY).isEqualTo(0x6e8a278c);
    }

    @Test
    void options() {
        assertThat(OptionCode.values())
                .extracting(OptionCode::wireValue)
                .containsExactly(1, 2, 3, 5, 6, 7, 8, 9, 10, 11);
        assertThat(OptionCode.of(7)).isEqualTo(OptionCode.GO);
        assertThat(OptionCode.of(4)).isNull();
    }

    @Test
    void optionReplies() {
        assertThat(OptionReplyType.values())
                .extracting(type -> Integer.toUnsignedLong(type.wireValue()))
                .containsExactly(
                        1L,
                        2L,
                        3L,
                        4L,
                        0x80000001L,
                        0x80000002L,
                        0x80000003L,
                        0x80000004L,
                        0x80000005L,
                        0x80000006L,
                        0x80000007L,
                        0x80000008L,
                        0x80000009L,
                        0x8000000aL);
        assertThat(Arrays.stream(OptionReplyType.values()).filter(OptionReplyType::isError))
                .hasSize(10)
                .doesNotContain(OptionReplyType.META_CONTEXT);
    }

    @Test
    @DisplayName("RQ-13: only these errors exist")
    void errors() {
        assertThat(NbdError.values()).extracting(NbdError::wireValue).containsExactly(1, 5, 12, 22, 28, 75, 95, 108);
    }

    @Test
    void commands() {
        assertThat(new int[] {
                    Command.READ,
                    Command.WRITE,
                    Command.DISC,
                    Command.FLUSH,
                    Command.TRIM,
                    Command.CACHE,
                    Command.WRITE_ZEROES,
                    Command.BLOCK_STATUS
                })
                .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        assertThat(Command.nameOf(Command.DISC)).isEqualTo("DISC");
        assertThat(Command.nameOf(99)).isEqualTo("Command 99");
    }

    @Test
    void flags() {
        assertThat(new int[] {
                    TransmissionFlags.HAS_FLAGS,
                    TransmissionFlags.READ_ONLY,
                    TransmissionFlags.SEND_FLUSH,
                    TransmissionFlags.SEND_FUA,
                    TransmissionFlags.ROTATIONAL,
                    TransmissionFlags.SEND_TRIM,
                    TransmissionFlags.SEND_WRITE_ZEROES,
                    TransmissionFlags.SEND_DF,
                    TransmissionFlags.CAN_MULTI_CONN,
                    TransmissionFlags.SEND_CACHE,
                    TransmissionFlags.SEND_FAST_ZERO,
                    TransmissionFlags.BLOCK_STATUS_PAYLOAD
                })
                .containsExactly(1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 2048, 4096);
        assertThat(new int[] {
                    CommandFlags.FUA,
                    CommandFlags.NO_HOLE,
                    CommandFlags.DF,
                    CommandFlags.REQ_ONE,
                    CommandFlags.FAST_ZERO,
                    CommandFlags.PAYLOAD_LEN
                })
                .containsExactly(1, 2, 4, 8, 16, 32);
        assertThat(new int[] {HandshakeFlags.FIXED_NEWSTYLE, HandshakeFlags.NO_ZEROES})
                .containsExactly(1, 2);
        assertThat(new int[] {AllocationFlags.HOLE, AllocationFlags.ZERO}).containsExactly(1, 2);
    }
}
