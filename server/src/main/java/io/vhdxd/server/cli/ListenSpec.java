package io.vhdxd.server.cli;

import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.net.ListenAddress;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An address to listen on.
 *
 * @param ownTls whether its clients use TLS; null if that is as for most addresses
 */
record ListenSpec(ListenAddress address, @Nullable TlsMode ownTls) {
    private static final Pattern WITH_TLS = Pattern.compile("(.*),tls=(off|on|require)");

    /** Reads {@code ADDRESS[,tls=off|on|require]}. */
    static ListenSpec parse(String text) {
        Matcher matcher = WITH_TLS.matcher(text);
        return matcher.matches()
                ? new ListenSpec(
                        ListenAddress.parse(matcher.group(1)),
                        TlsMode.valueOf(matcher.group(2).toUpperCase(Locale.ROOT)))
                : new ListenSpec(ListenAddress.parse(text), null);
    }

    TlsMode tls(TlsOptions options) {
        return ownTls == null ? options.mode() : ownTls;
    }

    /** Lets picocli read them. */
    static final class Converter implements ITypeConverter<ListenSpec> {
        @Override
        public ListenSpec convert(String text) {
            try {
                return parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
