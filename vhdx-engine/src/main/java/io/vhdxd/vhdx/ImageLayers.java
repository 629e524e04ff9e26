package io.vhdxd.vhdx;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.chain.ParentLayer;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.read.Extents;
import io.vhdxd.vhdx.write.WritableChild;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What reads go through: the image and its parents, each leaning on the next.
 *
 * @param bitmaps of the image itself; null if it has no parent
 * @param parentReader null if the image has no parent
 */
record ImageLayers(
        BlockReader reader,
        Extents extents,
        @Nullable SectorBitmaps bitmaps,
        @Nullable BlockReader parentReader) {
    static ImageLayers of(String name, LoadedImage image, List<ParentLayer> parents) {
        BlockReader parentReader = null;
        Extents parentExtents = null;
        for (ParentLayer parent : parents.reversed()) {
            DiskLayer layer = layer(parent.file().toString(), parent.loaded());
            parentReader = new BlockReader(layer, parentReader);
            parentExtents = new Extents(layer, parentExtents);
        }
        DiskLayer layer = layer(name, image);
        return new ImageLayers(
                new BlockReader(layer, parentReader), new Extents(layer, parentExtents), layer.bitmaps(), parentReader);
    }

    /** What a writer of the image needs of these; null if the image has no parent. */
    @Nullable WritableChild writableChild() {
        return bitmaps == null || parentReader == null
                ? null
                : new WritableChild(bitmaps, parentReader::readExtended, parentReader.sizeBytes());
    }

    private static DiskLayer layer(String name, LoadedImage image) {
        BitmapPlaces places = image.bitmapPlaces();
        SectorBitmaps bitmaps = places == null ? null : new SectorBitmaps(image.geometry(), places, image.storage());
        return new DiskLayer(name, image.geometry(), image.blockMap(), bitmaps, image.storage(), image.fileSizeBytes());
    }
}
