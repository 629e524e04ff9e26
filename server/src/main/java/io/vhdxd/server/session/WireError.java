package io.vhdxd.server.session;

import io.vhdxd.nbd.NbdError;
import io.vhdxd.vhdx.diagnosis.ImageClosedException;
import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.request.ZeroNotFastException;
import io.vhdxd.vhdx.storage.NoSpaceException;
import java.io.IOException;

/**
 * What a client is told of a failure. The text names nothing of the server's machine; the server's log does.
 *
 * @param text one sentence that ends in a full stop
 */
record WireError(NbdError error, String text) {
    static WireError of(IOException failure) {
        return switch (failure) {
            case NoSpaceException e -> new WireError(NbdError.ENOSPC, "The server's file system is full.");
            case ReadOnlyImageException e -> new WireError(NbdError.EPERM, "The image is open for reading only.");
            case ZeroNotFastException e ->
                new WireError(NbdError.ENOTSUP, "Zeroing this range is no faster than writing it.");
            case ImageClosedException e -> new WireError(NbdError.ESHUTDOWN, "The server is shutting down.");
            case ImageFailedException e ->
                new WireError(NbdError.EIO, "An earlier I/O error has stopped all changes to the image.");
            default -> new WireError(NbdError.EIO, "An I/O error on the server; its log says more.");
        };
    }
}
