package io.vhdxd.nbd;

/**
 * Why a request is not carried out.
 *
 * @param text one sentence for people that ends in a full stop
 */
public record Refusal(NbdError error, String text) {}
