package io.vhdxd.vhdx.measure;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** For the Flight Recorder: a round of background work and its sync. */
@Name("vhdxd.Round")
@Label("Round")
@Category("vhdxd")
@Description("Pages were brought to their place, space was made, and everything was synced")
@StackTrace(false)
public final class RoundEvent extends Event {
    @Label("Image")
    public String image = "";

    @Label("Reason")
    public String reason = "";

    @Label("Waiting Requests")
    public int requestCount;

    @Label("Sync")
    @Timespan(Timespan.NANOSECONDS)
    public long syncNanos;
}
