"""Scalar functions written as branch-free formulas, and the LLVM IR they become.

``helper`` gives a short function, to be inlined at once; ``late_helper`` gives a long one, or its
vector form, to be linked in after the vectoriser has run, so that the optimiser never sees its
body. The formulas of the long ones are in the files beside this one, by family.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from functrans.codegen import circular, error_functions, exponentials, integers, logarithms, powers
from functrans.codegen.values import PURE, Body, Value, literal, llvm_type, memory_type

__all__ = [
    "FORMULAS", "LATE", "LATE_SYMBOL", "OPAQUE", "PURE", "helper", "late_helper", "late_symbol",
    "literal", "llvm_type", "memory_type",
]  # fmt: skip


# --- Formulas of one or two floats ----------------------------------------------------------


def _sign(x: Value) -> Value:
    result = x.compare("olt", 0.0).where(-1.0, x.compare("oeq", 0.0).where(0.0, x))
    return x.compare("ogt", 0.0).where(1.0, result)


def _max(x: Value, y: Value) -> Value:
    return x.compare("uno", x).where(x, x.compare("ogt", y).where(x, y))


def _min(x: Value, y: Value) -> Value:
    return x.compare("uno", x).where(x, x.compare("olt", y).where(x, y))


def _frem(x: Value, y: Value) -> Value:
    return x.instruction("frem", x, y)


def _mod(x: Value, y: Value) -> Value:
    rest = _frem(x, y)
    opposite = y.compare("olt", 0.0) ^ rest.compare("olt", 0.0)
    moved = opposite.where(rest + y, rest)
    return rest.compare("oeq", 0.0).where(rest.copysign(y), moved)


def _floor_div(x: Value, y: Value) -> Value:
    rest = _frem(x, y)
    opposite = y.compare("olt", 0.0) ^ rest.compare("olt", 0.0)
    inexact = rest.compare("une", 0.0)
    quotient = (x - rest) / y
    quotient = (opposite & inexact).where(quotient - 1.0, quotient)
    floor = quotient.intrinsic("floor")
    floor = (quotient - floor).compare("ogt", 0.5).where(floor + 1.0, floor)
    plain = x / y
    floor = quotient.compare("oeq", 0.0).where(plain * 0.0, floor)
    return y.compare("oeq", 0.0).where(plain, floor)


_Formula = Callable[..., Value]

FORMULAS: dict[str, _Formula] = {
    "exp": exponentials.exp, "exp2": exponentials.exp2, "expm1": exponentials.expm1,
    "sinh": exponentials.sinh, "cosh": exponentials.cosh, "tanh": exponentials.tanh,
    "logistic": exponentials.logistic,
    "log": logarithms.log, "log2": logarithms.log2, "log10": logarithms.log10,
    "log1p": logarithms.log1p, "asinh": logarithms.asinh, "acosh": logarithms.acosh,
    "atanh": logarithms.atanh, "logaddexp": logarithms.logaddexp,
    "sin": circular.sin, "cos": circular.cos, "tan": circular.tan, "asin": circular.asin,
    "acos": circular.acos, "atan": circular.atan, "atan2": circular.atan2,
    "pow": powers.pow, "cbrt": powers.cbrt, "hypot": powers.hypot,
    "erf": error_functions.erf, "erfc": error_functions.erfc,
    "erf_inv": error_functions.erf_inv,
    "sign": _sign, "max": _max, "min": _min, "mod": _mod, "floor_div": _floor_div, "rem": _frem,
}  # fmt: skip


# --- Helpers --------------------------------------------------------------------------------


class Helper(NamedTuple):
    """A function of the module: its symbol, text and the declarations the text needs."""

    symbol: str
    text: str
    declarations: tuple[str, ...]


LATE = frozenset(FORMULAS) - {"sign", "max", "min", "mod", "floor_div", "rem"}
"""Functions so long that they are linked in after the optimiser."""


@cache
def helper(name: str, dtype_code: str, arity: int) -> Helper:
    """A short function, inlined at the start of optimisation."""
    symbol = f"ft.{name}.{dtype_code}"
    return _written(symbol, name, dtype_code, arity, 1, "internal", "alwaysinline nounwind")


_SHARING = (frozenset(("sin", "cos", "tan")), frozenset(("sinh", "cosh")))


def share(symbols: Iterable[str]) -> bool:
    """Whether two of these late functions begin alike, so that equal values are worth finding."""
    names = {symbol.split(".")[2] for symbol in symbols}
    return any(len(names & family) > 1 for family in _SHARING)


def late_symbol(name: str, dtype_code: str, arity: int, lanes: int) -> str:
    """The symbol says everything that ``late_helper`` needs to write the function."""
    return f"ft.late.{name}.{dtype_code}.{arity}.{lanes}"


LATE_SYMBOL = re.compile(r"ft\.late\.\w+\.\w+\.\d+\.\d+")


def late_helper(symbol: str, inline: bool) -> Helper:
    """The definition of a symbol of ``late_symbol``, to be inlined or to be called."""
    _, _, name, dtype_code, arity, lanes = symbol.split(".")
    if name == OPAQUE:
        return _opaque_call(symbol, dtype_code, int(arity), int(lanes))
    return _late(symbol, name, dtype_code, int(arity), int(lanes), inline)


@cache
def _late(symbol: str, name: str, dtype_code: str, arity: int, lanes: int, inline: bool) -> Helper:
    linkage = "available_externally" if inline else ""  # what is inlined leaves no code of its own
    attributes = f"{'alwaysinline' if inline else 'noinline'} {PURE}"
    return _written(symbol, name, dtype_code, arity, lanes, linkage, attributes)


def _written(
    symbol: str, name: str, dtype_code: str, arity: int, lanes: int, linkage: str, attributes: str
) -> Helper:
    dtype = np.dtype(dtype_code)
    t = llvm_type(dtype)
    body = Body(lanes)
    arguments = [Value(body, f"%x{i}", t) for i in range(arity)]
    if dtype.kind != "f":
        result = integers.formula(name, dtype.kind == "i")(*arguments)
    else:
        result = FORMULAS[name](*arguments)
    full = body.full(t)
    parameters = ", ".join(f"{full} %x{i}" for i in range(arity))
    code = "\n".join(body.lines)
    text = (
        f"define {linkage} {full} @{symbol}({parameters}) {attributes} {{\n"
        f"{code}\n  ret {full} {result.name}\n}}\n"
    )
    return Helper(symbol, text, tuple(body.declarations))


OPAQUE = "opaque"
"""The late function that calls the inner loop of a ufunc on its lanes.

