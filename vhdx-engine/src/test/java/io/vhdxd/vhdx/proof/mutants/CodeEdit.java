package io.vhdxd.vhdx.proof.mutants;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.util.ArrayList;
import java.util.List;

/** A change to the code of one method: what another source would have been compiled to. */
interface CodeEdit {
    /** Whether the code has what is to be changed. */
    boolean fits(List<CodeElement> code);

    /** Writes the code as it is to be. */
    void write(List<CodeElement> code, CodeBuilder out);

    /** Applies an edit to a method as a whole. */
    final class Whole implements CodeTransform {
        private final CodeEdit edit;
        private final List<CodeElement> code = new ArrayList<>();

        Whole(CodeEdit edit) {
            this.edit = edit;
        }

        @Override
        public void accept(CodeBuilder builder, CodeElement element) {
            code.add(element);
        }

        @Override
        public void atEnd(CodeBuilder builder) {
            edit.write(code, builder);
        }
    }
}
