package io.vhdxd.server.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.server.support.MemoryDisk;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ExportTableTest {
    private final Export a = new Export("a", "first", new MemoryDisk(1), false);
    private final Export b = new Export("b", "", new MemoryDisk(2), true);

    @Test
    @DisplayName("OP-02: a single export is also the default; of several none is, unless one is named")
    void defaultExport() {
        assertThat(new ExportTable(List.of(a), null).find("")).isEqualTo(a.info());
        assertThat(new ExportTable(List.of(a, b), null).find("")).isNull();
        assertThat(new ExportTable(List.of(a, b), "b").find("")).isEqualTo(b.info());
        assertThatThrownBy(() -> new ExportTable(List.of(a, b), "c")).hasMessageContaining("c");
    }

    @Test
    void names() {
        ExportTable table = new ExportTable(List.of(b, a), null);
        assertThat(table.list()).extracting(ExportInfo::name).containsExactly("b", "a");
        assertThat(table.find("a")).isEqualTo(a.info());
        assertThat(table.find("A")).isNull();
        assertThat(table.of(b.info())).isSameAs(b);
        assertThatThrownBy(() -> new ExportTable(List.of(a, a), null)).hasMessageContaining("a");
    }

    @Test
    @DisplayName("TF-01 to TF-11: what is announced is what is done")
    void flags() {
        int both = TransmissionFlags.HAS_FLAGS
                | TransmissionFlags.SEND_FLUSH
                | TransmissionFlags.SEND_FUA
                | TransmissionFlags.CAN_MULTI_CONN
                | TransmissionFlags.SEND_CACHE;
        assertThat(a.info().transmissionFlags())
                .isEqualTo(both
                        | TransmissionFlags.SEND_TRIM
                        | TransmissionFlags.SEND_WRITE_ZEROES
                        | TransmissionFlags.SEND_FAST_ZERO);
        assertThat(b.info().transmissionFlags()).isEqualTo(both | TransmissionFlags.READ_ONLY);
        assertThat(a.info().sizeBytes()).isEqualTo(MemoryDisk.BLOCK_BYTES);
        assertThat(a.info().minimumBlockBytes()).isEqualTo(1);
    }
}
