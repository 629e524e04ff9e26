package io.vhdxd.nbd.codec;

import io.vhdxd.nbd.Request;

/** What a server does with the requests of one connection. Called on the channel's event loop: it must not block. */
public interface RequestHandler {
    /** What the buffers for requests may take; all connections of a server share it. Asked before {@link #onStart}. */
    ReceiveMemory receiveMemory();

    /** The first call about the connection; no request comes before it. */
    void onStart(RequestDecoder decoder);

    /**
     * Whether a request may come now. Asked once its header is there, and before the payload of a WRITE is received: the
     * payload object of the request is still empty. If the answer is no, nothing more is read from the client, and the
     * question comes again after {@link RequestDecoder#resume}.
     *
     * <p>What is admitted is delivered to {@link #onRequest} next, as the same object, unless the connection or its input
     * ends, or the decoder is stopped, before a payload is complete. So one request at most is admitted but not delivered
     * when {@link #onClosed} is called.
     */
    boolean tryAdmit(Request request);

    /** A request has come, unchecked. Its payload, if there is one, belongs to the handler. After a DISC none follows. */
    void onRequest(Request request);

    /**
     * All requests that came with one read of the socket have been delivered. A good moment to flush what has been
     * written.
     */
    void onBatchEnd();

    /**
     * The client has closed its side of the connection; no request follows. It may still wait for replies, so the server
     * closes the channel when it has sent them. Comes only if the channel has the option ALLOW_HALF_CLOSURE; without it the
     * channel closes by itself.
     */
    void onInputEnd();

    /** The channel has become writable, or has ceased to be. */
    void onWritabilityChanged(boolean writable);

    /**
     * The connection cannot go on. The decoder closes the channel after this call.
     *
     * @param cause a {@link ProtocolViolationException}, what the socket reported, or what this handler threw
     */
    void onFailure(Throwable cause);

    /** The connection has ended, for whatever reason. The last call, made exactly once. */
    void onClosed();
}
