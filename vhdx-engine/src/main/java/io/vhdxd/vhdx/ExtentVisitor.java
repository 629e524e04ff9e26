package io.vhdxd.vhdx;

/** Is told the extents of a range, in ascending order and without gaps. */
@FunctionalInterface
public interface ExtentVisitor {
    /**
     * Is told one extent. Neighbours differ in their kind or depth.
     *
     * @param depth how far down the chain the image is that decides this: 1 for the image itself, 2 for its parent; 0 if
     *     none does, because the range was never written
     * @return whether to go on to the next one
     */
    boolean extent(long offsetBytes, long lengthBytes, ExtentKind kind, int depth);
}
