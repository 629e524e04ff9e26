package io.vhdxd.vhdx.storage.simulated;

/** The content and size of a file at one moment. Beyond the size there are zeros. */
final class FileImage {
    final SparseBytes content;
    long size;

    FileImage() {
        this(new SparseBytes(), 0);
    }

    private FileImage(SparseBytes content, long size) {
        this.content = content;
        this.size = size;
    }

    FileImage copy() {
        return new FileImage(content.copy(), size);
    }

    void apply(Operation.Change change) {
        switch (change) {
            case Operation.Write write -> {
                content.write(write.offset(), write.content().duplicate());
                size = Math.max(size, write.end());
            }
            case Operation.Punch punch -> content.punch(punch.offset(), punch.end());
            case Operation.Zero zero -> content.zero(zero.offset(), zero.end());
            case Operation.SetSize setSize -> {
                if (setSize.size() < size) {
                    content.punch(setSize.size(), Long.MAX_VALUE);
                }
                size = setSize.size();
            }
        }
    }

    /**
     * Applies what a crash leaves of a change. Content may lie beyond the size until {@link #dropBeyondSize} is called,
     * because a later change may bring the size that covers it.
     */
    void applyRemains(Operation.Change change, Fate fate) {
        if (change instanceof Operation.RangeChange range) {
            applyPieces(range, fate.pieces());
        }
        if (change.changesSize() && fate.sizeLimit() > 0) {
            switch (change) {
                case Operation.Write write -> size = Math.max(size, Math.min(write.end(), fate.sizeLimit()));
                case Operation.SetSize setSize -> apply(setSize);
                case Operation.Punch punch -> throw new AssertionError("a hole has no size: " + punch);
                case Operation.Zero zero -> throw new AssertionError("a zeroed range has no size: " + zero);
            }
        }
    }

    private void applyPieces(Operation.RangeChange change, Fate.Pieces pieces) {
        long count = change.pieceCount();
        long piece = 0;
        while (piece < count) {
            if (!pieces.survives(piece)) {
                piece++;
                continue;
            }
            long first = piece;
            while (piece < count && pieces.survives(piece)) {
                piece++;
            }
            applyRange(change, change.pieceStart(first), change.pieceEnd(piece - 1));
        }
    }

    private void applyRange(Operation.RangeChange change, long start, long end) {
        switch (change) {
            case Operation.Write write ->
                content.write(start, write.content().slice((int) (start - write.offset()), (int) (end - start)));
            case Operation.Punch punch -> content.punch(start, end);
            case Operation.Zero zero -> content.zero(start, end);
        }
    }

    void dropBeyondSize() {
        content.punch(size, Long.MAX_VALUE);
    }
}
