package io.vhdxd.server.cli;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import java.util.Locale;
import java.util.Objects;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What the lines of the log are. */
enum LogFormat {
    /** For people. */
    TEXT,
    /** An object of JSON in each. */
    JSON;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Lets picocli read them. */
    static final class Converter implements ITypeConverter<LogFormat> {
        @Override
        public LogFormat convert(String text) {
            for (LogFormat format : values()) {
                if (format.toString().equals(text)) {
                    return format;
                }
            }
            throw new TypeConversionException("'" + text + "' is no format of logs (expected: text or json)");
        }
    }

    /** Makes all lines from now on be like this, unless somebody has configured the log by Logback's own means. */
    void use() {
        boolean configured = System.getProperty("logback.configurationFile") != null;
        if (this == TEXT || configured || !(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return;
        }
        try {
            JoranConfigurator configurator = new JoranConfigurator();
            configurator.setContext(context);
            context.reset();
            configurator.doConfigure(Objects.requireNonNull(LogFormat.class.getResource("/logback-json.xml")));
        } catch (JoranException e) {
            throw new IllegalStateException("the log cannot be configured", e);
        }
    }
}
