"""Scalar functions by name: the LLVM IR of one application, which loops then vectorise.

Single instructions go into the caller's code, short formulas into functions that are inlined at
once. Long functions are declared with their vector forms, which the vectoriser chooses among, and
linked in after it (``codegen.formulas``). Only ``nextafter`` is a call of the C library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from functrans.codegen import host
from functrans.codegen.formulas import (
    FORMULAS,
    LATE,
    OPAQUE,
    PURE,
    helper,
    late_symbol,
    literal,
    llvm_type,
    memory_type,
)

__all__ = [
    "Emitter", "invoke", "is_long", "literal", "llvm_type", "memory_type", "scalar", "supports",
]  # fmt: skip

Dtype = np.dtype[Any]


class Emitter(Protocol):
    """What ``scalar`` needs of its caller."""

    def line(self, text: str) -> None:
        """Append one instruction to the current block."""

    def fresh(self) -> str:
        """A new SSA name."""

    def declare(self, text: str) -> None:
        """Add a declaration to the module, unless it is there."""

    def define(self, name: str, text: str) -> None:
        """Add a function to the module, unless it is there."""


# --- Names to code --------------------------------------------------------------------------

_BINARY_INSTRUCTIONS = {  # name: (float, signed, unsigned, bool)
    "add": ("fadd contract", "add", "add", "or"),
    "sub": ("fsub contract", "sub", "sub", None),
    "mul": ("fmul contract", "mul", "mul", "and"),
    "div": ("fdiv contract", None, None, None),
    "and": (None, "and", "and", "and"),
    "or": (None, "or", "or", "or"),
    "xor": (None, "xor", "xor", "xor"),
}

_COMPARISONS = {  # name: (float, signed, unsigned and bool)
    "eq": ("oeq", "eq", "eq"), "ne": ("une", "ne", "ne"), "lt": ("olt", "slt", "ult"),
    "le": ("ole", "sle", "ule"), "gt": ("ogt", "sgt", "ugt"), "ge": ("oge", "sge", "uge"),
}  # fmt: skip

_FLOAT_INTRINSICS = {
    "abs": "fabs", "floor": "floor", "ceil": "ceil", "round": "rint", "sqrt": "sqrt",
    "copysign": "copysign",
}  # fmt: skip

_LIBRARY = frozenset(("nextafter",))

_NUMBERS = frozenset("biuf")


def supports(name: str, in_dtypes: Sequence[Dtype], out_dtype: Dtype) -> bool:
    """Whether ``scalar`` can emit this function on these dtypes."""
    dtypes = [np.dtype(d) for d in (*in_dtypes, out_dtype)]
    if any(d.kind not in _NUMBERS or not d.isnative for d in dtypes):
        return False
    if any(d.kind == "f" and d.itemsize not in (4, 8) for d in dtypes):
        return False
    if name in ("convert", "select_n", "second"):
        return True
    kind = dtypes[0].kind
    if name in _COMPARISONS or name == "is_finite":
        return True
    if name in _BINARY_INSTRUCTIONS:
        return _BINARY_INSTRUCTIONS[name]["fiub".index(kind)] is not None or (
            name == "div" and kind in "iu"
        )
    if kind == "f":
        return (
            name in FORMULAS or name in _LIBRARY or name in _FLOAT_INTRINSICS
            or name in ("neg", "integer_pow")
        )  # fmt: skip
    if kind == "b":
        return name in ("not", "max", "min", "abs")
    if name == "threefry2x32":
        return dtypes[0] == np.uint64
    return name in _INT_NAMES or (name == "pow" and kind == "u")


_INT_NAMES = frozenset((
    "neg", "abs", "sign", "floor", "ceil", "round", "not", "population_count", "rem", "mod",
    "floor_div", "integer_pow", "max", "min", "shift_left", "shift_right",
    "shift_right_arithmetic", "shift_right_logical",
))  # fmt: skip


def is_long(name: str) -> bool:
    """Whether the function of floats is called, or inlined in many instructions."""
    return name in LATE or name in _LIBRARY


def scalar(
    emitter: Emitter,
    name: str,
    static: tuple[int, ...],
    args: Sequence[str],
    in_dtypes: Sequence[Dtype],
    out_dtype: Dtype,
) -> str:
    """Emit ``name(*args)`` and return the result's SSA name (or a constant).

    Parameters
    ----------
    static: numbers fixed at trace time: the exponent of ``integer_pow``.
    args: SSA names or constants of the types ``llvm_type`` gives.

    Raises
    ------
    NotImplementedError: where ``supports`` is false.
    """
    if not supports(name, in_dtypes, out_dtype):
        raise NotImplementedError(f"{name} on {', '.join(map(str, in_dtypes))}")
    dtype = np.dtype(in_dtypes[0])
    t = llvm_type(dtype)
    if name == "second":
        return args[1]
    if name == "convert":
        return _convert(emitter, args[0], dtype, np.dtype(out_dtype))
    if name == "select_n":
        return _select_n(emitter, args, dtype, np.dtype(in_dtypes[1]))
    if name in _COMPARISONS:
        predicate = _COMPARISONS[name][{"f": 0, "i": 1}.get(dtype.kind, 2)]
        op = "fcmp" if dtype.kind == "f" else "icmp"
        return _emit(emitter, f"{op} {predicate} {t} {args[0]}, {args[1]}")
    if name == "is_finite":
        return _is_finite(emitter, args[0], dtype)
    if name in _BINARY_INSTRUCTIONS:
        op_or_none = _BINARY_INSTRUCTIONS[name]["fiub".index(dtype.kind)]
        if op_or_none is not None:
            return _emit(emitter, f"{op_or_none} {t} {args[0]}, {args[1]}")
    if dtype.kind == "f":
        return _float_function(emitter, name, static, args, dtype)
    return _int_function(emitter, name, static, args, dtype, np.dtype(out_dtype))


def _emit(emitter: Emitter, text: str) -> str:
    name = emitter.fresh()
    emitter.line(f"{name} = {text}")
    return name


def _float_function(
    emitter: Emitter, name: str, static: tuple[int, ...], args: Sequence[str], dtype: Dtype
) -> str:
    t = llvm_type(dtype)
    if name == "neg":
        return _emit(emitter, f"fneg {t} {args[0]}")
    if name == "integer_pow":
        return _integer_pow(emitter, args[0], static[0], dtype)
    if name in _FLOAT_INTRINSICS:
        return _intrinsic(emitter, _FLOAT_INTRINSICS[name], args, dtype)
    if name in FORMULAS:
        return _call_helper(emitter, name, args, dtype)
    return _call_library(emitter, name, args, dtype)


def _intrinsic(
    emitter: Emitter, name: str, args: Sequence[str], dtype: Dtype, extra: str = ""
) -> str:
    t = llvm_type(dtype)
    symbol = f"@llvm.{name}.{'f' if dtype.kind == 'f' else 'i'}{8 * dtype.itemsize}"
    types = ", ".join([t] * len(args)) + (", i1" if extra else "")
    emitter.declare(f"declare {t} {symbol}({types})")
    return _emit(emitter, f"call {t} {symbol}({', '.join(f'{t} {a}' for a in args)}{extra})")


def _call_helper(emitter: Emitter, name: str, args: Sequence[str], dtype: Dtype) -> str:
    if dtype.kind == "f" and name in LATE:
        return _call_late(emitter, name, args, dtype)
    t = llvm_type(dtype)
    short = helper(name, dtype.str[1:], len(args))
    for declaration in short.declarations:
        emitter.declare(declaration)
    emitter.define(short.symbol, short.text)
    return _emit(emitter, f"call {t} @{short.symbol}({', '.join(f'{t} {a}' for a in args)})")


def invoke(emitter: Emitter, record: str, args: Sequence[str], dtype: Dtype) -> str:
    """Emit a call of a ufunc's inner loop; ``record`` points to the addresses of code and data."""
    return _call_late(emitter, OPAQUE, args, dtype, record)


