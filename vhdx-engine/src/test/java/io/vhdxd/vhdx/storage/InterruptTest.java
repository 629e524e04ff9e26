package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The interruption of a thread that does I/O (reliability.md fault 13, java.md trap 11). */
final class InterruptTest {
    private static final int ROUNDS = 2000;

    @TempDir
    private Path directory;

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("an interrupted thread goes on as if nothing were, and stays interrupted")
    void linuxStorageTakesNoNotice() throws IOException {
        try (Storage storage = LinuxFiles.create(directory.resolve("file"))) {
            Thread.currentThread().interrupt();
            storage.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
            storage.write(new ByteBuffer[] {ByteBuffer.allocateDirect(100)}, 3);
            storage.setSize(10_000);
            storage.zeroRange(50, 10);
            storage.punchHole(60, 10);
            storage.reserve(0, 100);
            storage.sync();
            ByteBuffer dst = ByteBuffer.allocate(3);
            assertThat(storage.read(dst, 0)).isEqualTo(3);
            assertThat(dst.array()).containsExactly(1, 2, 3);
            assertThat(storage.readCached(dst.clear(), 0)).isBetween(0, 3);
            assertThat(storage.size()).isEqualTo(10_000);
            assertThat(storage.nextData(0)).isZero();
            assertThat(Thread.interrupted()).isTrue();
            assertThatThrownBy(() -> LinuxFiles.open(directory.resolve("file"), true))
                    .as("the lock is still held")
                    .isInstanceOf(FileInUseException.class);
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    @DisplayName("interrupts at any moment lose nothing and disturb no other thread")
    void linuxStorageUnderInterrupts() throws Exception {
        try (Storage storage = LinuxFiles.create(directory.resolve("file"))) {
            AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
            AtomicBoolean done = new AtomicBoolean();
            Thread worker = new Thread(() -> {
                try {
                    writeAndReadBack(storage, 0);
                } catch (Throwable e) {
                    failure.set(e);
                } finally {
                    done.set(true);
                }
            });
            worker.start();
            Thread interrupter = new Thread(() -> {
                while (!done.get()) {
                    worker.interrupt();
                    Thread.onSpinWait();
                }
            });
            interrupter.start();
            writeAndReadBack(storage, 1L << 32);
            worker.join();
            interrupter.join();
            assertThat(failure.get()).isNull();
            assertThat(storage.size()).isEqualTo((1L << 32) + ROUNDS * 4096L);
        }
    }

    private static void writeAndReadBack(Storage storage, long start) throws IOException {
        ByteBuffer src = ByteBuffer.allocateDirect(4096);
        ByteBuffer dst = ByteBuffer.allocateDirect(4096);
        for (int i = 0; i < ROUNDS; i++) {
            long offset = start + i * 4096L;
            src.clear().putLong(0, offset);
            storage.write(src, offset);
            assertThat(storage.read(dst.clear(), offset)).isEqualTo(4096);
            assertThat(dst.getLong(0)).isEqualTo(offset);
            if (i % 500 == 0) {
                storage.sync();
            }
        }
    }

    @Test
    @DisplayName("the fallback's file is closed by an interrupt, which is an IOException and stays one")
    void channelStorageFails() throws IOException {
        try (Storage storage = ChannelStorage.create(directory.resolve("file"))) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> storage.write(ByteBuffer.allocateDirect(10), 0))
                    .isInstanceOf(ClosedByInterruptException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThatThrownBy(() -> storage.write(ByteBuffer.allocateDirect(10), 0))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(storage::sync).isInstanceOf(IOException.class);
        } finally {
            Thread.interrupted();
        }
    }
}
