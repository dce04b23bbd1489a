"""What became of each of the user's lines: equation, kernel, time and bytes, side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from functrans.codegen.profile import Profile, ProfileRow
from functrans.codegen.report import KernelRow, Report, Row
from functrans.control.call import JitFunction, jit
from functrans.core.jaxpr import Eqn, Jaxpr, inner_programs
from functrans.core.show import atom_text, namer
from functrans.display.compiled import head, share_bar
from functrans.display.pieces import BREAK, amount, fold, place, shortened, span, table, title
from functrans.display.program import plain_params
from functrans.errors import Source
from functrans.rich import Rich

_LINE, _EQUATION, _KERNEL = 46, 52, 28  # letters of a line, an equation and a kernel in the text


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation of the simplified program as text, and the user's line behind it."""

    made: str
    primitive: str
    params: str
    operands: str
    source: Source | None

    @property
    def text(self) -> str:
        brackets = f"[{self.params}]" if self.params else ""
        return f"{self.made} = {self.primitive}{brackets} {self.operands}".rstrip()

    @property
    def line(self) -> str:
        return f"{self.source}  {self.source.text}".rstrip() if self.source else ""


@dataclass(frozen=True, slots=True)
class Part:
    """One kernel, loop or call, and the equations that it computes.

    ``measured`` is None where the processor's counter cannot be read.
    """

    row: Row
    measured: ProfileRow | None
    equations: tuple[Equation, ...]

    @property
    def kernel(self) -> str:
        """Its label and what it is; a kernel's operations are its equations."""
        what = "kernel" if isinstance(self.row, KernelRow) else " ".join(self.row.title.split())
        return f"{'  ' * (len(self.row.path) - 1)}{self.row.label} {what}"

    @property
    def time(self) -> str:
        """Microseconds of a call."""
        return f"{1e6 * self.measured.seconds:.2f}" if self.measured else ""

    @property
    def bytes(self) -> str:
        """What it reads and writes in a call, as text; loops have rows of their own inside."""
        total = self.measured.bytes if self.measured else self.row.bytes * (self.row.runs or 1)
        return amount(total) if total else ""


@dataclass(frozen=True, slots=True)
class Explanation(Rich):
    """A function's lines, equations, kernels, times and bytes; notebooks show it as a table.

    Attributes
    ----------
    parts: kernels, loops and calls in the program's order, with their equations.
    free: equations without code of their own, because kernels read through them.
    profile, report: the measurement, and what the program consists of.

    >>> found = ft.explain(lambda x: np.sum(np.tanh(x) ** 2), np.ones(100))
    >>> [[e.text for e in part.equations] for part in found.parts]
    [['b:f64[100] = tanh a', 'c:f64[100] = mul b b', 'd:f64[] = reduce_sum[axes=(0,)] c']]
    """

    parts: tuple[Part, ...]
    free: tuple[Equation, ...]
    profile: Profile
    report: Report

    def __str__(self) -> str:
        heads = ("line", "equation", "kernel", "µs", "bytes")
        lines = [
            f"{self.profile.name}: {1e6 * self.profile.seconds:.2f} µs a call "
            f"(median of {self.profile.calls} calls)",
            *str(self.report).split("\n")[:3],
            _columns(*heads),
        ]
        for part in self.parts:
            costs = (part.kernel, part.time, part.bytes)
            for equation in part.equations:
                lines.append(_columns(equation.line, equation.text, *costs))
                costs = ("", "", "")
            if not part.equations:
                lines.append(_columns("", "", *costs))
        for equation in self.free:
            lines.append(_columns(equation.line, equation.text, "no code of its own", "", ""))
        lines.append(
            _columns("", "", "arguments and results", f"{1e6 * self.profile.outside:.2f}", "")
        )
        return "\n".join(lines)


def _columns(line: str, equation: str, kernel: str, time: str, size: str) -> str:
    return (
        f"{shortened(line, _LINE):{_LINE}}  {shortened(equation, _EQUATION):{_EQUATION}}  "
        f"{shortened(kernel, _KERNEL):{_KERNEL}} {time:>9} {size:>8}"
    ).rstrip()


