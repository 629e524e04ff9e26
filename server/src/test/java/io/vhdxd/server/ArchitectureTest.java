package io.vhdxd.server;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

@AnalyzeClasses(packages = "io.vhdxd", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule PROTOCOL_DOES_NOT_KNOW_THE_ENGINE = noClasses()
            .that()
            .resideInAPackage("io.vhdxd.nbd..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.vhdxd.vhdx..", "io.vhdxd.server..");

    @ArchTest
    static final ArchRule ENGINE_KNOWS_THE_JDK_ALONE = noClasses()
            .that()
            .resideInAPackage("io.vhdxd.vhdx..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("..")
                    .and(com.tngtech.archunit.base.DescribedPredicate.not(resideInAnyPackage(
                            "io.vhdxd.vhdx..", "java..", "jdk.jfr..", "org.jspecify.annotations.."))));

    @ArchTest
    static final ArchRule SERVER_USES_THE_ENGINES_FACE = noClasses()
            .that()
            .resideInAPackage("io.vhdxd.server..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.vhdxd.vhdx.map..",
                    "io.vhdxd.vhdx.log..",
                    "io.vhdxd.vhdx.load..",
                    "io.vhdxd.vhdx.read..",
                    "io.vhdxd.vhdx.write..",
                    "io.vhdxd.vhdx.create..");

    @ArchTest
    static final ArchRule LAYERS_OF_THE_SERVER = layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("io.vhdxd.server..")
            .layer("main")
            .definedBy("io.vhdxd.server")
            .layer("cli")
            .definedBy("io.vhdxd.server.cli..")
            .layer("net")
            .definedBy("io.vhdxd.server.net..")
            .layer("session")
            .definedBy("io.vhdxd.server.session..")
            .layer("export")
            .definedBy("io.vhdxd.server.export..")
            .layer("config")
            .definedBy("io.vhdxd.server.config..")
            .layer("ops")
            .definedBy("io.vhdxd.server.ops..")
            .layer("remote")
            .definedBy("io.vhdxd.server.remote..")
            .whereLayer("remote")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("main")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("cli")
            .mayOnlyBeAccessedByLayers("main")
            .whereLayer("config")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("ops")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("net")
            .mayOnlyBeAccessedByLayers("cli", "ops")
            .whereLayer("session")
            .mayOnlyBeAccessedByLayers("net", "cli")
            .whereLayer("export")
            .mayOnlyBeAccessedByLayers("session", "net", "cli", "ops");

    @ArchTest
    static final ArchRule SOCKETS_ARE_THE_BUSINESS_OF_FEW = noClasses()
            .that()
            .resideOutsideOfPackages("io.vhdxd.nbd.codec..", "io.vhdxd.server.net..", "io.vhdxd.server.session..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty.channel..", "io.netty.buffer..", "io.netty.bootstrap..");

    @ArchTest
    static final ArchRule ONLY_OPS_KNOWS_MICROMETER = noClasses()
            .that()
            .resideOutsideOfPackage("io.vhdxd.server.ops..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", "io.prometheus..");

    @ArchTest
    static final ArchRule ONLY_STORAGE_TOUCHES_IMAGES = noClasses()
            .that()
            .resideOutsideOfPackage("io.vhdxd.vhdx.storage..")
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.nio.channels.FileChannel")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.io.RandomAccessFile");

    @ArchTest
    static final ArchRule NOBODY_INTERRUPTS = noClasses()
            .should()
            .callMethod(Thread.class, "interrupt")
            .orShould()
            .callMethod(ExecutorService.class, "shutdownNow")
            .orShould()
            .callMethod(java.util.concurrent.ThreadPoolExecutor.class, "shutdownNow")
            .orShould()
            .callMethod(Future.class, "cancel", boolean.class);

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("io.vhdxd.(*).(*)..").should().beFreeOfCycles();
}
