"""Algebra: the table of rewrites, the identity beside each line.

Rows marked exact keep every bit of a floating result: NaN, infinities and signed zeros included
(not the sign and payload of a NaN). Only these run, unless inexact ones are asked for. The most
frequent reasons for the mark *inexact*: −0.0 + 0.0 is 0.0, and 0·x is NaN for infinite x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from functrans.core.avals import Aval, is_complex
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal
from functrans.core.primitive import Primitive
from functrans.passes.fold import ELEMENTWISE
from functrans.passes.literals import filled, strong
from functrans.passes.match import (
    Number,
    Result,
    Rewrite,
    Row,
    Scope,
    Wild,
    algebra,
    operation,
    walk,
)
from functrans.primitives import elementwise as e
from functrans.primitives import layout as lay
from functrans.primitives import linear as ln
from functrans.primitives import reductions as r
from functrans.primitives.contraction import Dims, dot_general_p, free_axes
from functrans.primitives.marks import name_p, stop_gradient_p

Ints = tuple[int, ...]


def simplify(jaxpr: Jaxpr, *, inexact: bool = False) -> Jaxpr:
    """``jaxpr`` with the rows of the table applied; with ``inexact`` all of them."""
    return walk(jaxpr, [table_rewrite(inexact)])


@cache
def table_rewrite(inexact: bool = False) -> Rewrite:
    """The rewrite that tries the rows for an equation's primitive in order."""
    rows: dict[Primitive, list[Rewrite]] = {}
    for row in TABLE:
        if row.exact or inexact:
            rows.setdefault(row.primitive, []).append(row.rewrite)

    def simplify_equation(eqn: Eqn, scope: Scope) -> Result:
        for rewrite in rows.get(eqn.primitive, ()):
            result = rewrite(eqn, scope)
            if result is not None:
                return result
        return None

    return simplify_equation


# --- the vocabulary of the table -----------------------------------------------------------------

x, y, v = Wild("x"), Wild("y"), Wild("v", variable=True)
ADD, SUB, NEG, MUL, DIV = map(operation, (ln.add_p, ln.sub_p, ln.neg_p, ln.mul_p, ln.div_p))
REAL, IMAG, COMPLEX, CONJ = map(operation, (ln.real_p, ln.imag_p, ln.complex_p, ln.conj_p))
STOP = operation(stop_gradient_p)
ABS, MAX, MIN, POW = map(operation, (e.abs_p, e.max_p, e.min_p, e.pow_p))
AND, OR, NOT, XOR = map(operation, (e.and_p, e.or_p, e.not_p, e.xor_p))
EXP, LOG = operation(e.exp_p), operation(e.log_p)


def _float_zero(negative: bool) -> Callable[[np.generic], bool]:
    def test(value: np.generic) -> bool:
        if value.dtype.kind not in "fc":
            return not value
        parts = (value.real, value.imag) if value.dtype.kind == "c" else (value,)
        return all(p == 0 and bool(np.signbit(p)) is negative for p in parts)

    return test


def _equals(number: float) -> Callable[[np.generic], bool]:
    def test(value: np.generic) -> bool:
        return bool(value == number)

    return test


MINUS_ZERO = Number("zero", _float_zero(True))  # of integers: 0
PLUS_ZERO = Number("zero", _float_zero(False))
ONE, TWO, MINUS_ONE = (Number(f"{n}", _equals(n)) for n in (1, 2, -1))
ALL_BITS = Number("ones", lambda v: v.dtype.kind in "iub" and bool(np.invert(v) == 0))
NUMBER = Number("n", lambda v: True)


def _real(dtype: np.dtype[Any]) -> bool:
    # (a + bi)·(1 + 0i) multiplies b by 0: NaN where b is infinite.
    return not is_complex(dtype)


