/**
 * What can be seen of an open image while it is in use: {@link io.vhdxd.vhdx.measure.WriterState} tells how things are,
 * an {@link io.vhdxd.vhdx.measure.ImageObserver} is told what happens, and the events are for the JDK's Flight Recorder.
 *
 * <p>The engine counts nothing itself and knows no library for metrics; who opens an image does with this what it likes.
 *
 * <p>May depend on: the JDK.
 */
@NullMarked
package io.vhdxd.vhdx.measure;

import org.jspecify.annotations.NullMarked;
