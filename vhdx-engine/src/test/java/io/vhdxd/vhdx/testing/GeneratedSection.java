package io.vhdxd.vhdx.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A part of {@code docs/testing.md} whose lines a test makes. With {@code -Dvhdxd.write-docs=true} it writes them; else it
 * compares those that it would write with those that are there, so that the page does not fall behind.
 */
public final class GeneratedSection {
    private static final Path PAGE = Path.of("..", "docs", "testing.md");

    private final String beginMark;
    private final String endMark;

    /** @param name stands in the marks around the section */
    public GeneratedSection(String name) {
        this.beginMark = "<!-- generated: " + name + " -->";
        this.endMark = "<!-- end: " + name + " -->";
    }

    /** Whether this run is to write the pages. */
    public static boolean writes() {
        return Boolean.getBoolean("vhdxd.write-docs");
    }

    /**
     * Writes or compares the section.
     *
     * @param lasting what of a line is the same in every run
     */
    public void put(List<String> lines, UnaryOperator<String> lasting) throws IOException {
        List<String> page = Files.readAllLines(PAGE);
        int begin = page.indexOf(beginMark);
        int end = page.indexOf(endMark);
        assertThat(end).as("place of %s in %s", endMark, PAGE).isGreaterThan(begin);
        List<String> found = page.subList(begin + 1, end);
        if (writes()) {
            List<String> written = new ArrayList<>(page.subList(0, begin + 1));
            written.addAll(lines);
            written.addAll(page.subList(end, page.size()));
            Files.write(PAGE, written);
        } else {
            assertThat(found.stream().map(lasting))
                    .as("the section %s of %s, which -Dvhdxd.write-docs=true writes", beginMark, PAGE)
                    .containsExactlyElementsOf(lines.stream().map(lasting).toList());
        }
    }

    /** A line of a table. */
    public static String row(Object... cells) {
        StringBuilder row = new StringBuilder("|");
        for (Object cell : cells) {
            row.append(' ').append(cell).append(" |");
        }
        return row.toString();
    }

    /** A line of a table without its last cells. */
    public static UnaryOperator<String> withoutLastCells(int count) {
        return line -> {
            String rest = line;
            for (int i = 0; i <= count; i++) {
                rest = rest.substring(0, Math.max(0, rest.lastIndexOf('|')));
            }
            return rest;
        };
    }
}
