package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.log.HeaderUpdate;
import java.util.UUID;

/** What the current header says, beyond being valid ([MS-VHDX] 2.2.2). */
final class HeaderChecks {
    /** The limit of Microsoft's code. */
    private final Header header;

    private final String name;
    private final long offsetBytes;
    private final Findings findings;

    private HeaderChecks(HeaderPair headers, Findings findings) {
        this.header = headers.current();
        this.name = Header.slotName(headers.currentSlot());
        this.offsetBytes = Header.slotOffsetBytes(headers.currentSlot());
        this.findings = findings;
    }

    /** Checks all of it; afterwards the log lies in the file if it is in use. */
    static void check(HeaderPair headers, long fileSizeBytes, Findings findings)
            throws CorruptImageException, UnsupportedImageException {
        HeaderChecks checks = new HeaderChecks(headers, findings);
        checks.checkVersion();
        checks.checkNumbers();
        checks.checkLogLength();
        if (checks.header.logLengthBytes() > 0) {
            checks.checkLogPlace(fileSizeBytes);
        }
    }

    private void checkVersion() throws UnsupportedImageException {
        if (header.version() != Header.VERSION) {
            throw new UnsupportedImageException(name + " at offset " + offsetBytes + ": VHDX version "
                    + header.version() + ", expected " + Header.VERSION);
        }
        if (header.logVersion() != 0 && header.isLogInUse()) {
            throw new UnsupportedImageException(name + " at offset " + offsetBytes
                    + ": the log is in use and of version " + header.logVersion() + ", expected 0");
        }
    }

    private void checkNumbers() {
        if (!HeaderUpdate.hasRoomAfter(header)) {
            findings.readOnly(
                    name,
                    offsetBytes,
                    "sequence number " + Long.toUnsignedString(header.sequenceNumber())
                            + " leaves no room for further updates");
        }
        checkNotNil("file write GUID", header.fileWriteGuid());
        checkNotNil("data write GUID", header.dataWriteGuid());
    }

    private void checkNotNil(String field, UUID guid) {
        if (guid.equals(GuidCodec.NIL)) {
            findings.warning(name, offsetBytes, field + " is zero, expected a random one");
        }
    }

    private void checkLogLength() throws CorruptImageException {
        long length = header.logLengthBytes();
        if (length > Header.LOG_LENGTH_MAX_BYTES || length % Geometry.MIB != 0) {
            throw corrupt(
                    "log length " + length + ", expected a multiple of 1 MiB, at most " + Header.LOG_LENGTH_MAX_BYTES);
        }
        if (length > 0) {
            return;
        }
        if (header.isLogInUse()) {
            throw corrupt("the log is in use with GUID " + header.logGuid() + ", but its length is 0");
        }
        findings.readOnly(name, offsetBytes, "log length 0: without a log nothing can be changed safely");
    }

    private void checkLogPlace(long fileSizeBytes) throws CorruptImageException {
        long offset = header.logOffsetBytes();
        if (Long.compareUnsigned(offset, Geometry.MIB) < 0 || offset % Geometry.MIB != 0) {
            throw corrupt(
                    "log offset " + Long.toUnsignedString(offset) + ", expected a multiple of 1 MiB, at least 1 MiB");
        }
        long length = header.logLengthBytes();
        if (offset >= 0 && offset <= fileSizeBytes - length) {
            return;
        }
        String problem = "the log, " + length + " bytes at offset " + Long.toUnsignedString(offset)
                + ", reaches beyond the end of the file at " + fileSizeBytes;
        if (header.isLogInUse()) {
            throw corrupt(problem);
        }
        findings.readOnly(name, offsetBytes, problem);
    }

    private CorruptImageException corrupt(String problem) {
        return new CorruptImageException(name, offsetBytes, problem);
    }
}
