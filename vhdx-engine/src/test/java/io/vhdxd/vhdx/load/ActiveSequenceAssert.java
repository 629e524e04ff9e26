package io.vhdxd.vhdx.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.log.ActiveSequence;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an image's log holds to be replayed. */
record ActiveSequenceAssert(@Nullable ActiveSequence sequence) {

    static ActiveSequenceAssert assertThatSequenceOf(ImageBuilder image) throws IOException {
        return new ActiveSequenceAssert(Loading.of(image).image().activeSequence());
    }

    /** From the tail to the head. */
    void hasSequenceNumbers(long... expected) {
        List<Long> found = sequence == null
                ? List.of()
                : sequence.entries().stream()
                        .map(entry -> entry.header().sequenceNumber())
                        .toList();
        assertThat(found).isEqualTo(Arrays.stream(expected).boxed().toList());
    }
}
