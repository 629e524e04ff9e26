package io.vhdxd.server.export;

import io.vhdxd.vhdx.ExtentVisitor;
import io.vhdxd.vhdx.request.ImageRequest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The part of an open image that serving needs; {@link io.vhdxd.vhdx.VhdxImage} says what each method does. */
public interface Disk extends Closeable {
    long sizeBytes();

    boolean tryExtents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) throws IOException;

    void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) throws IOException;

    boolean tryRead(long offsetBytes, ByteBuffer dst) throws IOException;

    void read(long offsetBytes, ByteBuffer dst) throws IOException;

    boolean tryWrite(long offsetBytes, ByteBuffer[] srcs) throws IOException;

    void submit(ImageRequest request);
}