def _call_late(
    emitter: Emitter, name: str, args: Sequence[str], dtype: Dtype, record: str | None = None
) -> str:
    """Call a function that is linked in after the vectoriser has chosen among its forms."""
    t, code, arity = llvm_type(dtype), dtype.str[1:], len(args)
    head, letter = (["ptr"], "u") if record else ([], "")
    symbol = late_symbol(name, code, arity, 1)
    emitter.declare(f"declare {t} @{symbol}({', '.join([*head, *[t] * arity])})")
    variants = []
    for lanes in _lanes(dtype):
        vector, variant = f"<{lanes} x {t}>", late_symbol(name, code, arity, lanes)
        emitter.declare(f"declare {vector} @{variant}({', '.join([*head, *[vector] * arity])})")
        variants.append(f"_ZGV_LLVM_N{lanes}{letter}{'v' * arity}_{symbol}({variant})")
    arguments = [f"ptr {record}"] if record else []
    arguments += [f"{t} {a}" for a in args]
    call = f"call {t} @{symbol}({', '.join(arguments)}) {PURE}"
    return _emit(emitter, f'{call} "vector-function-abi-variant"="{",".join(variants)}"')


def _lanes(dtype: Dtype) -> list[int]:
    """The vector lengths a loop may take: up to a register of this processor."""
    most = host.vector_bits() // (8 * dtype.itemsize)
    return [n for n in (2, 4, 8, 16) if n <= most]


