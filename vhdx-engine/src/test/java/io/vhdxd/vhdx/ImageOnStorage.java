package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;

/** Opens images on any storage, for tests of other packages. */
public final class ImageOnStorage {
    private ImageOnStorage() {}

    /** Opens an image without a parent; the storage is closed with it, or at once if it cannot be opened. */
    public static VhdxImage open(Storage storage, Access access) throws IOException {
        return open(storage, "image", access, (loaded, findings) -> ParentChain.none());
    }

    /**
     * Opens an image whose parents lie beside it; otherwise as {@link #open(Storage, Access)}.
     *
     * @param file that is on the storage
     */
    public static VhdxImage open(Storage storage, Path file, Access access) throws IOException {
        return open(
                storage,
                file.toString(),
                access,
                (loaded, findings) -> ParentChain.open(loaded, file, ParentSearch.DEFAULT, findings));
    }

    private static VhdxImage open(Storage storage, String name, Access access, VhdxImage.ParentOpener parents)
            throws IOException {
        try {
            return VhdxImage.open(storage, name, access, parents);
        } catch (IOException | RuntimeException | Error e) {
            VhdxImage.closeAfter(e, storage);
            throw e;
        }
    }
}
