package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileTypeIdentifier;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.log.ActiveSequence;
import io.vhdxd.vhdx.log.LogScanner;
import io.vhdxd.vhdx.log.OverlayStorage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads and checks all structures of an image. */
public final class ImageLoader {
    private final Storage file;
    private final Findings findings;

    private ImageLoader(Storage file, Findings findings) {
        this.file = file;
        this.findings = findings;
    }

    /**
     * Loads an image. Nothing is written.
     *
     * <p>If the worst of the findings is {@link io.vhdxd.vhdx.diagnosis.Severity#READ_ONLY} afterwards, the image must not
     * be written to.
     *
     * @param storage the file; it must not change while it is used
     * @param findings is told what is wrong without keeping the image from being read
     * @throws io.vhdxd.vhdx.diagnosis.CorruptImageException if there is no safe reading of the image
     * @throws io.vhdxd.vhdx.diagnosis.UnsupportedImageException if it needs something that this version does not do
     */
    public static LoadedImage load(Storage storage, LoadOptions options, Findings findings) throws IOException {
        return new ImageLoader(storage, findings).load(options);
    }

    private LoadedImage load(LoadOptions options) throws IOException {
        StructureReader reader = new StructureReader(file);
        FileTypeIdentifier identifier = FileTypeIdentifier.parse(reader.readAvailable(0, FileTypeIdentifier.BYTES));
        HeaderPair headers =
                HeaderPair.choose(HeaderReader.readSlot(reader, 0), HeaderReader.readSlot(reader, 1), findings);
        HeaderChecks.check(headers, file.size(), findings);

        Header header = headers.current();
        ActiveSequence sequence = header.isLogInUse() ? LogScanner.scan(file, header, options.acceptEmptyLog()) : null;
        if (sequence == null) {
            return load(identifier, headers, null, file, 0);
        }
        OverlayStorage overlay = OverlayStorage.over(file, sequence);
        return load(identifier, headers, sequence, overlay, overlay.pageCount());
    }

    /** Loads what may be in the log, and so has to be read through it. */
    private LoadedImage load(
            FileTypeIdentifier identifier,
            HeaderPair headers,
            @Nullable ActiveSequence sequence,
            Storage view,
            long replayedPageCount)
            throws IOException {
        StructureReader reader = new StructureReader(view);
        Regions regions = new RegionLoader(reader, findings).load();
        List<FileRange> structures = structures(headers.current(), regions, view.size());
        FileRange.requireDisjoint(structures);
        ImageMetadata items = new MetadataLoader(reader, regions.metadata(), findings).load();
        DiskMetadata metadata = items.disk();
        Geometry geometry = DiskChecks.geometry(metadata, regions, findings);

        SpaceMap space = spaceOf(structures);
        BatLoader bat = new BatLoader(
                view,
                regions.bat().fileOffsetBytes(),
                geometry,
                metadata.fileParameters().hasParent(),
                spaceOf(structures),
                space,
                findings);
        BlockMap blockMap = bat.load();
        return new LoadedImage(
                identifier,
                headers,
                regions,
                items,
                geometry,
                blockMap,
                bat.bitmapPlaces(),
                space,
                bat.presentBlockCount(),
                sequence,
                replayedPageCount,
                view,
                view.size());
    }

    /** Everything that takes space in the file, but the blocks. */
    static List<FileRange> structures(Header header, Regions regions, long fileSizeBytes) {
        List<FileRange> ranges = new ArrayList<>();
        ranges.add(new FileRange("header section", 0, Geometry.MIB));
        if (Long.compareUnsigned(header.logOffsetBytes(), fileSizeBytes) < 0) {
            ranges.add(new FileRange("log", header.logOffsetBytes(), header.logLengthBytes()));
        }
        ranges.add(rangeOf(regions.bat()));
        ranges.add(rangeOf(regions.metadata()));
        regions.unknown().forEach(region -> ranges.add(rangeOf(region)));
        return ranges;
    }

    private static FileRange rangeOf(RegionEntry region) {
        return new FileRange(region.displayName(), region.fileOffsetBytes(), region.lengthBytes());
    }

    static SpaceMap spaceOf(List<FileRange> structures) {
        SpaceMap space = new SpaceMap();
        structures.forEach(range -> range.claimIn(space));
        return space;
    }
}
