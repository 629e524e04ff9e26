package io.vhdxd.nbd;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.concurrent.ExecutorService;

/** The walls between the packages. */
@AnalyzeClasses(packages = "io.vhdxd.nbd", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String[] JDK_ALONE = {"java..", "org.jspecify.annotations.."};

    @ArchTest
    static final ArchRule VALUES_DEPEND_ON_NOTHING = classes()
            .that()
            .resideInAPackage("io.vhdxd.nbd")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("io.vhdxd.nbd"));

    @ArchTest
    static final ArchRule HANDSHAKE_IS_PURE = classes()
            .that()
            .resideInAPackage("io.vhdxd.nbd.handshake..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("io.vhdxd.nbd", "io.vhdxd.nbd.handshake"));

    @ArchTest
    static final ArchRule CODEC_KNOWS_NETTY_AND_THE_PROTOCOL = classes()
            .that()
            .resideInAPackage("io.vhdxd.nbd.codec..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(with("io.vhdxd.nbd..", "io.netty.."));

    @ArchTest
    static final ArchRule NOBODY_INTERRUPTS = noClasses()
            .should()
            .callMethod(Thread.class, "interrupt")
            .orShould()
            .callMethod(ExecutorService.class, "shutdownNow");

    private static String[] with(String... packages) {
        String[] all = new String[JDK_ALONE.length + packages.length];
        System.arraycopy(JDK_ALONE, 0, all, 0, JDK_ALONE.length);
        System.arraycopy(packages, 0, all, JDK_ALONE.length, packages.length);
        return all;
    }
}
