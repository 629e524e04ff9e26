package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.OptionReplyType;
import java.util.List;

/** The server's exports, with the one error for names that are not among them. */
final class Exports {
    private final ExportDirectory directory;

    Exports(ExportDirectory directory) {
        this.directory = directory;
    }

    ExportInfo require(String name) throws OptionRefusedException {
        ExportInfo export = directory.find(name);
        if (export == null) {
            throw new OptionRefusedException(
                    OptionReplyType.UNKNOWN,
                    name.isEmpty()
                            ? "There is no default export."
                            : "There is no export " + ErrorText.quote(name) + ".");
        }
        return export;
    }

    List<ExportInfo> list() {
        return directory.list();
    }

    boolean isShuttingDown() {
        return directory.isShuttingDown();
    }
}
