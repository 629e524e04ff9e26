package io.vhdxd.server.export;

import io.vhdxd.nbd.NbdError;
import org.jspecify.annotations.Nullable;

/** Is told of every request to an export, on whatever thread that happens: it must cost next to nothing. */
public interface ExportMeter {
    /** Measures nothing. */
    ExportMeter NONE = new ExportMeter() {
        @Override
        public void began() {
            // Nobody wants to know.
        }

        @Override
        public void answered(int command, long lengthBytes, long nanos, @Nullable NbdError error) {
            // Nobody wants to know.
        }

        @Override
        public void dropped() {
            // Nobody wants to know.
        }

        @Override
        public void refused(int command, NbdError error) {
            // Nobody wants to know.
        }

        @Override
        public void readMissed() {
            // Nobody wants to know.
        }
    };

    /** A request is being carried out; {@link #answered} or {@link #dropped} follows. */
    void began();

    /**
     * The reply to a request is on its way.
     *
     * @param command one of {@link io.vhdxd.nbd.Command}
     * @param lengthBytes the range that was read or changed
     * @param nanos since the request had come, with its payload
     * @param error what the client is told; null if it succeeded
     */
    void answered(int command, long lengthBytes, long nanos, @Nullable NbdError error);

    /** A request is over, and its client is gone. */
    void dropped();

    /**
     * A request was answered with an error without being begun.
     *
     * @param command any number that a client may send
     */
    void refused(int command, NbdError error);

    /** A READ that was tried on the event loop has to wait for the device. */
    void readMissed();
}
