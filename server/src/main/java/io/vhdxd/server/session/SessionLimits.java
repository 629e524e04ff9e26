package io.vhdxd.server.session;

/**
 * What one connection may have under way (promise R7).
 *
 * @param requests how many requests, from their admission until their reply has left for the socket
 * @param bytes how many bytes of payloads and of data to be sent, at least as many as the largest request
 * @param allowanceBytes how many of them no other connection can keep from it; only what is beyond comes from the budget of
 *     all. So a client with small requests is served even while others sit on all of the budget
 * @param inlineBytes up to which size a READ or WRITE is tried on the event loop; larger ones would keep the other
 *     connections of that loop waiting for too long. What is done there finds its bytes in the processor's cache, and needs no
 *     other thread to wake up: that halves what 1 MiB costs
 */
public record SessionLimits(int requests, long bytes, long allowanceBytes, int inlineBytes) {
    private static final int INLINE_BYTES = 1 << 20;

    public static final SessionLimits DEFAULT = of(256, 64 << 20, 64 << 10);

    public static SessionLimits of(int requests, long bytes, long allowanceBytes) {
        return new SessionLimits(requests, bytes, allowanceBytes, INLINE_BYTES);
    }
}
