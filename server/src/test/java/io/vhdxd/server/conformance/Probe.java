package io.vhdxd.server.conformance;

import java.util.List;

/**
 * A script that shows how a server stands to something in the checklist.
 *
 * @param name what is tried; unique
 * @param ids which lines of the checklist it is about
 */
record Probe(String name, List<String> ids, Flavour flavour, Script script) {}
