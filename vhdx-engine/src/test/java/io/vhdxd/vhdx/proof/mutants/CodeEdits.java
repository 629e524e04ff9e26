package io.vhdxd.vhdx.proof.mutants;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LocalVariable;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** The kinds of changes. Calls are named as {@link CodeSpan#indexOfCall} takes them. */
final class CodeEdits {
    private CodeEdits() {}

    /** Leaves a call out; what it would return is zero. */
    static CodeEdit without(String call) {
        return inPlaceOf(call, (out, invoke) -> {
            dropOperands(out, invoke);
            putZero(out, TypeKind.from(invoke.typeSymbol().returnType()));
        });
    }

    /** Leaves a call out and takes this for what it returns. */
    static CodeEdit taking(int result, String call) {
        return inPlaceOf(call, (out, invoke) -> {
            dropOperands(out, invoke);
            out.loadConstant(result);
        });
    }

    /** Does something else in place of a call, with its receiver and its arguments on the stack. */
    static CodeEdit inPlaceOf(String call, BiConsumer<CodeBuilder, InvokeInstruction> other) {
        return at(
                code -> CodeSpan.indexOfCall(code, call),
                (out, element) -> other.accept(out, (InvokeInstruction) element));
    }

    /** Calls another method of the same class, with the same arguments and result. */
    static CodeEdit calling(String otherMethod, String call) {
        return inPlaceOf(
                call,
                (out, invoke) -> out.invoke(
                        invoke.opcode(),
                        invoke.owner().asSymbol(),
                        otherMethod,
                        invoke.typeSymbol(),
                        invoke.isInterface()));
    }

    /** Reads another field of the same type. */
    static CodeEdit reading(String otherField, String field) {
        return inPlaceOfReading(
                field,
                (out, read) -> out.fieldAccess(read.opcode(), read.owner().asSymbol(), otherField, read.typeSymbol()));
    }

    /** Does something else in place of reading a field, with the object on the stack. */
    static CodeEdit inPlaceOfReading(String field, BiConsumer<CodeBuilder, FieldInstruction> other) {
        return at(
                code -> CodeSpan.indexOfField(code, field, false),
                (out, element) -> other.accept(out, (FieldInstruction) element));
    }

    /** Leaves a field as it was. */
    static CodeEdit withoutSetting(String field) {
        return at(code -> CodeSpan.indexOfField(code, field, true), (out, element) -> {
            drop(out, TypeKind.from(((FieldInstruction) element).typeSymbol()));
            out.pop();
        });
    }

    /** Does something else in place of the only operation of a kind, with its operands on the stack. */
    static CodeEdit inPlaceOf(Opcode operation, Consumer<CodeBuilder> other) {
        return at(
                code -> {
                    int[] found = IntStream.range(0, code.size())
                            .filter(i -> code.get(i) instanceof OperatorInstruction operator
                                    && operator.opcode() == operation)
                            .toArray();
                    return found.length == 1 ? found[0] : -1;
                },
                (out, element) -> other.accept(out));
    }

    /** A method that does nothing but return this. */
    static CodeEdit returning(int result) {
        return new CodeEdit() {
            @Override
            public boolean fits(List<CodeElement> code) {
                return code.stream()
                        .anyMatch(element ->
                                element instanceof ReturnInstruction returned && returned.opcode() == Opcode.IRETURN);
            }

            @Override
            public void write(List<CodeElement> code, CodeBuilder out) {
                out.loadConstant(result).ireturn();
            }
        };
    }

    /** Two lines of source change places, each named by a call in it. */
    static CodeEdit swapping(String firstCall, String secondCall) {
        return new CodeEdit() {
            @Override
            public boolean fits(List<CodeElement> code) {
                return CodeSpan.indexOfCall(code, firstCall) >= 0 && CodeSpan.indexOfCall(code, secondCall) >= 0;
            }

            @Override
            public void write(List<CodeElement> code, CodeBuilder out) {
                CodeSpan.Statement first = CodeSpan.statementAt(code, CodeSpan.indexOfCall(code, firstCall));
                CodeSpan.Statement second = CodeSpan.statementAt(code, CodeSpan.indexOfCall(code, secondCall));
                for (int i = 0; i < code.size(); i++) {
                    if (i == first.from()) {
                        copy(code.subList(second.from(), second.to()), out);
                    } else if (i == second.from()) {
                        copy(code.subList(first.from(), first.to()), out);
                    }
                    if (!first.contains(i) && !second.contains(i)) {
                        copy(code.subList(i, i + 1), out);
                    }
                }
            }
        };
    }

    /** A line of source, named by a call in it, comes first of all. */
    static CodeEdit first(String call) {
        return new Moving(call) {
            @Override
            boolean isBehindNewPlace(CodeElement element, boolean moved) {
                return !moved;
            }
        };
    }

    /** A line of source, named by a call in it, comes last of all. */
    static CodeEdit last(String call) {
        return new Moving(call) {
            @Override
            boolean isBehindNewPlace(CodeElement element, boolean moved) {
                return element instanceof ReturnInstruction;
            }
        };
    }

    private abstract static class Moving implements CodeEdit {
        private final String call;

        Moving(String call) {
            this.call = call;
        }

        abstract boolean isBehindNewPlace(CodeElement element, boolean moved);

        @Override
        public boolean fits(List<CodeElement> code) {
            return CodeSpan.indexOfCall(code, call) >= 0;
        }

        @Override
        public void write(List<CodeElement> code, CodeBuilder out) {
            CodeSpan.Statement statement = CodeSpan.statementAt(code, CodeSpan.indexOfCall(code, call));
            boolean moved = false;
            for (int i = 0; i < code.size(); i++) {
                if (isBehindNewPlace(code.get(i), moved)) {
                    copy(code.subList(statement.from(), statement.to()), out);
                    moved = true;
                }
                if (!statement.contains(i)) {
                    copy(code.subList(i, i + 1), out);
                }
            }
        }
    }

    /** Changes the one instruction that is looked for. */
    private static CodeEdit at(ToIntFunction<List<CodeElement>> place, BiConsumer<CodeBuilder, CodeElement> other) {
        return new CodeEdit() {
            @Override
            public boolean fits(List<CodeElement> code) {
                return place.applyAsInt(code) >= 0;
            }

            @Override
            public void write(List<CodeElement> code, CodeBuilder out) {
                int index = place.applyAsInt(code);
                copy(code.subList(0, index), out);
                other.accept(out, code.get(index));
                copy(code.subList(index + 1, code.size()), out);
            }
        };
    }

    /** The ranges of local variables would be wrong where code has moved; nobody debugs a mutant. */
    private static void copy(List<CodeElement> code, CodeBuilder out) {
        code.stream().filter(element -> !(element instanceof LocalVariable)).forEach(out::with);
    }

    static void dropOperands(CodeBuilder out, InvokeInstruction invoke) {
        List<ClassDesc> parameters = invoke.typeSymbol().parameterList();
        for (ClassDesc parameter : parameters.reversed()) {
            drop(out, TypeKind.from(parameter));
        }
        if (invoke.opcode() != Opcode.INVOKESTATIC) {
            out.pop();
        }
    }

    private static void drop(CodeBuilder out, TypeKind kind) {
        if (kind.slotSize() == 2) {
            out.pop2();
        } else {
            out.pop();
        }
    }

    private static void putZero(CodeBuilder out, TypeKind kind) {
        switch (kind) {
            case VOID -> {}
            case REFERENCE -> out.aconst_null();
            case LONG -> out.lconst_0();
            case FLOAT -> out.fconst_0();
            case DOUBLE -> out.dconst_0();
            case BOOLEAN, BYTE, CHAR, SHORT, INT -> out.iconst_0();
        }
    }
}
