package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A new file is seen under its name when it is complete, or never. */
class NewFileTest {
    @TempDir
    Path directory;

    private Path target;

    @BeforeEach
    void name() {
        target = directory.resolve("target");
    }

    private void write(NewFile file) throws IOException {
        file.storage().write(ByteBuffer.wrap("content".getBytes(StandardCharsets.US_ASCII)), 0);
        file.storage().sync();
    }

    private void assertDirectoryHolds(Path... expected) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(expected);
        }
    }

    @Test
    @DisplayName("the name appears with the publishing, and the temporary one is gone in the end")
    void published() throws IOException {
        try (NewFile file = NewFile.begin(target)) {
            write(file);
            assertThat(target).doesNotExist();
            file.publish();
            assertThat(target).hasContent("content");
        }
        assertDirectoryHolds(target);
        assertThat(target).hasContent("content");
    }

    @Test
    @DisplayName("a file that was not published leaves nothing behind")
    void notPublished() throws IOException {
        try (NewFile file = NewFile.begin(target)) {
            write(file);
        }
        assertDirectoryHolds();
    }

    @Test
    @DisplayName("somebody else who takes the name meanwhile keeps it")
    void nameTaken() throws IOException {
        try (NewFile file = NewFile.begin(target)) {
            write(file);
            Files.writeString(target, "other");
            assertThatThrownBy(file::publish).isInstanceOf(FileAlreadyExistsException.class);
        }
        assertThat(target).hasContent("other");
        assertDirectoryHolds(target);
    }

    @Test
    @DisplayName("a name that is taken already is refused before anything is written")
    void nameTakenBefore() throws IOException {
        Files.createDirectory(target);
        assertThatThrownBy(() -> NewFile.begin(target)).isInstanceOf(FileAlreadyExistsException.class);
        assertDirectoryHolds(target);
    }
}
