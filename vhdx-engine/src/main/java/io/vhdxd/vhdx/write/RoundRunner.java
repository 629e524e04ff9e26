package io.vhdxd.vhdx.write;

/** Runs rounds on another thread than the agent's. */
@FunctionalInterface
interface RoundRunner {
    /** Begins to run a round; the one before is done. Never waits. */
    void start(Round round);
}
