package io.vhdxd.server.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;

/** Writes one JSON value to an output of the command line, piece by piece. */
final class JsonText {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .configure(StreamWriteFeature.AUTO_CLOSE_TARGET, false)
            .build();

    /** What is to be written. */
    interface Content {
        void writeTo(JsonGenerator json) throws IOException;
    }

    private JsonText() {}

    static void write(PrintWriter out, Content content) {
        try (JsonGenerator json = FACTORY.createGenerator(out)) {
            DefaultIndenter perLine = new DefaultIndenter("  ", "\n");
            json.setPrettyPrinter(
                    new DefaultPrettyPrinter().withObjectIndenter(perLine).withArrayIndenter(perLine));
            content.writeTo(json);
        } catch (IOException e) {
            // A PrintWriter never throws.
            throw new UncheckedIOException(e);
        }
        out.println();
    }
}