Its first argument is a record of the loop's addresses of code and data. The record never changes,
so that calls count as pure; the vectoriser would refuse a call that may read memory.
"""


@cache
def _opaque_call(symbol: str, dtype_code: str, arity: int, lanes: int) -> Helper:
    dtype = np.dtype(dtype_code)
    full = Body(lanes).full(llvm_type(dtype))
    arrays = [*(f"%a{i}" for i in range(arity)), "%result"]
    count = f"@ft.count.{lanes}"
    steps = f"@ft.steps.{dtype.itemsize}.{len(arrays)}"
    lines = [f"  {a} = alloca {full}, align 64" for a in arrays]
    lines.append(f"  %arrays = alloca [{len(arrays)} x ptr]")
    lines += [f"  store {full} %x{i}, ptr %a{i}" for i in range(arity)]
    for i, a in enumerate(arrays):
        lines.append(f"  %at{i} = getelementptr ptr, ptr %arrays, i64 {i}")
        lines.append(f"  store ptr {a}, ptr %at{i}")
    parameters = "".join(f", {full} %x{i}" for i in range(arity))
    text = "\n".join(
        [
            f"define {full} @{symbol}(ptr %record{parameters}) noinline nounwind {{",
            *lines,
            "  %loop = load ptr, ptr %record",
            "  %data.at = getelementptr ptr, ptr %record, i64 1",
            "  %data = load ptr, ptr %data.at",
            f"  call void %loop(ptr %arrays, ptr {count}, ptr {steps}, ptr %data)",
            f"  %y = load {full}, ptr %result",
            f"  ret {full} %y",
            "}",
        ]
    )
    strides = ", ".join([f"i64 {dtype.itemsize}"] * len(arrays))
    numbers = (
        f"{count} = private constant i64 {lanes}",
        f"{steps} = private constant [{len(arrays)} x i64] [{strides}]",
    )
    return Helper(symbol, text, numbers)
