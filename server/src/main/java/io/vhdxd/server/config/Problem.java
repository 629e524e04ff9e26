package io.vhdxd.server.config;

/**
 * Something in a configuration file that is wrong.
 *
 * @param line from 1 on
 */
public record Problem(int line, String text) implements Comparable<Problem> {
    @Override
    public int compareTo(Problem other) {
        return Integer.compare(line, other.line);
    }
}