def _real_float(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "f"


def _signed(dtype: np.dtype[Any]) -> bool:
    return dtype.kind != "u"


def _truth(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "b"


# --- rows that look at parameters ----------------------------------------------------------------


def _row(identity: str, primitive: Primitive, *, exact: bool = True) -> Callable[[Rewrite], Row]:
    return lambda rewrite: Row(identity, primitive, rewrite, exact)


def _broadcast(eqn: Eqn, operand: Atom, dims: Ints) -> Eqn:
    params = {"shape": _aval(eqn).shape, "broadcast_dimensions": dims}
    return Eqn(lay.broadcast_in_dim_p, [operand], eqn.outvars, params, eqn.source)


def _layout(eqn: Eqn, primitive: Primitive, operand: Atom, **params: Any) -> Eqn:
    return Eqn(primitive, [operand], eqn.outvars, params, eqn.source)


def _aval(eqn: Eqn) -> Aval:
    return eqn.outvars[0].aval


def _spread_numbers(eqn: Eqn, scope: Scope) -> Result:
    shape = _aval(eqn).shape
    if not shape:
        return None
    operands: list[Atom] = [scope.literal(a) or a for a in eqn.invars]
    if any(a.aval.shape == shape for a in operands):
        if all(new is old for new, old in zip(operands, eqn.invars, strict=True)):
            return None
        return eqn.with_invars(operands)
    return [scope.emit(eqn.primitive, operands, eqn.params, eqn.source)]


def _moved_number(eqn: Eqn, scope: Scope) -> Result:
    number = scope.literal(eqn.invars[0])
    if number is None or (number is eqn.invars[0] and eqn.primitive is lay.broadcast_in_dim_p):
        return None
    return filled(eqn.outvars[0], number, eqn.source) if _aval(eqn).shape else [number]


def _same_type(eqn: Eqn, scope: Scope) -> Result:
    return eqn.invars[:1] if eqn.invars[0].aval == _aval(eqn) else None


def _convert_twice(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], ln.convert_p)
    if inner is None:
        return None
    first, middle, last = inner.invars[0].aval.dtype, inner.params["dtype"], eqn.params["dtype"]
    if not lossless(first, middle):
        return None
    through_float = first.kind in "iu" and middle.kind in "fc" and last.kind in "iu"
    if through_float and not lossless(first, last):
        return None  # a float out of an integer's range converts to anything
    return Eqn(ln.convert_p, inner.invars, eqn.outvars, eqn.params, eqn.source)


@cache
def lossless(a: np.dtype[Any], b: np.dtype[Any]) -> bool:
    """Whether every number of dtype ``a`` is one of dtype ``b``."""
    if a == b or a.kind == "b":
        return True
    if a.kind in "iu" and b.kind in "fc":
        return 8 * a.itemsize - (a.kind == "i") <= np.finfo(b).nmant + 1
    return b.kind != "b" and bool(np.can_cast(a, b, "safe"))


def _real_of_converted(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], ln.convert_p)
    if inner is None or is_complex(inner.invars[0].aval.dtype):
        return None
    params = {"dtype": _aval(eqn).dtype, "weak": _aval(eqn).weak}
    return Eqn(ln.convert_p, inner.invars, eqn.outvars, params, eqn.source)


def _conj_real(eqn: Eqn, scope: Scope) -> Result:
    return None if is_complex(_aval(eqn).dtype) else eqn.invars


def _known_case(eqn: Eqn, scope: Scope) -> Result:
    which = scope.literal(eqn.invars[0])
    if which is None:
        return None
    cases = eqn.invars[1:]
    index = bool(which.value) if len(cases) == 2 else min(max(int(which.value), 0), len(cases) - 1)
    return [cases[index]]


def _equal_cases(eqn: Eqn, scope: Scope) -> Result:
    first, others = eqn.invars[1], eqn.invars[2:]
    return [first] if all(a is first for a in others) else None


def _negated_choice(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], e.not_p)
    if inner is None or not _truth(inner.outvars[0].aval.dtype) or len(eqn.invars) != 3:
        return None
    return eqn.with_invars([inner.invars[0], eqn.invars[2], eqn.invars[1]])


