package io.vhdxd.server.net;

/**
 * How things are with a server.
 *
 * @param connectionCount connections that are open
 * @param acceptedCount connections that were let in since the start
 * @param refusedCount connections that were closed at once since the start, because there were too many
 * @param reservedBytes what the requests of all connections hold beyond their allowances
 * @param reservedMaxBytes what they may hold
 * @param memoryWaiterCount connections that wait for a part of that
 * @param ioQueueLength reads and writes that wait for a thread
 * @param bufferBytes the direct memory of all buffers
 */
public record ServerState(
        int connectionCount,
        long acceptedCount,
        long refusedCount,
        long reservedBytes,
        long reservedMaxBytes,
        int memoryWaiterCount,
        int ioQueueLength,
        long bufferBytes) {}
