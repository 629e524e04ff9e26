package io.vhdxd.server.export;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/**
 * Looks at all connections of an export, whether their clients are gone, for clients that may have come in their place. One
 * sweep over the connections begins when the one before it has looked at all, and is shared by all who came meanwhile: so
 * many newcomers cost no more than few. Thread-safe.
 */
final class Sweeps {
    /** After so many connections, those who look turn to other work. */
    static final int LOOKS_IN_A_ROW = 256;

    private final Set<Export.Attachment> attachments;

    private List<Runnable> waiting = new ArrayList<>();
    private boolean looking;

    /** @param attachments the connections; may change at any time */
    Sweeps(Set<Export.Attachment> attachments) {
        this.attachments = attachments;
    }

    /**
     * Has all connections examined that there are.
     *
     * @param swept is called when they have been, on any thread
     */
    void add(Runnable swept) {
        synchronized (this) {
            waiting.add(swept);
            if (looking) {
                return;
            }
            looking = true;
        }
        begin();
    }

    private void begin() {
        List<Runnable> shared;
        synchronized (this) {
            looking = !waiting.isEmpty();
            if (!looking) {
                return;
            }
            shared = waiting;
            waiting = new ArrayList<>();
        }
        Countdown examined = new Countdown(() -> shared.forEach(Runnable::run));
        look(attachments.iterator(), examined);
    }

    private void look(Iterator<Export.Attachment> rest, Countdown examined) {
        Countdown looked = new Countdown(() -> {
            if (rest.hasNext()) {
                look(rest, examined);
            } else {
                examined.one();
                begin();
            }
        });
        for (int i = 0; i < LOOKS_IN_A_ROW && rest.hasNext(); i++) {
            looked.expectOne();
            examined.expectOne();
            rest.next().dropIfClientGone(looked::one, examined::one);
        }
        looked.one();
    }
}
