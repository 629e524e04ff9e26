package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Random requests to an image and random steps of its writer, with a model of what the disk may hold. Requests gather in
 * a few blocks, so that they meet; the blocks are spread over the disk, so that many pages of the BAT take part.
 */
final class RandomWorkload {
    private static final int HOT_BLOCK_COUNT = 24;

    /** Writes stay within so many sectors of the beginning of a block, or of its end. */
    private static final int FRONT_SECTORS = 40;

    private static final int BACK_SECTORS = 8;

    /** A request that is under way. */
    private record Pending(Answer answer, Runnable whenAnswered) {}

    private final SteppedImage image;
    private final RandomGenerator random;
    private final DiskModel model;
    private final long[] hotBlocks = new long[HOT_BLOCK_COUNT];
    private final List<Pending> pending = new ArrayList<>();
    private final int blockSectors;

    RandomWorkload(SteppedImage image, RandomGenerator random) {
        this.image = image;
        this.random = random;
        this.blockSectors = image.geometry().blockSizeBytes() / DiskModel.SECTOR_BYTES;
        this.model = new DiskModel(sector ->
                sector % blockSectors < FRONT_SECTORS || sector % blockSectors >= blockSectors - BACK_SECTORS);
        int spread = 1 << random.nextInt(1, 15);
        for (int i = 0; i < HOT_BLOCK_COUNT; i++) {
            hotBlocks[i] = random.nextLong(Math.min(image.geometry().blockCount(), spread));
        }
    }

    DiskModel model() {
        return model;
    }

    /** Does one thing. */
    void step() throws IOException {
        switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4, 5 -> write();
            case 6 -> zero();
            case 7 -> trim();
            case 8 -> flush();
            case 9 -> image.advanceClock(Rounds.RECYCLE_DELAY_NANOS / 2);
            case 10, 11, 12 -> {
                if (image.isRoundStarted()) {
                    image.runRound();
                }
            }
            default -> image.step();
        }
        takeAnswers();
    }

    /** Lets everything that is under way come to its end. */
    void settle() {
        image.settle();
        takeAnswers();
    }

    private void takeAnswers() {
        pending.removeIf(request -> {
            if (request.answer.isGiven() && request.answer.isSuccess()) {
                request.whenAnswered.run();
            }
            return request.answer.isGiven();
        });
    }

    private void write() throws IOException {
        long sector = sector();
        int count = random.nextInt(1, 9);
        if (sector + count > image.geometry().virtualSizeBytes() / DiskModel.SECTOR_BYTES) {
            return;
        }
        long stamp = model.beginWrite(sector, count);
        ByteBuffer content = DiskModel.content(sector, count, stamp);
        boolean durable = random.nextInt(8) == 0;
        ByteBuffer[] srcs = {content};
        if (!durable && image.overwrites().tryWrite(sector * DiskModel.SECTOR_BYTES, srcs, content.remaining())) {
            model.answered(stamp);
            return;
        }
        if (durable) {
            Answer answer = image.writeDurably(sector * DiskModel.SECTOR_BYTES, content);
            pending.add(new Pending(answer, () -> model.answered(stamp)));
        } else {
            Answer answer = image.write(sector * DiskModel.SECTOR_BYTES, content);
            pending.add(new Pending(answer, () -> model.answered(stamp)));
        }
    }

    private void zero() {
        Range range = range();
        long handle = model.beginZero(range.sector, range.count);
        Answer answer = image.zero(range.sector * DiskModel.SECTOR_BYTES, range.count * DiskModel.SECTOR_BYTES);
        pending.add(new Pending(answer, () -> model.answered(handle)));
    }

    private void trim() {
        Range range = range();
        long handle = model.beginTrim(range.sector, range.count);
        Answer answer = image.trim(range.sector * DiskModel.SECTOR_BYTES, range.count * DiskModel.SECTOR_BYTES);
        pending.add(new Pending(answer, () -> model.answered(handle)));
    }

    private void flush() {
        long handle = model.beginFlush();
        Answer answer = image.flush();
        pending.add(new Pending(answer, () -> model.flushed(handle)));
    }

    private record Range(long sector, long count) {}

    private Range range() {
        long block = hotBlocks[random.nextInt(HOT_BLOCK_COUNT)];
        long first = block * blockSectors;
        long end = Math.min(first + blockSectors, image.geometry().virtualSizeBytes() / DiskModel.SECTOR_BYTES);
        if (random.nextInt(3) == 0) {
            long from = first + random.nextInt(FRONT_SECTORS);
            return new Range(from, Math.min(end - from, random.nextInt(1, 300)));
        }
        return new Range(first, end - first);
    }

    private long sector() {
        long first = hotBlocks[random.nextInt(HOT_BLOCK_COUNT)] * blockSectors;
        return random.nextBoolean()
                ? first + random.nextInt(FRONT_SECTORS - 8)
                : first + blockSectors - 1 - random.nextInt(BACK_SECTORS);
    }
}
