package io.vhdxd.server.support;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The test calls these programs. Where one is missing it is skipped, and says so; with {@code VHDXD_STRICT=1} in the
 * environment it fails. {@code "python3-libnbd"} stands for the system's Python with libnbd's module,
 * {@code "root"} for its rights, {@code "guest"} for the Linux that {@code build/guest.sh} makes and the QEMU that runs it.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(NeedsToolCondition.class)
public @interface NeedsTool {
    /** The programs. */
    String[] value();
}