def _compared_flag(eqn: Eqn, scope: Scope) -> Result:
    inner, number = scope.producer(eqn.invars[0], ln.convert_p), scope.literal(eqn.invars[1])
    if inner is None or number is None or not _truth(inner.invars[0].aval.dtype):
        return None
    dtype = inner.outvars[0].aval.dtype
    no, yes = (bool(eqn.primitive.impl(dtype.type(n), number.value)) for n in (0, 1))
    if no is yes:
        return None
    return inner.invars if yes else Eqn(e.not_p, inner.invars, eqn.outvars, {}, eqn.source)


def _integer_power(eqn: Eqn, scope: Scope) -> Result:
    operand, exponent = eqn.invars[0], eqn.params["y"]
    if exponent == 1:
        return [operand]
    if exponent == 2:
        return Eqn(ln.mul_p, [operand, operand], eqn.outvars, {}, eqn.source)
    return None


def _divide_by_power_of_two(eqn: Eqn, scope: Scope) -> Result:
    number = scope.literal(eqn.invars[1])
    if number is None or isinstance(eqn.invars[0], Literal) or _aval(eqn).dtype.kind != "f":
        return None
    value = strong(number).value
    if not math.isfinite(value) or abs(math.frexp(value)[0]) != 0.5:
        return None
    with np.errstate(all="ignore"):
        inverse = value.dtype.type(1) / value
    if not np.isfinite(inverse):
        return None
    operands: list[Atom] = [eqn.invars[0], Literal(inverse)]
    return Eqn(ln.mul_p, operands, eqn.outvars, {}, eqn.source)


def _broadcast_twice(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], lay.broadcast_in_dim_p)
    if inner is None:
        return None
    outer = eqn.params["broadcast_dimensions"]
    dims = tuple(outer[d] for d in inner.params["broadcast_dimensions"])
    return _broadcast(eqn, inner.invars[0], dims)


def _broadcast_expanded(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], lay.reshape_p)
    if inner is None:
        return None
    kept = _kept_axes(inner.invars[0].aval.shape, inner.params["shape"])
    if kept is None:
        return None
    outer = eqn.params["broadcast_dimensions"]
    dims = tuple(outer[d] for d in kept)
    return _broadcast(eqn, inner.invars[0], dims)


def _kept_axes(shape: Ints, expanded: Ints) -> Ints | None:
    """Where the axes of ``shape`` are in ``expanded``, which only has more axes of length one."""
    kept: list[int] = []
    for d, n in enumerate(expanded):
        if len(kept) < len(shape) and n == shape[len(kept)]:
            kept.append(d)
        elif n != 1:
            return None
    return tuple(kept) if len(kept) == len(shape) else None


def _broadcast_nothing(eqn: Eqn, scope: Scope) -> Result:
    dims = eqn.params["broadcast_dimensions"]
    return _same_type(eqn, scope) if dims == tuple(range(len(dims))) else None


def _reshape_twice(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], lay.reshape_p)
    return None if inner is None else eqn.with_invars(inner.invars)


def _transpose_nothing(eqn: Eqn, scope: Scope) -> Result:
    permutation = eqn.params["permutation"]
    return eqn.invars if permutation == tuple(range(len(permutation))) else None


def _transpose_twice(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], lay.transpose_p)
    if inner is None:
        return None
    first = inner.params["permutation"]
    both = tuple(first[p] for p in eqn.params["permutation"])
    return _layout(eqn, lay.transpose_p, inner.invars[0], permutation=both)


def _rev_nothing(eqn: Eqn, scope: Scope) -> Result:
    shape, dimensions = _aval(eqn).shape, eqn.params["dimensions"]
    long = tuple(d for d in dimensions if shape[d] > 1)
    if not long:
        return eqn.invars
    if long == dimensions:
        return None
    return _layout(eqn, lay.rev_p, eqn.invars[0], dimensions=long)


def _rev_twice(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], lay.rev_p)
    if inner is None:
        return None
    odd = set(inner.params["dimensions"]) ^ set(eqn.params["dimensions"])
    return _layout(eqn, lay.rev_p, inner.invars[0], dimensions=tuple(sorted(odd)))


def _slice_nothing(eqn: Eqn, scope: Scope) -> Result:
    return eqn.invars if eqn.invars[0].aval.shape == _aval(eqn).shape else None


