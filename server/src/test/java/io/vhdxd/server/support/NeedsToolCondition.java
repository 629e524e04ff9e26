package io.vhdxd.server.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Carries out {@link NeedsTool}. */
final class NeedsToolCondition implements ExecutionCondition {
    /** Where {@code build/guest.sh} has put it. */
    private static final Path GUEST = Path.of("..", "target", "guest");

    private static final Map<String, Boolean> FOUND = new ConcurrentHashMap<>();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        List<String> missing = new ArrayList<>();
        AnnotationSupport.findAnnotation(context.getElement(), NeedsTool.class).ifPresent(needed -> {
            for (String tool : needed.value()) {
                if (!FOUND.computeIfAbsent(tool, NeedsToolCondition::isThere)) {
                    missing.add(tool);
                }
            }
        });
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("all tools are there");
        }
        String problem = "needs " + String.join(", ", missing);
        if ("1".equals(System.getenv("VHDXD_STRICT"))) {
            throw new AssertionError(problem + " (VHDXD_STRICT=1)");
        }
        return ConditionEvaluationResult.disabled(problem);
    }

    private static boolean isThere(String tool) {
        if (tool.equals("guest")) {
            return Files.exists(GUEST.resolve("initramfs")) && isThere("qemu-system-x86_64");
        }
        if (tool.equals("root")) {
            return "root".equals(System.getProperty("user.name"));
        }
        if (tool.equals("python3-libnbd")) {
            try {
                return Tool.run("/usr/bin/python3", "-c", "import nbd").exitCode() == 0;
            } catch (IOException e) {
                return false;
            }
        }
        for (String directory : (System.getenv("PATH") + ":/usr/sbin:/sbin").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, tool))) {
                return true;
            }
        }
        return false;
    }
}
