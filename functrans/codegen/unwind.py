"""The IR that runs a loop, keeps rows of every iteration, and reads them from the last one on.

The rows of all iterations are a pile of chunks from the pool of memory. A chunk begins with the
address of the one below it and the number of rows that fit into it; nothing is ever moved. On the
way back each is given back to the pool when its last row has been read, and all of them where a
program ends with a status of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from functrans import kernel
from functrans.codegen.buffers import Repeated
from functrans.codegen.driver_text import SIGNALS, Carries, Leave, Place, Text, nbytes, table
from functrans.codegen.fallback import NO_MEMORY
from functrans.codegen.link import PoolAddress
from functrans.codegen.statements import Repeat, Value

_HEADER = 64  # bytes of a chunk in front of its rows
_FIRST_CHUNK = 1 << 13  # bytes, above what NumPy's allocator keeps in a cache without a lock
_LARGEST_CHUNK = 1 << 23
_FEWEST_ROWS = 4


def driver(
    text: Text,
    call: Repeat,
    word: kernel.Unwind,
    plan: Repeated,
    programs: Sequence[str],
    routine: Place,
) -> str:
    """The text of the function; ``programs`` are the condition, the body, and the way back."""
    writer = _Writer(text, call, word, plan, routine)
    writer.begin()
    writer.forward(*programs[:2])
    writer.back(programs[2])
    writer.drop()
    return text.function(call, "noinline", *(["%bar"] if word.progress else []))


class _Writer:
    """Writes the parts of the function in order."""

    def __init__(
        self, text: Text, call: Repeat, word: kernel.Unwind, plan: Repeated, routine: Place
    ) -> None:
        self.text = text
        self.word = word
        self.plan = plan
        self.routine = routine
        self.results = len(call.writes)
        self.offsets, self.width = _row_layout(call.programs[1].outputs[word.carries :])
        start = word.cond_constants + word.body_constants
        self.carries = Carries(text, plan.carried[1], _names(start, word.carries), "w")
        start += word.carries + word.back_constants
        self.returned = Carries(text, plan.carried[2], _names(start, self.results), entry="turn")
        # Where to go with the status and the pile when a program, or the pool, ends the function.
        self.exits: list[tuple[str, str, str]] = []

    def begin(self) -> None:
        text, word = self.text, self.word
        table(text, "asked", word.cond_constants + word.carries)
        table(text, "args", word.body_constants + word.carries)
        table(text, "outs", word.carries + len(self.offsets))
        table(text, "back_args", word.back_constants + self.results + len(self.offsets))
        table(text, "back_outs", self.results)
        text.line("%yes = alloca i8")
        text.put(table(text, "answer", 1), 0, "%yes")
        first = word.cond_constants + word.body_constants + word.carries
        for name, start, count in (
            ("asked", 0, word.cond_constants),
            ("args", word.cond_constants, word.body_constants),
            ("back_args", first, word.back_constants),
        ):
            for k, constant in enumerate(_names(start, count)):
                text.put(f"%{name}", k, constant)
        self.take, self.give, self.pool = (
            text.routine(self.routine(PoolAddress(name)))
            for name in ("pool.take", "pool.give", "table")
        )
        self.signals = text.routine(self.routine(SIGNALS))
        text.begin_looking()
        self.carries.begin()
        self.returned.begin()
        text.line("br label %loop")

    def forward(self, condition: str, body: str) -> None:
        """The loop, and the rows of its iterations on the pile."""
        text, word = self.text, self.word
        first = max(_FEWEST_ROWS, _FIRST_CHUNK // self.width)
        text.label("loop")
        self.turns("entry", "ran", "looked_at", {
            "ptr %chunk": ("null", "%pile"),
            "ptr %row": ("null", "%row.next"),
            "i64 %left": ("0", "%left.next"),
            "i64 %size": (str(first), "%size.now"),
            "i64 %i": ("0", "%i.next"),
        })  # fmt: skip
        pointers = self.carries.pointers(["ran", "looked_at"])
        for k, pointer in enumerate(pointers):
            text.put("%asked", word.cond_constants + k, pointer)
        text.run(condition, "%asked", "%answer", "asked_it", self.leaving("%chunk"))
        again = text.let("load i8, ptr %yes")
        go = text.let(f"icmp ne i8 {again}, 0")
        text.line(f"br i1 {go}, label %go, label %turn")
        text.label("go")
        self.make_room(max(first, _LARGEST_CHUNK // self.width))
        for k, (pointer, target) in enumerate(zip(pointers, self.carries.targets(), strict=True)):
            text.put("%args", word.body_constants + k, pointer)
            text.put("%outs", k, target)
        self.put_rows("%outs", word.carries, "%row.now")
        text.run(body, "%args", "%outs", "ran", self.leaving("%pile"))
        self.carries.move_on()
        text.line(f"%row.next = getelementptr i8, ptr %row.now, i64 {self.width}")
        text.line("%left.next = sub i64 %left.now, 1")
        text.line("%i.next = add i64 %i, 1")
        self.pause("loop", "ran", "looked_at", "%pile", "%i.next")

    def make_room(self, most: int) -> None:
        """One more chunk where the last one is full, twice as large as that."""
        text = self.text
        full = text.let("icmp eq i64 %left, 0")
        text.line(f"br i1 {full}, label %more, label %have")
        text.label("more")
        size = text.let(f"mul i64 %size, {self.width}")
        size = text.let(f"add i64 {size}, {_HEADER}")
        text.line(f"%fresh = call ptr {self.take}(ptr {self.pool}, i64 {size})")
        none = text.let("icmp eq ptr %fresh, null")
        text.line(f"br i1 {none}, label %refused, label %got")
        text.label("refused")
        self.exits.append(("refused", str(NO_MEMORY), "%chunk"))
        text.line("br label %drop")
        text.label("got")
        text.line("store ptr %chunk, ptr %fresh")
        rows = text.let("getelementptr i64, ptr %fresh, i64 1")
        text.line(f"store i64 %size, ptr {rows}")
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

    def back(self, program: str) -> None:
        """The way back, down the pile."""
        text, word = self.text, self.word
        text.label("turn")
        text.line("br label %back")
        text.label("back")
        self.turns("turn", "returned", "looked_back", {
            "ptr %below": ("%chunk", "%below.next"),
            "ptr %end": ("%row", "%end.next"),
            "i64 %j": ("%i", "%j.next"),
        })  # fmt: skip
        pointers = self.returned.pointers(["returned", "looked_back"])
        over = text.let("icmp eq ptr %below, null")
        text.line(f"br i1 {over}, label %done, label %return")
        text.label("return")
        text.line(f"%last = getelementptr i8, ptr %end, i64 {-self.width}")
        for k, (pointer, target) in enumerate(zip(pointers, self.returned.targets(), strict=True)):
            text.put("%back_args", word.back_constants + k, pointer)
            text.put("%back_outs", k, target)
        self.put_rows("%back_args", word.back_constants + self.results, "%last")
        text.run(program, "%back_args", "%back_outs", "went", self.leaving("%below"))
        self.returned.move_on()
        self.give_back()
        text.line("%j.next = add i64 %j, 1")
        self.pause("back", "returned", "looked_back", "%below.next", "%j.next")
        text.label("done")
        if word.progress is not None:
            text.line("store i64 %j, ptr %bar")
        self.returned.finish("in")

    def give_back(self) -> None:
        """Go on in the chunk below where this one has no more rows."""
        text = self.text
        text.line(f"%begin = getelementptr i8, ptr %below, i64 {_HEADER}")
        empty = text.let("icmp eq ptr %last, %begin")
        text.line(f"br i1 {empty}, label %emptied, label %returned")
        text.label("emptied")
        text.line("%under = load ptr, ptr %below")
        text.line(f"call void {self.give}(ptr {self.pool}, ptr %below)")
        bottom = text.let("icmp eq ptr %under, null")
        text.line(f"br i1 {bottom}, label %returned, label %down")
        text.label("down")
        at = text.let("getelementptr i64, ptr %under, i64 1")
        rows = text.let(f"load i64, ptr {at}")
        size = text.let(f"mul i64 {rows}, {self.width}")
        size = text.let(f"add i64 {size}, {_HEADER}")
        text.line(f"%end.under = getelementptr i8, ptr %under, i64 {size}")
        text.line("br label %returned")
        text.label("returned")
        text.line("%below.next = phi ptr [ %below, %went ], [ null, %emptied ], [ %under, %down ]")
        text.line("%end.next = phi ptr [ %last, %went ], [ null, %emptied ], [ %end.under, %down ]")

    def drop(self) -> None:
        """Where a status ends the function: all chunks go."""
        text = self.text
        text.label("drop")
        origins = ", ".join(f"[ {status}, %{label} ]" for label, status, _ in self.exits)
        text.line(f"%status = phi i32 {origins}")
        origins = ", ".join(f"[ {pile}, %{label} ]" for label, _, pile in self.exits)
        text.line(f"%dropped = phi ptr {origins}")
        text.line("br label %next_drop")
        text.label("next_drop")
        text.line("%top = phi ptr [ %dropped, %drop ], [ %lower, %drop_it ]")
        gone = text.let("icmp eq ptr %top, null")
        text.line(f"br i1 {gone}, label %dropped_all, label %drop_it")
        text.label("drop_it")
        text.line("%lower = load ptr, ptr %top")
        text.line(f"call void {self.give}(ptr {self.pool}, ptr %top)")
        text.line("br label %next_drop")
        text.label("dropped_all")
        text.line("ret i32 %status")

    # Pieces.

    def turns(self, entry: str, back: str, paused: str, values: dict[str, tuple[str, str]]) -> None:
        """What changes from one iteration to the next: first and later values.

        Iterations come from ``back``, or from ``paused`` when signals have been looked at.
        """
        for typed, (first, later) in values.items():
            kind, name = typed.split()
            origins = f"[ {first}, %{entry} ], [ {later}, %{back} ], [ {later}, %{paused} ]"
            self.text.line(f"{name} = phi {kind} {origins}")
        every = self.plan.every
        first = f"[ {every}, %{entry} ], [ {every}, %{paused} ]"
        self.text.line(f"%calm.{back} = phi i64 {first}, [ %calm.{back}.next, %{back} ]")

    def pause(self, loop: str, back: str, paused: str, pile: str, done: str) -> None:
        """The end of an iteration; after so many signals are looked at, and progress is shown."""
        text = self.text
        text.line(f"%calm.{back}.next = sub nuw nsw i64 %calm.{back}, 1")
        over = text.let(f"icmp eq i64 %calm.{back}.next, 0")
        text.line(f"br i1 {over}, label %look.{back}, label %{loop}")
        text.label(f"look.{back}")
        leave = self.leaving(pile)
        text.look_at_signals(self.signals, f"calm_{back}", leave)
        text.show(self.word.progress, self.routine, done, leave, f"show_{back}")
        text.line(f"br label %{paused}")
        text.label(paused)
        text.line(f"br label %{loop}")

    def put_rows(self, pointers: str, start: int, row: str) -> None:
        for k, offset in enumerate(self.offsets):
            place = self.text.let(f"getelementptr i8, ptr {row}, i64 {offset}")
            self.text.put(pointers, start + k, place)

    def leaving(self, pile: str) -> Leave:
        """What to write where a status ends the function while there is this pile."""

        def leave(label: str, status: str) -> None:
            self.exits.append((label, status, pile))
            self.text.line("br label %drop")

        return leave


def _names(start: int, count: int) -> list[str]:
    return [f"%a{start + k}" for k in range(count)]


def _row_layout(rows: Sequence[Value]) -> tuple[list[int], int]:
    """Where each of the rows of one iteration begins, and the bytes from one iteration to the next.

    Small ones lie close together, large ones where vectors like them to.
    """
    offsets: list[int] = []
    end, alignment = 0, 8
    for row in rows:
        size = nbytes(row)
        step = 64 if size >= 64 else 8
        alignment = max(alignment, step)
        end += -end % step
        offsets.append(end)
        end += size
    return offsets, max(end + -end % alignment, alignment)