def _call_library(emitter: Emitter, function: str, args: Sequence[str], dtype: Dtype) -> str:
    """A function of the C library, one element a call."""
    t = llvm_type(dtype)
    symbol = function if dtype.itemsize == 8 else function + "f"
    emitter.declare(f"declare {t} @{symbol}({', '.join([t] * len(args))})")
    arguments = ", ".join(f"{t} {a}" for a in args)
    return _emit(emitter, f"call {t} @{symbol}({arguments}) {PURE}")


def _integer_pow(emitter: Emitter, x: str, exponent: int, dtype: Dtype) -> str:
    """By squaring; a negative exponent divides once at the end."""
    one = literal(1, dtype)
    multiply = "fmul contract" if dtype.kind == "f" else "mul"
    t = llvm_type(dtype)
    result: str | None = None
    n = abs(exponent)
    while n:
        if n & 1:
            result = x if result is None else _emit(emitter, f"{multiply} {t} {result}, {x}")
        n >>= 1
        if n:
            x = _emit(emitter, f"{multiply} {t} {x}, {x}")
    if result is None:
        return one
    if exponent >= 0:
        return result
    if dtype.kind == "f":
        return _emit(emitter, f"fdiv {t} {one}, {result}")
    return _call_helper(emitter, "div", [one, result], dtype)


def _is_finite(emitter: Emitter, x: str, dtype: Dtype) -> str:
    if dtype.kind != "f":
        return "true"
    magnitude = _intrinsic(emitter, "fabs", [x], dtype)
    return _emit(emitter, f"fcmp olt {llvm_type(dtype)} {magnitude}, {literal(math.inf, dtype)}")


def _select_n(emitter: Emitter, args: Sequence[str], which: Dtype, dtype: Dtype) -> str:
    selector, *cases = args
    t = llvm_type(dtype)
    if which.kind == "b":
        return _emit(emitter, f"select i1 {selector}, {t} {cases[1]}, {t} {cases[0]}")
    result = cases[-1]
    for i in reversed(range(len(cases) - 1)):
        here = _emit(emitter, f"icmp eq {llvm_type(which)} {selector}, {i}")
        result = _emit(emitter, f"select i1 {here}, {t} {cases[i]}, {t} {result}")
    return result


def _int_function(
    emitter: Emitter, name: str, static: tuple[int, ...], args: Sequence[str],
    dtype: Dtype, out_dtype: Dtype,
) -> str:  # fmt: skip
    t = llvm_type(dtype)
    kind = dtype.kind
    x = args[0]
    if name in ("floor", "ceil", "round") or (name == "abs" and kind != "i"):
        return x
    if name == "not":
        return _emit(emitter, f"xor {t} {x}, {'true' if kind == 'b' else -1}")
    if name == "neg":
        return _emit(emitter, f"sub {t} 0, {x}")
    if name == "integer_pow":
        return _integer_pow(emitter, x, static[0], dtype)
    if kind == "b":  # max and min
        return _emit(emitter, f"{'or' if name == 'max' else 'and'} i1 {x}, {args[1]}")
    if name in ("max", "min"):
        return _intrinsic(emitter, ("s" if kind == "i" else "u") + name, args, dtype)
    if name == "abs":
        return _intrinsic(emitter, "abs", args, dtype, ", i1 false")
    if name == "population_count":  # of the magnitude, as numpy.bitwise_count
        magnitude = x if kind == "u" else _intrinsic(emitter, "abs", args, dtype, ", i1 false")
        count = _intrinsic(emitter, "ctpop", [magnitude], dtype)
        return _convert(emitter, count, dtype, out_dtype)
    if name == "sign" and kind == "u":
        positive = _emit(emitter, f"icmp ne {t} {x}, 0")
        return _emit(emitter, f"zext i1 {positive} to {t}")
    return _call_helper(emitter, name, args, dtype)


