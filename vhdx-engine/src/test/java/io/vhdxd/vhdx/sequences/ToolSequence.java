package io.vhdxd.vhdx.sequences;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ChildCreation;
import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCheck;
import io.vhdxd.vhdx.ImageConversion;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.ImageMerge;
import io.vhdxd.vhdx.ImageOnStorage;
import io.vhdxd.vhdx.ImageRepair;
import io.vhdxd.vhdx.OfflineImage;
import io.vhdxd.vhdx.ParentChange;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.edit.Progress;
import io.vhdxd.vhdx.repair.RepairOptions;
import io.vhdxd.vhdx.storage.Storages;
import io.vhdxd.vhdx.testing.DyingStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** A chain, and what is done to it: after each step every image of it shows what it has to. */
final class ToolSequence {
    private static final int MIB = 1 << 20;
    private static final int LAYERS_MAX = 4;
    /** Larger disks are not made fixed: that would take their space. */
    private static final long FIXED_MAX_BYTES = 24L * MIB;

    private final Path directory;
    private final RandomGenerator random;
    private final List<String> history = new ArrayList<>();
    private final RandomRequests requests;
    private final ChainVerifier verifier;
    /** The base comes first. */
    private final List<Layer> chain = new ArrayList<>();

    private int fileCount;

    ToolSequence(Path directory, RandomGenerator random) {
        this.directory = directory;
        this.random = random;
        this.requests = new RandomRequests(random, history);
        this.verifier = new ChainVerifier(random);
    }

    /** What was done so far. */
    List<String> history() {
        return history;
    }

    void run(int steps) throws IOException {
        createBase();
        change();
        for (int layers = random.nextInt(3); layers > 0; layers--) {
            addChild();
            change();
        }
        verifyAll();
        for (int step = 0; step < steps; step++) {
            step();
            verifyAll();
        }
    }

    private void step() throws IOException {
        switch (random.nextInt(20)) {
            case 0, 1, 2, 3, 4 -> change();
            case 5, 6, 7 -> {
                if (chain.size() < LAYERS_MAX) {
                    addChild();
                }
                change();
            }
            case 8, 9, 10 -> merge();
            case 11, 12 -> compact();
            case 13, 14 -> resize();
            case 15 -> convertTop();
            case 16 -> convertParent();
            case 17 -> moveParent();
            default -> repair();
        }
    }

    // --- new images

    private Path newFile() {
        return directory.resolve("layer" + ++fileCount + ".vhdx");
    }

    private Layer top() {
        return chain.getLast();
    }

    /** A layer and those below, itself first. */
    private List<Layer> from(Layer layer) {
        return chain.subList(0, chain.indexOf(layer) + 1).reversed();
    }

    private Layer anyLayer() {
        return chain.get(random.nextInt(chain.size()));
    }

    private int blockSize() {
        return MIB << (random.nextInt(5) == 0 ? random.nextInt(6) : random.nextInt(2));
    }

    private void createBase() throws IOException {
        int sector = random.nextInt(4) == 0 ? 4096 : 512;
        int block = blockSize();
        long size = random.nextLong(1, 6L * block / sector) * sector;
        if (random.nextInt(8) == 0) {
            size = ((long) sector << 23) + random.nextLong(2L * block / sector) * sector;
        }
        boolean fixed = size <= FIXED_MAX_BYTES && random.nextInt(5) == 0;
        Path file = newFile();
        history.add("%s: %s disk of %d bytes, blocks of %d MiB, sectors of %d"
                .formatted(file.getFileName(), fixed ? "fixed" : "dynamic", size, block / MIB, sector));
        new ImageCreation(fixed ? DiskType.FIXED : DiskType.DYNAMIC, size, block, sector, 4096, MIB).create(file);
        chain.add(new Layer(file, fixed, block, sector, new Runs(size)));
    }

