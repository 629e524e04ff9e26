package io.vhdxd.vhdx.diagnosis;

/**
 * Something noticed about an image.
 *
 * @param severity how far it keeps the image from being used
 * @param structure the structure by its name in [MS-VHDX]
 * @param fileOffsetBytes where in the file, or -1 if nowhere in particular
 * @param problem what was found and what was expected, one clause without a full stop at its end
 */
public record Finding(Severity severity, String structure, long fileOffsetBytes, String problem) {
    @Override
    public String toString() {
        return fileOffsetBytes < 0
                ? structure + ": " + problem
                : structure + " at offset " + fileOffsetBytes + ": " + problem;
    }
}
