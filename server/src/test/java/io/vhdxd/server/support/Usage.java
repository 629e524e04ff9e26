package io.vhdxd.server.support;

/** How much is under way, and the most that ever was. Thread-safe. */
public final class Usage {
    private int requests;
    private long bytes;
    private int requestsMax;
    private long bytesMax;

    synchronized void begin(long requestBytes) {
        requests++;
        bytes += requestBytes;
        requestsMax = Math.max(requestsMax, requests);
        bytesMax = Math.max(bytesMax, bytes);
    }

    synchronized void end(long requestBytes) {
        requests--;
        bytes -= requestBytes;
    }

    public synchronized int requestsMax() {
        return requestsMax;
    }

    public synchronized long bytesMax() {
        return bytesMax;
    }
}