def explain(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Explanation:
    """Compile a function, measure a call, and say what became of its lines and what they cost.

    ``python -m functrans explain`` prints it. Measuring takes about 0.3 s, in up to a thousand
    calls: what the function prints, it prints as often.

    Parameters
    ----------
    function: jitted or not. A transform goes around it: ``explain(ft.grad(loss), w)``.

    Raises
    ------
    ArgumentError: arguments without values, or within a transform or a jitted function.

    >>> print(ft.explain(lambda x: np.sum(np.exp(x) * 2.0), np.ones(3)))
    <lambda>: ... µs a call (median of ... calls)
    1 kernels, 0 library calls, ...
    line    equation                              kernel                 µs    bytes
    <doc...  b:f64[3] = exp a                     0 kernel              ...     32 B
    <doc...  c:f64[3] = mul b 2.0:f64[]
    <doc...  d:f64[] = reduce_sum[axes=(0,)] c
    ...
    """
    jitted = function if isinstance(function, JitFunction) else jit(function)
    profile = jitted.profile(*args, **kwargs)
    lowered = jitted.lower(*args, **kwargs)
    report = lowered.report()
    written = dict(_written(lowered.executable.program.jaxpr))
    order = {eqn: k for k, eqn in enumerate(written)}
    measured = {row.row.path: row for row in profile.rows}
    named = namer()  # for equations that the compiler made itself
    parts = []
    for row in report.rows:
        eqns = sorted(row.eqns, key=lambda eqn: order.get(eqn, -1))
        texts = tuple(written.get(eqn) or _equation(eqn, named) for eqn in eqns)
        parts.append(Part(row, measured.get(row.path), texts))
    computed = {eqn for row in report.rows for eqn in row.eqns}
    free = tuple(text for eqn, text in written.items() if eqn not in computed)
    return Explanation(tuple(parts), free, profile, report)


def _written(jaxpr: Jaxpr) -> Iterator[tuple[Eqn, Equation]]:
    """All equations with the names that the printed program has, those of inner programs too."""
    name = namer()
    for var in (*jaxpr.constvars, *jaxpr.invars):
        name(var)
    for eqn in jaxpr.eqns:
        yield eqn, _equation(eqn, name)
        for inner in inner_programs(eqn):
            yield from _written(inner)


def _equation(eqn: Eqn, name: Callable[[Hashable], str]) -> Equation:
    operands = " ".join(atom_text(a, name) for a in eqn.invars)
    made = " ".join(f"{name(v)}:{v.aval}" for v in eqn.outvars)
    params = " ".join(plain_params(eqn.params))
    return Equation(made, eqn.primitive.name, params, operands, eqn.source)


# --- as HTML -------------------------------------------------------------------------------------


def explanation(found: Explanation) -> str:
    """A row for each kernel, in which its lines and equations stand side by side."""
    heads = ("line", "equation", "kernel", "µs", "share", "bytes")
    rows = [_row(part) for part in found.parts]
    if found.free:
        rows.append((*_cells(found.free), span("f", "no code of their own"), "", "", ""))
    outside = f"{1e6 * found.profile.outside:.2f}"
    rows.append(("", "", span("f", "arguments and results"), outside, "", ""))
    about = "".join(f"<div>{span('f', t)}</div>" for t in str(found.report).split("\n")[:3])
    body = f"<div>{about}{table(heads, rows, numbers=(3, 5))}</div>"
    first = head(found.profile.name, found.profile.seconds, found.profile.calls)
    return fold(first, body, is_open=True)


def _row(part: Part) -> tuple[str, ...]:
    share = share_bar(part.measured.share) if part.measured else ""
    kernel = f"<b>{escape(shortened(part.kernel, 40))}</b>"
    return (*_cells(part.equations), kernel, part.time, share, part.bytes)


def _cells(equations: Sequence[Equation]) -> tuple[str, str]:
    """Lines, faint where they repeat the one above, and equations without parameters."""
    lines, texts, above = [], [], ""
    for equation in equations:
        kind = "f" if equation.line == above else "k"
        shown = shortened(equation.line, _LINE)
        lines.append(f'<span class="{kind}"{title(place(equation.source))}>{escape(shown)}</span>')
        short = f"{span('t', equation.made)} = {span('o', equation.primitive)}"
        operands = escape(shortened(equation.operands, 30))
        texts.append(f"<span{title(equation.text)}>{short} {operands}</span>")
        above = equation.line
    return BREAK.join(lines), BREAK.join(texts)