    private void addChild() throws IOException {
        Layer parent = top();
        int block = blockSize();
        long size = random.nextBoolean() ? parent.sizeBytes() : otherSize(parent);
        Path file = newFile();
        history.add("%s: child of %s, of %d bytes, blocks of %d MiB"
                .formatted(file.getFileName(), parent.file.getFileName(), size, block / MIB));
        new ChildCreation(parent.file, ParentSearch.DEFAULT, size, block, MIB).create(file);
        chain.add(new Layer(file, false, block, parent.sectorBytes, parent.content.resized(size)));
    }

    /** A size around that of a layer. */
    private long otherSize(Layer layer) {
        long sectors = layer.sizeBytes() / layer.sectorBytes;
        long most = 3L * layer.blockSizeBytes / layer.sectorBytes;
        long by = random.nextLong(-most, most + 1);
        return Math.max(1, sectors + by) * layer.sectorBytes;
    }

    // --- requests

    private void change() throws IOException {
        Layer layer = top();
        boolean killed = random.nextInt(3) == 0;
        history.add(layer.file.getFileName() + ": opened" + (killed ? ", then killed" : ""));
        DyingStorage storage = DyingStorage.immortal(Storages.open(layer.file, true));
        VhdxImage image = ImageOnStorage.open(storage, layer.file, Access.READ_WRITE);
        try {
            for (int i = random.nextInt(6); i > 0; i--) {
                requests.carryOut(image, from(layer));
                if (random.nextInt(8) == 0) {
                    requests.grow(image, layer, Math.max(layer.sizeBytes(), otherSize(layer)));
                }
            }
            verifier.verify(image, from(layer));
            if (killed) {
                storage.kill();
            }
        } finally {
            close(image, killed);
        }
    }

    private static void close(VhdxImage image, boolean killed) throws IOException {
        try {
            image.close();
        } catch (IOException e) {
            if (!killed) {
                throw e;
            }
        }
    }

    // --- tools

    private void merge() throws IOException {
        if (chain.size() < 2) {
            return;
        }
        int index = random.nextInt(1, chain.size());
        Layer child = chain.get(index);
        Layer parent = chain.get(index - 1);
        Layer grandchild = index + 1 < chain.size() ? chain.get(index + 1) : null;
        boolean delete = random.nextBoolean() && (grandchild == null || endsAsBefore(child, parent, grandchild));
        history.add("merge " + child.file.getFileName() + (delete ? ", and delete it" : ""));
        ImageMerge.merge(child.file, ParentSearch.DEFAULT, delete, Progress.NONE);
        parent.merged(child);
        if (delete) {
            chain.remove(child);
            if (grandchild != null) {
                putOver(parent.file, grandchild);
            }
        }
    }

    /** Whether a layer shows the same over this parent as over that one, which ends elsewhere. */
    private static boolean endsAsBefore(Layer before, Layer now, Layer child) {
        long end = Math.min(now.sizeBytes(), child.sizeBytes());
        return before.sizeBytes() >= end || now.content.isAll(before.sizeBytes(), end, 0);
    }

    /** Lets a layer have another parent, so that it counts as another one itself for those above. */
    private void putOver(Path parent, Layer child) throws IOException {
        Path below = parent;
        for (Layer layer : chain.subList(chain.indexOf(child), chain.size())) {
            setParent(layer, below, true);
            below = layer.file;
        }
    }

    private void setParent(Layer child, Path parent, boolean isAnother) throws IOException {
        history.add("set parent of " + child.file.getFileName() + " to " + parent.getFileName());
        ParentChange change =
                ParentChange.make(child.file, new ParentSearch(List.of(parent), List.of(), List.of(), isAnother));
        assertThat(change.identityChanged()).isEqualTo(isAnother);
    }

    private void compact() throws IOException {
        Layer layer = anyLayer();
        boolean findZeros = random.nextBoolean();
        history.add("compact " + layer.file.getFileName() + (findZeros ? ", with zeros" : ""));
        try (OfflineImage image = OfflineImage.open(layer.file, ParentSearch.DEFAULT)) {
            image.compact(findZeros, Progress.NONE);
        }
    }

