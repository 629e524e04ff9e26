package io.vhdxd.vhdx.testing;

import io.vhdxd.vhdx.create.ImageLayout;
import io.vhdxd.vhdx.create.NewImage;
import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileParameters;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.MetadataItem;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/** New images on simulated disks, the same in every run. */
public final class SimulatedImages {
    private static final int LOG_LENGTH_BYTES = 1 << 20;

    private SimulatedImages() {}

    public static SimulatedStorage dynamic(long virtualSizeBytes, int blockSizeBytes) throws IOException {
        return create(virtualSizeBytes, blockSizeBytes, 0, 512);
    }

    public static SimulatedStorage dynamicWithSectors(
            long virtualSizeBytes, int blockSizeBytes, int logicalSectorSizeBytes) throws IOException {
        return create(virtualSizeBytes, blockSizeBytes, 0, logicalSectorSizeBytes);
    }

    public static SimulatedStorage fixed(long virtualSizeBytes, int blockSizeBytes) throws IOException {
        return create(virtualSizeBytes, blockSizeBytes, FileParameters.LEAVE_BLOCKS_ALLOCATED, 512);
    }

    /** A child of the image that has this DataWriteGuid. */
    public static SimulatedStorage child(UUID parentDataWriteGuid, long virtualSizeBytes, int blockSizeBytes)
            throws IOException {
        Geometry geometry = new Geometry(virtualSizeBytes, blockSizeBytes, 512);
        Supplier<UUID> guids = guids(2);
        FileParameters parameters = new FileParameters(blockSizeBytes, FileParameters.HAS_PARENT);
        List<MetadataItem> items =
                new ArrayList<>(new DiskMetadata(parameters, virtualSizeBytes, guids.get(), 512, 4096).items());
        ParentLocator locator = new ParentLocator(Map.of(
                ParentLocator.PARENT_LINKAGE,
                ParentLocator.linkageText(parentDataWriteGuid),
                ParentLocator.RELATIVE_PATH,
                ".\\parent.vhdx"));
        KnownItem item = KnownItem.PARENT_LOCATOR;
        items.add(new MetadataItem(item.id(), item.flags(), locator.encode()));
        SimulatedStorage storage = new SimulatedStorage();
        new NewImage(new ImageLayout(geometry, false, true, LOG_LENGTH_BYTES), items, "test", guids).write(storage);
        return storage;
    }

    /** GUIDs that differ from each other; those of another first number differ from these. */
    public static Supplier<UUID> guids(long firstNumber) {
        long[] next = {firstNumber << 32};
        return () -> new UUID(0x1000_4000_8000L, next[0]++);
    }

    private static SimulatedStorage create(
            long virtualSizeBytes, int blockSizeBytes, int flags, int logicalSectorSizeBytes) throws IOException {
        Geometry geometry = new Geometry(virtualSizeBytes, blockSizeBytes, logicalSectorSizeBytes);
        Supplier<UUID> guids = guids(1);
        DiskMetadata metadata = new DiskMetadata(
                new FileParameters(blockSizeBytes, flags), virtualSizeBytes, guids.get(), logicalSectorSizeBytes, 4096);
        SimulatedStorage storage = new SimulatedStorage();
        new NewImage(new ImageLayout(geometry, flags != 0, LOG_LENGTH_BYTES), metadata, "test", guids).write(storage);
        return storage;
    }
}