def _slice_twice(eqn: Eqn, scope: Scope) -> Result:
    inner = scope.producer(eqn.invars[0], lay.slice_p)
    if inner is None:
        return None
    first, second = inner.params, eqn.params
    shape = inner.invars[0].aval.shape
    start, limit, strides = [], [], []
    for n, length, a, s, b, t in zip(
        shape,
        _aval(eqn).shape,
        first["start"],
        first["strides"],
        second["start"],
        second["strides"],
        strict=True,
    ):
        begin = min(a + b * s, n)
        start.append(begin)
        strides.append(s * t)
        limit.append(begin + (length - 1) * s * t + 1 if length else begin)
    params = {"start": tuple(start), "limit": tuple(limit), "strides": tuple(strides)}
    return _layout(eqn, lay.slice_p, inner.invars[0], **params)


def _pad_nothing(eqn: Eqn, scope: Scope) -> Result:
    axes = zip(eqn.invars[0].aval.shape, eqn.params["config"], strict=True)
    nothing = all(lo == hi == 0 and (inner == 0 or n <= 1) for n, (lo, hi, inner) in axes)
    return eqn.invars[:1] if nothing else None


def _concatenate_one(eqn: Eqn, scope: Scope) -> Result:
    filled_ones = [a for a in eqn.invars if a.aval.shape[eqn.params["dimension"]]]
    if len(filled_ones) == 1:
        return filled_ones
    return eqn.with_invars(filled_ones) if 1 < len(filled_ones) < len(eqn.invars) else None


def _sums_floats(eqn: Eqn) -> bool:
    # NumPy sums from +0.0: the sum of [−0.0] is 0.0.
    return eqn.primitive is lay.reduce_sum_p and _aval(eqn).dtype.kind in "fc"


def _reduce_nothing(eqn: Eqn, scope: Scope) -> Result:
    return None if eqn.params["axes"] or _sums_floats(eqn) else eqn.invars


def _reduce_ones(eqn: Eqn, scope: Scope) -> Result:
    shape = eqn.invars[0].aval.shape
    if _sums_floats(eqn) or any(shape[a] != 1 for a in eqn.params["axes"]):
        return None
    return _layout(eqn, lay.reshape_p, eqn.invars[0], shape=_aval(eqn).shape)


def _run_over_one(eqn: Eqn, scope: Scope) -> Result:
    return eqn.invars if _aval(eqn).shape[eqn.params["axis"]] <= 1 else None


def _dot_of_transposed(eqn: Eqn, scope: Scope) -> Result:
    operands, dims = list(eqn.invars), eqn.params["dims"]
    for side in (0, 1):
        inner = scope.producer(operands[side], lay.transpose_p)
        if inner is None:
            continue
        straight = _without_transpose(dims, side, inner.params["permutation"])
        if straight is not None:
            operands[side], dims = inner.invars[0], straight
    if dims == eqn.params["dims"] and operands == list(eqn.invars):
        return None
    return Eqn(dot_general_p, operands, eqn.outvars, {"dims": dims}, eqn.source)


def _dot_of_reshaped(eqn: Eqn, scope: Scope) -> Result:
    """Free axes that an operand's reshape has joined stay apart; the product is reshaped."""
    operands, (contract, batch) = list(eqn.invars), eqn.params["dims"]
    contracts, batches = list(contract), list(batch)
    for side in (0, 1):
        inner = scope.producer(operands[side], lay.reshape_p)
        if inner is None:
            continue
        source = inner.invars[0]
        parts = _joined_axes(source.aval.shape, operands[side].aval.shape)
        fixed = (*contracts[side], *batches[side])
        if parts is None or any(len(parts[axis]) > 1 for axis in fixed):
            continue
        operands[side] = source
        contracts[side] = tuple(parts[axis][0] for axis in contracts[side])
        batches[side] = tuple(parts[axis][0] for axis in batches[side])
    if operands == list(eqn.invars):
        return None
    dims = ((contracts[0], contracts[1]), (batches[0], batches[1]))
    product = scope.emit(dot_general_p, operands, {"dims": dims}, eqn.source)
    return _layout(eqn, lay.reshape_p, product, shape=_aval(eqn).shape)


