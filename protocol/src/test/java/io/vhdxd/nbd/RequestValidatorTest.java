package io.vhdxd.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each rule that a request must keep; IDs are those of the NBD checklist. */
class RequestValidatorTest {
    private static final long SIZE = 64 << 20;
    private static final int[] RANGED = {
        Command.READ, Command.WRITE, Command.TRIM, Command.CACHE, Command.WRITE_ZEROES, Command.BLOCK_STATUS
    };

    private long sizeBytes = SIZE;
    private int exportFlags = TestExports.ALL_FLAGS;
    private int minimumBlockBytes = 1;
    private int maximumPayloadBytes = Limits.MAXIMUM_PAYLOAD_BYTES;
    private TransmissionMode mode = TransmissionMode.STRUCTURED;
    private List<MetaContext> contexts = List.of(MetaContext.BASE_ALLOCATION);

    @Test
    @DisplayName("Every command passes in its plain form")
    void plain() {
        for (int command : RANGED) {
            assertThat(check(command, 0, 4096, 512)).as(Command.nameOf(command)).isNull();
            assertThat(check(command, 0, 0, SIZE > maximumPayloadBytes ? 4096 : SIZE))
                    .isNull();
            assertThat(check(command, 0, SIZE - 1, 1)).isNull();
        }
        assertThat(check(Command.FLUSH, 0, 0, 0)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 0x7fff, 0xffff})
    @DisplayName("RQ-05, CM-13: an unknown command, and RESIZE, gets EINVAL")
    void unknownCommand(int command) {
        assertRefused(check(command, 0, 0, 0), NbdError.EINVAL);
    }

    @ParameterizedTest
    @CsvSource({
        "0,2", "0,8", "0,16", "0,32", "1,2", "1,4", "1,8", "1,16", "3,2", "4,2", "5,4", "6,4", "6,8", "7,2", "7,4"
    })
    @DisplayName("RQ-06: a flag that the command does not know gets EINVAL")
    void wrongFlag(int command, int flag) {
        assertRefused(check(command, flag, 0, command == Command.FLUSH ? 0 : 512), NbdError.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 5, 6, 7})
    @DisplayName("RQ-06: an undefined flag gets EINVAL, with any command")
    void undefinedFlag(int command) {
        assertRefused(check(command, 0x8000, 0, command == Command.FLUSH ? 0 : 512), NbdError.EINVAL);
        assertRefused(check(command, 1 << 5, 0, command == Command.FLUSH ? 0 : 512), NbdError.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 5, 6, 7})
    @DisplayName("RQ-06: FUA passes with every command if it is announced, with none otherwise")
    void fua(int command) {
        long length = command == Command.FLUSH ? 0 : 512;
        assertThat(check(command, CommandFlags.FUA, 0, length)).isNull();
        exportFlags &= ~TransmissionFlags.SEND_FUA;
        assertRefused(check(command, CommandFlags.FUA, 0, length), NbdError.EINVAL);
    }

    @Test
    @DisplayName("RQ-06: the flags that belong to one command pass with it")
    void ownFlags() {
        assertThat(check(Command.READ, CommandFlags.DF, 0, 512)).isNull();
        assertThat(check(Command.WRITE_ZEROES, CommandFlags.NO_HOLE | CommandFlags.FAST_ZERO, 0, 512))
                .isNull();
        assertThat(check(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, 0, 512)).isNull();
    }

    @Test
    @DisplayName("TF-06: DF without structured replies gets EINVAL")
    void dontFragmentWithoutStructuredReplies() {
        mode = TransmissionMode.SIMPLE;
        assertRefused(check(Command.READ, CommandFlags.DF, 0, 512), NbdError.EINVAL);
    }

