package io.vhdxd.vhdx.proof;

import java.io.IOException;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * A kind of workload.
 *
 * @param name in the published table
 * @param what it does, for the same
 * @param shape of the image that it works on
 */
record Family(String name, String what, Supplier<Shape> shape, Workload workload) {
    /** Moves an image. Random where that does no harm to its purpose, so that each run is another one. */
    @FunctionalInterface
    interface Workload {
        void run(DrivenImage disk, RandomGenerator random) throws IOException;
    }
}
