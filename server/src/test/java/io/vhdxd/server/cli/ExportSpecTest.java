package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ExportSpecTest {
    @ParameterizedTest
    @CsvSource({
        "disk.vhdx,disk,disk.vhdx",
        "/images/web server.VHDX,web server,/images/web server.VHDX",
        "disk,disk,disk",
        ".vhdx,.vhdx,.vhdx",
        "a.b.vhdx,a.b,a.b.vhdx",
        "web=disk.vhdx,web,disk.vhdx",
        "web=/images/a=b.vhdx,web,/images/a=b.vhdx",
        "./a=b.vhdx,a=b,./a=b.vhdx",
        "größe=x,größe,x"
    })
    void read(String text, String name, String file) {
        ExportSpec spec = ExportSpec.parse(text);
        assertThat(spec.name()).isEqualTo(name);
        assertThat(spec.image()).isEqualTo(Path.of(file));
        assertThat(spec.description()).isEqualTo("" + Path.of(file).getFileName());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "name=", "=disk.vhdx", "/", "a\nb=disk.vhdx", "a\u001b[1m=disk.vhdx"})
    void wrong(String text) {
        assertThatThrownBy(() -> ExportSpec.parse(text)).isInstanceOf(TypeConversionException.class);
    }

    @Test
    @DisplayName("A name has at most 256 bytes, not characters")
    void nameTooLong() {
        assertThat(ExportSpec.parse("x".repeat(256) + "=f").name()).hasSize(256);
        assertThatThrownBy(() -> ExportSpec.parse("ß".repeat(129) + "=f"))
                .hasMessageContaining("258 bytes (expected: at most 256)");
    }
}
