package io.vhdxd.server.clients;

import io.vhdxd.server.support.Tool;
import java.io.IOException;

/** Holds a server to its word: takes libnbd. */
final class ToldZeros {
    private static final String SCRIPT = """
            import nbd, sys
            h = nbd.NBD()
            h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
            h.connect_uri(sys.argv[1])
            size = h.get_size()
            told = []
            def extents(context, offset, entries, error):
                for i in range(0, len(entries), 2):
                    told.append((offset, entries[i], entries[i + 1]))
                    offset += entries[i]
            at = 0
            while at < size:
                h.block_status(min(size - at, 1 << 30), at, extents)
                at = told[-1][0] + told[-1][1]
            for offset, length, flags in told:
                if flags & nbd.STATE_ZERO:
                    for start in range(offset, offset + length, 1 << 20):
                        count = min(1 << 20, offset + length - start)
                        assert h.pread(count, start) == bytes(count), (start, count)
            """;

    private ToldZeros() {}

    /** Fails unless all that the server tells to be zeros reads as zeros. */
    static void assertZero(String uri) throws IOException {
        Tool.run("/usr/bin/python3", "-c", SCRIPT, uri).ok();
    }
}
