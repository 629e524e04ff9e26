package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Every case of the catalogue of damaged images has a test whose {@link DisplayName} says "case N", or a reason not to
 * have one.
 */
class CaseCoverageTest {
    private static final int CASE_COUNT = 120;

    private static final Map<Integer, String> WITHOUT_TEST =
            Map.of(114, "a mount that cannot be written fails the open call, as permissions do");

    private static final Pattern CITATION = Pattern.compile("\\bcases? (\\d+(?:, \\d+)*)");

    @Test
    @DisplayName("all numbers of the catalogue are cited by tests")
    void allCited() throws Exception {
        Set<Integer> expected = new TreeSet<>();
        for (int number = 1; number <= CASE_COUNT; number++) {
            expected.add(number);
        }
        expected.removeAll(WITHOUT_TEST.keySet());
        assertThat(citedCases()).containsAll(expected);
    }

    private static Set<Integer> citedCases() throws Exception {
        Path classes = Path.of(CaseCoverageTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Set<Integer> cited = new TreeSet<>();
        try (Stream<Path> files = Files.walk(classes)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith("Test.class")).toList()) {
                String name = classes.relativize(file)
                        .toString()
                        .replace(file.getFileSystem().getSeparator(), ".");
                Class<?> testClass = Class.forName(name.substring(0, name.length() - ".class".length()));
                for (Method method : testClass.getDeclaredMethods()) {
                    addCited(method, cited);
                }
            }
        }
        return cited;
    }

    private static void addCited(Method test, Set<Integer> cited) {
        DisplayName name = test.getAnnotation(DisplayName.class);
        if (name == null) {
            return;
        }
        Matcher citation = CITATION.matcher(name.value());
        while (citation.find()) {
            for (String number : citation.group(1).split(", ", -1)) {
                cited.add(Integer.valueOf(number));
            }
        }
    }
}
