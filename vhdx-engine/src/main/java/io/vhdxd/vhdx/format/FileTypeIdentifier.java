package io.vhdxd.vhdx.format;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The first structure of the file ([MS-VHDX] 2.2.1). It is written when the image is made and never again.
 *
 * @param creator the program that made the image, for people only; at most 256 UTF-16 units
 */
public record FileTypeIdentifier(String creator) {
    /** How much of the structure's 64 KiB has a meaning. */
    public static final int BYTES = 520;

    /** {@code vhdxfile}. */
    private static final long SIGNATURE = 0x656C_6966_7864_6876L;

    /** {@code conectix}, the first eight bytes of a dynamic VHD. */
    private static final long VHD_SIGNATURE = 0x7869_7463_656E_6F63L;

    private static final int QCOW_SIGNATURE = 0xFB49_4651;
    private static final int VMDK_SIGNATURE = 0x564D_444B;

    private static final String NAME = "file type identifier";
    private static final int CREATOR_OFFSET = 8;
    private static final int CREATOR_UNITS_MAX = 256;

    public FileTypeIdentifier {
        if (creator.length() > CREATOR_UNITS_MAX) {
            throw new IllegalArgumentException(
                    "creator: " + creator.length() + " UTF-16 units (expected: at most " + CREATOR_UNITS_MAX + ")");
        }
    }

    /**
     * Reads the structure.
     *
     * @param bytes the file from offset 0 on, {@link #BYTES} of it or all that there is
     * @throws CorruptImageException if this is not a VHDX file; the message says which other format it seems to be
     */
    public static FileTypeIdentifier parse(ByteBuffer bytes) throws CorruptImageException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.limit() >= Long.BYTES && in.getLong(0) != SIGNATURE) {
            throw new CorruptImageException(
                    NAME,
                    0,
                    "not a VHDX file: signature 0x%016x, expected 0x%016x (\"vhdxfile\")%s"
                            .formatted(in.getLong(0), SIGNATURE, otherFormat(in)));
        }
        if (in.limit() < BYTES) {
            throw new CorruptImageException(
                    NAME, 0, "not a VHDX file: it ends after " + in.limit() + " bytes, expected at least " + BYTES);
        }
        StringBuilder creator = new StringBuilder();
        for (int unit = 0; unit < CREATOR_UNITS_MAX; unit++) {
            char c = in.getChar(CREATOR_OFFSET + unit * Character.BYTES);
            if (c == 0) {
                break;
            }
            creator.append(c);
        }
        return new FileTypeIdentifier(creator.toString());
    }

    private static String otherFormat(ByteBuffer in) {
        if (in.getLong(0) == VHD_SIGNATURE) {
            return "; this looks like a VHD, the older format";
        }
        return switch (in.getInt(0)) {
            case QCOW_SIGNATURE -> "; this looks like a qcow2 image";
            case VMDK_SIGNATURE -> "; this looks like a VMDK image";
            default -> "";
        };
    }

    /** The structure's {@link #BYTES} bytes. */
    public ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(0, SIGNATURE);
        out.put(CREATOR_OFFSET, creator.getBytes(StandardCharsets.UTF_16LE));
        return out;
    }
}
