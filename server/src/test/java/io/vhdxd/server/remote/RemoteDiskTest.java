package io.vhdxd.server.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TransmissionFlags;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers of which nothing good comes: each ends in an error that names the server and what is wrong with it. */
@DisplayName("a server that fails")
class RemoteDiskTest {
    private static final int FLAGS = TransmissionFlags.HAS_FLAGS | TransmissionFlags.SEND_FLUSH;
    private static final long SIZE_BYTES = 1 << 20;
    private static final int LENGTH = 4096;
    private static final long COOKIE = 1;

    /** Long enough for a busy machine, but for the server that says nothing at all. */
    private static final long TIMEOUT_MILLIS = 20_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private void assertFails(ThrowingCallable call, NbdUri uri, String... texts) {
        assertThatThrownBy(call)
                .isInstanceOf(RemoteDiskException.class)
                .hasMessageStartingWith(uri + ": ")
                .hasMessageContainingAll(texts);
    }

    private void assertDoesNotOpen(ScriptedServer.Script script, String... texts) throws IOException {
        try (ScriptedServer server = new ScriptedServer(directory, script)) {
            assertFails(() -> RemoteDisk.open(server.uri(), TIMEOUT_MILLIS), server.uri(), texts);
        }
    }

    /** Reads from a server that answers with this, and then closes the connection. */
    private void assertDoesNotRead(boolean structured, String text, Object... answer) throws IOException {
        ScriptedServer.Script script = server -> {
            server.handshake(structured, SIZE_BYTES, FLAGS);
            server.request();
            server.send(answer);
        };
        try (ScriptedServer server = new ScriptedServer(directory, script);
                RemoteDisk disk = RemoteDisk.open(server.uri(), TIMEOUT_MILLIS)) {
            assertFails(
                    () -> disk.read(8192, ByteBuffer.allocateDirect(LENGTH)),
                    server.uri(),
                    "READ of 4096 bytes at offset 8192",
                    text);
        }
    }

    private static Object[] chunk(int flags, int type, Object... content) {
        int length = 0;
        for (Object part : content) {
            length += switch (part) {
                case Short _ -> Short.BYTES;
                case Integer _ -> Integer.BYTES;
                case Long _ -> Long.BYTES;
                default -> ((byte[]) part).length;
            };
        }
        Object[] all = new Object[content.length + 5];
        Object[] header = {Magic.STRUCTURED_REPLY, (short) flags, (short) type, COOKIE, length};
        System.arraycopy(header, 0, all, 0, header.length);
        System.arraycopy(content, 0, all, header.length, content.length);
        return all;
    }

    @Test
    @DisplayName("is not there")
    void nobody() {
        NbdUri none = NbdUri.parse("nbd+unix:///?socket=" + directory.resolve("none"));
        assertFails(() -> RemoteDisk.open(none, TIMEOUT_MILLIS), none, "o such file");
        NbdUri unknown = NbdUri.parse("nbd://no.such.host.invalid/");
        assertFails(() -> RemoteDisk.open(unknown, TIMEOUT_MILLIS), unknown, "no.such.host.invalid is not known");
    }

    @Test
    @DisplayName("speaks something else")
    void otherProtocol() throws IOException {
        assertDoesNotOpen(
                server -> server.send("SSH-2.0-OpenSSH_9.9 more".getBytes(StandardCharsets.US_ASCII)), "newstyle");
    }

    @Test
    @DisplayName("speaks the protocol of long ago")
    void oldstyle() throws IOException {
        assertDoesNotOpen(server -> server.send(Magic.GREETING, 0x00420281861253L, (short) 0), "newstyle");
    }

    @Test
    @DisplayName("requires TLS")
    void tls() throws IOException {
        assertDoesNotOpen(
                server -> {
                    server.greet();
                    while (true) {
                        server.answer(server.option(), OptionReplyType.TLS_REQD.wireValue());
                    }
                },
                "requires TLS");
    }

    @Test
    @DisplayName("does not have the export, and says so in its own words")
    void unknownExport() throws IOException {
        assertDoesNotOpen(
                server -> {
                    server.greet();
                    while (true) {
                        server.answer(
                                server.option(),
                                OptionReplyType.UNKNOWN.wireValue(),
                                "try\u001b[1m another".getBytes(StandardCharsets.UTF_8));
                    }
                },
                "it has no export \"disk\", \"try?[1m another\"");
    }

    @Test
    @DisplayName("answers an option with gigabytes")
    void hugeOptionReply() throws IOException {
        assertDoesNotOpen(
                server -> {
                    server.greet();
                    server.send(Magic.OPTION_REPLY, server.option(), OptionReplyType.ACK.wireValue(), -1);
                },
                "STRUCTURED_REPLY has 4294967295 bytes");
    }

    @Test
    @DisplayName("has a size of more than 63 bits")
    void hugeSize() throws IOException {
        assertDoesNotOpen(server -> server.handshake(false, -1, FLAGS), "no size of the export");
    }

    @Test
    @DisplayName("goes away")
    void closed() throws IOException {
        assertDoesNotOpen(
                server -> {
                    server.greet();
                    server.option();
                },
                "it has closed the connection");
        assertDoesNotRead(false, "it has closed the connection", Magic.SIMPLE_REPLY, 0, COOKIE, new byte[LENGTH - 1]);
    }

    @Test
    @DisplayName("says nothing any more")
    void silent() throws IOException {
        try (ScriptedServer server = new ScriptedServer(directory, ScriptedServer::swallow)) {
            assertFails(() -> RemoteDisk.open(server.uri(), 100), server.uri(), "it has not answered for 100 ms");
        }
    }

