package io.vhdxd.vhdx.measure;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For the Flight Recorder: a dirty log was replayed to its file. */
@Name("vhdxd.Replay")
@Label("Log Replay")
@Category("vhdxd")
@Description("The log of an image that was not closed cleanly was replayed to its file")
@StackTrace(false)
public final class ReplayEvent extends Event {
    @Label("Image")
    public String image = "";

    @Label("Entries")
    public int entryCount;

    @Label("Pages")
    public long pageCount;
}
