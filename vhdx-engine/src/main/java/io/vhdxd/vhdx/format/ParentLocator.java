package io.vhdxd.vhdx.format;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The metadata item "parent locator" ([MS-VHDX] 2.6.2.6): how a differencing image names its parent. It is a table of
 * strings.
 *
 * @param entries in their order in the item; all keys and values are neither empty nor hold a NUL
 */
public record ParentLocator(Map<String, String> entries) {
    public static final String PARENT_LINKAGE = "parent_linkage";
    public static final String PARENT_LINKAGE_2 = "parent_linkage2";
    public static final String RELATIVE_PATH = "relative_path";
    public static final String VOLUME_PATH = "volume_path";
    public static final String ABSOLUTE_WIN32_PATH = "absolute_win32_path";

    /** More entries than Microsoft's code accepts are not looked at. */
    public static final int ENTRY_COUNT_MAX = 256;

    /** The only type of locator that there is: the parent is a VHDX file. */
    private static final UUID VHDX_TYPE = UUID.fromString("B04AEFB7-D19E-4A81-B789-25B8E9445913");

    private static final String NAME = "metadata item parent locator";
    private static final int HEADER_BYTES = 20;
    private static final int ENTRY_BYTES = 12;
    private static final int ENTRY_COUNT_OFFSET = 18;

