"""The IR that runs a program again and again: carried state in two buffers, rows by pointer.

A driver is ``i32 (ptr consts, ptr scratch, ptr input…, ptr output…)``. It keeps the tables of
pointers that the programs read, and moves the pointers between two runs: a carry that the program
does not update in place goes back and forth between its output and a spare buffer. Small carries of
small programs are variables of the driver, which LLVM keeps in registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from functrans import kernel
from functrans.codegen.buffers import Repeated
from functrans.codegen.statements import Region, Repeat, Value


def driver(call: Repeat, plan: Repeated, programs: Sequence[str], signals: int) -> str:
    """The text of the function that runs ``programs``: a body, a condition and a body, branches.

    ``signals`` is the place of ``PyErr_CheckSignals`` in the table of constants.
    """
    if isinstance(call.word, kernel.Branch):
        return _branch(call, plan, programs)
    if isinstance(call.word, kernel.Loop):
        return _loop(call, call.word, plan, programs[0], signals)
    return _while(call, call.word, plan, programs, signals)


@dataclass(slots=True)
class _Text:
    """The function being written."""

    lines: list[str] = field(default_factory=list)
    count: int = 0

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def let(self, text: str) -> str:
        self.count += 1
        self.line(f"%x{self.count} = {text}")
        return f"%x{self.count}"

    def put(self, table: str, index: int, pointer: str) -> None:
        at = self.let(f"getelementptr ptr, ptr {table}, i64 {index}")
        self.line(f"store ptr {pointer}, ptr {at}")

    def copy(self, target: str, source: str, nbytes: int) -> None:
        self.line(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {nbytes}, i1 false)"
        )

    def run(self, program: str, args: str, outs: str, after: str) -> None:
        """Run a program; a status of its own ends the function."""
        tables = f"ptr {args}, ptr {outs}, ptr %consts, ptr %scratch"
        self.leave(self.let(f"call i32 {program}({tables})"), after)

    def look_at_signals(self, signals: int, after: str) -> None:
        """End the function with −1 when a signal handler has raised."""
        at = self.let(f"getelementptr ptr, ptr %consts, i64 {signals}")
        function = self.let(f"load ptr, ptr {at}")
        self.leave(self.let(f"call i32 {function}(ptr %looked)"), after)

    def leave(self, status: str, after: str) -> None:
        failed = self.let(f"icmp ne i32 {status}, 0")
        self.line(f"br i1 {failed}, label %fail{after}, label %{after}")
        self.label(f"fail{after}")
        self.line(f"ret i32 {status}")
        self.label(after)

    def function(self, call: Repeat, effort: str = "noinline") -> str:
        names = [f"%a{k}" for k in range(len(call.reads))]
        names += [f"%o{k}" for k in range(len(call.writes))]
        params = ", ".join(f"ptr noalias {name}" for name in ("%consts", "%scratch", *names))
        return "\n".join(
            [f"define internal i32 @NAME({params}) {effort} {{", "entry:", *self.lines, "}"]
        )


def _table(text: _Text, name: str, length: int) -> str:
    text.line(f"%{name} = alloca [{max(length, 1)} x ptr]")
    return f"%{name}"


class _Carries:
    """The carries of a driver: where each is, and where the next one goes.

    One that is held is a variable ``%c``, and its next value ``%n``. One that is not lies in its
    output ``%o``, if the program updates it in place, or else there and in a spare in turn.
    """

    def __init__(
        self, text: _Text, plan: Repeated, starts: Sequence[str], values: Sequence[Value]
    ) -> None:
        self.text = text
        self.plan = plan
        self.starts = starts  # the initial values
        self.nbytes = [_nbytes(value) for value in values]

    def begin(self) -> None:
        """Before the first iteration."""
        if self.plan.every is not None:
            self.text.line("%looked = alloca i64")
            self.text.line("store i64 0, ptr %looked")
        for k, nbytes in enumerate(self.nbytes):
            if k in self.plan.held:
                self.text.line(f"%c{k} = alloca [{nbytes} x i8], align 64")
                self.text.line(f"%n{k} = alloca [{nbytes} x i8], align 64")
                self.text.copy(f"%c{k}", self.starts[k], nbytes)
            elif k in self.plan.in_place:
                self.text.copy(f"%o{k}", self.starts[k], nbytes)
        for k, offset in self.plan.spares.items():
            self.text.line(f"%s{k} = getelementptr i8, ptr %scratch, i64 {offset}")

    def pointers(self, back: Sequence[str]) -> list[str]:
        """At the head of an iteration, which comes from the entry or from the labels ``back``."""
        for k in self.plan.spares:
            later = "".join(f", [ %out{k}, %{label} ]" for label in back)
            self.text.line(f"%in{k} = phi ptr [ {self.starts[k]}, %entry ]{later}")
        return [
            f"%{'in' if k in self.plan.spares else self._home(k)}{k}"
            for k in range(len(self.nbytes))
        ]

    def _home(self, k: int) -> str:
        return "c" if k in self.plan.held else "o"

    def targets(self) -> list[str]:
        """Where the program is to put the next values: not where the old ones are."""
        for k in self.plan.spares:
            there = self.text.let(f"icmp eq ptr %in{k}, %o{k}")
            self.text.line(f"%out{k} = select i1 {there}, ptr %s{k}, ptr %o{k}")
        return [
            f"%{'out' if k in self.plan.spares else 'n' if k in self.plan.held else 'o'}{k}"
            for k in range(len(self.nbytes))
        ]

    def move_on(self) -> None:
        """After the program has run."""
        for k in sorted(self.plan.held - self.plan.in_place):
            self.text.copy(f"%c{k}", f"%n{k}", self.nbytes[k])

    def finish(self, last: str) -> None:
        """Bring the last values to their outputs; ``last`` are those of the spares."""
        for k in sorted(self.plan.held):
            self.text.copy(f"%o{k}", f"%c{k}", self.nbytes[k])
        for k in self.plan.spares:
            there = self.text.let(f"icmp eq ptr %{last}{k}, %o{k}")
            self.text.line(f"br i1 {there}, label %there{k}, label %move{k}")
            self.text.label(f"move{k}")
            self.text.copy(f"%o{k}", f"%{last}{k}", self.nbytes[k])
            self.text.line(f"br label %there{k}")
            self.text.label(f"there{k}")
        self.text.line("ret i32 0")


def _nbytes(value: Value | Region) -> int:
    size = 1
    for n in value.shape:
        size *= n
    return size * value.dtype.itemsize


def _loop(call: Repeat, word: kernel.Loop, plan: Repeated, body: str, signals: int) -> str:
    text = _Text()
    first, rows = word.constants, word.constants + word.carries
    args = _table(text, "args", len(call.reads))
    outs = _table(text, "outs", len(call.writes))
    for k in range(word.constants):
        text.put(args, k, f"%a{k}")
    starts = [f"%a{first + k}" for k in range(word.carries)]
    if not word.length:
        for k, start in enumerate(starts):
            text.copy(f"%o{k}", start, _nbytes(call.writes[k]))
        text.line("ret i32 0")
        return text.function(call)
    carries = _Carries(text, plan, starts, call.writes[: word.carries])
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
        offset = text.let(f"mul i64 {row}, {_nbytes(whole) // word.length}")
        text.put(table, index, text.let(f"getelementptr i8, ptr {name}, i64 {offset}"))

    for k in range(rows, len(call.reads)):
        put_row(args, k, f"%a{k}", call.reads[k])
    for k in range(word.carries, len(call.writes)):
        put_row(outs, k, f"%o{k}", call.writes[k])
    text.run(body, args, outs, "ran")
    carries.move_on()
    text.line("%next = add nuw nsw i64 %i, 1")
    if plan.every is not None:
        pause = text.let("icmp eq i64 %next, %stop")
        text.line(f"br i1 {pause}, label %pause, label %loop")
        text.label("pause")
    done = text.let(f"icmp eq i64 %next, {word.length}")
    text.line(f"br i1 {done}, label %done, label %{'loop' if plan.every is None else 'look'}")
    if plan.every is not None:
        text.label("look")
        text.look_at_signals(signals, "looked_at")
        later = text.let(f"add i64 %next, {plan.every}")
        text.line(f"%later = call i64 @llvm.umin.i64(i64 {later}, i64 {word.length})")
        text.line("br label %loop")
    text.label("done")
    carries.finish("out")
    return text.function(call)


def _while(
    call: Repeat, word: kernel.While, plan: Repeated, programs: Sequence[str], signals: int
) -> str:
    text = _Text()
    condition, body = programs
    count = len(call.writes)
    first = word.cond_constants + word.body_constants
    asked = _table(text, "asked", word.cond_constants + count)
    args = _table(text, "args", word.body_constants + count)
    outs = _table(text, "outs", count)
    answer = _table(text, "answer", 1)
    text.line("%yes = alloca i8")
    text.put(answer, 0, "%yes")
    for k in range(word.cond_constants):
        text.put(asked, k, f"%a{k}")
    for k in range(word.body_constants):
        text.put(args, k, f"%a{word.cond_constants + k}")
    carries = _Carries(text, plan, [f"%a{first + k}" for k in range(count)], call.writes)
    carries.begin()
    text.line("br label %loop")
    text.label("loop")
    again = f"[ {plan.every}, %entry ], [ {plan.every}, %looked_at ]"
    text.line(f"%left = phi i64 {again}, [ %fewer, %ran ]")
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
    text.line("%fewer = sub nuw nsw i64 %left, 1")
    pause = text.let("icmp eq i64 %fewer, 0")
    text.line(f"br i1 {pause}, label %look, label %loop")
    text.label("look")
    text.look_at_signals(signals, "looked_at")
    text.line("br label %loop")
    text.label("done")
    carries.finish("in")
    return text.function(call)


def _branch(call: Repeat, plan: Repeated, programs: Sequence[str]) -> str:
    """One of the programs; an index out of range means the first or the last."""
    text = _Text()
    args = _table(text, "args", len(call.reads) - 1)
    outs = _table(text, "outs", len(call.writes))
    for k in range(1, len(call.reads)):
        text.put(args, k - 1, f"%a{k}")
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
    for k, program in enumerate(programs):
        text.label(f"branch{k}")
        text.run(program, args, outs, f"ran{k}")
        text.line("ret i32 0")
    return text.function(call, "alwaysinline" if plan.inlined else "noinline")
