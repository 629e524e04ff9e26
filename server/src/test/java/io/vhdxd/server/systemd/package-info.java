/** vhdxd as a service of systemd: what it is told, what it hands over, and the units of the package. */
@NullMarked
package io.vhdxd.server.systemd;

import org.jspecify.annotations.NullMarked;
