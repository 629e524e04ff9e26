package io.vhdxd.vhdx.diagnosis;

/** How far a {@link Finding} keeps an image from being used. In ascending order. */
public enum Severity {
    /** Legal, but worth telling: for example a log that was replayed. */
    NOTE,
    /** Against the specification, and harmless: the image opens, also for writing. */
    WARNING,
    /** Some guest data cannot be told or a write could do harm: the image opens for reading only. */
    READ_ONLY,
    /** No safe reading: the image does not open. */
    FATAL
}
