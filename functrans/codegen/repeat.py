"""The IR that runs a program again and again: carried state in two buffers, rows by pointer.

A driver is ``i32 (ptr consts, ptr scratch, ptr input…, ptr output…)``. It keeps the tables of
pointers that the programs read, and moves the pointers between two runs: a carry that the program
does not update in place goes back and forth between its output and a spare buffer. Small carries of
small programs are variables of the driver, which LLVM keeps in registers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from functrans import kernel
from functrans.codegen.buffers import Carried, Repeated
from functrans.codegen.fallback import DONE, FAILED, NO_MEMORY
from functrans.codegen.link import PoolAddress, PythonAddress, Routine
from functrans.codegen.progress import CLOSE, DROP, OPEN, SECONDS, SHOW
from functrans.codegen.statements import Region, Repeat, Value

Place = Callable[[Routine], str]
"""Where the table of constants has a routine."""


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
    text = _Text.sharing(same)
    if isinstance(call.word, kernel.Branch):
        return _branch(text, call, plan, programs)
    if isinstance(call.word, kernel.Loop):
        return _loop(text, call, call.word, plan, programs[0], routine)
    if isinstance(call.word, kernel.While):
        return _while(text, call, call.word, plan, programs, routine)
    return _unwind(text, call, call.word, plan, programs, routine)


@dataclass(slots=True)
class _Text:
    """The function being written; ``same`` are outputs in the memory of inputs."""

    same: dict[str, str]
    lines: list[str] = field(default_factory=list)
    count: int = 0
    failed: list[tuple[str, str, str]] = field(default_factory=list)

    @classmethod
    def sharing(cls, same: Sequence[tuple[int, int]]) -> Self:
        """That of a function with these operands in the memory of results."""
        return cls({f"%o{result}": f"%a{source}" for source, result in same})

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
        if self.same.get(target) == source:
            return
        self.line(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {nbytes}, i1 false)"
        )

    def run(self, program: str, args: str, outs: str, after: str, kept: str | None = None) -> None:
        """Run a program; a status of its own ends the function.

        Where a pile is ``kept`` then, that goes first: ``failed`` has the label, the status and the
        pile.
        """
        tables = f"ptr {args}, ptr {outs}, ptr %consts, ptr %scratch"
        self.leave(self.let(f"call i32 {program}({tables})"), after, kept)

    def routine(self, place: str) -> str:
        """The address at a place of the table of constants."""
        at = self.let(f"getelementptr ptr, ptr %consts, i64 {place}")
        return self.let(f"load ptr, ptr {at}")

    def begin_looking(self) -> None:
        """In the entry of a function that looks at signals."""
        self.line("%looked = alloca i64")
        self.line("store i64 0, ptr %looked")

    def look_at_signals(self, function: str, after: str, kept: str | None = None) -> None:
        """End the function with −1 when a signal handler has raised."""
        self.leave(self.let(f"call i32 {function}(ptr %looked)"), after, kept)

    def leave(self, status: str, after: str, kept: str | None) -> None:
        failed = self.let(f"icmp ne i32 {status}, 0")
        self.line(f"br i1 {failed}, label %fail{after}, label %{after}")
        self.label(f"fail{after}")
        if kept is None:
            self.line(f"ret i32 {status}")
        else:
            self.failed.append((f"fail{after}", status, kept))
            self.line("br label %drop")
        self.label(after)

    def turns(
        self,
        entry: str,
        back: str,
        paused: str,
        values: dict[str, tuple[str, str]],
        every: int | None,
    ) -> None:
        """What changes from one iteration to the next: first and later values.

        Iterations come from ``back``, or from ``paused`` when signals have been looked at after
        ``every`` so many.
        """
        for typed, (first, later) in values.items():
            kind, name = typed.split()
            origins = f"[ {first}, %{entry} ], [ {later}, %{back} ], [ {later}, %{paused} ]"
            self.line(f"{name} = phi {kind} {origins}")
        first = f"[ {every}, %{entry} ], [ {every}, %{paused} ]"
        self.line(f"%calm.{back} = phi i64 {first}, [ %calm.{back}.next, %{back} ]")

    def pause(self, loop: str, back: str, look: str, paused: str, signals: str, kept: str) -> None:
        """The end of an iteration."""
        self.line(f"%calm.{back}.next = sub nuw nsw i64 %calm.{back}, 1")
        over = self.let(f"icmp eq i64 %calm.{back}.next, 0")
        self.line(f"br i1 {over}, label %{look}, label %{loop}")
        self.label(look)
        self.look_at_signals(signals, paused, kept)
        self.line(f"br label %{loop}")

    def function(self, call: Repeat, effort: str = "noinline", *more: str) -> str:
        shared = {*self.same, *self.same.values()}
        params = ", ".join(
            f"ptr {name}" if name in shared else f"ptr noalias {name}"
            for name in (*_parameters(call), *more)
        )
        return "\n".join(
            [f"define internal i32 @NAME({params}) {effort} {{", "entry:", *self.lines, "}"]
        )

    def show(self, progress: kernel.Progress | None, routine: Place, done: str) -> None:
        """Show that so many iterations are done, where a tenth of a second has gone by."""
        if progress is None:
            return
        self.line(f"store i64 {done}, ptr %bar")
        last = self.let("getelementptr i64, ptr %bar, i64 1")
        is_due = self.routine(routine(PythonAddress("is_due")))
        due = self.let(f"call i1 {is_due}(ptr {last}, i64 {int(SECONDS * 1e9)})")
        self.line(f"br i1 {due}, label %show, label %shown")
        self.label("show")
        self.line("store i64 0, ptr %looked")  # an interrupt is better met here than in Python
        self.look_at_signals(self.routine(routine(_SIGNALS)), "still_calm")
        self.tell(self.routine(routine(progress)), SHOW, done, "shown_well")
        self.line("br label %shown")
        self.label("shown")

    def tell(self, function: str, event: int, number: str, after: str) -> None:
        """Tell Python about the loop; end the function where that raises."""
        told = self.let(f"call i32 {function}(ptr %bar, i64 {event}, i64 {number})")
        failed = self.let(f"icmp ne i32 {told}, {DONE}")
        self.leave(self.let(f"select i1 {failed}, i32 {FAILED}, i32 0"), after, None)


def _parameters(call: Repeat) -> list[str]:
    names = [f"%a{k}" for k in range(len(call.reads))]
    return ["%consts", "%scratch", *names, *(f"%o{k}" for k in range(len(call.writes)))]


def watched(
    call: Repeat,
    word: kernel.Loop | kernel.While,
    function: str,
    routine: Place,
    same: Sequence[tuple[int, int]],
) -> str:
    """The text of a function that runs a driver, and shows it from the beginning to the end.

    The two count together in ``%bar``: iterations, and when they were shown last.
    """
    assert word.progress is not None
    text = _Text.sharing(same)
    text.line("%bar = alloca [2 x i64]")
    text.line("store [2 x i64] zeroinitializer, ptr %bar")
    text.begin_looking()
    python = text.routine(routine(word.progress))
    total = str(word.length) if isinstance(word, kernel.Loop) else "-1"
    text.tell(python, OPEN, total, "opened")
    args = ", ".join(f"ptr {name}" for name in (*_parameters(call), "%bar"))
    status = text.let(f"call i32 {function}({args})")
    failed = text.let(f"icmp ne i32 {status}, 0")
    text.line(f"br i1 {failed}, label %drop, label %ran")
    text.label("ran")
    raised = text.let(f"call i32 {text.routine(routine(_SIGNALS))}(ptr %looked)")
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


def _table(text: _Text, name: str, length: int) -> str:
    text.line(f"%{name} = alloca [{max(length, 1)} x ptr]")
    return f"%{name}"


class _Carries:
    """The carries of a program: where each is, and where the next one goes.

    One that is held is a variable ``%c``, and its next value ``%n``. One that is not lies in its
    home, if the program updates it in place, or else there and in a spare in turn. Homes are the
    outputs ``%o``, or memory ``%h`` of the loop's own. ``name`` is in front of all names.
    """

    def __init__(
        self,
        text: _Text,
        plan: Carried,
        starts: Sequence[str],
        name: str = "",
        entry: str = "entry",
    ) -> None:
        self.text = text
        self.plan = plan
        self.starts = starts  # the initial values
        self.name = name
        self.entry = entry  # the label from where the first iteration comes

    def begin(self) -> None:
        """In the entry, before the first iteration."""
        for k, offset in self.plan.homes.items():
            self.text.line(f"{self.at('h', k)} = getelementptr i8, ptr %scratch, i64 {offset}")
        for k, nbytes in enumerate(self.plan.nbytes):
            if k in self.plan.held:
                for held in "cn":
                    self.text.line(f"{self.at(held, k)} = alloca [{nbytes} x i8], align 64")
                self.text.copy(self.at("c", k), self.starts[k], nbytes)
            elif k in self.plan.in_place:
                self.text.copy(self.home(k), self.starts[k], nbytes)
        for k, offset in self.plan.spares.items():
            self.text.line(f"{self.at('s', k)} = getelementptr i8, ptr %scratch, i64 {offset}")

    def at(self, kind: str, k: int) -> str:
        return f"%{self.name}{kind}{k}"

    def home(self, k: int) -> str:
        return self.at("h", k) if k in self.plan.homes else f"%o{k}"

    def pointers(self, back: Sequence[str]) -> list[str]:
        """At the head of an iteration, which comes from the entry or from the labels ``back``."""
        for k in self.plan.spares:
            later = "".join(f", [ {self.at('out', k)}, %{label} ]" for label in back)
            first = f"[ {self.starts[k]}, %{self.entry} ]"
            self.text.line(f"{self.at('in', k)} = phi ptr {first}{later}")
        return [self._place(k, "in", "c") for k in range(len(self.plan.nbytes))]

    def _place(self, k: int, spared: str, held: str) -> str:
        if k in self.plan.spares:
            return self.at(spared, k)
        return self.at(held, k) if k in self.plan.held else self.home(k)

    def targets(self) -> list[str]:
        """Where the program is to put the next values: not where the old ones are."""
        for k in self.plan.spares:
            there = self.text.let(f"icmp eq ptr {self.at('in', k)}, {self.home(k)}")
            choice = f"select i1 {there}, ptr {self.at('s', k)}, ptr {self.home(k)}"
            self.text.line(f"{self.at('out', k)} = {choice}")
        return [self._place(k, "out", "n") for k in range(len(self.plan.nbytes))]

    def move_on(self) -> None:
        """After the program has run."""
        for k in sorted(self.plan.held - self.plan.in_place):
            self.text.copy(self.at("c", k), self.at("n", k), self.plan.nbytes[k])

    def finish(self, last: str) -> None:
        """Bring the last values to their outputs; ``last`` are those of the spares."""
        for k in sorted(self.plan.held):
            self.text.copy(f"%o{k}", self.at("c", k), self.plan.nbytes[k])
        for k in self.plan.spares:
            there = self.text.let(f"icmp eq ptr {self.at(last, k)}, %o{k}")
            self.text.line(f"br i1 {there}, label %there{k}, label %move{k}")
            self.text.label(f"move{k}")
            self.text.copy(f"%o{k}", self.at(last, k), self.plan.nbytes[k])
            self.text.line(f"br label %there{k}")
            self.text.label(f"there{k}")
        self.text.line("ret i32 0")


def _nbytes(value: Value | Region) -> int:
    size = 1
    for n in value.shape:
        size *= n
    return size * value.dtype.itemsize


_SIGNALS = PythonAddress("PyErr_CheckSignals")


def _loop(
    text: _Text,
    call: Repeat,
    word: kernel.Loop,
    plan: Repeated,
    body: str,
    routine: Place,
) -> str:
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
    if plan.every is not None:
        text.begin_looking()
    carries = _Carries(text, plan.carried[0], starts)
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
    _turn(text, word, plan, routine)
    text.label("done")
    if word.progress is not None:
        text.line(f"store i64 {word.length}, ptr %bar")
    carries.finish("out")
    return text.function(call, "noinline", *(["%bar"] if word.progress else []))


def _turn(text: _Text, word: kernel.Loop, plan: Repeated, routine: Place) -> None:
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
    text.look_at_signals(text.routine(routine(_SIGNALS)), "calm")
    text.show(word.progress, routine, "%next")
    text.line("br label %looked_at")
    text.label("looked_at")
    later = text.let(f"add i64 %next, {plan.every}")
    text.line(f"%later = call i64 @llvm.umin.i64(i64 {later}, i64 {word.length})")
    text.line("br label %loop")


def _while(
    text: _Text,
    call: Repeat,
    word: kernel.While,
    plan: Repeated,
    programs: Sequence[str],
    routine: Place,
) -> str:
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
    text.begin_looking()
    carries = _Carries(text, plan.carried[1], [f"%a{first + k}" for k in range(count)])
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
    text.look_at_signals(text.routine(routine(_SIGNALS)), "calm")
    text.show(word.progress, routine, "%next")
    text.line("br label %looked_at")
    text.label("looked_at")
    text.line("br label %loop")
    text.label("done")
    if word.progress is not None:
        text.line("store i64 %i, ptr %bar")
    carries.finish("in")
    return text.function(call, "noinline", *(["%bar"] if word.progress else []))


def _branch(text: _Text, call: Repeat, plan: Repeated, programs: Sequence[str]) -> str:
    """One of the programs; an index out of range means the first or the last."""
    args = _table(text, "args", len(call.reads) - 1)
    outs = _table(text, "outs", len(call.writes))
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
            text.copy(f"%o{k}", pointer, _nbytes(call.writes[k]))
        text.line("ret i32 0")
    return text.function(call, "alwaysinline" if plan.inlined else "noinline")


# --- there and back ------------------------------------------------------------------------------
#
# The rows of all iterations are a pile of chunks from the pool. A chunk begins with the address of
# the one below it and the number of rows that fit into it; nothing is ever moved. On the way back
# each is given back to the pool when its last row has been read.

_HEADER = 64  # bytes of a chunk in front of its rows
_FIRST_CHUNK = 1 << 13  # bytes, above what NumPy's allocator keeps in a cache without a lock
_LARGEST_CHUNK = 1 << 23
_FEWEST_ROWS = 4


def _unwind(
    text: _Text,
    call: Repeat,
    word: kernel.Unwind,
    plan: Repeated,
    programs: Sequence[str],
    routine: Place,
) -> str:
    offsets, width = _row_layout(call.programs[1].outputs[word.carries :])
    first = max(_FEWEST_ROWS, _FIRST_CHUNK // width)
    most = max(first, _LARGEST_CHUNK // width)
    condition, body, back = programs
    constants = (word.cond_constants, word.body_constants, word.back_constants)
    here = constants[0] + constants[1]
    there = here + word.carries + constants[2]
    asked = _table(text, "asked", constants[0] + word.carries)
    args = _table(text, "args", constants[1] + word.carries)
    outs = _table(text, "outs", word.carries + len(offsets))
    back_args = _table(text, "back_args", constants[2] + len(call.writes) + len(offsets))
    back_outs = _table(text, "back_outs", len(call.writes))
    answer = _table(text, "answer", 1)
    text.line("%yes = alloca i8")
    text.put(answer, 0, "%yes")
    for table, start, count in (
        (asked, 0, constants[0]),
        (args, constants[0], constants[1]),
        (back_args, here + word.carries, constants[2]),
    ):
        for k in range(count):
            text.put(table, k, f"%a{start + k}")
    for name, function in (("take", "pool.take"), ("give", "pool.give"), ("pool", "table")):
        at = text.let(f"getelementptr ptr, ptr %consts, i64 {routine(PoolAddress(function))}")
        text.line(f"%{name} = load ptr, ptr {at}")
    signals = text.routine(routine(_SIGNALS))
    text.begin_looking()
    starts = [f"%a{here + k}" for k in range(word.carries)]
    carries = _Carries(text, plan.carried[1], starts, "w")
    carries.begin()
    starts = [f"%a{there + k}" for k in range(len(call.writes))]
    returned = _Carries(text, plan.carried[2], starts, entry="turn")
    returned.begin()
    text.line("br label %loop")

    text.label("loop")
    text.turns(
        "entry",
        "ran",
        "looked_at",
        {
            "ptr %chunk": ("null", "%pile"),
            "ptr %row": ("null", "%row.next"),
            "i64 %left": ("0", "%left.next"),
            "i64 %size": (str(first), "%size.now"),
        },
        plan.every,
    )
    pointers = carries.pointers(["ran", "looked_at"])
    for k, pointer in enumerate(pointers):
        text.put(asked, constants[0] + k, pointer)
    text.run(condition, asked, answer, "asked_it", kept="%chunk")
    again = text.let("load i8, ptr %yes")
    go = text.let(f"icmp ne i8 {again}, 0")
    text.line(f"br i1 {go}, label %go, label %turn")

    text.label("go")
    full = text.let("icmp eq i64 %left, 0")
    text.line(f"br i1 {full}, label %more, label %have")
    text.label("more")
    nbytes = text.let(f"mul i64 %size, {width}")
    nbytes = text.let(f"add i64 {nbytes}, {_HEADER}")
    text.line(f"%fresh = call ptr %take(ptr %pool, i64 {nbytes})")
    none = text.let("icmp eq ptr %fresh, null")
    text.line(f"br i1 {none}, label %full, label %got")
    text.label("full")
    text.failed.append(("full", str(NO_MEMORY), "%chunk"))
    text.line("br label %drop")
    text.label("got")
    text.line("store ptr %chunk, ptr %fresh")
    count_at = text.let("getelementptr i64, ptr %fresh, i64 1")
    text.line(f"store i64 %size, ptr {count_at}")
    text.line(f"%row.first = getelementptr i8, ptr %fresh, i64 {_HEADER}")
    twice = text.let("shl i64 %size, 1")
    grows = text.let(f"icmp ult i64 {twice}, {most}")
    text.line(f"%size.grown = select i1 {grows}, i64 {twice}, i64 {most}")
    text.line("br label %have")
    text.label("have")
    text.line("%pile = phi ptr [ %chunk, %go ], [ %fresh, %got ]")
    text.line("%row.now = phi ptr [ %row, %go ], [ %row.first, %got ]")
    text.line("%left.now = phi i64 [ %left, %go ], [ %size, %got ]")
    text.line("%size.now = phi i64 [ %size, %go ], [ %size.grown, %got ]")
    for k, (pointer, target) in enumerate(zip(pointers, carries.targets(), strict=True)):
        text.put(args, constants[1] + k, pointer)
        text.put(outs, k, target)
    for k, offset in enumerate(offsets):
        text.put(outs, word.carries + k, text.let(f"getelementptr i8, ptr %row.now, i64 {offset}"))
    text.run(body, args, outs, "ran", kept="%pile")
    carries.move_on()
    text.line(f"%row.next = getelementptr i8, ptr %row.now, i64 {width}")
    text.line("%left.next = sub i64 %left.now, 1")
    text.pause("loop", "ran", "look", "looked_at", signals, "%pile")

    text.label("turn")
    text.line("br label %back")
    text.label("back")
    text.turns(
        "turn",
        "returned",
        "looked_back",
        {
            "ptr %below": ("%chunk", "%below.next"),
            "ptr %end": ("%row", "%end.next"),
        },
        plan.every,
    )
    pointers = returned.pointers(["returned", "looked_back"])
    over = text.let("icmp eq ptr %below, null")
    text.line(f"br i1 {over}, label %done, label %return")
    text.label("return")
    text.line(f"%last = getelementptr i8, ptr %end, i64 {-width}")
    for k, (pointer, target) in enumerate(zip(pointers, returned.targets(), strict=True)):
        text.put(back_args, constants[2] + k, pointer)
        text.put(back_outs, k, target)
    for k, offset in enumerate(offsets):
        pointer = text.let(f"getelementptr i8, ptr %last, i64 {offset}")
        text.put(back_args, constants[2] + len(call.writes) + k, pointer)
    text.run(back, back_args, back_outs, "went", kept="%below")
    returned.move_on()
    text.line(f"%begin = getelementptr i8, ptr %below, i64 {_HEADER}")
    empty = text.let("icmp eq ptr %last, %begin")
    text.line(f"br i1 {empty}, label %emptied, label %returned")
    text.label("emptied")
    text.line("%under = load ptr, ptr %below")
    text.line("call void %give(ptr %pool, ptr %below)")
    bottom = text.let("icmp eq ptr %under, null")
    text.line(f"br i1 {bottom}, label %returned, label %down")
    text.label("down")
    count_at = text.let("getelementptr i64, ptr %under, i64 1")
    rows = text.let(f"load i64, ptr {count_at}")
    nbytes = text.let(f"mul i64 {rows}, {width}")
    nbytes = text.let(f"add i64 {nbytes}, {_HEADER}")
    text.line(f"%end.under = getelementptr i8, ptr %under, i64 {nbytes}")
    text.line("br label %returned")
    text.label("returned")
    text.line("%below.next = phi ptr [ %below, %went ], [ null, %emptied ], [ %under, %down ]")
    text.line("%end.next = phi ptr [ %last, %went ], [ null, %emptied ], [ %end.under, %down ]")
    text.pause("back", "returned", "look_back", "looked_back", signals, "%below.next")
    text.label("done")
    returned.finish("in")

    text.label("drop")
    origins = ", ".join(f"[ {status}, %{label} ]" for label, status, _ in text.failed)
    text.line(f"%status = phi i32 {origins}")
    origins = ", ".join(f"[ {pile}, %{label} ]" for label, _, pile in text.failed)
    text.line(f"%dropped = phi ptr {origins}")
    text.line("br label %next_drop")
    text.label("next_drop")
    text.line("%top = phi ptr [ %dropped, %drop ], [ %lower, %drop_it ]")
    gone = text.let("icmp eq ptr %top, null")
    text.line(f"br i1 {gone}, label %dropped_all, label %drop_it")
    text.label("drop_it")
    text.line("%lower = load ptr, ptr %top")
    text.line("call void %give(ptr %pool, ptr %top)")
    text.line("br label %next_drop")
    text.label("dropped_all")
    text.line("ret i32 %status")
    return text.function(call)


def _row_layout(rows: Sequence[Value]) -> tuple[list[int], int]:
    """Where each of the rows of one iteration begins, and the bytes from one iteration to the next.

    Small ones lie close together, large ones where vectors like them to.
    """
    offsets: list[int] = []
    end, alignment = 0, 8
    for row in rows:
        nbytes = _nbytes(row)
        step = 64 if nbytes >= 64 else 8
        alignment = max(alignment, step)
        end += -end % step
        offsets.append(end)
        end += nbytes
    return offsets, max(end + -end % alignment, alignment)
