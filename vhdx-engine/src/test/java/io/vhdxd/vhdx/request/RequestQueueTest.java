package io.vhdxd.vhdx.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.request.RequestQueue.Put;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RequestQueueTest {
    private final RequestQueue queue = new RequestQueue();

    @Test
    @DisplayName("requests come out in the order in which they were put in; only the first one wakes the taker")
    void order() {
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.put(request(1))).isEqualTo(Put.WAKE);
        assertThat(queue.put(request(2))).isEqualTo(Put.QUEUED);
        assertThat(queue.put(request(3))).isEqualTo(Put.QUEUED);
        assertThat(queue.isEmpty()).isFalse();
        assertThat(offsets(queue.takeAll())).containsExactly(1L, 2L, 3L);
        assertThat(queue.takeAll()).isNull();
        assertThat(queue.put(request(4))).isEqualTo(Put.WAKE);
    }

    @Test
    @DisplayName("a closed queue hands over what it holds and takes nothing more")
    void close() {
        queue.put(request(1));
        queue.put(request(2));
        assertThat(offsets(queue.close())).containsExactly(1L, 2L);
        assertThat(queue.put(request(3))).isEqualTo(Put.CLOSED);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.takeAll()).isNull();
        assertThat(queue.close()).isNull();
    }

    @Test
    @DisplayName("many threads put, one takes: nothing is lost, and each thread's requests keep their order")
    void concurrent() throws Exception {
        int threadCount = 4;
        int perThread = 20_000;
        List<Long> taken = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(threadCount)) {
            List<Future<?>> putters = new ArrayList<>();
            for (int thread = 0; thread < threadCount; thread++) {
                long first = (long) thread * perThread;
                putters.add(threads.submit(() -> {
                    for (long i = first; i < first + perThread; i++) {
                        queue.put(request(i));
                    }
                }));
            }
            while (taken.size() < threadCount * perThread) {
                taken.addAll(offsets(queue.takeAll()));
            }
            for (Future<?> putter : putters) {
                putter.get();
            }
        }
        for (int thread = 0; thread < threadCount; thread++) {
            long first = (long) thread * perThread;
            List<Long> own = taken.stream()
                    .filter(offset -> offset >= first && offset < first + perThread)
                    .toList();
            assertThat(own).hasSize(perThread).isSorted();
        }
    }

    private static ImageRequest request(long offsetBytes) {
        return new TrimRequest(offsetBytes, 0, false, failure -> {});
    }

    private static List<Long> offsets(@Nullable ImageRequest first) {
        List<Long> offsets = new ArrayList<>();
        ImageRequest request = first;
        while (request != null) {
            offsets.add(request.offsetBytes());
            request = RequestQueue.next(request);
        }
        return offsets;
    }
}
