package io.vhdxd.server.config;

import java.util.Collection;

/** Finds what somebody may have meant. */
final class Suggestion {
    /** Further away than this, another word is no guess any more. */
    private static final int DISTANCE_MAX = 3;

    private Suggestion() {}

    /** "{@code  (did you mean 'X'?)}" with the known word that is nearest; else a list of all that are known. */
    static String among(Collection<String> known, String word) {
        String nearest = null;
        int nearestDistance = Math.min(DISTANCE_MAX, word.length() - 1) + 1;
        for (String candidate : known) {
            int distance = distance(word, candidate);
            if (distance < nearestDistance) {
                nearest = candidate;
                nearestDistance = distance;
            }
        }
        return nearest == null
                ? " (there are: " + String.join(", ", known) + ")"
                : " (did you mean '" + nearest + "'?)";
    }

    /** How many letters have to be inserted, removed or replaced to make one word of the other (Levenshtein). */
    private static int distance(String a, String b) {
        int[] before = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            before[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = before[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(before[j], row[j - 1]));
            }
            before = row;
        }
        return before[b.length()];
    }
}
