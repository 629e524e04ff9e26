package io.vhdxd.vhdx.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.testing.Seed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is encoded is read back as the same value, from buffers of either byte order. */
class StructuresTest {
    private final RandomGenerator random = Seed.generator(StructuresTest.class);

    private UUID guid() {
        return new UUID(random.nextLong(), random.nextLong());
    }

    @Test
    @DisplayName("a GUID has its first three groups little-endian")
    void guidBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
        GuidCodec.put(bytes, 4, UUID.fromString("00112233-4455-6677-8899-aabbccddeeff"));
        assertThat(bytes.array())
                .containsExactly(
                        0, 0, 0, 0, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD,
                        0xEE, 0xFF);
        for (int i = 0; i < 1000; i++) {
            UUID guid = guid();
            GuidCodec.put(bytes, 0, guid);
            assertThat(GuidCodec.get(bytes, 0)).isEqualTo(guid);
        }
    }

    @Test
    @DisplayName("a header survives its encoding, in a buffer of either byte order")
    void header() throws CorruptImageException {
        for (int i = 0; i < 100; i++) {
            Header header = new Header(
                    random.nextLong(),
                    guid(),
                    guid(),
                    guid(),
                    random.nextInt(1 << 16),
                    random.nextInt(1 << 16),
                    random.nextLong(1L << 32),
                    random.nextLong());
            ByteBuffer encoded = header.encode();
            assertThat(encoded.remaining()).isEqualTo(Header.BYTES);
            assertThat(Header.parse(encoded.order(ByteOrder.BIG_ENDIAN), 0)).isEqualTo(header);
        }
    }

    @Test
    @DisplayName("every flipped byte of a header is noticed")
    void headerDamage() {
        ByteBuffer encoded = new Header(5, guid(), guid(), GuidCodec.NIL, 0, Header.VERSION, 1 << 20, 1 << 20).encode();
        for (int i = 0; i < Header.BYTES; i++) {
            byte good = encoded.get(i);
            encoded.put(i, (byte) (good ^ 1 << random.nextInt(8)));
            assertThatThrownBy(() -> Header.parse(encoded, 1)).isInstanceOf(CorruptImageException.class);
            encoded.put(i, good);
        }
    }

    @Test
    @DisplayName("a region table survives its encoding")
    void regionTable() throws CorruptImageException {
        RegionTable table = new RegionTable(List.of(
                new RegionEntry(guid(), random.nextLong(), random.nextLong(1L << 32), random.nextInt()),
                new RegionEntry(guid(), random.nextLong(), random.nextLong(1L << 32), random.nextInt())));
        assertThat(RegionTable.parse(table.encode(), 0)).isEqualTo(table);
    }

    @Test
    @DisplayName("a metadata table survives its encoding")
    void metadataTable() throws CorruptImageException {
        MetadataTable table = new MetadataTable(List.of(
                new MetadataEntry(guid(), random.nextLong(1L << 32), random.nextLong(1L << 32), random.nextInt()),
                new MetadataEntry(guid(), 0, 0, MetadataEntry.IS_USER)));
        ByteBuffer encoded = ByteBuffer.allocate(MetadataTable.BYTES);
        table.encode(encoded);
        assertThat(MetadataTable.parse(encoded, 0)).isEqualTo(table);
    }

    @Test
    @DisplayName("a creator survives its encoding, up to 256 UTF-16 units")
    void creator() throws CorruptImageException {
        for (String creator : List.of("", "vhdxd", "\u65e5\u672c \ud83d\ude00", "x".repeat(256))) {
            FileTypeIdentifier identifier = new FileTypeIdentifier(creator);
            assertThat(FileTypeIdentifier.parse(identifier.encode())).isEqualTo(identifier);
        }
        assertThatThrownBy(() -> new FileTypeIdentifier("x".repeat(257)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("creator: 257 UTF-16 units (expected: at most 256)");
    }
}
