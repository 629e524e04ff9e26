package io.vhdxd.server.conformance;

import java.util.List;

/** What a client sends, beginning with its flags. */
record Script(int clientFlags, List<Step> steps) {
    /** FIXED_NEWSTYLE and NO_ZEROES. */
    static final int USUAL_FLAGS = 3;

    static Script of(Step... steps) {
        return new Script(USUAL_FLAGS, List.of(steps));
    }
}
