package io.vhdxd.server.export;

import io.vhdxd.vhdx.ExtentVisitor;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.request.ImageRequest;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An open VHDX image as a disk to serve. */
public record VhdxDisk(VhdxImage image) implements Disk {
    @Override
    public long sizeBytes() {
        return image.info().virtualSizeBytes();
    }

    @Override
    public boolean tryExtents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) throws IOException {
        return image.tryExtents(offsetBytes, lengthBytes, visitor);
    }

    @Override
    public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) throws IOException {
        image.extents(offsetBytes, lengthBytes, visitor);
    }

    @Override
    public boolean tryRead(long offsetBytes, ByteBuffer dst) throws IOException {
        return image.tryRead(offsetBytes, dst);
    }

    @Override
    public void read(long offsetBytes, ByteBuffer dst) throws IOException {
        image.read(offsetBytes, dst);
    }

    @Override
    public boolean tryWrite(long offsetBytes, ByteBuffer[] srcs) throws IOException {
        return image.tryWrite(offsetBytes, srcs);
    }

    @Override
    public void submit(ImageRequest request) {
        image.submit(request);
    }

    @Override
    public void close() throws IOException {
        image.close();
    }
}
