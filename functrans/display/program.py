"""A program as HTML: one row for each equation, inner programs and long stretches folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from functrans.core.avals import Aval
from functrans.core.jaxpr import Eqn, Jaxpr, Var, inner_programs
from functrans.core.show import atom_text, namer, param_text
from functrans.display.pieces import amount, counted, fold, place, shortened, span, title

_STRETCH = 100  # equations that are folded together where there are more
_SMALL = 30  # equations of an inner program that is shown unfolded


def program(jaxpr: Jaxpr, name: str = "program") -> str:
    """The program with its types, the bytes of each result, and the user's line on hover."""
    head = f"<b>{escape(name)}</b> · {_summary(jaxpr)}"
    return fold(head, _body(jaxpr), is_open=True)


def _summary(jaxpr: Jaxpr) -> str:
    ins, outs = (_types(avals) for avals in (jaxpr.in_avals, jaxpr.out_avals))
    made = sum(v.aval.nbytes for eqn in jaxpr.eqns for v in eqn.outvars)
    return f"{counted(len(jaxpr.eqns), 'equation')} · {ins} → {outs} · makes {amount(made)}"


def _types(avals: Sequence[Aval]) -> str:
    return span("t", shortened(" ".join(map(str, avals)), 80) or "()")


def _body(jaxpr: Jaxpr) -> str:
    name = namer()
    rows = [_inputs("constants", jaxpr.constvars, name), _inputs("inputs", jaxpr.invars, name)]
    rows.append(in_stretches([equation(eqn, name) for eqn in jaxpr.eqns]))
    outs = ", ".join(atom_text(a, name) for a in jaxpr.outvars)
    rows.append(f"<div>{span('f', 'returns')} {span('n', outs)}</div>")
    return f"<div>{''.join(rows)}</div>"


def _inputs(what: str, variables: Sequence[Var], name: Callable[[Var], str]) -> str:
    if not variables:
        return ""
    size = amount(sum(v.aval.nbytes for v in variables))
    return f"<div>{span('f', what)} {_typed(variables, name)} {span('f', size)}</div>"


def _typed(variables: Sequence[Var], name: Callable[[Var], str]) -> str:
    return " ".join(f"{span('n', name(v))}{span('t', f':{v.aval}')}" for v in variables)


def equation(eqn: Eqn, name: Callable[[Var], str]) -> str:
    """One equation, and below it the programs that it holds."""
    left = _typed(eqn.outvars, name)
    operands = " ".join(atom_text(a, name) for a in eqn.invars)
    size = amount(sum(v.aval.nbytes for v in eqn.outvars))
    right = operation(eqn.primitive.name, eqn.params, operands)
    below = "".join(
        fold(_inner_title(key, inner), _body(inner), is_open=_is_small(inner))
        for key, inner in programs_by_name(eqn)
    )
    return row(left, right, size, place(eqn.source)) + below


def row(left: str, right: str, size: str, hover: str) -> str:
    """One row of :func:`in_stretches`, which reads well without the style sheet, too."""
    dot = span("d", "·") if size else ""
    return (
        f'<div class="e"{title(hover)}><span>{left}</span> <span>{right}</span> {dot} '
        f'<span class="r">{size}</span></div>'
    )


def operation(primitive: str, params: dict[str, Any], operands: str) -> str:
    """What an equation computes: the primitive, its parameters that are no programs, operands."""
    inside = " ".join(plain_params(params))
    brackets = span("f", f"[{inside}]") if inside else ""
    return f"= {span('o', primitive)}{brackets} {escape(operands)}"


def plain_params(params: dict[str, Any]) -> list[str]:
    """Parameters that are no programs, as text."""
    plain = {k: v for k, v in params.items() if not _holds_programs(v)}
    return [f"{k}={shortened(param_text(v))}" for k, v in sorted(plain.items())]


def in_stretches(rows: Sequence[str]) -> str:
    """Rows in columns; where there are many, all but the first are folded in stretches."""
    stretches = [rows[i : i + _STRETCH] for i in range(0, len(rows), _STRETCH)]
    grids = [f'<div class="g">{"".join(stretch)}</div>' for stretch in stretches]
    if len(grids) < 2:
        return "".join(grids)
    folded = []
    for k, grid in enumerate(grids):
        first = k * _STRETCH
        head = f"equations {first:,} to {first + len(stretches[k]) - 1:,}"
        folded.append(fold(head, grid, is_open=k == 0))
    return "".join(folded)


def programs_by_name(eqn: Eqn) -> list[tuple[str, Jaxpr]]:
    """The programs that an equation holds, each with its parameter's name."""
    found = []
    for key, value in sorted(eqn.params.items()):
        if isinstance(value, Jaxpr):
            found.append((key, value))
        elif _holds_programs(value):
            found += [(f"{key}[{i}]", v) for i, v in enumerate(value) if isinstance(v, Jaxpr)]
    return found


def _holds_programs(value: Any) -> bool:
    return isinstance(value, Jaxpr) or (
        isinstance(value, tuple) and any(isinstance(v, Jaxpr) for v in value)
    )


def _inner_title(key: str, inner: Jaxpr) -> str:
    return f"{escape(key)} · {_summary(inner)}"


def _is_small(jaxpr: Jaxpr) -> bool:
    return len(jaxpr.eqns) <= _SMALL and not any(
        True for eqn in jaxpr.eqns for _ in inner_programs(eqn)
    )
