package io.vhdxd.server.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.NbdError;
import io.vhdxd.server.Main;
import io.vhdxd.vhdx.VhdxImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The run-times of the packages and of the container image hold the modules of the JDK that {@code build/java.modules} lists. */
class JavaModulesTest {
    @Test
    @DisplayName("Every module that a class of vhdxd uses is in the list")
    void complete() throws IOException, URISyntaxException {
        String listed = Files.readString(Path.of("..", "build", "java.modules")).strip();
        List<String> arguments = new ArrayList<>(List.of("--ignore-missing-deps", "--print-module-deps"));
        for (Class<?> one : List.of(Main.class, VhdxImage.class, NbdError.class)) {
            arguments.add(Path.of(one.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString());
        }
        StringWriter out = new StringWriter();
        ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
        int exitCode = jdeps.run(new PrintWriter(out), new PrintWriter(out), arguments.toArray(String[]::new));
        assertThat(exitCode).as(out.toString()).isZero();
        assertThat(listed.split(",")).contains(out.toString().strip().split(","));
    }
}
