package io.vhdxd.vhdx.edit;

/** Is told how far something has come that takes long. Called on the thread that does the work. */
public interface Progress {
    /** Tells nobody. */
    Progress NONE = new Progress() {
        @Override
        public void begin(String phase, long totalBytes) {}

        @Override
        public void advance(long byBytes) {}
    };

    /**
     * A phase begins; the one before is done.
     *
     * @param phase what is being done, such as {@code moving blocks}
     * @param totalBytes what the phase will advance by in all, at most
     */
    void begin(String phase, long totalBytes);

    /** So much more is done. */
    void advance(long byBytes);
}
