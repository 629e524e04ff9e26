package io.vhdxd.vhdx.fuzz;

import static io.vhdxd.vhdx.fixture.ImageBuilder.BAT;
import static io.vhdxd.vhdx.fixture.ImageBuilder.ITEMS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;

import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.nio.ByteBuffer;

/**
 * An image that bytes describe: the first one says what sound image to begin with, the others what to change in it. Any bytes are a
 * description; where they end, the changes end.
 */
final class ImageMutation {
    private static final int LOG_ENTRIES = 4;
    private static final long FILE_SIZE_MAX = 64L << 30;

    private final ByteBuffer description;
    private final DirtyImage dirty = new DirtyImage();
    private final ImageBuilder image;

    private ImageMutation(byte[] description) {
        this.description = ByteBuffer.wrap(description);
        this.image = base(number(8));
    }

    static SimulatedStorage of(byte[] description) {
        ImageMutation mutation = new ImageMutation(description);
        while (mutation.description.hasRemaining()) {
            mutation.change();
        }
        return mutation.image.simulated();
    }

    private ImageBuilder base(int number) {
        return switch (number) {
            case 0, 1 -> ImageBuilder.small();
            case 2 -> {
                ImageBuilder fixed = ImageBuilder.small();
                for (int block = 3; block < 8; block++) {
                    fixed.block(block, 6, 4 + block);
                }
                yield fixed.putInt(METADATA + ITEMS + 4, 1);
            }
            case 3 -> ImageBuilder.small().putInt(METADATA + ITEMS + 32, 4096);
            case 4 -> {
                ImageBuilder chunks = ImageBuilder.dynamic(4100 * MIB, (int) MIB);
                yield chunks.block(0, 6, 4).block(4095, 6, 5).block(4096, 6, 6).batEntry(3, 3 | 7L << 20);
            }
            default -> {
                for (int i = 0; i < LOG_ENTRIES; i++) {
                    dirty.with((long) i * DirtyImage.ENTRY, 5 + i);
                }
                yield dirty.image();
            }
        };
    }

    private void change() {
        switch (number(12)) {
            case 0 -> {
                int field = number(80);
                image.editHeaders(at -> putValue(at + field));
            }
            case 1 -> {
                int slot = number(2);
                int field = number(80);
                image.editHeader(slot, at -> putValue(at + field));
            }
            case 2 -> {
                int field = 8 + number(104);
                image.editRegionTables(at -> putValue(at + field));
            }
            case 3 -> putValue(METADATA + number(200));
            case 4 -> putValue(METADATA + ITEMS + number(40));
            case 5, 6 -> putValue(BAT + 8L * number(10));
            case 7 -> putValue(BAT + number(4104 * 8));
            case 8 -> changeLogEntry();
            case 9 -> addLogEntry();
            case 10 -> putValue(number((int) (4 * MIB)));
            default -> image.size(Math.floorMod(value(), number(2) == 0 ? 40 * MIB : FILE_SIZE_MAX));
        }
    }

    /** Changes a field of an entry, whose checksum becomes right again. */
    private void changeLogEntry() {
        long ringOffset = (long) number(LOG_ENTRIES) * DirtyImage.ENTRY;
        byte[] entry = image.get(ImageBuilder.LOG + ringOffset, DirtyImage.ENTRY);
        int field = number(4) < 3 ? number(128) : number(entry.length - 8);
        LogBuilder.integer(entry, field, value(), 1 << number(4));
        image.put(ImageBuilder.LOG + ringOffset, entry);
        image.seal(ImageBuilder.LOG + ringOffset, entry.length);
    }

    /** Adds an entry that changes any page, or makes any range zero. */
    private void addLogEntry() {
        long ringOffset = Math.floorMod(value(), 256) * (long) DirtyImage.SECTOR;
        LogBuilder entry = LogBuilder.entry(DirtyImage.LOG_GUID, 5 + number(12)).tail(ringOffset);
        long target = value() & -DirtyImage.SECTOR;
        if (number(2) == 0) {
            byte[] page = new byte[DirtyImage.SECTOR];
            LogBuilder.integer(page, number(page.length - 8), value(), 8);
            entry.page(target, page);
        } else {
            entry.zeros(target, value() & -DirtyImage.SECTOR);
        }
        entry.sizes(number(3) * 10L * MIB, Math.floorMod(value(), 64 * MIB));
        LogBuilder.place(image, ImageBuilder.LOG, MIB, ringOffset, entry.bytes());
    }

    private void putValue(long offset) {
        long value = value();
        switch (number(3)) {
            case 0 -> image.putShort(offset, (int) value);
            case 1 -> image.putInt(offset, value);
            default -> image.putLong(offset, value);
        }
    }

    /** A number that is likely to mean something: small, a power of two, a place in the file, an entry of a BAT. */
    private long value() {
        return switch (number(8)) {
            case 0 -> 0;
            case 1 -> -1 - number(4);
            case 2 -> number(16);
            case 3 -> (1L << number(64)) - number(2);
            case 4 -> number(64) * MIB;
            case 5 -> number(64) * MIB + number(8);
            case 6 -> (long) number(1 << 20) * DirtyImage.SECTOR;
            default -> (long) number(Integer.MAX_VALUE) << 32 | number(Integer.MAX_VALUE);
        };
    }

    /** A number from 0 to less than the limit, out of as few bytes as it takes; 0 at the end of the description. */
    private int number(int limit) {
        long value = 0;
        for (long range = 1; range < limit; range <<= 8) {
            value = value << 8 | (description.hasRemaining() ? description.get() & 0xff : 0);
        }
        return (int) (value % limit);
    }
}
