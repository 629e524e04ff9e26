package io.vhdxd.server.ops;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.vhdx.VhdxImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whether all is well, as far as a server can tell of itself. */
public final class Health {
    private final WriterWatch watch;
    private final Map<String, VhdxImage> images = new LinkedHashMap<>();
    private volatile boolean serving;

    public Health(WriterWatch watch) {
        this.watch = watch;
    }

    /** Adds an image, before the server serves. */
    public void add(String export, VhdxImage image) {
        images.put(export, image);
    }

    /** Whether clients are let in: not before all addresses are listened on, and not after a signal to stop. */
    public void setServing(boolean nowServing) {
        serving = nowServing;
    }

    /**
     * Why the process should be restarted: each reason in a sentence. A failed image is none. Its reads go on, and while
     * the device is not well, each restart would write to it again, in a replay, and end the other exports' connections.
     */
    List<String> needsRestart() {
        return watch.problems();
    }

    /** What is not well, whatever can be done about it: each problem in a sentence. */
    List<String> problems() {
        List<String> reasons = new ArrayList<>(needsRestart());
        images.forEach((export, image) -> {
            if (image.failure() != null) {
                reasons.add(
                        "export " + ErrorText.quote(export) + ": an I/O error has stopped all changes to the image");
            }
        });
        return reasons;
    }

    /** Why clients should not be sent here. */
    List<String> notReady() {
        List<String> reasons = problems();
        if (!serving) {
            reasons.add("the server does not take connections");
        }
        return reasons;
    }
}