    private void resize() throws IOException {
        Layer layer = top();
        long before = layer.sizeBytes();
        long size = otherSize(layer);
        history.add("resize " + layer.file.getFileName() + " to " + size);
        try (OfflineImage image = OfflineImage.open(layer.file, ParentSearch.DEFAULT)) {
            if (size >= before) {
                image.grow(size);
            } else {
                boolean lost = !image.lostByShrinking(size, Progress.NONE).isEmpty();
                assertThat(lost).isEqualTo(!layer.content.isAll(size, before, 0));
                image.shrink(size);
            }
        }
        layer.resized(size);
    }

    /** Makes one image of the chain. */
    private void convertTop() throws IOException {
        int sector = top().sectorBytes;
        if (top().sizeBytes() % 4096 == 0 && random.nextBoolean()) {
            sector = 4608 - sector;
        }
        Layer flat = convert(top(), sector);
        for (Layer layer : chain) {
            Files.delete(layer.file);
        }
        chain.clear();
        chain.add(flat);
    }

    /** Puts one image in the place of a parent and all that is below it. */
    private void convertParent() throws IOException {
        if (chain.size() < 2) {
            return;
        }
        int index = random.nextInt(chain.size() - 1);
        Layer flat = convert(chain.get(index), top().sectorBytes);
        putOver(flat.file, chain.get(index + 1));
        List<Layer> below = chain.subList(0, index + 1);
        for (Layer layer : below) {
            Files.delete(layer.file);
        }
        below.clear();
        chain.addFirst(flat);
    }

    private Layer convert(Layer layer, int sectorBytes) throws IOException {
        long size = layer.sizeBytes();
        boolean fixed = size <= FIXED_MAX_BYTES && random.nextBoolean();
        int block = blockSize();
        Path file = newFile();
        history.add("convert %s to %s: %s, blocks of %d MiB, sectors of %d"
                .formatted(
                        layer.file.getFileName(),
                        file.getFileName(),
                        fixed ? "fixed" : "dynamic",
                        block / MIB,
                        sectorBytes));
        try (ImageConversion conversion = ImageConversion.ofImage(layer.file)) {
            DiskType type = fixed ? DiskType.FIXED : DiskType.DYNAMIC;
            conversion.toImage(
                    file,
                    new ImageCreation(type, size, block, sectorBytes, 4096, MIB),
                    random.nextBoolean(),
                    Progress.NONE);
        }
        return new Layer(file, fixed, block, sectorBytes, layer.content.resized(size));
    }

    private void moveParent() throws IOException {
        int index = random.nextInt(chain.size());
        Layer layer = chain.get(index);
        Path file = newFile();
        history.add("rename " + layer.file.getFileName() + " to " + file.getFileName());
        Files.move(layer.file, file);
        layer.file = file;
        if (layer != top()) {
            setParent(chain.get(index + 1), file, false);
        }
    }

    private void repair() throws IOException {
        Layer layer = anyLayer();
        boolean leaks = random.nextInt(3) == 0;
        history.add("repair " + layer.file.getFileName() + (leaks ? ", its leaks" : ""));
        ImageRepair repair = leaks
                ? ImageRepair.ofLeaks(layer.file, ParentSearch.DEFAULT)
                : ImageRepair.of(layer.file, ParentSearch.DEFAULT, RepairOptions.LOSSLESS);
        assertThat(repair.refusal()).isNull();
        assertThat(repair.losses()).isEmpty();
        assertThat(repair.doubts()).isEmpty();
        assertThat(repair.check().worst()).as("%s", repair.check()).isEqualTo(Severity.NOTE);
    }

    // --- what came of it

    private void verifyAll() throws IOException {
        verify(top());
        for (Layer layer : chain) {
            if (layer != top() && random.nextBoolean()) {
                verify(layer);
            }
        }
    }

    private void verify(Layer layer) throws IOException {
        ImageCheck check = ImageCheck.of(layer.file);
        assertThat(check.worst()).as("%s: %s", layer.file, check.findings()).isEqualTo(Severity.NOTE);
        try (VhdxImage image = VhdxImage.open(layer.file, Access.READ_ONLY)) {
            verifier.verify(image, from(layer));
        }
    }
}