# --- Conversion between dtypes --------------------------------------------------------------


def _convert(emitter: Emitter, x: str, source: Dtype, target: Dtype) -> str:
    """``x.astype(target)`` of NumPy."""
    if source == target:
        return x
    s, t = llvm_type(source), llvm_type(target)
    if target.kind == "b":
        if source.kind == "f":
            return _emit(emitter, f"fcmp une {s} {x}, {literal(0.0, source)}")
        return _emit(emitter, f"icmp ne {s} {x}, 0")
    if source.kind == "f" and target.kind == "f":
        op = "fpext" if target.itemsize > source.itemsize else "fptrunc"
        return _emit(emitter, f"{op} {s} {x} to {t}")
    if source.kind == "f":
        return _float_to_int(emitter, x, source, target)
    if target.kind == "f":
        op = "sitofp" if source.kind == "i" else "uitofp"
        return _emit(emitter, f"{op} {s} {x} to {t}")
    if source.kind != "b" and target.itemsize == source.itemsize:
        return x
    if source.kind != "b" and target.itemsize < source.itemsize:
        return _emit(emitter, f"trunc {s} {x} to {t}")
    return _emit(emitter, f"{'sext' if source.kind == 'i' else 'zext'} {s} {x} to {t}")


def _float_to_int(emitter: Emitter, x: str, source: Dtype, target: Dtype) -> str:
    """Towards zero; what does not fit gives what the C cast gives on x86: the lowest integer.

    Small types and uint32 go through the next wider integer, as there; uint64 takes its upper
    half from the value less 2**63.
    """
    s = llvm_type(source)
    if target == np.uint64:
        limit = literal(2.0**63, source)
        large = _emit(emitter, f"fcmp oge {s} {x}, {limit}")
        moved = _emit(emitter, f"fsub {s} {x}, {limit}")
        near = _emit(emitter, f"select i1 {large}, {s} {moved}, {s} {x}")
        low = _checked_fptosi(emitter, near, source, 64)
        flipped = _emit(emitter, f"xor i64 {low}, {-(2**63)}")
        return _emit(emitter, f"select i1 {large}, i64 {flipped}, i64 {low}")
    bits = 64 if target.itemsize == 8 or target == np.uint32 else 32
    wide = _checked_fptosi(emitter, x, source, bits)
    if bits == 8 * target.itemsize:
        return wide
    return _emit(emitter, f"trunc i{bits} {wide} to {llvm_type(target)}")


def _checked_fptosi(emitter: Emitter, x: str, source: Dtype, bits: int) -> str:
    s = llvm_type(source)
    lowest, limit = literal(-(2.0 ** (bits - 1)), source), literal(2.0 ** (bits - 1), source)
    # Below the lowest integer by less than one still fits after rounding towards zero.
    floor = "ogt" if bits == 32 and source.itemsize == 8 else "oge"
    if floor == "ogt":
        lowest = literal(-(2.0**31) - 1.0, source)
    above = _emit(emitter, f"fcmp {floor} {s} {x}, {lowest}")
    below = _emit(emitter, f"fcmp olt {s} {x}, {limit}")
    fits = _emit(emitter, f"and i1 {above}, {below}")
    safe = _emit(emitter, f"select i1 {fits}, {s} {x}, {s} {literal(0.0, source)}")
    whole = _emit(emitter, f"fptosi {s} {safe} to i{bits}")
    return _emit(emitter, f"select i1 {fits}, i{bits} {whole}, i{bits} {-(2 ** (bits - 1))}")
