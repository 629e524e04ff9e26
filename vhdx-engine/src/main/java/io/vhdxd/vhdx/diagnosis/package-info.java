/**
 * What can be wrong with an image, and how it is told.
 *
 * <p>{@link io.vhdxd.vhdx.diagnosis.VhdxException} is the root of every error that is about an image rather than
 * about the machine; its subclasses say who has to act. {@link io.vhdxd.vhdx.diagnosis.Finding} is something that was
 * noticed while an image was read and that did not stop the reading; {@link io.vhdxd.vhdx.diagnosis.Findings}
 * collects them, for the warnings of an open as well as for the report of a check.
 *
 * <p>May depend on: the JDK.
 */
@NullMarked
package io.vhdxd.vhdx.diagnosis;

import org.jspecify.annotations.NullMarked;