    public ParentLocator {
        entries = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    /**
     * Reads the item and checks all of it.
     *
     * @param item all bytes of the item
     * @param fileOffsetBytes where it stands, for the error
     * @throws CorruptImageException if it is no such item, names no parent, or does not say which content of the parent it
     *     leans on
     * @throws UnsupportedImageException if the parent is of another type than VHDX
     */
    public static ParentLocator parse(ByteBuffer item, long fileOffsetBytes)
            throws CorruptImageException, UnsupportedImageException {
        ByteBuffer in = item.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.limit() < HEADER_BYTES) {
            throw corrupt(fileOffsetBytes, in.limit() + " bytes, expected at least " + HEADER_BYTES);
        }
        UUID type = GuidCodec.get(in, 0);
        if (!type.equals(VHDX_TYPE)) {
            throw new UnsupportedImageException(NAME + " at offset " + fileOffsetBytes + ": locator type " + type
                    + ", expected " + VHDX_TYPE + " (a VHDX parent)");
        }
        int count = Short.toUnsignedInt(in.getShort(ENTRY_COUNT_OFFSET));
        if (count > ENTRY_COUNT_MAX) {
            throw corrupt(fileOffsetBytes, count + " entries, expected at most " + ENTRY_COUNT_MAX);
        }
        if (HEADER_BYTES + count * ENTRY_BYTES > in.limit()) {
            throw corrupt(fileOffsetBytes, count + " entries, expected no more than fit into " + in.limit() + " bytes");
        }
        Map<String, String> entries = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            int at = HEADER_BYTES + i * ENTRY_BYTES;
            String key = text(in, in.getInt(at), in.getShort(at + 8), "the key of entry " + i, fileOffsetBytes);
            String value = text(in, in.getInt(at + 4), in.getShort(at + 10), "the value of " + key, fileOffsetBytes);
            if (entries.put(key, value) != null) {
                throw corrupt(fileOffsetBytes, "the key " + key + " is there twice");
            }
        }
        ParentLocator locator = new ParentLocator(entries);
        locator.check(fileOffsetBytes);
        return locator;
    }

    private static String text(ByteBuffer in, int offset, short length, String what, long fileOffsetBytes)
            throws CorruptImageException {
        long from = Integer.toUnsignedLong(offset);
        int bytes = Short.toUnsignedInt(length);
        if (from < HEADER_BYTES || bytes == 0 || bytes % 2 != 0 || from + bytes > in.limit()) {
            throw corrupt(
                    fileOffsetBytes,
                    what + " has " + bytes + " bytes at offset " + from
                            + ", expected an even number from 2 on, between " + HEADER_BYTES + " and " + in.limit());
        }
        byte[] raw = new byte[bytes];
        in.get((int) from, raw);
        String text = new String(raw, StandardCharsets.UTF_16LE);
        if (text.chars().anyMatch(c -> c < ' ')) {
            throw corrupt(fileOffsetBytes, what + " holds a NUL or another control character");
        }
        return text;
    }

    private void check(long fileOffsetBytes) throws CorruptImageException {
        if (linkage() == null && linkage2() == null) {
            throw corrupt(
                    fileOffsetBytes,
                    entries.containsKey(PARENT_LINKAGE)
                            ? PARENT_LINKAGE + " is " + entries.get(PARENT_LINKAGE) + ", expected a GUID"
                            : PARENT_LINKAGE + " is missing");
        }
        if (!entries.containsKey(RELATIVE_PATH)
                && !entries.containsKey(VOLUME_PATH)
                && !entries.containsKey(ABSOLUTE_WIN32_PATH)) {
            throw corrupt(
                    fileOffsetBytes,
                    "holds no path, expected at least one of " + RELATIVE_PATH + ", " + VOLUME_PATH + ", "
                            + ABSOLUTE_WIN32_PATH);
        }
    }

    /** The parent's DataWriteGuid when the child was made; null if it is not there or no GUID. */
    public @Nullable UUID linkage() {
        return guid(entries.get(PARENT_LINKAGE));
    }

    /** A second DataWriteGuid to be accepted, which is there while a merge into the parent is under way; null if not. */
    public @Nullable UUID linkage2() {
        return guid(entries.get(PARENT_LINKAGE_2));
    }

    /** The same locator, of a parent with this DataWriteGuid and no other. */
    public ParentLocator linkedTo(UUID dataWriteGuid) {
        Map<String, String> changed = new LinkedHashMap<>(entries);
        changed.put(PARENT_LINKAGE, linkageText(dataWriteGuid));
        changed.remove(PARENT_LINKAGE_2);
        return new ParentLocator(changed);
    }

    /** The same locator, which accepts a parent with this DataWriteGuid as well. */
    public ParentLocator alsoLinkedTo(UUID dataWriteGuid) {
        Map<String, String> changed = new LinkedHashMap<>(entries);
        changed.put(PARENT_LINKAGE_2, linkageText(dataWriteGuid));
        return new ParentLocator(changed);
    }

    private static @Nullable UUID guid(@Nullable String text) {
        if (text == null) {
            return null;
        }
        String bare = text.startsWith("{") && text.endsWith("}") ? text.substring(1, text.length() - 1) : text;
        return bare.matches("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}") ? UUID.fromString(bare) : null;
    }

    /** A GUID as the locator holds it. */
    public static String linkageText(UUID guid) {
        return "{" + guid + "}";
    }

    /** The item's bytes. */
    public ByteBuffer encode() {
        int textAt = HEADER_BYTES + entries.size() * ENTRY_BYTES;
        int length = textAt;
        for (Map.Entry<String, String> entry : entries.entrySet()) {
            length += 2 * (entry.getKey().length() + entry.getValue().length());
        }
        ByteBuffer out = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
        GuidCodec.put(out, 0, VHDX_TYPE);
        out.putShort(ENTRY_COUNT_OFFSET, (short) entries.size());
        int at = HEADER_BYTES;
        for (Map.Entry<String, String> entry : entries.entrySet()) {
            byte[] key = entry.getKey().getBytes(StandardCharsets.UTF_16LE);
            byte[] value = entry.getValue().getBytes(StandardCharsets.UTF_16LE);
            out.putInt(at, textAt).putShort(at + 8, (short) key.length).put(textAt, key);
            textAt += key.length;
            out.putInt(at + 4, textAt).putShort(at + 10, (short) value.length).put(textAt, value);
            textAt += value.length;
            at += ENTRY_BYTES;
        }
        return out;
    }

    private static CorruptImageException corrupt(long fileOffsetBytes, String problem) {
        return new CorruptImageException(NAME, fileOffsetBytes, problem);
    }
}