def _joined_axes(old: Ints, new: Ints) -> list[list[int]] | None:
    """The axes of ``old`` that each axis of ``new`` joins, if the reshape does nothing else."""
    parts: list[list[int]] = []
    axis = 0
    for n in new:
        part: list[int] = []
        size = 1
        while size < n and axis < len(old) and old[axis] != 1:
            size *= old[axis]
            part.append(axis)
            axis += 1
        if size != n or not part:
            return None
        parts.append(part)
    return parts if axis == len(old) else None


def _without_transpose(dims: Dims, side: int, permutation: Ints) -> Dims | None:
    """The dimension numbers for the untransposed operand, where its free axes keep their order."""
    contract, batch = dims
    free = [permutation[d] for d in free_axes(len(permutation), contract[side], batch[side])]
    if free != sorted(free):
        return None

    def moved(pair: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
        axes = tuple(permutation[d] for d in pair[side])
        return (axes, pair[1]) if side == 0 else (pair[0], axes)

    return moved(contract), moved(batch)


# --- the table -----------------------------------------------------------------------------------


def _for_each(identity: str, primitives: Iterable[Primitive], rewrite: Rewrite) -> list[Row]:
    return [Row(identity, p, rewrite) for p in primitives]


_FOLDS = (r.reduce_max_p, r.reduce_min_p, r.reduce_prod_p, r.reduce_and_p, r.reduce_or_p)
_REDUCTIONS = (lay.reduce_sum_p, *_FOLDS)
_RUNNING = (r.cumsum_p, r.cumprod_p, r.cummax_p, r.cummin_p)
_MOVES = (lay.broadcast_in_dim_p, lay.reshape_p, lay.transpose_p, lay.rev_p, lay.slice_p)
_COMPARISONS = (e.eq_p, e.ne_p, e.lt_p, e.le_p, e.gt_p, e.ge_p)
_by_name = sorted(ELEMENTWISE, key=lambda p: p.name)

TABLE: tuple[Row, ...] = (
    # an array of one number is that number: elementwise equations read it at every element
    *_for_each("f(x, full(n)) → f(x, n);  f(full(n)) → full(f(n))", _by_name, _spread_numbers),
    *_for_each("move(full(n)) → full(n)", _MOVES, _moved_number),
    # sums: −0.0 is the neutral element of addition, +0.0 of subtraction
    algebra("x + (−0) → x", ADD(x, MINUS_ZERO), x),
    algebra("x − 0 → x", SUB(x, PLUS_ZERO), x),
    algebra("−0 − x → −x", SUB(MINUS_ZERO, x), NEG(x)),
    algebra("x + (−y) → x − y", ADD(x, NEG(y)), SUB(x, y)),
    algebra("x − (−y) → x + y", SUB(x, NEG(y)), ADD(x, y)),
    algebra("−(−x) → x", NEG(NEG(x)), x),
    # products
    algebra("x · 1 → x", MUL(x, ONE), x, where=_real),
    algebra("x · (−1) → −x", MUL(x, MINUS_ONE), NEG(x), where=_real),
    algebra("x / 1 → x", DIV(x, ONE), x, where=_real),
    algebra("(−x) · (−y) → x · y", MUL(NEG(x), NEG(y)), MUL(x, y)),
    algebra("(−v) · n → v · (−n)", MUL(NEG(v), NUMBER), MUL(v, NEG(Wild("n"))), where=_real),
    algebra("−(v · n) → v · (−n)", NEG(MUL(v, NUMBER)), MUL(v, NEG(Wild("n"))), where=_real),
    algebra("(−x) / (−y) → x / y", DIV(NEG(x), NEG(y)), DIV(x, y), where=_real),
    _row("x / ±2ᵏ → x · ±2⁻ᵏ", ln.div_p)(_divide_by_power_of_two),
    _row("x¹ → x;  x² → x · x", e.integer_pow_p)(_integer_power),
    algebra("pow(x, 1) → x", POW(x, ONE), x, where=_real),
    algebra("pow(x, 2) → x · x", POW(x, TWO), MUL(x, x), where=_real),
    # order, magnitude, logic
    algebra("max(x, x) → x", MAX(x, x), x),
    algebra("min(x, x) → x", MIN(x, x), x),
    algebra("|−x| → |x|", ABS(NEG(x)), ABS(x), where=_signed),
    algebra("x & x → x", AND(x, x), x),
    algebra("x | x → x", OR(x, x), x),
    algebra("x & ~0 → x", AND(x, ALL_BITS), x),
    algebra("x | 0 → x", OR(x, PLUS_ZERO), x),
    algebra("x ^ 0 → x", XOR(x, PLUS_ZERO), x),
    algebra("~~x → x", NOT(NOT(x)), x),
    # choices
    _row("select(n, cases) → cases[n]", ln.select_n_p)(_known_case),
    _row("select(c, x, …, x) → x", ln.select_n_p)(_equal_cases),
    _row("select(~c, x, y) → select(c, y, x)", ln.select_n_p)(_negated_choice),
    *_for_each("compare(convert(flag), n) → flag or ~flag", _COMPARISONS, _compared_flag),
    # dtypes
    _row("convert to own dtype → x", ln.convert_p)(_same_type),
    _row("convert ∘ convert → convert, if the first is lossless", ln.convert_p)(_convert_twice),
    _row("conj(x) → x of real x", ln.conj_p)(_conj_real),
    algebra("conj(conj(x)) → x", CONJ(CONJ(x)), x),
    algebra("real(complex(x, y)) → x", REAL(COMPLEX(x, y)), x),
    algebra("imag(complex(x, y)) → y", IMAG(COMPLEX(x, y)), y),
    _row("real(convert(x)) → convert(x) of real x", ln.real_p)(_real_of_converted),
    algebra("stop_gradient(x) → x", STOP(x), x),
    _row("name(x) → x", name_p)(_same_type),
    # layout
    _row("broadcast to own shape → x", lay.broadcast_in_dim_p)(_broadcast_nothing),
    _row("broadcast ∘ broadcast → broadcast", lay.broadcast_in_dim_p)(_broadcast_twice),
    _row("broadcast ∘ expand_dims → broadcast", lay.broadcast_in_dim_p)(_broadcast_expanded),
    _row("reshape to own shape → x", lay.reshape_p)(_same_type),
    _row("reshape ∘ reshape → reshape", lay.reshape_p)(_reshape_twice),
    _row("transpose by the identity → x", lay.transpose_p)(_transpose_nothing),
    _row("transpose ∘ transpose → transpose", lay.transpose_p)(_transpose_twice),
    _row("rev of axes of length ≤ 1 → x", lay.rev_p)(_rev_nothing),
    _row("rev ∘ rev → rev of the axes in one of them", lay.rev_p)(_rev_twice),
    _row("slice of all → x", lay.slice_p)(_slice_nothing),
    _row("slice ∘ slice → slice", lay.slice_p)(_slice_twice),
    _row("pad by nothing → x", ln.pad_p)(_pad_nothing),
    _row("concatenate without empty parts;  of one part → x", lay.concatenate_p)(_concatenate_one),
    # reductions
    *_for_each("reduce over no axes → x", _REDUCTIONS, _reduce_nothing),
    *_for_each("reduce over axes of length 1 → reshape", _REDUCTIONS, _reduce_ones),
    *_for_each("running fold over an axis of length ≤ 1 → x", _RUNNING, _run_over_one),
    _row("dot(transpose(x), y) → dot(x, y) with other axes", dot_general_p)(_dot_of_transposed),
    _row("dot(reshape(x), y) → reshape(dot(x, y)), free axes apart", dot_general_p)(
        _dot_of_reshaped
    ),
    # true of real numbers only
    algebra("x + 0 → x", ADD(x, PLUS_ZERO), x, exact=False),
    algebra("0 − x → −x", SUB(PLUS_ZERO, x), NEG(x), exact=False),
    algebra("log(exp(x)) → x", LOG(EXP(x)), x, exact=False, where=_real_float),
)