    @Test
    @DisplayName("CM-04: FAST_ZERO that is not announced gets EINVAL")
    void fastZeroNotAnnounced() {
        exportFlags &= ~TransmissionFlags.SEND_FAST_ZERO;
        assertRefused(check(Command.WRITE_ZEROES, CommandFlags.FAST_ZERO, 0, 512), NbdError.EINVAL);
        assertThat(check(Command.WRITE_ZEROES, CommandFlags.NO_HOLE, 0, 512)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {Command.WRITE, Command.TRIM, Command.WRITE_ZEROES})
    @DisplayName("TF-02: a read-only export answers EPERM, whatever else is wrong")
    void readOnly(int command) {
        exportFlags = TransmissionFlags.HAS_FLAGS | TransmissionFlags.READ_ONLY;
        assertRefused(check(command, 0, 0, 512), NbdError.EPERM);
        assertRefused(check(command, CommandFlags.FUA, SIZE, 512), NbdError.EPERM);
        assertThat(check(Command.READ, 0, 0, 512)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"3,4", "4,32", "6,64"})
    @DisplayName("RQ-09: a command that is not announced gets EINVAL")
    void notAnnounced(int command, int flag) {
        exportFlags &= ~flag;
        if (flag == TransmissionFlags.SEND_WRITE_ZEROES) {
            exportFlags &= ~TransmissionFlags.SEND_FAST_ZERO;
        }
        assertRefused(check(command, 0, 0, command == Command.FLUSH ? 0 : 512), NbdError.EINVAL);
    }

    @Test
    @DisplayName("TF-08: CACHE passes without having been announced")
    void cacheNotAnnounced() {
        exportFlags &= ~TransmissionFlags.SEND_CACHE;
        assertThat(check(Command.CACHE, 0, 0, 512)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "67108864, 1",
        "67108863, 2",
        "67108865, 0",
        "0, 67108865",
        "0, 4294967295",
        "67108352, 4294967295",
        "9223372036854775807, 1",
        "-9223372036854775808, 0",
        "-9223372036854775808, 512",
        "-512, 512",
        "-512, 1024",
        "-1, 1",
        "-1, 4294967295"
    })
    @DisplayName("RQ-07, CM-11, SZ-07, SEC-28: what reaches beyond the end gets ENOSPC if it writes, EINVAL otherwise")
    void beyondTheEnd(long offset, long length) {
        for (int command : RANGED) {
            boolean writes = command == Command.WRITE || command == Command.WRITE_ZEROES;
            assertRefused(check(command, 0, offset, length), writes ? NbdError.ENOSPC : NbdError.EINVAL);
        }
    }

    @Test
    @DisplayName("OP-16, SZ-07: on the largest possible export, the sum of offset and length does not wrap")
    void largestExport() {
        sizeBytes = Long.MAX_VALUE;
        assertThat(check(Command.TRIM, 0, Long.MAX_VALUE - 512, 512)).isNull();
        assertRefused(check(Command.TRIM, 0, Long.MAX_VALUE - 512, 513), NbdError.EINVAL);
        assertRefused(check(Command.TRIM, 0, Long.MAX_VALUE, 0xffffffffL), NbdError.EINVAL);
    }

    @Test
    @DisplayName("SEC-28: the error text shows an offset above 2^63 as what it is")
    void unsignedOffsetInText() {
        assertThat(check(Command.READ, 0, -512, 512))
                .extracting(Refusal::text)
                .asString()
                .contains("18446744073709551104");
    }

    @Test
    @DisplayName("RQ-08: a length of zero passes up to the end, but not with BLOCK_STATUS")
    void zeroLength() {
        for (int command : RANGED) {
            if (command != Command.BLOCK_STATUS) {
                assertThat(check(command, 0, 0, 0)).isNull();
                assertThat(check(command, 0, SIZE, 0)).isNull();
            }
        }
        assertRefused(check(Command.BLOCK_STATUS, 0, 0, 0), NbdError.EINVAL);
    }

    @Test
    @DisplayName("RQ-10: FLUSH must not have an offset or a length")
    void flushWithRange() {
        assertRefused(check(Command.FLUSH, 0, 512, 0), NbdError.EINVAL);
        assertRefused(check(Command.FLUSH, 0, 0, 512), NbdError.EINVAL);
    }

    @Test
    @DisplayName("RQ-11: DISC passes, whatever its fields hold")
    void disconnect() {
        assertThat(check(Command.DISC, 0xffff, -1, 0xffffffffL)).isNull();
    }

    @Test
    @DisplayName("CM-08: BLOCK_STATUS needs a selected context")
    void blockStatusWithoutContext() {
        contexts = List.of();
        assertRefused(check(Command.BLOCK_STATUS, 0, 0, 512), NbdError.EINVAL);
    }

    @Test
    @DisplayName("RP-12: a READ above the maximum payload gets EOVERFLOW with structured replies, EINVAL without")
    void longRead() {
        assertThat(check(Command.READ, 0, 0, 32 << 20)).isNull();
        assertRefused(check(Command.READ, 0, 0, (32 << 20) + 1), NbdError.EOVERFLOW);
        mode = TransmissionMode.SIMPLE;
        assertRefused(check(Command.READ, 0, 0, (32 << 20) + 1), NbdError.EINVAL);
    }

    @Test
    @DisplayName("SZ-04: a WRITE above the maximum payload, or whose payload was thrown away, gets EINVAL")
    void longWrite() {
        maximumPayloadBytes = 1 << 20;
        assertThat(check(Command.WRITE, 0, 0, 1 << 20)).isNull();
        assertRefused(check(Command.WRITE, 0, 0, (1 << 20) + 1), NbdError.EINVAL);
        assertRefused(validator().check(new Request(Command.WRITE, 0, 1, 0, 512, null)), NbdError.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(ints = {Command.READ, Command.FLUSH, Command.TRIM, Command.CACHE, Command.WRITE_ZEROES, 8})
    @DisplayName("EX-04: with extended headers, only WRITE and BLOCK_STATUS may have a payload")
    void payloadWhereNoneBelongs(int command) {
        mode = TransmissionMode.EXTENDED;
        assertRefused(check(command, CommandFlags.PAYLOAD_LEN, 0, 0), NbdError.EINVAL);
    }

    @Test
    @DisplayName("EX-04: with extended headers, WRITE must have the flag PAYLOAD_LEN; without, it must not")
    void writeWithAndWithoutPayloadFlag() {
        assertRefused(check(Command.WRITE, CommandFlags.PAYLOAD_LEN, 0, 512), NbdError.EINVAL);
        mode = TransmissionMode.EXTENDED;
        assertThat(check(Command.WRITE, CommandFlags.PAYLOAD_LEN, 0, 512)).isNull();
        assertRefused(check(Command.WRITE, 0, 0, 512), NbdError.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 32, Long.MAX_VALUE, Long.MIN_VALUE, -1, -512})
    @DisplayName("EX-04, SZ-07, SEC-28: lengths above 32 bits, and those with the highest bit set")
    void hugeLengths(long length) {
        mode = TransmissionMode.EXTENDED;
        for (int command : new int[] {Command.READ, Command.TRIM, Command.CACHE, Command.BLOCK_STATUS}) {
            assertRefused(check(command, 0, 512, length), NbdError.EINVAL);
        }
        assertRefused(check(Command.WRITE_ZEROES, 0, 512, length), NbdError.ENOSPC);
        sizeBytes = 1L << 40;
        if (length == 1L << 32) {
            assertThat(check(Command.WRITE_ZEROES, 0, 512, length)).isNull();
            assertRefused(check(Command.READ, 0, 512, length), NbdError.EOVERFLOW);
        }
    }

    @Test
    @DisplayName("EX-07: BLOCK_STATUS may name contexts that were selected, each once")
    void contextIds() {
        mode = TransmissionMode.EXTENDED;
        assertThat(checkContexts(List.of(1))).isNull();
        assertRefused(checkContexts(List.of(1, 1)), NbdError.EINVAL);
        assertRefused(checkContexts(List.of(1, -1)), NbdError.EINVAL);
        assertRefused(checkContexts(null), NbdError.EINVAL);
        contexts = List.of();
        assertRefused(checkContexts(List.of(1)), NbdError.EINVAL);
    }

    private @Nullable Refusal checkContexts(@Nullable List<Integer> ids) {
        return validator().check(new Request(Command.BLOCK_STATUS, CommandFlags.PAYLOAD_LEN, 1, 0, 512, null, ids));
    }

    @Test
    @DisplayName("SZ-05: commands without payload may be as long as the export")
    void longEffect() {
        for (int command : new int[] {Command.TRIM, Command.WRITE_ZEROES, Command.CACHE, Command.BLOCK_STATUS}) {
            assertThat(check(command, 0, 0, SIZE)).isNull();
        }
    }

    @Test
    @DisplayName("SZ-02, SZ-03: what is not aligned to an announced minimum block gets EINVAL")
    void unaligned() {
        minimumBlockBytes = 512;
        for (int command : RANGED) {
            assertThat(check(command, 0, 512, 1024)).isNull();
            assertRefused(check(command, 0, 1, 512), NbdError.EINVAL);
            assertRefused(check(command, 0, 512, 511), NbdError.EINVAL);
        }
    }

    private static void assertRefused(@Nullable Refusal refusal, NbdError error) {
        assertThat(refusal).isNotNull().satisfies(r -> {
            assertThat(r.error()).isEqualTo(error);
            assertThat(r.text()).as("CL-04").endsWith(".");
        });
    }

    private @Nullable Refusal check(int command, int flags, long offset, long length) {
        Payload payload = command == Command.WRITE ? new NoBytes(length) : null;
        return validator().check(new Request(command, flags, 1, offset, length, payload));
    }

    private RequestValidator validator() {
        ExportInfo export =
                new ExportInfo("disk", "", sizeBytes, exportFlags, minimumBlockBytes, 4096, maximumPayloadBytes);
        int flags = exportFlags | (mode.hasChunks() ? TransmissionFlags.SEND_DF : 0);
        if (mode == TransmissionMode.EXTENDED && !contexts.isEmpty()) {
            flags |= TransmissionFlags.BLOCK_STATUS_PAYLOAD;
        }
        return new RequestValidator(new NegotiatedSession(export, flags, mode, contexts, true, OptionCode.GO));
    }

    private record NoBytes(long lengthBytes) implements Payload {
        @Override
        public ByteBuffer[] buffers() {
            return new ByteBuffer[0];
        }

        @Override
        public void release() {}
    }
}
