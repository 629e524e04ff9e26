package io.vhdxd.server.session;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Request;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** For the Flight Recorder: a request took long. Recorded at its end. */
@Name("vhdxd.SlowRequest")
@Label("Slow Request")
@Category("vhdxd")
@Description("A request took 10 ms or longer, from its last byte to its reply")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the Flight Recorder reads the fields
final class SlowRequestEvent extends Event {
    private static final long SLOW_NANOS = 10_000_000;

    @Label("Export")
    private final String export;

    @Label("Connection")
    private final String connection;

    @Label("Command")
    private final String command;

    @Label("Offset")
    private final long offsetBytes;

    @Label("Length")
    @DataAmount
    private final long lengthBytes;

    @Label("Took")
    @Timespan(Timespan.NANOSECONDS)
    private final long tookNanos;

    private SlowRequestEvent(String export, String connection, Request request, long tookNanos) {
        this.export = export;
        this.connection = connection;
        this.command = Command.nameOf(request.command());
        this.offsetBytes = request.offsetBytes();
        this.lengthBytes = request.lengthBytes();
        this.tookNanos = tookNanos;
    }

    /** Records a request, if it was slow. */
    static void tellIfSlow(String export, String connection, Request request, long nanos) {
        if (nanos >= SLOW_NANOS) {
            new SlowRequestEvent(export, connection, request, nanos).commit();
        }
    }
}
