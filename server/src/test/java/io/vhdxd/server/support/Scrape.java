package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server tells Prometheus, read as strictly as its text format says: every sample is one of a family that was
 * declared before it, no series comes twice, and histograms grow from bucket to bucket.
 */
public final class Scrape {
    private static final Pattern TYPE =
            Pattern.compile("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)");
    private static final Pattern HELP = Pattern.compile("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)");
    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (NaN|[+-]Inf|[-+0-9.eE]+)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"");

    private final Map<String, String> types = new LinkedHashMap<>();
    private final Set<String> helped = new TreeSet<>();
    private final Map<String, Double> samples = new LinkedHashMap<>();

    private Scrape(String text) {
        assertThat(text).endsWith("\n");
        text.lines().forEach(this::take);
        assertThat(helped).as("families that are explained").containsAll(types.keySet());
    }

    /** Gets {@code /metrics}. */
    public static Scrape of(URI server) throws IOException {
        HttpResponse<String> response = get(server.resolve("/metrics"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        return new Scrape(response.body());
    }

    public static HttpResponse<String> get(URI uri) throws IOException {
        return send(HttpRequest.newBuilder(uri).build());
    }

    public static HttpResponse<String> send(HttpRequest request) throws IOException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void take(String line) {
        Matcher help = HELP.matcher(line);
        Matcher type = TYPE.matcher(line);
        if (help.matches()) {
            assertThat(help.group(2)).as(line).isNotBlank();
            helped.add(help.group(1));
        } else if (type.matches()) {
            assertThat(types.put(type.group(1), type.group(2))).as(line).isNull();
        } else {
            takeSample(line);
        }
    }

    private void takeSample(String line) {
        Matcher sample = SAMPLE.matcher(line);
        assertThat(sample.matches()).as("a sample: %s", line).isTrue();
        String name = sample.group(1);
        String family = types.containsKey(name) ? name : name.replaceFirst("_(bucket|sum|count)$", "");
        assertThat(types).as("the family of: %s", line).containsKey(family);
        if (name.endsWith("_bucket")) {
            assertThat(types.get(family)).as(line).isEqualTo("histogram");
        }
        if ("counter".equals(types.get(family))) {
            assertThat(name).as("the name of a counter").endsWith("_total");
        }
        String series = series(name, labels(sample.group(2) == null ? "" : sample.group(2)));
        assertThat(samples.put(series, number(sample.group(3))))
                .as("twice: %s", series)
                .isNull();
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(text);
        int at = 0;
        while (at < text.length() && label.find(at)) {
            assertThat(label.start()).as(text).isEqualTo(at);
            labels.put(label.group(1), label.group(2));
            at = label.end();
            if (at < text.length()) {
                assertThat(text.charAt(at)).isEqualTo(',');
                at++;
            }
        }
        assertThat(at).as("labels: %s", text).isEqualTo(text.length());
        return labels;
    }

    private static String series(String name, Map<String, String> labels) {
        return labels.isEmpty() ? name : name + labels;
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    /** The names of all families, without those of the JVM and of the process. */
    public Set<String> ownFamilies() {
        Set<String> own = new TreeSet<>(types.keySet());
        own.removeIf(name -> !name.startsWith("vhdxd_"));
        return own;
    }

    /** Name and type of a family, in the order of the scrape. */
    public Map<String, String> types() {
        return types;
    }

    public int seriesCount() {
        return samples.size();
    }

    /** The value of a series; its labels as pairs, in any order. */
    public double value(String name, String... labels) {
        Map<String, String> wanted = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        String series = series(name, wanted);
        return Objects.requireNonNull(samples.get(series), series);
    }

    /** Every histogram grows from bucket to bucket, and the last one holds all. */
    public void requireSoundHistograms() {
        Map<String, Double> before = new HashMap<>();
        samples.forEach((series, value) -> {
            if (series.contains("_bucket{")) {
                String histogram = series.replaceFirst("\\ble=[^,}]*(, )?", "");
                assertThat(value).as(series).isGreaterThanOrEqualTo(before.getOrDefault(histogram, 0.0));
                before.put(histogram, value);
                if (series.contains("le=+Inf")) {
                    String count = histogram
                            .replaceFirst("_bucket", "_count")
                            .replaceFirst(", }$", "}")
                            .replace("{}", "");
                    assertThat(samples.get(count)).as(count).isEqualTo(value);
                }
            }
        });
        assertThat(before).isNotEmpty();
    }
}
