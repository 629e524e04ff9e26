package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;

/** Reads and checks all structures of an image. */
@SuppressWarnings("DoNotCallSuggester")
public final class ImageLoader {
    private ImageLoader() {}

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
        throw new IOException("not built yet");
    }
}
