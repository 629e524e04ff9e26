package io.vhdxd.vhdx.proof;

/** Who looks at an image while a workload runs. Called in the midst of the engine's work; must not change anything. */
interface Watcher {
    /** A change has reached the disk, or has failed to. */
    void changed(DrivenImage image);

    /** A request was answered. */
    void answered(DrivenImage image, boolean durably);

    /** Nobody looks. */
    Watcher NONE = new Watcher() {
        @Override
        public void changed(DrivenImage image) {}

        @Override
        public void answered(DrivenImage image, boolean durably) {}
    };
}
