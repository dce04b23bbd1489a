"""The printer: a Jaxpr in JAX's notation, so that people can read it at once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from functrans.core.avals import Aval, short_dtype
from functrans.core.jaxpr import Atom, Jaxpr, Literal, Var


def show(jaxpr: Jaxpr, *, source: bool = False) -> str:
    """The program as text; with ``source`` each equation ends with the user's line."""
    return "\n".join(_lines(jaxpr, namer(), source))


def namer() -> Callable[[Hashable], str]:
    """Names a, b, …, z, aa, … for variables, in the order in which they are asked for."""
    names: dict[Hashable, str] = {}

    def name(var: Hashable) -> str:
        if var not in names:
            number, letters = len(names), ""
            while True:
                number, digit = divmod(number, 26)
                letters = chr(ord("a") + digit) + letters
                if number == 0:
                    break
                number -= 1
            names[var] = letters
        return names[var]

    return name


def _lines(jaxpr: Jaxpr, name: Callable[[Var], str], source: bool) -> list[str]:
    def typed(variables: tuple[Var, ...]) -> str:
        return " ".join(f"{name(v)}:{v.aval}" for v in variables)

    head = f"{{ lambda {typed(jaxpr.constvars)} ; {typed(jaxpr.invars)}. let"
    lines = [head.replace("  ", " ")]
    for eqn in jaxpr.eqns:
        params: list[str] = []
        inner: list[str] = []
        for key, value in sorted(eqn.params.items()):
            if isinstance(value, Jaxpr):
                body = _lines(value, namer(), source)
                inner += [f"{key}={body[0]}", *body[1:]]
            elif isinstance(value, tuple) and any(isinstance(v, Jaxpr) for v in value):
                bodies = [_lines(v, namer(), source) for v in value]
                inner += [f"{key}=(", *(f"  {line}" for body in bodies for line in body), ")"]
            else:
                params.append(f"{key}={param_text(value)}")
        left = f"{typed(eqn.outvars)} = " if eqn.outvars else ""
        operands = " ".join(atom_text(a, name) for a in eqn.invars)
        where = f"   # {eqn.source}" if source and eqn.source else ""
        if inner:
            lines.append(f"    {left}{eqn.primitive.name}[")
            lines += [f"      {p}" for p in params] + [f"      {line}" for line in inner]
            lines.append(f"    ] {operands}{where}")
        else:
            brackets = f"[{' '.join(params)}]" if params else ""
            lines.append(f"    {left}{eqn.primitive.name}{brackets} {operands}{where}")
    outs = ", ".join(atom_text(a, name) for a in jaxpr.outvars)
    comma = "," if len(jaxpr.outvars) == 1 else ""
    lines.append(f"  in ({outs}{comma}) }}")
    return lines


def atom_text(atom: Atom, name: Callable[[Var], str]) -> str:
    """A variable's name, or a literal's value with its type."""
    if isinstance(atom, Literal):
        return f"{np.asarray(atom.value).item()}:{atom.aval}"
    return name(atom)


def param_text(value: Any) -> str:
    """A parameter that is no program, as it stands between brackets."""
    if isinstance(value, np.dtype):
        return short_dtype(value)
    if isinstance(value, Aval):
        return str(value)
    if isinstance(value, tuple):
        inner = ",".join(map(param_text, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)
