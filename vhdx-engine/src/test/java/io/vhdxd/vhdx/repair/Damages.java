package io.vhdxd.vhdx.repair;

import static io.vhdxd.vhdx.fixture.DirtyImage.ENTRY;
import static io.vhdxd.vhdx.fixture.DirtyImage.LOG_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.OTHER_GUID;
import static io.vhdxd.vhdx.fixture.DirtyImage.SECTOR;
import static io.vhdxd.vhdx.fixture.ImageBuilder.BAT;
import static io.vhdxd.vhdx.fixture.ImageBuilder.HEADERS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.ITEMS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.LOG;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static io.vhdxd.vhdx.fixture.ImageBuilder.REGION_TABLES;
import static io.vhdxd.vhdx.fixture.ImageBuilder.itemEntry;
import static io.vhdxd.vhdx.repair.Damage.lossy;
import static io.vhdxd.vhdx.repair.Damage.made;
import static io.vhdxd.vhdx.repair.Damage.mended;
import static io.vhdxd.vhdx.repair.Damage.refused;

import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.LogBuilder;
import io.vhdxd.vhdx.repair.Damage.Fate;
import io.vhdxd.vhdx.repair.RepairOptions.WithoutBitmap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The catalogue of damaged images (vhdx.md section 5), with what the column "repair" says of each. */
final class Damages {
    private static final String UNKNOWN = "DEADBEEF-0001-0002-0003-000000000004";
    private static final String NIL = "00000000-0000-0000-0000-000000000000";
    private static final long VIRTUAL_SIZE = METADATA + ITEMS + 8;

    private Damages() {}

    static List<Damage> all() {
        List<Damage> all = new ArrayList<>();
        all.addAll(headers());
        all.addAll(logs());
        all.addAll(regions());
        all.addAll(metadata());
        all.addAll(blocks());
        return all;
    }

    private static List<Damage> headers() {
        ImageBuilder traced = Damage.sound();
        LogBuilder.place(traced, LOG, MIB, 0, LogBuilder.entry(OTHER_GUID, 3).bytes());
        return List.of(
                mended("1: no signature", image -> image.put(0, "vhdxfilf".getBytes(StandardCharsets.US_ASCII))),
                refused(
                        "1: no signature and a bad header",
                        image -> image.putLong(0, 0).flip(HEADERS.get(0) + 100)),
                mended("4: header 1 is bad", image -> image.flip(HEADERS.get(0) + 100)),
                mended("5: header 2 is bad", image -> image.put(HEADERS.get(1), new byte[4096])),
                lossy(
                        "6: both headers are bad",
                        image -> image.putInt(HEADERS.get(0), 0).putInt(HEADERS.get(1), 0)),
                made(
                        "6: both headers are bad, and the log may hold something",
                        traced.putInt(HEADERS.get(0), 0).putInt(HEADERS.get(1), 0),
                        Fate.REFUSED,
                        Damage.INTACT),
                made(
                        "7: equal headers",
                        Damage.sound().put(HEADERS.get(1), Damage.sound().get(HEADERS.get(0), 4096)),
                        Fate.SOUND,
                        Damage.INTACT),
                refused("8: equal numbers, undecided", Damages::equalNumbers),
                mended("8: equal numbers, header 1 counts", Damages::equalNumbers)
                        .with(new RepairOptions(false, 1, WithoutBitmap.UNDECIDED)),
                mended("8: equal numbers, header 2 counts", Damages::equalNumbers)
                        .with(new RepairOptions(false, 2, WithoutBitmap.UNDECIDED)),
                mended("10: the numbers are used up", image -> image.editHeader(0, at -> image.putLong(at + 8, -1))),
                refused("12: another version", image -> image.editHeaders(at -> image.putShort(at + 66, 2))),
                mended("13: a version of the unused log", image -> image.editHeaders(at -> image.putShort(at + 64, 5))),
                refused(
                        "14: a version of the used log",
                        image -> image.logGuid(LOG_GUID).editHeaders(at -> image.putShort(at + 64, 5))),
                mended(
                        "15: no log",
                        image ->
                                image.editHeaders(at -> image.putInt(at + 68, 0).putLong(at + 72, 0))),
                lossy(
                        "16: a used log of length 0",
                        image -> image.logGuid(LOG_GUID).editHeaders(at -> image.putInt(at + 68, 0))),
                refused("17: a misplaced log", image -> image.editHeaders(at -> image.putLong(at + 72, MIB + 4096))),
                refused(
                        "17: a misplaced log, in use",
                        image -> image.logGuid(LOG_GUID).editHeaders(at -> image.putLong(at + 72, 4 * MIB - 1000))),
                mended(
                        "18: an unused log beyond the end",
                        image -> image.editHeaders(at -> image.putLong(at + 72, 7 * MIB))),
                refused(
                        "18: a used log beyond the end",
                        image -> image.logGuid(LOG_GUID).editHeaders(at -> image.putLong(at + 72, 7 * MIB))),
                refused("19: a huge log", image -> image.editHeaders(at -> image.putInt(at + 68, 2048L * MIB))),
                mended("21: no FileWriteGuid", image -> image.editHeaders(at -> image.putGuid(at + 16, NIL))),
                mended(
                                "21: no DataWriteGuid, and no children",
                                image -> image.editHeaders(at -> image.putGuid(at + 32, NIL)))
                        .with(Damage.ALLOWED));
    }

