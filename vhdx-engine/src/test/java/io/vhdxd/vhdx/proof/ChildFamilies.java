package io.vhdxd.vhdx.proof;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Families about differencing disks: all that there are for others, on a child, and what only a child has. QEMU reads no
 * children, so they stand apart from {@link Families}.
 */
final class ChildFamilies {
    /** How their names begin. */
    static final String PREFIX = "child: ";

    private ChildFamilies() {}

    static List<Family> all() {
        List<Family> all = new ArrayList<>(List.of(
                child("sectors", "more and more sectors of a few blocks", Shape::small, ChildFamilies::sectors),
                child("rewrite", "write, flush and write of the same sectors", Shape::small, ChildFamilies::rewrite),
                child(
                        "completion",
                        "writes until nothing of a block is the parent's",
                        Shape::small,
                        ChildFamilies::complete),
                child(
                        "whole blocks",
                        "written, zeroed and trimmed, while parts of them are",
                        Shape::small,
                        ChildFamilies::whole),
                child(
                        "late rounds",
                        "exposures of many requests that one sync covers",
                        Shape::small,
                        ChildFamilies::lateRounds),
                child(
                        "many bitmap pages",
                        "more of them than an entry holds",
                        () -> Shape.manyPages(20),
                        ChildFamilies::manyPages),
                child("bitmaps of 16 pages", "blocks of 256 MiB", Shape::hugeBlocks, ChildFamilies::sectors)));
        for (Family family : Families.all()) {
            Shape shape = family.shape().get();
            if (shape.grows() && !shape.fixed()) {
                all.add(childOf(family, "", shape.largestSizeBytes()));
            } else if (!shape.fixed()) {
                all.add(child(family.name(), family.what(), family.shape(), family.workload()));
            }
        }
        Family last = Families.named("grow in the last block");
        all.add(childOf(last, ", parent smaller", last.shape().get().virtualSizeBytes() - 4096));
        all.add(childOf(last, ", parent as large", last.shape().get().virtualSizeBytes()));
        Family page = Families.named("grow in the page");
        all.add(childOf(page, ", parent ends in it", page.shape().get().virtualSizeBytes() + (40L << 20) + 512));
        return all;
    }

    /** The one of this name. */
    static Family named(String name) {
        return all().stream()
                .filter(family -> family.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no family \"" + name + "\""));
    }

    private static Family childOf(Family family, String addition, long parentSizeBytes) {
        return new Family(
                PREFIX + family.name() + addition,
                family.what(),
                () -> family.shape().get().asChildOf(parentSizeBytes),
                family.workload());
    }

    private static Family child(String name, String what, Supplier<Shape> shape, Family.Workload workload) {
        return new Family(PREFIX + name, what, () -> shape.get().asChild(), workload);
    }

    private static void sectors(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int i = 0; i < 10; i++) {
            int block = random.nextInt(3);
            disk.overwrite(disk.shape().sector(block, random.nextInt(16)), random.nextInt(1, 8));
            pace(disk, random);
        }
        disk.flushAndSettle();
    }

    private static void pace(DrivenImage disk, RandomGenerator random) {
        switch (random.nextInt(6)) {
            case 0 -> disk.step();
            case 1 -> disk.rest();
            case 2, 3 -> {
                disk.rest();
                disk.round();
                disk.rest();
            }
            case 4 -> disk.flushAndSettle();
            default -> {}
        }
    }

    private static void rewrite(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int i = 0; i < 4; i++) {
            long sector = disk.shape().sector(random.nextInt(2), random.nextInt(16));
            disk.write(sector, 4, random.nextInt(4) == 0);
            pace(disk, random);
            disk.flush();
            disk.overwrite(sector, 4);
            pace(disk, random);
            disk.write(sector + 2, 4);
            disk.flushAndSettle();
        }
    }

    private static void complete(DrivenImage disk, RandomGenerator random) throws IOException {
        int blockSectors = disk.shape().blockSectors();
        for (int block = 0; block < 3; block++) {
            int middle = Shape.FRONT_SECTORS - random.nextInt(4);
            int back = blockSectors - random.nextInt(1, Shape.BACK_SECTORS);
            List<Runnable> parts = new ArrayList<>();
            int at = block;
            parts.add(() -> disk.write(disk.shape().sector(at, 0), middle));
            parts.add(() -> disk.zero(disk.shape().sector(at, middle), back - middle, random.nextBoolean(), false));
            parts.add(() -> disk.write(disk.shape().sector(at, back), blockSectors - back, random.nextBoolean()));
            while (!parts.isEmpty()) {
                parts.remove(random.nextInt(parts.size())).run();
                pace(disk, random);
            }
            disk.overwrite(disk.shape().sector(block, random.nextInt(16)), 4);
            pace(disk, random);
        }
        disk.flushAndSettle();
    }

    private static void whole(DrivenImage disk, RandomGenerator random) throws IOException {
        int blockSectors = disk.shape().blockSectors();
        for (int i = 0; i < 5; i++) {
            int block = random.nextInt(3);
            disk.write(disk.shape().sector(block, random.nextInt(16)), 4);
            pace(disk, random);
            switch (random.nextInt(5)) {
                case 0, 1 -> disk.write(disk.shape().sector(block, 0), blockSectors, random.nextInt(3) == 0);
                case 2 -> disk.zero(disk.shape().sector(block, 0), blockSectors, false, random.nextBoolean());
                case 3 -> disk.zero(disk.shape().sector(block, 0), blockSectors, true, random.nextBoolean());
                default -> disk.trimBlock(block);
            }
            pace(disk, random);
            disk.overwrite(disk.shape().sector(block, random.nextInt(16)), 4);
            pace(disk, random);
        }
        disk.flushAndSettle();
    }

    private static void lateRounds(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int turn = 0; turn < 3; turn++) {
            for (int i = 0; i < 6; i++) {
                Operations.random(random).apply(disk, random.nextInt(4), random);
                disk.write(disk.shape().sector(random.nextInt(6), random.nextInt(16)), 2);
                disk.rest();
            }
            disk.round();
            disk.write(disk.shape().sector(random.nextInt(6), random.nextInt(16)), 2, true);
            disk.rest();
            disk.flush();
            disk.settle();
        }
    }

    private static void manyPages(DrivenImage disk, RandomGenerator random) {
        for (int turn = 0; turn < 3; turn++) {
            disk.watch(false);
            for (int block = 0; block < disk.shape().blockCount(); block++) {
                disk.write(disk.shape().sector(block, random.nextInt(16)), 2);
            }
            disk.rest();
            disk.watch(true);
            disk.round();
            disk.rest();
            disk.watch(turn == 2);
            disk.settle();
        }
        disk.flushAndSettle();
    }
}
