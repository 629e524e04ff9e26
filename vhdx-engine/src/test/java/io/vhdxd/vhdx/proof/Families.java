package io.vhdxd.vhdx.proof;

import java.util.ArrayList;
import java.util.List;

/**
 * All kinds of workloads on disks without a parent. Those of an operation that changes the image in a new way belong here
 * too: a resize, a merge. {@link ChildFamilies} are the ones on differencing disks.
 */
final class Families {
    private Families() {}

    static List<Family> all() {
        List<Family> all = new ArrayList<>();
        all.addAll(WriteFamilies.all());
        all.addAll(LogFamilies.all());
        all.addAll(SpaceFamilies.all());
        all.addAll(SessionFamilies.all());
        all.addAll(GrowFamilies.all());
        return all;
    }

    /** The one of this name. */
    static Family named(String name) {
        return all().stream()
                .filter(family -> family.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("there is no family \"" + name + "\""));
    }
}
