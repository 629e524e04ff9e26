package io.vhdxd.vhdx.measure;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For the Flight Recorder: an entry was written to the log of an image. */
@Name("vhdxd.Commit")
@Label("Commit")
@Category("vhdxd")
@Description("A log entry was written: the changes of one batch of requests")
@StackTrace(false)
public final class CommitEvent extends Event {
    @Label("Image")
    public String image = "";

    @Label("Requests")
    public int requestCount;

    @Label("Changed Pages")
    public int pageCount;
}
