package io.vhdxd.server.remote;

/**
 * What a server has told of an export, and what was agreed on.
 *
 * @param transmissionFlags see {@link io.vhdxd.nbd.TransmissionFlags}
 * @param minimumBlockBytes every request is a multiple of it; a power of two up to 65536
 * @param maximumPayloadBytes the largest READ and WRITE, a multiple of the minimum
 * @param structured whether replies come in chunks
 * @param allocationId the number of the context {@code base:allocation}; -1 if there is none
 */
record RemoteExport(
        long sizeBytes,
        int transmissionFlags,
        int minimumBlockBytes,
        int maximumPayloadBytes,
        boolean structured,
        long allocationId) {
    boolean can(int transmissionFlag) {
        return (transmissionFlags & transmissionFlag) != 0;
    }
}
