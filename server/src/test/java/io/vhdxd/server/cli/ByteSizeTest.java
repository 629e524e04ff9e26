package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "0,0",
        "512,512",
        "1K,1024",
        "10G,10737418240",
        "10GiB,10737418240",
        "512M,536870912",
        "1T,1099511627776",
        "64T,70368744177664",
        "8191P,9222246136947933184",
        "9223372036854775807,9223372036854775807"
    })
    void read(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G", "-1", "1.5G", "10g", "10GB", "10 G", "1E", "0x10", "10Gi", "١"})
    void notASize(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("'" + text + "' is not a size");
    }

    @ParameterizedTest
    @ValueSource(strings = {"8192P", "9223372036854775808", "9999999999999999999"})
    void tooLarge(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("too large");
    }

    @Test
    void written() {
        assertThat(new ByteSize(0)).hasToString("0 bytes");
        assertThat(new ByteSize(512)).hasToString("512 bytes");
        assertThat(new ByteSize(10L << 30)).hasToString("10 GiB");
        assertThat(new ByteSize(1536L << 20)).hasToString("1536 MiB");
        assertThat(new ByteSize((10L << 30) + 512)).hasToString("10.0 GiB");
        assertThat(new ByteSize((10L << 30) + 512).withBytes()).isEqualTo("10.0 GiB (10737418752 bytes)");
        assertThat(new ByteSize(64L << 40)).hasToString("64 TiB");
        assertThat(new ByteSize(Long.MAX_VALUE)).hasToString("8192.0 PiB");
    }
}
