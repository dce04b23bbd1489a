"""The IR that runs a program again and again: carried state in two buffers, rows by pointer.

A driver is ``i32 (ptr consts, ptr scratch, ptr input…, ptr output…)``. It keeps the tables of
pointers that the programs read, and moves the pointers between two runs: a carry that the program
does not update in place goes back and forth between its output and a spare buffer. Small carries of
small programs are variables of the driver, which LLVM keeps in registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from functrans import kernel
from functrans.codegen import unwind
from functrans.codegen.buffers import Repeated
from functrans.codegen.driver_text import SIGNALS, Carries, Place, Text, nbytes, parameters, table
from functrans.codegen.link import PythonAddress
from functrans.codegen.progress import CLOSE, DROP, OPEN
from functrans.codegen.statements import Region, Repeat, Value


def driver(
    call: Repeat,
    plan: Repeated,
    programs: Sequence[str],
    routine: Place,
    same: Sequence[tuple[int, int]],
) -> str:
    """The text of the function that runs ``programs``: a body, a condition and a body, branches.

    ``same`` says which operands are in the memory of results.
    """
    text = Text.sharing(same)
    if isinstance(call.word, kernel.Branch):
        return _branch(text, call, plan, programs)
    if isinstance(call.word, kernel.Loop):
        return _loop(text, call, call.word, plan, programs[0], routine)
    if isinstance(call.word, kernel.While):
        return _while(text, call, call.word, plan, programs, routine)
    return unwind.driver(text, call, call.word, plan, programs, routine)


def watched(
    call: Repeat,
    word: kernel.Loop | kernel.While | kernel.Unwind,
    function: str,
    routine: Place,
    same: Sequence[tuple[int, int]],
) -> str:
    """The text of a function that runs a driver, and shows it from the beginning to the end.

    The two count together in ``%bar``: iterations, and when they were shown last.
    """
    assert word.progress is not None
    text = Text.sharing(same)
    text.line("%bar = alloca [2 x i64]")
    text.line("store [2 x i64] zeroinitializer, ptr %bar")
    text.begin_looking()
    python = text.routine(routine(word.progress))
    total = str(word.length) if isinstance(word, kernel.Loop) else "-1"
    text.tell(python, OPEN, total, "opened")
    args = ", ".join(f"ptr {name}" for name in (*parameters(call), "%bar"))
    status = text.let(f"call i32 {function}({args})")
    failed = text.let(f"icmp ne i32 {status}, 0")
    text.line(f"br i1 {failed}, label %drop, label %ran")
    text.label("ran")
    raised = text.let(f"call i32 {text.routine(routine(SIGNALS))}(ptr %looked)")
    interrupted = text.let(f"icmp ne i32 {raised}, 0")
    text.line(f"br i1 {interrupted}, label %drop, label %close")
    text.label("drop")
    text.line(f"%failure = phi i32 [ {status}, %opened ], [ {raised}, %ran ]")
    drop = text.routine(routine(PythonAddress("drop")))
    text.line(f"call void {drop}(ptr {python}, ptr %bar, i64 {DROP})")
    text.line("ret i32 %failure")
    text.label("close")
    done = text.let("load i64, ptr %bar")
    text.tell(python, CLOSE, done, "closed")
    text.line("ret i32 0")
    return text.function(call)


def _loop(
    text: Text,
    call: Repeat,
    word: kernel.Loop,
    plan: Repeated,
    body: str,
    routine: Place,
) -> str:
    first, rows = word.constants, word.constants + word.carries
    args = table(text, "args", len(call.reads))
    outs = table(text, "outs", len(call.writes))
    for k in range(word.constants):
        text.put(args, k, f"%a{k}")
    starts = [f"%a{first + k}" for k in range(word.carries)]
    if not word.length:
        for k, start in enumerate(starts):
            text.copy(f"%o{k}", start, nbytes(call.writes[k]))
        text.line("ret i32 0")
        return text.function(call)
    if plan.every is not None:
        text.begin_looking()
    carries = Carries(text, plan.carried[0], starts)
    carries.begin()
    text.line("br label %loop")
    text.label("loop")
    if plan.every is None:
        text.line("%i = phi i64 [ 0, %entry ], [ %next, %ran ]")
    else:  # LLVM makes two nested loops of it; the inner one runs up to %stop
        text.line("%i = phi i64 [ 0, %entry ], [ %next, %ran ], [ %next, %looked_at ]")
        first_stop = f"[ {plan.every}, %entry ]"
        text.line(f"%stop = phi i64 {first_stop}, [ %stop, %ran ], [ %later, %looked_at ]")
    pointers = carries.pointers(["ran"] if plan.every is None else ["ran", "looked_at"])
    targets = carries.targets()
    row = text.let(f"sub i64 {word.length - 1}, %i") if word.reverse else "%i"
    for k, (pointer, target) in enumerate(zip(pointers, targets, strict=True)):
        text.put(args, first + k, pointer)
        text.put(outs, k, target)

    def put_row(table: str, index: int, name: str, whole: Value | Region) -> None:
        offset = text.let(f"mul i64 {row}, {nbytes(whole) // word.length}")
        text.put(table, index, text.let(f"getelementptr i8, ptr {name}, i64 {offset}"))

    for k in range(rows, len(call.reads)):
        put_row(args, k, f"%a{k}", call.reads[k])
    for k in range(word.carries, len(call.writes)):
        put_row(outs, k, f"%o{k}", call.writes[k])
    text.run(body, args, outs, "ran")
    carries.move_on()
    _turn(text, word, plan, routine)
    text.label("done")
    if word.progress is not None:
        text.line(f"store i64 {word.length}, ptr %bar")
    carries.finish("out")
    return text.function(call, "noinline", *(["%bar"] if word.progress else []))


def _turn(text: Text, word: kernel.Loop, plan: Repeated, routine: Place) -> None:
    """The end of an iteration of a loop."""
    text.line("%next = add nuw nsw i64 %i, 1")
    if plan.every is None:
        done = text.let(f"icmp eq i64 %next, {word.length}")
        text.line(f"br i1 {done}, label %done, label %loop")
        return
    pause = text.let("icmp eq i64 %next, %stop")
    text.line(f"br i1 {pause}, label %pause, label %loop")
    text.label("pause")
    done = text.let(f"icmp eq i64 %next, {word.length}")
    text.line(f"br i1 {done}, label %done, label %look")
    text.label("look")
    text.look_at_signals(text.routine(routine(SIGNALS)), "calm")
    text.show(word.progress, routine, "%next")
    text.line("br label %looked_at")
    text.label("looked_at")
    later = text.let(f"add i64 %next, {plan.every}")
    text.line(f"%later = call i64 @llvm.umin.i64(i64 {later}, i64 {word.length})")
    text.line("br label %loop")


def _while(
    text: Text,
    call: Repeat,
    word: kernel.While,
    plan: Repeated,
    programs: Sequence[str],
    routine: Place,
) -> str:
    condition, body = programs
    count = len(call.writes)
    first = word.cond_constants + word.body_constants
    asked = table(text, "asked", word.cond_constants + count)
    args = table(text, "args", word.body_constants + count)
    outs = table(text, "outs", count)
    answer = table(text, "answer", 1)
    text.line("%yes = alloca i8")
    text.put(answer, 0, "%yes")
    for k in range(word.cond_constants):
        text.put(asked, k, f"%a{k}")
    for k in range(word.body_constants):
        text.put(args, k, f"%a{word.cond_constants + k}")
    text.begin_looking()
    carries = Carries(text, plan.carried[1], [f"%a{first + k}" for k in range(count)])
    carries.begin()
    text.line("br label %loop")
    text.label("loop")
    again = f"[ {plan.every}, %entry ], [ {plan.every}, %looked_at ]"
    text.line(f"%left = phi i64 {again}, [ %fewer, %ran ]")
    if word.progress is not None:
        text.line("%i = phi i64 [ 0, %entry ], [ %next, %ran ], [ %next, %looked_at ]")
    pointers = carries.pointers(["ran", "looked_at"])
    for k, pointer in enumerate(pointers):
        text.put(asked, word.cond_constants + k, pointer)
    text.run(condition, asked, answer, "asked_it")
    again = text.let("load i8, ptr %yes")
    go = text.let(f"icmp ne i8 {again}, 0")
    text.line(f"br i1 {go}, label %go, label %done")
    text.label("go")
    for k, (pointer, target) in enumerate(zip(pointers, carries.targets(), strict=True)):
        text.put(args, word.body_constants + k, pointer)
        text.put(outs, k, target)
    text.run(body, args, outs, "ran")
    carries.move_on()
    if word.progress is not None:
        text.line("%next = add nuw nsw i64 %i, 1")
    text.line("%fewer = sub nuw nsw i64 %left, 1")
    pause = text.let("icmp eq i64 %fewer, 0")
    text.line(f"br i1 {pause}, label %look, label %loop")
    text.label("look")
    text.look_at_signals(text.routine(routine(SIGNALS)), "calm")
    text.show(word.progress, routine, "%next")
    text.line("br label %looked_at")
    text.label("looked_at")
    text.line("br label %loop")
    text.label("done")
    if word.progress is not None:
        text.line("store i64 %i, ptr %bar")
    carries.finish("in")
    return text.function(call, "noinline", *(["%bar"] if word.progress else []))


def _branch(text: Text, call: Repeat, plan: Repeated, programs: Sequence[str]) -> str:
    """One of the programs; an index out of range means the first or the last."""
    args = table(text, "args", len(call.reads) - 1)
    outs = table(text, "outs", len(call.writes))
    overwritten = {j: k for k, j in call.over.items()}
    for j in range(len(call.reads) - 1):
        text.put(args, j, f"%o{overwritten[j]}" if j in overwritten else f"%a{j + 1}")
    for k in range(len(call.writes)):
        text.put(outs, k, f"%o{k}")
    kind = f"i{8 * call.reads[0].dtype.itemsize}"
    index = text.let(f"load {kind}, ptr %a0")
    if call.reads[0].dtype.kind == "i":
        low = text.let(f"icmp slt {kind} {index}, 0")
        index = text.let(f"select i1 {low}, {kind} 0, {kind} {index}")
    last = len(programs) - 1
    labels = " ".join(f"{kind} {k}, label %branch{k}" for k in range(last))
    text.line(f"switch {kind} {index}, label %branch{last} [ {labels} ]")
    for number, program in enumerate(programs):
        text.label(f"branch{number}")
        made = {
            k: text.let(f"getelementptr i8, ptr %scratch, i64 {offset}")
            for k, offset in plan.moved[number].items()
        }
        for k, pointer in made.items():
            text.put(outs, k, pointer)
        text.run(program, args, outs, f"ran{number}")
        for k, pointer in made.items():
            text.copy(f"%o{k}", pointer, nbytes(call.writes[k]))
        text.line("ret i32 0")
    return text.function(call, "alwaysinline" if plan.inlined else "noinline")
