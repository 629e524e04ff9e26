package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * LIST_META_CONTEXT and SET_META_CONTEXT: what the client can ask with BLOCK_STATUS. Queries that match nothing are
 * ignored, as the specification demands for unknown namespaces and for unknown names in "base:".
 */
final class MetaContextOptions implements OptionFamily {
    private final Exports exports;
    private final Negotiation negotiation;

    MetaContextOptions(Exports exports, Negotiation negotiation) {
        this.exports = exports;
        this.negotiation = negotiation;
    }

    @Override
    public Outcome answer(OptionCode option, byte[] data) throws OptionRefusedException {
        boolean selects = option == OptionCode.SET_META_CONTEXT;
        if (selects && !negotiation.mode().hasChunks()) {
            throw OptionRefusedException.invalid(
                    "SET_META_CONTEXT needs structured replies or extended headers to be negotiated before.");
        }
        OptionReader reader = new OptionReader(data);
        String name = reader.exportName();
        long queryCount = reader.unsignedInt();
        List<String> queries = readQueries(reader, queryCount);
        reader.expectEnd();

        ExportInfo export = exports.require(name);
        if (queryCount > Limits.META_CONTEXT_QUERIES) {
            throw new OptionRefusedException(
                    OptionReplyType.TOO_BIG,
                    "The option has " + queryCount + " queries (expected: at most " + Limits.META_CONTEXT_QUERIES
                            + ").");
        }
        List<MetaContext> matches = new ArrayList<>();
        for (MetaContext context : MetaContext.values()) {
            if (selects ? queries.contains(context.wireName()) : queryCount == 0 || isListed(context, queries)) {
                matches.add(context);
            }
        }
        if (selects) {
            negotiation.select(export, List.copyOf(matches));
        }
        return new Outcome.Haggle(replies(option, matches));
    }

    /** Reads all queries, so that their lengths are checked, but keeps no more than are allowed. */
    private static List<String> readQueries(OptionReader reader, long queryCount) throws OptionRefusedException {
        List<String> queries = new ArrayList<>();
        // The count is not trusted: the reader refuses as soon as the data ends, and each query takes four bytes or
        // more.
        for (long i = 0; i < queryCount; i++) {
            @Nullable String query = reader.query();
            if (query != null && queries.size() < Limits.META_CONTEXT_QUERIES) {
                queries.add(query);
            }
        }
        return queries;
    }

    /** Whether a query names the context, or its namespace with a colon, which stands for all of it. */
    private static boolean isListed(MetaContext context, List<String> queries) {
        String name = context.wireName();
        String namespace = name.substring(0, name.indexOf(':') + 1);
        return queries.contains(name) || queries.contains(namespace);
    }

    private static List<OptionReply> replies(OptionCode option, List<MetaContext> contexts) {
        List<OptionReply> replies = new ArrayList<>();
        for (MetaContext context : contexts) {
            byte[] name = context.wireName().getBytes(StandardCharsets.UTF_8);
            byte[] data = ByteBuffer.allocate(Integer.BYTES + name.length)
                    .putInt(option == OptionCode.SET_META_CONTEXT ? context.id() : 0)
                    .put(name)
                    .array();
            replies.add(new OptionReply(option.wireValue(), OptionReplyType.META_CONTEXT, data));
        }
        replies.add(OptionReply.ack(option.wireValue()));
        return replies;
    }
}
