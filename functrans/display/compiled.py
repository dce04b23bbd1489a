"""Jitted functions and their stages as HTML: types, programs, kernels with their work, times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from functrans.codegen.report import InnerRow, KernelRow, Report, Row
from functrans.control.call import JitFunction
from functrans.core.avals import Aval
from functrans.display.pieces import (
    BREAK,
    amount,
    counted,
    fold,
    lines,
    place,
    shortened,
    span,
    table,
    title,
)
from functrans.display.program import program

if TYPE_CHECKING:
    from functrans.codegen.executable import Executable
    from functrans.codegen.profile import Profile
    from functrans.control.aot import Compiled, Lowered, Traced
    from functrans.control.entry import Entry

_NEWEST = 8  # programs of a jitted function that are shown
_LONGEST = 20_000  # characters of a stage that are shown
_STAGES = ("clusters", "loops", "buffers", "llvm")


# --- stages --------------------------------------------------------------------------------------


def traced(stage: Traced) -> str:
    """The types, and the program as it was traced."""
    return _head("traced", stage.fun_name, stage.in_avals, stage.out_avals) + program(stage.jaxpr)


def lowered(stage: Lowered) -> str:
    """The program as it was traced and simplified, what it consists of, and the compiler's stages.

    LLVM does not run for it.
    """
    made = stage.executable.program
    texts = "".join(_stage(stage, name) for name in _STAGES)
    return (
        _head("lowered", stage.fun_name, stage.in_avals, stage.out_avals)
        + fold("as traced", program(stage.jaxpr))
        + fold("simplified", program(made.jaxpr))
        + report(made.report())
        + fold("stages of the compiler", f"<div>{texts}</div>")
    )


def _stage(stage: Lowered, name: str) -> str:
    text = stage.as_text(name)
    if len(text) > _LONGEST:
        kept = text[:_LONGEST].rpartition("\n")[0]
        text = (
            f"{kept}\n… {len(text) - len(kept):,} characters more: print(lowered.as_text({name!r}))"
        )
    return fold(name, lines(text))


def compiled(code: Compiled) -> str:
    """The types, what a call needs in memory and does, and the program."""
    head = _head("compiled", code.fun_name, code.in_avals, code.out_avals)
    memory = code.memory_analysis()
    sizes = (
        ("arguments", memory.argument_size_in_bytes),
        ("results", memory.output_size_in_bytes),
        ("constants", memory.constant_size_in_bytes),
        ("workspace", memory.temp_size_in_bytes),
        ("machine code", memory.generated_code_size_in_bytes),
    )
    costs = ", ".join(
        f"{value:,.0f} {what}" for what, value in code.cost_analysis().items() if value
    )
    text = f"{costs}; {', '.join(f'{what} {amount(size)}' for what, size in sizes if size)}"
    return f"{head}<div>{escape(text)}</div>{_program_inside(code)}"


def _program_inside(code: Compiled) -> str:
    """The program and its kernels; of one that was loaded from a file, its text."""
    from functrans.codegen.executable import Executable  # heavy, and loaded with ``code``

    native = code._native
    if not isinstance(native, Executable):
        return fold("program", lines(code.as_text("jaxpr")))
    return fold("program as traced", program(native.jaxpr)) + report(native.report())


def jitted(function: JitFunction[Any, Any]) -> str:
    """The programs of a jitted function, the newest last; nothing is compiled for it."""
    entries = list(function._entries.values())
    head = f"<b>jit</b> {span('o', function.__qualname__)}"
    if not entries:
        return f"<div>{head} {span('f', 'has not been called yet')}</div>"
    shown = entries[-_NEWEST:]
    older = counted(len(entries) - len(shown), "older program")
    body = "".join(_entry(entry, is_open=len(entries) == 1) for entry in shown)
    note = f"<div>{span('f', f'and {older}')}</div>" if len(shown) < len(entries) else ""
    return f"<div>{head} {span('f', counted(len(entries), 'program'))}</div>{note}<div>{body}</div>"


def _entry(entry: Entry, *, is_open: bool) -> str:
    avals = entry.jaxpr.in_avals[len(entry.lifted) :]
    executable: Executable | None = entry.jaxpr.memo.get(("executable", entry.donated))
    known = f"traced in {1e3 * entry.seconds:.1f} ms"
    state = known if executable else f"{known}, not compiled yet"
    head = f"{_signature(avals, entry.jaxpr.out_avals)} {span('f', state)}"
    below = report(executable.report()) if executable else ""
    return fold(head, f"<div>{program(entry.jaxpr)}{below}</div>", is_open=is_open)


def _head(what: str, name: str, ins: Sequence[Aval], outs: Sequence[Aval]) -> str:
    return f"<div><b>{what}</b> {span('o', name)} {_signature(ins, outs)}</div>"


def _signature(ins: Sequence[Aval], outs: Sequence[Aval]) -> str:
    before, after = (shortened(", ".join(map(str, avals)), 100) for avals in (ins, outs))
    return span("t", f"({before}) → {after}")


# --- reports and profiles ------------------------------------------------------------------------


def report(found: Report) -> str:
    """The clusters of a program with their work; loops are the rows before what is inside."""
    first, memory, made = str(found).split("\n")[:3]
    about = f"<div>{span('f', memory)}</div><div>{span('f', made)}</div>"
    heads = ("", "runs", "flops", "bytes", "what", "lines")
    body = table(heads, map(_report_row, found.rows), numbers=(1, 2, 3))
    return fold(f"<b>report</b> · {escape(first)}", f"<div>{about}{body}</div>", is_open=True)


def _report_row(row: Row) -> tuple[str, ...]:
    runs = "?" if row.runs is None else f"{row.runs:,}"
    work = ("", "") if isinstance(row, InnerRow) else (f"{row.flops:,}", amount(row.bytes))
    return (escape(row.label), runs, *work, what_runs(row), user_lines(row))


def what_runs(row: Row) -> str:
    """A cluster in a few words, set in below the loops around it."""
    calls = row.opaque if isinstance(row, KernelRow) else ()
    more = [escape(f"  {call.calls:,} calls of {call.routine}") for call in calls]
    words = shortened(" ".join(row.title.split()))
    return BREAK.join([f"{'  ' * (len(row.path) - 1)}{escape(words)}", *more])


def user_lines(row: Row) -> str:
    """The user's lines of a cluster, with their text on hover."""
    return BREAK.join(f"<span{title(place(s))}>{escape(str(s))}</span>" for s in row.sources)


