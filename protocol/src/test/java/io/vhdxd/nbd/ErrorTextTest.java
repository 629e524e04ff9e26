package io.vhdxd.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ErrorTextTest {
    @Test
    @DisplayName("SEC-02: a text never has more than 4096 bytes, and is cut between characters")
    void cut() {
        assertThat(ErrorText.encode("plain.")).isEqualTo("plain.".getBytes(StandardCharsets.UTF_8));
        assertThat(ErrorText.encode("x".repeat(5000))).hasSize(4096);
        assertThat(ErrorText.encode("x".repeat(4096))).hasSize(4096);
        // 1 + 3 * 1365 is exactly 4096; one more byte in front leaves no room for the last character.
        assertThat(ErrorText.encode("x" + "€".repeat(2000))).hasSize(4096);
        assertThat(new String(ErrorText.encode("xx" + "€".repeat(2000)), StandardCharsets.UTF_8))
                .isEqualTo("xx" + "€".repeat(1364));
    }

    @Test
    @DisplayName("HS-12, SEC-30: what a client sent is quoted without control characters, and short")
    void quote() {
        assertThat(ErrorText.quote("disk ä")).isEqualTo("\"disk ä\"");
        assertThat(ErrorText.quote("a\u001b[31m\nb\u0000\u007f\u009b")).isEqualTo("\"a?[31m?b???\"");
        assertThat(ErrorText.quote("a\u202eb\u2028c\ud800\"")).isEqualTo("\"a?b?c??\"");
        assertThat(ErrorText.quote("n".repeat(80))).isEqualTo("\"" + "n".repeat(80) + "\"");
        assertThat(ErrorText.quote("n".repeat(81))).isEqualTo("\"" + "n".repeat(80) + "...\"");
        assertThat(ErrorText.quote("\ud83d\ude00".repeat(4096))).hasSize(2 + 160 + 3);
    }
}