    private static void equalNumbers(ImageBuilder image) {
        image.editHeader(1, at -> image.putLong(at + 8, 7).putLong(at + 4000, 1));
    }

    private static List<Damage> logs() {
        DirtyImage torn = Damage.dirty().with(0, 5);
        byte[] half = torn.entry(0, 6).bytes();
        half[SECTOR + 2000] ^= 1;
        DirtyImage invalid = Damage.dirty();
        byte[] broken = invalid.entry(0, 5).bytes();
        broken[5000] ^= 1;
        DirtyImage outside = Damage.dirty();
        DirtyImage cutBehind = Damage.dirty();
        cutBehind.with(0, cutBehind.entry(0, 5).sizes(24 * MIB, 24 * MIB).bytes());
        DirtyImage cut = Damage.dirty();
        cut.with(0, cut.entry(0, 5).sizes(20 * MIB, 20 * MIB).bytes()).image().size(13 * MIB + 4096);
        DirtyImage growing = Damage.dirty();
        DirtyImage breaking = Damage.dirty();
        return List.of(
                made("24: a dirty log", Damage.dirty().with(0, 5).image(), Fate.MENDED, "123..6.."),
                made("28: a dirty log, torn at its end", torn.with(ENTRY, half).image(), Fate.MENDED, "123..6.."),
                made("26: a used log without entries", Damage.dirty().image(), Fate.MENDED, Damage.INTACT),
                made("27: no valid entry", invalid.with(0, broken).image(), Fate.LOSSY, Damage.INTACT),
                made(
                        "35: a tail outside",
                        outside.with(0, outside.entry(50 * ENTRY, 6).bytes()).image(),
                        Fate.LOSSY,
                        Damage.INTACT),
                made(
                        "42: a log over the headers",
                        Damage.dirty()
                                .with(
                                        0,
                                        LogBuilder.entry(LOG_GUID, 5)
                                                .zeros(0, 4096)
                                                .bytes())
                                .image(),
                        Fate.REFUSED,
                        Damage.INTACT),
                made("46: cut where no block is", cutBehind.image(), Fate.MENDED, "123..6.."),
                made("46: cut in a block", cut.image(), Fate.LOSSY, "123..?..").losesBytes(5 * MIB + 4096, MIB - 4096),
                made(
                        "48: a log that lets the file grow",
                        growing.with(
                                        0,
                                        growing.entry(0, 5)
                                                .sizes(20 * MIB, 40 * MIB)
                                                .bytes())
                                .image(),
                        Fate.MENDED,
                        "123..6.."),
                made(
                        "52: a replay that leaves no image",
                        breaking.with(
                                        0,
                                        LogBuilder.entry(LOG_GUID, 5)
                                                .zeros(192 * 1024, 128 * 1024)
                                                .bytes())
                                .image(),
                        Fate.REFUSED,
                        Damage.INTACT));
    }

