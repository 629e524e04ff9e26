package io.vhdxd.nbd.codec;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Payload;
import io.vhdxd.nbd.Request;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Remembers what a decoder tells, and releases the payloads at once, unless a test wants to keep them. */
class RecordingHandler implements RequestHandler {
    /** A request with a copy of its payload. */
    record Received(Request request, @Nullable ByteBuffer payload) {}

    final List<Received> received = new ArrayList<>();
    final List<String> events = new ArrayList<>();
    final List<Throwable> failures = new ArrayList<>();
    Predicate<Request> admission = request -> true;
    boolean keepsPayloads;
    ReceiveMemory receiveMemory = ReceiveMemory.unlimited();

    @Nullable RequestDecoder decoder;

    @Override
    public ReceiveMemory receiveMemory() {
        return receiveMemory;
    }

    @Override
    public void onStart(RequestDecoder newDecoder) {
        decoder = newDecoder;
        events.add("start");
    }

    @Override
    public boolean tryAdmit(Request request) {
        return admission.test(request);
    }

    @Override
    public void onRequest(Request request) {
        Payload payload = request.payload();
        ByteBuffer copy = null;
        if (payload != null) {
            copy = copy(payload);
            if (!keepsPayloads) {
                payload.release();
            }
        }
        received.add(new Received(request, copy));
        events.add(Command.nameOf(request.command()));
    }

    private static ByteBuffer copy(Payload payload) {
        ByteBuffer copy = ByteBuffer.allocate((int) payload.lengthBytes());
        for (ByteBuffer buffer : payload.buffers()) {
            copy.put(buffer.duplicate());
        }
        if (copy.hasRemaining()) {
            throw new AssertionError("The buffers lack " + copy.remaining() + " bytes.");
        }
        return copy.flip();
    }

    @Override
    public void onBatchEnd() {
        events.add("batch");
    }

    @Override
    public void onInputEnd() {
        events.add("input end");
    }

    @Override
    public void onWritabilityChanged(boolean writable) {
        events.add(writable ? "writable" : "not writable");
    }

    @Override
    public void onFailure(Throwable cause) {
        failures.add(cause);
        events.add("failure");
    }

    @Override
    public void onClosed() {
        events.add("closed");
    }
}
