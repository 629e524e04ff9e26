package io.vhdxd.vhdx.proof.mutants;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Loads the engine and its proof anew, with one of the engine's classes changed. */
final class MutantLoader extends ClassLoader {
    static final String ENGINE = "io.vhdxd.vhdx.";

    /** Packages without mutants, which know nothing of the packages with mutants: these need not be loaded anew. */
    private static final List<String> SHARED =
            List.of("proof.mutants.", "storage.", "diagnosis.", "format.", "request.", "map.", "create.", "testing.");

    private final @Nullable Mutant mutant;

    /** @param mutant null for the engine as it is */
    MutantLoader(@Nullable Mutant mutant) {
        super(MutantLoader.class.getClassLoader());
        this.mutant = mutant;
        // It is the proof that has to find the fault, not the engine itself.
        setDefaultAssertionStatus(false);
        if (mutant != null && isShared(mutant.className())) {
            throw new AssertionError(mutant.className() + " is in a package that is not loaded anew");
        }
    }

    /** What tries the engine as it is loaded here. */
    Trial trial() {
        try {
            if (mutant != null) {
                // A class that the machine does not accept is a fault of the mutant, not one that was found.
                Class.forName(mutant.className(), true, this);
            }
            return (Trial) loadClass(ENGINE + "proof.FamilyTrial")
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (isShared(name)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }
    }

    private static boolean isShared(String name) {
        return !name.startsWith(ENGINE) || SHARED.stream().anyMatch(shared -> name.startsWith(shared, ENGINE.length()));
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] code = bytes(name);
        if (mutant != null && mutant.className().equals(name)) {
            code = mutant.change(code);
        }
        return defineClass(name, code, 0, code.length);
    }

    private byte[] bytes(String name) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
