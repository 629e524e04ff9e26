package io.vhdxd.server.session;

/**
 * What one connection may have under way (promise R7).
 *
 * @param requests how many requests, from their admission until their reply has left for the socket
 * @param bytes how many bytes of payloads and of data to be sent, at least as many as the largest request
 * @param inlineBytes up to which size a READ or WRITE is tried on the event loop; larger ones would keep the other
 *     connections of that loop waiting for too long
 */
public record SessionLimits(int requests, long bytes, int inlineBytes) {
    public static final SessionLimits DEFAULT = new SessionLimits(256, 64 << 20, 256 << 10);
}
