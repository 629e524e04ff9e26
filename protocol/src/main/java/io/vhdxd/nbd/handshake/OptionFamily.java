package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.OptionCode;

/** Answers the options that belong together. */
interface OptionFamily {
    Outcome answer(OptionCode option, byte[] data) throws OptionRefusedException;
}