    @Test
    @DisplayName("cannot read")
    void errors() throws IOException {
        assertDoesNotRead(false, "error EIO", Magic.SIMPLE_REPLY, 5, COOKIE);
        byte[] text = "the disk is \u0007 broken".getBytes(StandardCharsets.UTF_8);
        assertDoesNotRead(
                true,
                "error EIO, \"the disk is ? broken\"",
                chunk(ChunkType.FLAG_DONE, ChunkType.ERROR, 5, (short) text.length, text));
    }

    @Test
    @DisplayName("answers something else than what it was asked")
    void wrongReplies() throws IOException {
        assertDoesNotRead(false, "a reply begins with 0x00000007", 7, 0, COOKIE);
        assertDoesNotRead(false, "a reply to the request 77", Magic.SIMPLE_REPLY, 0, 77L);
        assertDoesNotRead(false, "a reply begins with", chunk(ChunkType.FLAG_DONE, ChunkType.NONE));
        assertDoesNotRead(true, "its chunks have 0 bytes, expected 4096", Magic.SIMPLE_REPLY, 0, COOKIE);
        assertDoesNotRead(
                true,
                "a chunk of 8 bytes lies outside",
                chunk(ChunkType.FLAG_DONE, ChunkType.OFFSET_DATA, 8192L + LENGTH - 7, 0L));
        assertDoesNotRead(
                true,
                "a chunk of 4294967295 bytes lies outside",
                chunk(ChunkType.FLAG_DONE, ChunkType.OFFSET_HOLE, 8192L, -1));
        assertDoesNotRead(
                true,
                "its chunks have 4000 bytes, expected 4096",
                chunk(ChunkType.FLAG_DONE, ChunkType.OFFSET_HOLE, 8192L, 4000));
        assertDoesNotRead(true, "a chunk of type 0 with 0 bytes", chunk(0, ChunkType.NONE));
        assertDoesNotRead(true, "a chunk of type 5 with 12 bytes", chunk(0, ChunkType.BLOCK_STATUS, 1, 0L));
    }

    @Test
    @DisplayName("has no space left, is read-only, or too small")
    void writing() throws IOException {
        ScriptedServer.Script full = server -> {
            server.handshake(false, SIZE_BYTES, FLAGS | TransmissionFlags.SEND_WRITE_ZEROES);
            server.request();
            server.send(Magic.SIMPLE_REPLY, 28, COOKIE);
        };
        try (ScriptedServer server = new ScriptedServer(directory, full);
                RemoteDisk disk = RemoteDisk.open(server.uri(), TIMEOUT_MILLIS)) {
            disk.begin(SIZE_BYTES);
            assertFails(
                    () -> disk.write(LENGTH, ByteBuffer.allocateDirect(LENGTH)),
                    server.uri(),
                    "WRITE_ZEROES of 4096 bytes at offset 0: error ENOSPC (no space left there)");
        }
        ScriptedServer.Script readOnly =
                server -> server.handshake(false, SIZE_BYTES, FLAGS | TransmissionFlags.READ_ONLY);
        try (ScriptedServer server = new ScriptedServer(directory, readOnly);
                RemoteDisk disk = RemoteDisk.open(server.uri(), TIMEOUT_MILLIS)) {
            assertFails(() -> disk.begin(SIZE_BYTES), server.uri(), "read-only");
        }
    }

    @Test
    @DisplayName("tells extents without a byte")
    void emptyExtents() throws IOException {
        ScriptedServer.Script script = server -> {
            server.greet();
            server.answer(server.option(), OptionReplyType.ACK.wireValue());
            int contexts = server.option();
            byte[] context = "\0\0\0\7base:allocation".getBytes(StandardCharsets.US_ASCII);
            server.answer(contexts, OptionReplyType.META_CONTEXT.wireValue(), context);
            server.answer(contexts, OptionReplyType.ACK.wireValue());
            int go = server.option();
            ByteBuffer info = ByteBuffer.allocate(12).putLong(2, SIZE_BYTES).putShort(10, (short) FLAGS);
            server.answer(go, OptionReplyType.INFO.wireValue(), info.array());
            server.answer(go, OptionReplyType.ACK.wireValue());
            server.request();
            server.send(chunk(ChunkType.FLAG_DONE, ChunkType.BLOCK_STATUS, 7, 0, 3));
        };
        try (ScriptedServer server = new ScriptedServer(directory, script);
                RemoteDisk disk = RemoteDisk.open(server.uri(), TIMEOUT_MILLIS)) {
            assertFails(
                    () -> disk.nextData(0), server.uri(), "BLOCK_STATUS of 1048576 bytes", "an extent without a byte");
        }
    }

    @Test
    @DisplayName("does not, and is read in any number of chunks")
    void right() throws IOException {
        ScriptedServer.Script script = server -> {
            server.handshake(true, SIZE_BYTES + 100, FLAGS);
            server.request();
            byte[] data = {1, 2, 3, 4};
            server.send(chunk(0, ChunkType.OFFSET_HOLE, SIZE_BYTES + 4, 96));
            server.send(chunk(0, ChunkType.OFFSET_DATA, SIZE_BYTES, data));
            server.send(chunk(ChunkType.FLAG_DONE, ChunkType.NONE));
            server.swallow();
        };
        try (ScriptedServer server = new ScriptedServer(directory, script);
                RemoteDisk disk = RemoteDisk.open(server.uri(), TIMEOUT_MILLIS)) {
            assertThat(disk.sizeBytes()).isEqualTo(SIZE_BYTES + 512);
            ByteBuffer dst = ByteBuffer.allocate(512).putInt(4, -1).putInt(500, -1);
            disk.read(SIZE_BYTES, dst);
            byte[] expected = new byte[512];
            System.arraycopy(new byte[] {1, 2, 3, 4}, 0, expected, 0, 4);
            assertThat(dst.array()).isEqualTo(expected);
        }
    }
}
