package io.vhdxd.vhdx.repair;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;

import io.vhdxd.vhdx.edit.GuestRange;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import java.util.List;
import java.util.function.Consumer;

/**
 * A damaged image of eight blocks of 1 MiB, and what its repair is to make of it.
 *
 * @param name begins with the number of the case in vhdx.md
 * @param fate what can be done
 * @param options what has to be allowed or decided
 * @param content of the repaired disk, a character for each block: a digit for a block full of 16 times that and itself, a
 *     dot for zeros, a question mark for anything
 * @param lost what is given up
 */
record Damage(
        String name, ImageBuilder image, Fate fate, RepairOptions options, String content, List<GuestRange> lost) {
    enum Fate {
        /** Repaired without asking. */
        MENDED,
        /** Repaired only if a loss is allowed. */
        LOSSY,
        /** There is no repair. */
        REFUSED,
        /** There is nothing to repair. */
        SOUND
    }

    static final RepairOptions ALLOWED = new RepairOptions(true, 0, RepairOptions.WithoutBitmap.UNDECIDED);
    static final String INTACT = "123.....";

    /** Three blocks with content at 4, 5 and 6 MiB, as {@link ImageBuilder#small} has them. */
    static ImageBuilder sound() {
        return filled(ImageBuilder.small());
    }

    static ImageBuilder filled(ImageBuilder image) {
        for (int block = 0; block < 3; block++) {
            image.fill((4 + block) * MIB, (int) MIB, 0x11 * (block + 1));
        }
        return image;
    }

    /** The same with a log in use, and blocks for its entries to map. */
    static DirtyImage dirty() {
        DirtyImage dirty = new DirtyImage();
        filled(dirty.image());
        for (int block = 3; block < 8; block++) {
            dirty.image().fill((8 + block) * MIB, (int) MIB, 0x11 * (block + 1));
        }
        return dirty;
    }

    static Damage made(String name, ImageBuilder image, Fate fate, String content) {
        return new Damage(name, image, fate, fate == Fate.LOSSY ? ALLOWED : RepairOptions.LOSSLESS, content, List.of());
    }

    static Damage mended(String name, Consumer<ImageBuilder> damage) {
        return made(name, damaged(damage), Fate.MENDED, INTACT);
    }

    static Damage lossy(String name, Consumer<ImageBuilder> damage) {
        return made(name, damaged(damage), Fate.LOSSY, INTACT);
    }

    static Damage refused(String name, Consumer<ImageBuilder> damage) {
        return made(name, damaged(damage), Fate.REFUSED, INTACT);
    }

    private static ImageBuilder damaged(Consumer<ImageBuilder> damage) {
        ImageBuilder image = sound();
        damage.accept(image);
        return image;
    }

    Damage with(RepairOptions others) {
        return new Damage(name, image, fate, others, content, lost);
    }

    Damage reads(String otherContent) {
        return new Damage(name, image, fate, options, otherContent, lost);
    }

    /** Names what is given up, in MiB. */
    Damage loses(long offsetMib, long lengthMib) {
        return new Damage(
                name, image, fate, options, content, List.of(new GuestRange(offsetMib * MIB, lengthMib * MIB)));
    }

    Damage losesBytes(long offsetBytes, long lengthBytes) {
        return new Damage(name, image, fate, options, content, List.of(new GuestRange(offsetBytes, lengthBytes)));
    }

    @Override
    public String toString() {
        return name;
    }
}
