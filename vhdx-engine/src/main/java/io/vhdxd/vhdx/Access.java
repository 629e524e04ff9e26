package io.vhdxd.vhdx;

/** What an image is opened for. */
public enum Access {
    /** Not a byte of the file changes; the file needs no write permission; other readers may have it open as well. */
    READ_ONLY,
    /** Changes are allowed; nobody else may have the file open. */
    READ_WRITE
}