    private static List<Damage> regions() {
        return List.of(
                mended("53: region table 1 is bad", image -> image.fill(REGION_TABLES.get(0), 64 << 10, 0xEE)),
                mended("53: region table 2 is bad", image -> image.fill(REGION_TABLES.get(1), 64 << 10, 0xEE)),
                lossy(
                        "54: both region tables are bad",
                        image -> image.putInt(REGION_TABLES.get(0), 0).putInt(REGION_TABLES.get(1), 0)),
                lossy(
                        "54: both region tables are bad, in a file of an odd size",
                        image -> image.size(9 * MIB + 512)
                                .fill(9 * MIB, 512, 0xEE)
                                .putInt(REGION_TABLES.get(0), 0)
                                .putInt(REGION_TABLES.get(1), 0)),
                made(
                        "54: both region tables are bad, and no block is present",
                        ImageBuilder.dynamic(8 * MIB, (int) MIB)
                                .putInt(REGION_TABLES.get(0), 0)
                                .putInt(REGION_TABLES.get(1), 0),
                        Fate.REFUSED,
                        "........"),
                mended(
                        "55: two region tables",
                        image -> image.size(16 * MIB).editRegion(1, 0, at -> image.putLong(at + 16, 12 * MIB))),
                refused(
                        "56: an unknown required region",
                        image -> image.size(16 * MIB).region(UNKNOWN, 10 * MIB, MIB, 1)),
                refused(
                        "58: a region twice",
                        image -> image.size(16 * MIB).region(ImageBuilder.BAT_REGION, 10 * MIB, MIB, 1)),
                refused("59: no metadata region", image -> image.editRegionTables(at -> image.putInt(at + 8, 1))),
                refused(
                        "60: a BAT over the metadata",
                        image -> image.editRegion(0, at -> image.putLong(at + 16, 2 * MIB))),
                mended("61: a BAT whose unused end is cut", image -> {
                    image.put(9 * MIB, image.get(BAT, 4096)).size(9 * MIB + 4096);
                    image.editRegion(0, at -> image.putLong(at + 16, 9 * MIB).putInt(at + 24, 4 * MIB));
                }),
                refused(
                        "61: a metadata region beyond the end",
                        image -> image.editRegion(
                                1, at -> image.putLong(at + 16, 6 * MIB).putInt(at + 24, 2 * MIB))),
                refused("62: too many regions", image -> image.editRegionTables(at -> image.putInt(at + 8, 2048))),
                mended(
                        "63: reserved flags of a region",
                        image -> image.editRegion(0, at -> image.putInt(at + 28, 0x80000002L))));
    }

    private static List<Damage> metadata() {
        return List.of(
                refused("64: no file parameters", image -> noItem(image, 0)),
                refused("64: no size", image -> noItem(image, 1)),
                mended("64: no disk identifier", image -> noItem(image, 2)),
                refused("64: no logical sector size", image -> noItem(image, 3)),
                mended("64: no physical sector size", image -> noItem(image, 4)),
                refused("65: an item twice", image -> image.item(ImageBuilder.VIRTUAL_DISK_ID, ITEMS + 8192, 16, 6)),
                refused("66: an item of a wrong length", image -> image.putInt(itemEntry(1) + 20, 4)),
                refused("67: a block size", image -> image.putInt(METADATA + ITEMS, 3 << 20)),
                refused("68: too large a disk", image -> image.putLong(VIRTUAL_SIZE, 65L << 40)),
                mended("69: a size within a sector", image -> image.putLong(VIRTUAL_SIZE, 8 * MIB - 1))
                        .reads("123....?"),
                refused("72: a logical sector size", image -> image.putInt(METADATA + ITEMS + 32, 1024)),
                mended("72: a physical sector size", image -> image.putInt(METADATA + ITEMS + 36, 777)),
                refused("73: a small BAT", image -> image.putLong(VIRTUAL_SIZE, 131_073 * MIB)),
                refused("75: an incomplete file", image -> image.item("71CC85F0-1B69-4E28-9558-C3BF83AE75D3", 0, 0, 4)),
                refused("76: a required user item", image -> image.item(UNKNOWN, 0, 0, 5)),
                mended("flags of items", image -> image.putInt(itemEntry(2) + 24, 2 | 8)),
                mended("flags of the file parameters", image -> image.putInt(METADATA + ITEMS + 4, 4)),
                mended(
                                "63, 69, 72: three values in one page",
                                image -> image.putInt(METADATA + ITEMS + 4, 4)
                                        .putInt(METADATA + ITEMS + 36, 777)
                                        .putLong(VIRTUAL_SIZE, 8 * MIB - 1))
                        .reads("123....?"));
    }

