package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;

/** Opens images without a parent on any storage, for tests of other packages. */
public final class ImageOnStorage {
    private ImageOnStorage() {}

    /** Opens an image; the storage is closed with it, or at once if it cannot be opened. */
    public static VhdxImage open(Storage storage, Access access) throws IOException {
        try {
            return VhdxImage.open(storage, "image", access, (loaded, findings) -> ParentChain.none());
        } catch (IOException | RuntimeException | Error e) {
            VhdxImage.closeAfter(e, storage);
            throw e;
        }
    }
}
