package io.vhdxd.vhdx.proof.mutants;

import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.util.List;
import java.util.stream.IntStream;

/** Finds things in the code of a method. */
final class CodeSpan {
    private CodeSpan() {}

    /**
     * Where a call stands, -1 if there is none or more than one.
     *
     * @param call the method with its class's simple name, or with the field from which its receiver was taken, as in {@code
     *     Storage.sync} and {@code storage.sync}; {@code #2} at the end means the second of several
     */
    static int indexOfCall(List<CodeElement> code, String call) {
        int numberAt = call.indexOf('#');
        String wanted = numberAt < 0 ? call : call.substring(0, numberAt);
        int[] found = IntStream.range(0, code.size())
                .filter(i -> code.get(i) instanceof InvokeInstruction invoke && isCall(code, i, invoke, wanted))
                .toArray();
        int number = numberAt < 0 ? 1 : Integer.parseInt(call, numberAt + 1, call.length(), 10);
        boolean ambiguous = numberAt < 0 && found.length > 1;
        return ambiguous || number > found.length ? -1 : found[number - 1];
    }

    private static boolean isCall(List<CodeElement> code, int index, InvokeInstruction invoke, String wanted) {
        String owner = invoke.owner().asInternalName();
        String suffix = "." + invoke.name().stringValue();
        return wanted.equals(owner.substring(owner.lastIndexOf('/') + 1) + suffix)
                || wanted.equals(fieldBefore(code, index) + suffix);
    }

    private static String fieldBefore(List<CodeElement> code, int index) {
        for (int i = index - 1; i >= 0; i--) {
            if (code.get(i) instanceof FieldInstruction field) {
                return field.name().stringValue();
            }
        }
        return "";
    }

    /** Where an instruction on a field stands, -1 if there is none or more than one. */
    static int indexOfField(List<CodeElement> code, String field, boolean store) {
        int[] found = IntStream.range(0, code.size())
                .filter(i -> code.get(i) instanceof FieldInstruction instruction
                        && instruction.name().equalsString(field)
                        && instruction.opcode().name().startsWith("PUT") == store)
                .toArray();
        return found.length == 1 ? found[0] : -1;
    }

    /** The instructions of a line of source: from the first to behind the last. */
    record Statement(int from, int to) {
        boolean contains(int index) {
            return from <= index && index < to;
        }
    }

    /** The statement that an instruction belongs to, if it is the only one on its lines. */
    static Statement statementAt(List<CodeElement> code, int index) {
        int from = index;
        while (!(code.get(from - 1) instanceof LineNumber)) {
            from--;
        }
        int to = index + 1;
        while (to < code.size() && !(code.get(to) instanceof LineNumber)) {
            to++;
        }
        while (!(code.get(from) instanceof Instruction)) {
            from++;
        }
        while (!(code.get(to - 1) instanceof Instruction)) {
            to--;
        }
        return new Statement(from, to);
    }
}