    private static void noItem(ImageBuilder image, int index) {
        image.putGuid(itemEntry(index), UNKNOWN).putInt(itemEntry(index) + 24, 0);
    }

    private static List<Damage> blocks() {
        ImageBuilder two = Damage.filled(ImageBuilder.dynamic(4100 * MIB, (int) MIB)
                .block(0, 6, 4)
                .block(1, 6, 5)
                .block(2, 6, 6));
        return List.of(
                lossy("78: a block at no place", image -> image.batEntry(1, 6))
                        .reads("1.3.....")
                        .loses(1, 1),
                lossy("79: a block beyond the end", image -> image.batEntry(1, 6 | 7L << 20))
                        .reads("1.3.....")
                        .loses(1, 1),
                lossy("79: a block beyond all limits", image -> image.batEntry(1, 6 | 1L << 62))
                        .reads("1.3.....")
                        .loses(1, 1),
                mended(
                                "80: the last block is cut",
                                image -> image.block(7, 6, 7)
                                        .fill(7 * MIB, 512, 0x88)
                                        .size(7 * MIB + 512))
                        .reads("123....?"),
                lossy(
                                "81: another block is cut",
                                image -> image.block(6, 6, 7)
                                        .fill(7 * MIB, 8192, 0x77)
                                        .size(7 * MIB + 8192))
                        .reads("123...?.")
                        .losesBytes(6 * MIB + 8192, MIB - 8192),
                mended("82: two blocks at one place", image -> image.block(5, 6, 4))
                        .reads("123..1.."),
                mended(
                                "82: three blocks at one place",
                                image -> image.block(5, 6, 4).block(6, 6, 4))
                        .reads("123..11."),
                lossy(
                                "82, 79: blocks at one place, and one where their copy would be",
                                image -> image.block(5, 6, 4).batEntry(7, 6 | 7L << 20))
                        .reads("123..1..")
                        .loses(7, 1),
                lossy("84: a block over the log", image -> image.block(5, 6, 1)).loses(5, 1),
                lossy("84: a block over the BAT", image -> image.block(5, 6, 3)).loses(5, 1),
                made(
                        "85, 90: a block at the place of a needless bitmap block",
                        two.batEntry(4096, 6 | 4L << 20),
                        Fate.MENDED,
                        Damage.INTACT),
                lossy("86: state 4", image -> image.batEntry(5, 4)).loses(5, 1),
                mended("86: state 5", image -> image.size(10 * MIB).batEntry(5, 5 | 8L << 20)),
                mended(
                                "86: state 7",
                                image -> image.fill(8 * MIB, (int) MIB, 0x66)
                                        .size(10 * MIB)
                                        .batEntry(5, 7 | 8L << 20))
                        .reads("123..6.."),
                mended(
                        "87: a place without content",
                        image -> image.batEntry(5, 2 | 4L << 20).batEntry(6, 5L << 20)),
                mended("88: an anchor of another block", image -> image.batEntry(5, 3 | 4L << 20)),
                mended("88: an anchor beyond the end", image -> image.batEntry(5, 1 | 4L << 40)),
                mended("89: reserved bits", image -> image.batEntry(0, 6 | 4L << 20 | 0x80008)),
                refused("92: a place beyond 63 bits", image -> image.batEntry(5, 6 | (1L << 43) << 20)),
                made(
                        "93, 94, 95: unused space and an odd end",
                        Damage.sound().size(20 * MIB + 512).fill(10 * MIB, 5000, 0xEE),
                        Fate.SOUND,
                        Damage.INTACT),
                lossy("4, 53, 69, 78, 86, 89: all at once", image -> {
                            image.flip(HEADERS.get(0) + 100).putInt(REGION_TABLES.get(0), 0);
                            image.batEntry(1, 6).batEntry(5, 3 | 4L << 20).batEntry(0, 6 | 4L << 20 | 0x80008);
                        })
                        .reads("1.3.....")
                        .loses(1, 1));
    }
}
