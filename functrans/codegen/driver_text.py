"""The text of a driver: the function being written, and where the carries of its programs are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from functrans import kernel
from functrans.codegen.buffers import Carried
from functrans.codegen.fallback import DONE, FAILED
from functrans.codegen.link import PythonAddress, Routine
from functrans.codegen.progress import SECONDS, SHOW
from functrans.codegen.statements import Region, Repeat, Value

Place = Callable[[Routine], str]
"""Where the table of constants has a routine."""

Leave = Callable[[str, str], None]
"""Writes how a function ends at a label with a status."""

SIGNALS = PythonAddress("PyErr_CheckSignals")


@dataclass(slots=True)
class Text:
    """The function being written; ``same`` are outputs in the memory of inputs."""

    same: dict[str, str]
    lines: list[str] = field(default_factory=list)
    count: int = 0

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

    def run(
        self, program: str, args: str, outs: str, after: str, leave: Leave | None = None
    ) -> None:
        """Run a program; a status of its own ends the function, as ``leave`` writes it."""
        tables = f"ptr {args}, ptr {outs}, ptr %consts, ptr %scratch"
        self.leave(self.let(f"call i32 {program}({tables})"), after, leave)

    def routine(self, place: str) -> str:
        """The address at a place of the table of constants."""
        at = self.let(f"getelementptr ptr, ptr %consts, i64 {place}")
        return self.let(f"load ptr, ptr {at}")

    def begin_looking(self) -> None:
        """In the entry of a function that looks at signals."""
        self.line("%looked = alloca i64")
        self.line("store i64 0, ptr %looked")

    def look_at_signals(self, function: str, after: str, leave: Leave | None = None) -> None:
        """End the function with −1 when a signal handler has raised."""
        self.leave(self.let(f"call i32 {function}(ptr %looked)"), after, leave)

    def leave(self, status: str, after: str, leave: Leave | None) -> None:
        failed = self.let(f"icmp ne i32 {status}, 0")
        self.line(f"br i1 {failed}, label %fail{after}, label %{after}")
        self.label(f"fail{after}")
        if leave is None:
            self.line(f"ret i32 {status}")
        else:
            leave(f"fail{after}", status)
        self.label(after)

    def function(self, call: Repeat, effort: str = "noinline", *more: str) -> str:
        shared = {*self.same, *self.same.values()}
        params = ", ".join(
            f"ptr {name}" if name in shared else f"ptr noalias {name}"
            for name in (*parameters(call), *more)
        )
        return "\n".join(
            [f"define internal i32 @NAME({params}) {effort} {{", "entry:", *self.lines, "}"]
        )

    def show(
        self,
        progress: kernel.Progress | None,
        routine: Place,
        done: str,
        leave: Leave | None = None,
        name: str = "show",
    ) -> None:
        """Show that so many iterations are done, where a tenth of a second has gone by."""
        if progress is None:
            return
        self.line(f"store i64 {done}, ptr %bar")
        last = self.let("getelementptr i64, ptr %bar, i64 1")
        is_due = self.routine(routine(PythonAddress("is_due")))
        due = self.let(f"call i1 {is_due}(ptr {last}, i64 {int(SECONDS * 1e9)})")
        self.line(f"br i1 {due}, label %{name}, label %{name}n")
        self.label(name)
        self.line("store i64 0, ptr %looked")  # an interrupt is better met here than in Python
        self.look_at_signals(self.routine(routine(SIGNALS)), f"{name}_calm", leave)
        self.tell(self.routine(routine(progress)), SHOW, done, f"{name}_well", leave)
        self.line(f"br label %{name}n")
        self.label(f"{name}n")

    def tell(
        self, function: str, event: int, number: str, after: str, leave: Leave | None = None
    ) -> None:
        """Tell Python about the loop; end the function where that raises."""
        told = self.let(f"call i32 {function}(ptr %bar, i64 {event}, i64 {number})")
        failed = self.let(f"icmp ne i32 {told}, {DONE}")
        self.leave(self.let(f"select i1 {failed}, i32 {FAILED}, i32 0"), after, leave)


def parameters(call: Repeat) -> list[str]:
    names = [f"%a{k}" for k in range(len(call.reads))]
    return ["%consts", "%scratch", *names, *(f"%o{k}" for k in range(len(call.writes)))]


def table(text: Text, name: str, length: int) -> str:
    text.line(f"%{name} = alloca [{max(length, 1)} x ptr]")
    return f"%{name}"


class Carries:
    """The carries of a program: where each is, and where the next one goes.

    One that is held is a variable ``%c``, and its next value ``%n``. One that is not lies in its
    home, if the program updates it in place, or else there and in a spare in turn. Homes are the
    outputs ``%o``, or memory ``%h`` of the loop's own. ``name`` is in front of all names.
    """

    def __init__(
        self,
        text: Text,
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


def nbytes(value: Value | Region) -> int:
    size = 1
    for n in value.shape:
        size *= n
    return size * value.dtype.itemsize
