package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.ParentLocator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the metadata region of an image holds.
 *
 * @param disk the values of the items that every image has
 * @param parentLocator null if the image has no parent
 * @param entries the whole table
 */
public record ImageMetadata(DiskMetadata disk, @Nullable ParentLocator parentLocator, List<MetadataEntry> entries) {
    public ImageMetadata {
        entries = List.copyOf(entries);
    }
}
