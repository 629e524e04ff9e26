package io.vhdxd.vhdx.testing;

import io.vhdxd.vhdx.fixture.Tool;
import java.io.File;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * The test runs these programs. Where one is missing the test is skipped; with {@code VHDXD_STRICT=1} in the environment
 * or as a system property it fails.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(NeedsTool.Condition.class)
public @interface NeedsTool {
    /** The names of the programs, or the Debian packages of modules of Python. */
    String[] value();

    /** Looks for the programs in the directories of PATH. */
    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            List<String> missing = AnnotationSupport.findAnnotation(context.getElement(), NeedsTool.class).stream()
                    .flatMap(annotation -> Stream.of(annotation.value()))
                    .filter(tool -> !isInstalled(tool))
                    .toList();
            if (missing.isEmpty()) {
                return ConditionEvaluationResult.enabled("all tools are installed");
            }
            if (isStrict()) {
                throw new IllegalStateException("not installed: " + missing + " (expected, because of VHDXD_STRICT=1)");
            }
            return ConditionEvaluationResult.disabled("not installed: " + missing);
        }

        private static boolean isInstalled(String tool) {
            return tool.equals("python3-libvhdi") ? importsVhdi() : isInPath(tool);
        }

        /** It is a module of the system's Python, which need not be the first one in PATH. */
        private static boolean importsVhdi() {
            try {
                return Tool.run("/usr/bin/python3", "-c", "import pyvhdi").exitCode() == 0;
            } catch (IOException e) {
                return false;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private static boolean isInPath(String tool) {
            return Pattern.compile(Pattern.quote(File.pathSeparator))
                    .splitAsStream(System.getenv().getOrDefault("PATH", ""))
                    .anyMatch(directory -> Files.isExecutable(Path.of(directory, tool)));
        }

        private static boolean isStrict() {
            return "1".equals(System.getProperty("VHDXD_STRICT", System.getenv("VHDXD_STRICT")));
        }
    }
}
