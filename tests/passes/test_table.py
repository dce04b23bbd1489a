"""Each row of the table of rewrites: it applies, it leaves what it says, and no bit changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from functrans.core.avals import Aval
from functrans.core.check import check
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.core.trace import bind
from functrans.passes.dce import dce
from functrans.passes.simplify import TABLE, lossless, simplify
from functrans.primitives import elementwise as e
from functrans.primitives import layout as lay
from functrans.primitives import linear as ln
from functrans.primitives import reductions as r
from functrans.primitives.contraction import dot_general
from functrans.primitives.marks import name_p, stop_gradient
from functrans.transforms.stage import stage

SPECIAL = [0.0, -0.0, 1.0, -1.5, 3.7, 5e-324, -2e-308, 1e300, np.inf, -np.inf, np.nan]
INTEGERS = [0, 1, -1, 7, -128, 127]


@dataclass(frozen=True)
class Case:
    """A program that the row rewrites, and the primitives that are left."""

    identity: str
    function: Callable[..., Any]
    left: str
    types: str = "d"
    shape: tuple[int, ...] | None = None  # None: all pairs of special values


def full(number: Any, shape: tuple[int, ...] = (121,)) -> Any:
    return lay.full(shape, number)


def one(primitive: Any, **params: Any) -> Callable[..., Any]:
    return lambda *xs: bind(primitive, *xs, **params)


REDUCTIONS = (lay.reduce_sum_p, r.reduce_max_p, r.reduce_min_p, r.reduce_prod_p)
BITWISE = (r.reduce_and_p, r.reduce_or_p)
RUNNING = (r.cumsum_p, r.cumprod_p, r.cummax_p, r.cummin_p)
SPREAD = "f(x, full(n)) → f(x, n);  f(full(n)) → full(f(n))"
FLAG = "compare(convert(flag), n) → flag or ~flag"
TWICE = "convert ∘ convert → convert, if the first is lossless"
CASES = [
    Case(SPREAD, lambda x: ln.mul(x, full(2.5)), "mul"),
    Case(SPREAD, lambda x: ln.add(full(2.5), full(0.1)), "add broadcast_in_dim"),
    Case(SPREAD, lambda c: ln.select_n(c, full(1.0), full(2.0)), "select_n", "?"),
    Case(SPREAD, lambda x: ln.convert(full(1.5), np.int32), "convert broadcast_in_dim"),
    Case(
        SPREAD,
        lambda c: ln.select_n(c, full(1.0, (3,)), full(2.0, (3,))),
        "select_n broadcast_in_dim",
        "?",
        (),
    ),
    Case("move(full(n)) → full(n)", lambda: lay.reshape(full(3.0, (6,)), (2, 3)), "full", ""),
    Case("move(full(n)) → full(n)", lambda: lay.rev(full(3.0, (6,)), (0,)), "full", ""),
    Case("move(full(n)) → full(n)", lambda: lay.transpose(full(3.0, (2, 3)), (1, 0)), "full", ""),
    Case("move(full(n)) → full(n)", lambda: lay.slice_(full(3.0), (1,), (9,), (2,)), "full", ""),
    Case("move(full(n)) → full(n)", lambda: lay.spread(full(3.0), 2), "full", ""),
    Case("move(full(n)) → full(n)", lambda: lay.reshape(full(3.0, (1,)), ()), "", ""),
    Case("x + (−0) → x", lambda x: ln.add(-0.0, x), ""),
    Case("x + (−0) → x", lambda x: ln.add(x, np.int8(0)), "", "b"),
    Case("x + (−0) → x", lambda x: ln.add(x, np.complex128(complex(-0.0, -0.0))), "", "D"),
    Case("x − 0 → x", lambda x: ln.sub(x, 0.0), ""),
    Case("x − 0 → x", lambda x: ln.sub(x, 0j), "", "D"),
    Case("−0 − x → −x", lambda x: ln.sub(-0.0, x), "neg"),
    Case("x + (−y) → x − y", lambda x, y: ln.add(ln.neg(x), y), "sub", "dd"),
    Case("x − (−y) → x + y", lambda x, y: ln.sub(x, ln.neg(y)), "add", "dd"),
    Case("−(−x) → x", lambda x: ln.neg(ln.neg(x)), ""),
    Case("−(−x) → x", lambda x: ln.neg(ln.neg(x)), "", "D"),
    Case("x · 1 → x", lambda x: ln.mul(x, 1.0), ""),
    Case("x · 1 → x", lambda x: ln.mul(True, x), "", "?"),
    Case("x · (−1) → −x", lambda x: ln.mul(x, -1.0), "neg"),
    Case("x / 1 → x", lambda x: ln.div(x, np.float32(1)), "", "f"),
    Case("(−x) · (−y) → x · y", lambda x, y: ln.mul(ln.neg(x), ln.neg(y)), "mul", "dd"),
    Case("(−v) · n → v · (−n)", lambda x: ln.mul(3.0, ln.neg(x)), "neg mul"),
    Case("−(v · n) → v · (−n)", lambda x: ln.neg(ln.mul(x, 3.0)), "neg mul"),
    Case("(−x) / (−y) → x / y", lambda x, y: ln.div(ln.neg(x), ln.neg(y)), "div", "dd"),
    Case("x / ±2ᵏ → x · ±2⁻ᵏ", lambda x: ln.div(x, 8.0), "mul"),
    Case("x / ±2ᵏ → x · ±2⁻ᵏ", lambda x: ln.div(x, -(2.0**1023)), "mul"),
    Case("x¹ → x;  x² → x · x", lambda x: e.integer_pow(x, 1), ""),
    Case("x¹ → x;  x² → x · x", lambda x: e.integer_pow(x, 2), "mul"),
    Case("pow(x, 1) → x", lambda x: e.power(x, 1.0), ""),
    Case("pow(x, 2) → x · x", lambda x: e.power(x, 2.0), "mul"),
    Case("max(x, x) → x", lambda x: e.max_(x, x), ""),
    Case("min(x, x) → x", lambda x: e.min_(x, x), ""),
    Case("|−x| → |x|", lambda x: e.abs_(ln.neg(x)), "abs"),
    Case("|−x| → |x|", lambda x: e.abs_(ln.neg(x)), "neg abs", "B"),
    Case("x & x → x", lambda x: e.and_(x, x), "", "b"),
    Case("x | x → x", lambda x: e.or_(x, x), "", "b"),
    Case("x & ~0 → x", lambda x: e.and_(x, np.int8(-1)), "", "b"),
    Case("x & ~0 → x", lambda x: e.and_(x, np.True_), "", "?"),
    Case("x | 0 → x", lambda x: e.or_(np.int8(0), x), "", "b"),
    Case("x ^ 0 → x", lambda x: e.xor(x, np.False_), "", "?"),
    Case("~~x → x", lambda x: e.not_(e.not_(x)), "", "b"),
    Case("select(n, cases) → cases[n]", lambda x, y: ln.select_n(np.True_, x, y), "", "dd"),
    Case("select(n, cases) → cases[n]", lambda x: ln.select_n(full(True), x, 2.0), "full"),
    Case("select(n, cases) → cases[n]", lambda x, y: ln.select_n(np.int8(9), x, x, y), "", "dd"),
    Case("select(c, x, …, x) → x", lambda c, x: ln.select_n(c, x, x), "", "?d"),
    Case(
        "select(~c, x, y) → select(c, y, x)",
        lambda c, x, y: ln.select_n(e.not_(c), x, y),
        "select_n",
        "?dd",
    ),
    Case("convert to own dtype → x", lambda x: ln.convert(x, float), ""),
    Case(FLAG, lambda c: e.ge(ln.convert(c, np.int64), 1), "", "?"),
    Case(FLAG, lambda c: e.ne(ln.convert(c, float), 0.0), "", "?"),
    Case(FLAG, lambda c: e.le(ln.convert(c, np.int8), 0), "not", "?"),
    Case(FLAG, lambda c: e.lt(ln.convert(c, float), 2.0), "convert lt", "?"),
    Case(TWICE, lambda x: ln.convert(ln.convert(x, float), np.float32), "", "f"),
    Case(TWICE, lambda x: ln.convert(ln.convert(x, np.int16), np.uint8), "convert", "b"),
    Case(TWICE, lambda x: ln.convert(ln.convert(x, complex), bool), "convert"),
    Case(TWICE, lambda x: ln.convert(ln.convert(x, float), np.uint8), "convert convert", "b"),
    Case(TWICE, lambda x: ln.convert(ln.convert(x, np.int8), np.int16), "convert convert", "h"),
    Case("conj(x) → x of real x", one(ln.conj_p), ""),
    Case("conj(conj(x)) → x", lambda x: ln.conj(ln.conj(x)), "", "D"),
    Case("real(complex(x, y)) → x", lambda x, y: ln.real(ln.complex_(x, y)), "", "dd"),
    Case("real(complex(x, y)) → x", lambda x: ln.real(ln.complex_(2.0, x)), "full"),
    Case("imag(complex(x, y)) → y", lambda x, y: ln.imag(ln.complex_(x, y)), "", "ff"),
    Case("real(convert(x)) → convert(x) of real x", lambda x: ln.real(ln.convert(x, complex)), ""),
    Case("stop_gradient(x) → x", stop_gradient, ""),
    Case("name(x) → x", lambda x: bind(name_p, x, name="x"), ""),
    Case(
        "broadcast to own shape → x",
        lambda x: lay.broadcast_in_dim(x, (2, 3), (0, 1)),
        "",
        "d",
        (2, 3),
    ),
    Case(
        "broadcast ∘ broadcast → broadcast",
        lambda x: lay.broadcast_in_dim(
            lay.broadcast_in_dim(x, (2, 1, 3), (0, 2)), (4, 2, 5, 3), (1, 2, 3)
        ),
        "full",
        "d",
        (1, 3),
    ),
    Case(
        "broadcast ∘ expand_dims → broadcast",
        lambda x: lay.broadcast_in_dim(lay.reshape(x, (1, 2, 1, 3)), (4, 2, 5, 3), (0, 1, 2, 3)),
        "full",
        "d",
        (2, 3),
    ),
    Case("reshape to own shape → x", one(lay.reshape_p, shape=(2, 3)), "", "d", (2, 3)),
    Case(
        "reshape ∘ reshape → reshape",
        lambda x: lay.reshape(lay.reshape(x, (6,)), (3, 2)),
        "reshape",
        "d",
        (2, 3),
    ),
    Case(
        "transpose by the identity → x", one(lay.transpose_p, permutation=(0, 1)), "", "d", (2, 3)
    ),
    Case(
        "transpose ∘ transpose → transpose",
        lambda x: lay.transpose(lay.transpose(x, (1, 2, 0)), (0, 2, 1)),
        "transpose",
        "d",
        (2, 3, 4),
    ),
    Case(
        "transpose ∘ transpose → transpose",
        lambda x: lay.transpose(lay.transpose(x, (1, 2, 0)), (2, 0, 1)),
        "",
        "d",
        (2, 3, 4),
    ),
    Case("rev of axes of length ≤ 1 → x", lambda x: lay.rev(x, (0,)), "", "d", (1, 3)),
    Case("rev of axes of length ≤ 1 → x", lambda x: lay.rev(x, (0, 1)), "rev", "d", (1, 3)),
    Case(
        "rev ∘ rev → rev of the axes in one of them",
        lambda x: lay.rev(lay.rev(x, (0, 1)), (1, 2)),
        "rev",
        "d",
        (2, 3, 4),
    ),
    Case(
        "rev ∘ rev → rev of the axes in one of them",
        lambda x: lay.rev(lay.rev(x, (1,)), (1,)),
        "",
        "d",
        (2, 3),
    ),
    Case("slice of all → x", one(lay.slice_p, start=(0,), limit=(3,), strides=(1,)), "", "d", (3,)),
    Case(
        "slice ∘ slice → slice",
        lambda x: lay.slice_(lay.slice_(x, (1, 0), (9, 4), (2, 3)), (1, 1), (4, 2), (2, 1)),
        "slice",
        "d",
        (10, 5),
    ),
    Case(
        "slice ∘ slice → slice",
        lambda x: lay.slice_(lay.slice_(x, (1,), (9,), (3,)), (3,), (3,)),
        "slice",
        "d",
        (10,),
    ),
    Case(
        "pad by nothing → x", lambda x: bind(ln.pad_p, x, 0.0, config=((0, 0, 2),)), "", "d", (1,)
    ),
    Case(
        "concatenate without empty parts;  of one part → x",
        lambda x, y: lay.concatenate([lay.slice_(x, (0,), (0,)), y], 0),
        "",
        "dd",
        (3,),
    ),
    Case(
        "concatenate without empty parts;  of one part → x",
        lambda x, y: lay.concatenate([x, lay.slice_(x, (0,), (0,)), y], 0),
        "concatenate",
        "dd",
        (3,),
    ),
    *(Case("reduce over no axes → x", one(p, axes=()), "", "l", (2, 3)) for p in REDUCTIONS),
    Case("reduce over no axes → x", one(lay.reduce_sum_p, axes=()), "reduce_sum", "d", (2, 3)),
    *(Case("reduce over no axes → x", one(p, axes=()), "", "b", (2, 3)) for p in BITWISE),
    *(
        Case(
            "reduce over axes of length 1 → reshape", one(p, axes=(1, 2)), "reshape", "l", (2, 1, 1)
        )
        for p in (*REDUCTIONS, *BITWISE)
    ),
    Case(
        "reduce over axes of length 1 → reshape",
        one(lay.reduce_sum_p, axes=(1,)),
        "reduce_sum",
        "d",
        (4, 1),
    ),
    *(
        Case(
            "running fold over an axis of length ≤ 1 → x",
            one(p, axis=1, reverse=True),
            "",
            "d",
            (4, 1),
        )
        for p in RUNNING
    ),
    Case(
        "dot(transpose(x), y) → dot(x, y) with other axes",
        lambda x, y: dot_general(
            lay.transpose(x, (1, 0)), lay.transpose(y, (1, 0)), (((1,), (0,)), ((), ()))
        ),
        "dot_general",
        "ll",
        (3, 3),
    ),
    Case(
        "dot(transpose(x), y) → dot(x, y) with other axes",
        lambda x, y: dot_general(
            lay.transpose(x, (2, 0, 1)), lay.transpose(y, (1, 2, 0)), (((0,), (1,)), ((2,), (0,)))
        ),
        "dot_general",
        "ll",
        (3, 3, 3),
    ),
    Case(  # the free axes would change places
        "dot(transpose(x), y) → dot(x, y) with other axes",
        lambda x, y: dot_general(lay.transpose(x, (1, 0, 2)), y, (((2,), (0,)), ((), ()))),
        "transpose dot_general",
        "ll",
        (3, 3, 3),
    ),
    Case(
        "dot(reshape(x), y) → reshape(dot(x, y)), free axes apart",
        lambda x, y: dot_general(lay.reshape(x, (6, 4)), y, (((1,), (2,)), ((), ()))),
        "dot_general reshape",
        "ll",
        (2, 3, 4),
    ),
    Case(  # a summed axis is joined too
        "dot(reshape(x), y) → reshape(dot(x, y)), free axes apart",
        lambda x, y: dot_general(
            lay.reshape(x, (2, 12)), lay.reshape(y, (2, 12)), (((1,), (1,)), ((), ()))
        ),
        "reshape reshape dot_general",
        "ll",
        (2, 3, 4),
    ),
]
INEXACT = [
    Case("x + 0 → x", lambda x: ln.add(x, 0.0), ""),
    Case("0 − x → −x", lambda x: ln.sub(0.0, x), "neg"),
    Case("log(exp(x)) → x", lambda x: e.log(e.exp(x)), ""),
]


def values(case: Case, rng: np.random.Generator) -> list[Any]:
    """One array for each type: all pairs of special values, or random ones of the shape."""
    columns = []
    for i, char in enumerate(case.types):
        pool = np.array(SPECIAL if char in "fdD" else INTEGERS)
        if char == "D":
            pool = np.array([complex(a, b) for a, b in itertools.product(pool, pool)])
        with np.errstate(all="ignore"):
            pool = pool.astype(char)
        if case.shape is None:
            first, second = np.meshgrid(pool, pool) if char != "D" else (pool, pool)
            columns.append(np.resize((second if i % 2 else first).ravel(), 121))
        else:
            columns.append(np.asarray(rng.choice(pool, case.shape)))
    return columns


def same_bits(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind == "c":
        return same_bits(a.real, b.real) and same_bits(a.imag, b.imag)
    if a.dtype.kind != "f":
        return bool(np.all(a == b))
    both_nan = np.isnan(a) & np.isnan(b)
    return bool(np.all(both_nan | ((a == b) & (np.signbit(a) == np.signbit(b)))))


def program(case: Case, args: list[Any]) -> Jaxpr:
    avals = [Aval(a.shape, a.dtype) for a in args]
    return stage(lambda *xs: [case.function(*xs)], avals)


def names_of(jaxpr: Jaxpr) -> str:
    return " ".join(eqn.primitive.name for eqn in jaxpr.eqns)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.identity)
def test_a_row_applies_and_keeps_every_bit(case: Case, rng: np.random.Generator) -> None:
    args = values(case, rng)
    before = check(program(case, args))
    after = dce(check(simplify(before)))
    assert names_of(after) == case.left.replace("full", "broadcast_in_dim")
    with np.errstate(all="ignore"):
        (expected,), (got,) = evaluate(before, *args), evaluate(after, *args)
    assert same_bits(got, expected)
    assert [a.aval for a in after.outvars] == [a.aval for a in before.outvars]


@pytest.mark.parametrize("case", INEXACT, ids=lambda case: case.identity)
def test_an_inexact_row_applies_on_request(case: Case, rng: np.random.Generator) -> None:
    before = program(case, values(case, rng))
    assert names_of(simplify(before)) == names_of(before)
    assert names_of(dce(simplify(before, inexact=True))) == case.left


def test_every_row_has_a_case() -> None:
    exact = {row.identity for row in TABLE if row.exact}
    assert exact == {case.identity for case in CASES}
    inexact = {row.identity for row in TABLE if not row.exact}
    assert inexact == {case.identity for case in INEXACT}


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_products_with_one_stay(dtype: type) -> None:
    # (inf + 0i)·(1 + 0i) is inf + NaN·i.
    before = stage(lambda x: [ln.mul(x, dtype(1))], [Aval((3,), np.dtype(dtype))])
    assert names_of(simplify(before)) == "mul"


def test_addition_of_plus_zero_stays() -> None:
    before = stage(lambda x: [ln.add(x, 0.0)], [Aval((3,), np.dtype(float))])
    assert names_of(simplify(before)) == "add"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("?", "b", True),
        ("i4", "f8", True),
        ("i8", "f8", False),
        ("u2", "f4", True),
        ("f4", "c8", True),
        ("f8", "f4", False),
        ("u1", "b", False),
        ("c8", "f8", False),
    ],
)
def test_lossless_conversions(a: str, b: str, expected: bool) -> None:
    assert lossless(np.dtype(a), np.dtype(b)) is expected
