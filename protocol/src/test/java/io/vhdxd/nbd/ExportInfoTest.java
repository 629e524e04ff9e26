package io.vhdxd.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** An export that could not be announced truthfully cannot be made. */
class ExportInfoTest {
    private static final int FLAGS = TransmissionFlags.HAS_FLAGS;

    @Test
    @DisplayName("OP-16: any size up to 2^63 - 1 will do")
    void size() {
        assertThat(export("disk", Long.MAX_VALUE, FLAGS, 1, 4096, 1 << 20).sizeBytes())
                .isEqualTo(Long.MAX_VALUE);
        assertThat(export("", 0, FLAGS, 65536, 65536, 65536).sizeBytes()).isZero();
        assertRefused("disk", -1, FLAGS, 1, 4096, 1 << 20);
    }

    @Test
    @DisplayName("1.0: a string has at most 4096 bytes, and no NUL")
    void strings() {
        assertThat(export("ä".repeat(2048), 0, FLAGS, 1, 4096, 1 << 20).name()).hasSize(2048);
        assertRefused("ä".repeat(2048) + "x", 0, FLAGS, 1, 4096, 1 << 20);
        assertRefused("a\0b", 0, FLAGS, 1, 4096, 1 << 20);
    }

    @Test
    @DisplayName("TF-01, TF-06, TF-09: the flags do not contradict each other")
    void flags() {
        assertRefused("disk", 0, 0, 1, 4096, 1 << 20);
        assertRefused("disk", 0, FLAGS | TransmissionFlags.SEND_DF, 1, 4096, 1 << 20);
        assertRefused("disk", 0, FLAGS | TransmissionFlags.SEND_FAST_ZERO, 1, 4096, 1 << 20);
    }

    @Test
    @DisplayName("OP-19: the block sizes keep to the rules")
    void blockSizes() {
        assertRefused("disk", 0, FLAGS, 0, 4096, 1 << 20);
        assertRefused("disk", 0, FLAGS, 3, 4096, 1 << 20);
        assertRefused("disk", 0, FLAGS, 1 << 17, 1 << 17, 1 << 20);
        assertRefused("disk", 0, FLAGS, 1, 256, 1 << 20);
        assertRefused("disk", 0, FLAGS, 1, 1000, 1 << 20);
        assertRefused("disk", 0, FLAGS, 4096, 512, 1 << 20);
        assertRefused("disk", 0, FLAGS, 1, 4096, 2048);
        assertRefused("disk", 0, FLAGS, 1, 4096, (32 << 20) + 1);
        assertRefused("disk", 0, FLAGS, Integer.MIN_VALUE, 4096, 1 << 20);
    }

    @Test
    void tellsWhetherItIsReadOnly() {
        assertThat(export("disk", 0, FLAGS, 1, 4096, 1 << 20).isReadOnly()).isFalse();
        assertThat(export("disk", 0, FLAGS | TransmissionFlags.READ_ONLY, 1, 4096, 1 << 20)
                        .isReadOnly())
                .isTrue();
    }

    private static void assertRefused(String name, long size, int flags, int minimum, int preferred, int maximum) {
        assertThatIllegalArgumentException().isThrownBy(() -> export(name, size, flags, minimum, preferred, maximum));
    }

    private static ExportInfo export(String name, long size, int flags, int minimum, int preferred, int maximum) {
        return new ExportInfo(name, "", size, flags, minimum, preferred, maximum);
    }
}
