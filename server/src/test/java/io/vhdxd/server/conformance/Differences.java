package io.vhdxd.server.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Why other servers answer differently: each row names a server, a kind of step, our answer, theirs, and the reason. */
final class Differences {
    /** One row; the first four are regular expressions. */
    record Reason(Pattern server, Pattern step, Pattern ours, Pattern theirs, String why) {
        boolean explains(Difference difference) {
            return server.matcher(difference.server).matches()
                    && step.matcher(difference.step).matches()
                    && ours.matcher(difference.ours).matches()
                    && theirs.matcher(difference.theirs).matches();
        }
    }

    /** What was seen. */
    record Difference(String server, String step, String ours, String theirs) {}

    private final List<Reason> reasons = new ArrayList<>();

    static Differences read() throws IOException {
        Differences differences = new Differences();
        for (String[] row : Checklist.table("differences.tsv")) {
            differences.reasons.add(new Reason(
                    Pattern.compile(row[0]),
                    Pattern.compile(row[1]),
                    Pattern.compile(row[2]),
                    Pattern.compile(row[3]),
                    row[4]));
        }
        return differences;
    }

    List<Reason> reasons() {
        return reasons;
    }

    /** Whether a reason explains it. */
    boolean isExplained(Difference difference) {
        return reasons.stream().anyMatch(reason -> reason.explains(difference));
    }

    /** Compares answers to the same script, step by step, as long as the servers have agreed with the client on the same. */
    static List<Difference> between(Script script, List<String> ours, String server, List<String> theirs) {
        List<Difference> found = new ArrayList<>();
        for (int i = 0; i < Math.min(ours.size(), theirs.size()); i++) {
            String our = ours.get(i);
            String their = theirs.get(i);
            if (!our.equals(their)) {
                String circumstances = (script.clientFlags() & 1) == 0 ? " without fixed newstyle" : "";
                found.add(new Difference(server, script.steps().get(i).text() + circumstances, our, their));
                if (isAgreement(our) || isAgreement(their)) {
                    // From here on the two speak differently.
                    break;
                }
            }
        }
        return found;
    }

    private static boolean isAgreement(String answer) {
        return answer.startsWith("ACK") || answer.equals("enters");
    }
}
