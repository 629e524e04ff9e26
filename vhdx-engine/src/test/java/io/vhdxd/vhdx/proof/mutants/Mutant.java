package io.vhdxd.vhdx.proof.mutants;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.util.List;

/**
 * The engine with one thing broken.
 *
 * @param name in the published table
 * @param broken what is wrong with it, for the same
 * @param simpleName the changed class, from the engine's package on
 * @param method the changed method; the lambdas in it count as part of it
 * @param family the kind of workload that has to find it
 */
record Mutant(String name, String broken, String simpleName, String method, CodeEdit edit, String family) {
    String className() {
        return MutantLoader.ENGINE + simpleName;
    }

    /** The changed class. Fails if what is to be changed is not there, or not in one place only. */
    byte[] change(byte[] original) {
        ClassFile classFile = ClassFile.of();
        ClassModel model = classFile.parse(original);
        MethodModel target = target(model);
        return classFile.transformClass(
                model,
                ClassTransform.transformingMethodBodies(
                        method -> method.equals(target), CodeTransform.ofStateful(() -> new CodeEdit.Whole(edit))));
    }

    private MethodModel target(ClassModel model) {
        List<MethodModel> targets = model.methods().stream()
                .filter(this::isPartOfMethod)
                .filter(found -> edit.fits(elements(found)))
                .toList();
        if (targets.size() != 1) {
            throw new AssertionError("mutant \"" + name + "\": " + simpleName + "." + method + " has " + targets.size()
                    + " places to change, expected 1; does the engine do it in another way now?");
        }
        return targets.getFirst();
    }

    private boolean isPartOfMethod(MethodModel found) {
        String foundName = found.methodName().stringValue();
        return found.code().isPresent() && (foundName.equals(method) || foundName.startsWith("lambda$" + method + "$"));
    }

    private static List<CodeElement> elements(MethodModel method) {
        return method.code().orElseThrow().elementList();
    }

    @Override
    public String toString() {
        return name;
    }
}
