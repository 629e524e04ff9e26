package io.vhdxd.vhdx;

/** Is told the extents of a range, in ascending order and without gaps. */
@FunctionalInterface
public interface ExtentVisitor {
    /**
     * Is told one extent. Neighbours differ in their kind.
     *
     * @return whether to go on to the next one
     */
    boolean extent(long offsetBytes, long lengthBytes, ExtentKind kind);
}
