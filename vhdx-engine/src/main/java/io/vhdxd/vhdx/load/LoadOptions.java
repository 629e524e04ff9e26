package io.vhdxd.vhdx.load;

/**
 * What the person who opens an image has allowed.
 *
 * @param acceptEmptyLog whether an image whose header says that the log is in use, while the log holds no trace of it, is
 *     opened as one with nothing to replay. QEMU leaves such an image when it is interrupted at the wrong moment
 */
public record LoadOptions(boolean acceptEmptyLog) {
    public static final LoadOptions STRICT = new LoadOptions(false);
}
