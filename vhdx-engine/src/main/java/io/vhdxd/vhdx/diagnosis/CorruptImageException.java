package io.vhdxd.vhdx.diagnosis;

/** The image breaks [MS-VHDX] in a way that leaves no safe reading of it. */
public final class CorruptImageException extends VhdxException {
    private final String structure;
    private final long fileOffsetBytes;
    private final String problem;

    /**
     * @param structure the structure by its name in [MS-VHDX], for example {@code "region table 1"}
     * @param fileOffsetBytes where the structure, or the bad field in it, stands in the file; -1 if nowhere in particular
     * @param problem what was found and what was expected, without a full stop at its end
     */
    public CorruptImageException(String structure, long fileOffsetBytes, String problem) {
        super(
                fileOffsetBytes < 0
                        ? structure + ": " + problem
                        : structure + " at offset " + fileOffsetBytes + ": " + problem);
        this.structure = structure;
        this.fileOffsetBytes = fileOffsetBytes;
        this.problem = problem;
    }

    public String structure() {
        return structure;
    }

    /** The place in the file, or -1 if the problem has no single place. */
    public long fileOffsetBytes() {
        return fileOffsetBytes;
    }

    /** What was found and what was expected: the message without the structure and its place. */
    public String problem() {
        return problem;
    }
}