def profile(measured: Profile) -> str:
    """Where the time of a call goes, in the program's order, with a bar for each share."""
    first = head(measured.name, measured.seconds, measured.calls)
    if not measured.rows:
        note = "no times of kernels: this processor's cycle counter cannot be read"
        return f"<div>{first}</div><div>{span('f', note)}</div>"
    heads = ("", "µs", "share", "runs", "GFlop/s", "GB/s", "what", "lines")
    outside = ("", f"{1e6 * measured.outside:.2f}", "", "", "", "", "arguments and results", "")
    body = table(heads, [*_profile_rows(measured), outside], numbers=(1, 3, 4, 5))
    return fold(first, f"<div>{body}</div>", is_open=True)


def head(name: str, seconds: float, calls: int) -> str:
    """The first line about something that was measured."""
    return (
        f"<b>{escape(name)}</b> · {1e6 * seconds:.2f} µs a call "
        f"{span('f', f'(median of {calls:,} calls)')}"
    )


def _profile_rows(measured: Profile) -> Iterable[tuple[str, ...]]:
    for line in measured.rows:
        yield (
            escape(line.row.label),
            f"{1e6 * line.seconds:.2f}",
            share_bar(line.share),
            f"{line.runs:,}",
            _rate(line.gflops),
            _rate(line.gbytes),
            what_runs(line.row),
            user_lines(line.row),
        )


def share_bar(share: float) -> str:
    """A share as a bar and a number."""
    return f'<span class="w" style="width:{60 * share:.0f}px"></span> {share:.0%}'


def _rate(value: float) -> str:
    return f"{value:.1f}" if value > 0 else ""
