"""Every pass preserves values and types: on chosen programs, and on random ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functrans import kernel
from functrans.control.call import disable_jit, jit_p
from functrans.core.avals import Aval
from functrans.core.check import check
from functrans.core.jaxpr import Eqn, Jaxpr, Literal, Var, evaluate
from functrans.core.primitive import Absent, Primitive
from functrans.core.show import show
from functrans.core.trace import bind
from functrans.errors import CheckError
from functrans.passes import run as running
from functrans.passes.cse import cse
from functrans.passes.dce import dce
from functrans.passes.fold import fold
from functrans.passes.inline import inline
from functrans.passes.run import algebra, run
from functrans.passes.simplify import simplify
from functrans.primitives import elementwise as e
from functrans.primitives import layout as lay
from functrans.primitives import linear as ln
from functrans.primitives import reductions as r
from functrans.primitives.contraction import dot_general
from functrans.primitives.indexing import gather
from functrans.primitives.marks import stop_gradient
from functrans.transforms.stage import stage

PASSES = (inline, dce, cse, fold, simplify, algebra, run)
VECTOR = Aval((3,), np.dtype(float))
SCALAR = Aval((), np.dtype(float))


def staged(function: Callable[..., Any], *avals: Aval) -> Jaxpr:
    def outputs(*xs: Any) -> Sequence[Any]:
        out = function(*xs)
        return out if isinstance(out, tuple) else (out,)

    return stage(outputs, avals or (VECTOR,))


def names_of(jaxpr: Jaxpr) -> list[str]:
    return [eqn.primitive.name for eqn in jaxpr.eqns]


# --- inline --------------------------------------------------------------------------------------


def call(body: Jaxpr, *args: Any) -> Any:
    return bind(jit_p, *args, jaxpr=body, name="f")


def test_inline_writes_a_body_once_for_each_call_and_lifts_its_constants_once() -> None:
    table = np.arange(3.0)
    inner = staged(lambda x: (ln.mul(x, table), x, 2.0))
    middle = staged(lambda x: tuple(call(inner, x)[:2]))
    outer = staged(lambda x: tuple(call(middle, call(inner, x)[0])))
    after = check(inline(outer))
    assert names_of(after) == ["mul", "mul"]
    assert len(after.consts) == 1
    x = np.array([1.0, -2.0, 3.0])
    for got, expected in zip(evaluate(after, x), (x * table * table, x * table), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_inline_keeps_the_lines_of_the_body() -> None:
    inner = staged(e.sin)
    after = inline(staged(lambda x: call(inner, x)[0]))
    assert after.eqns[0].source == inner.eqns[0].source


def test_inlined_results_are_arrays_where_the_call_makes_them_so() -> None:
    weak = Aval((), np.dtype(float), weak=True)
    inner = staged(lambda x: (ln.add(x, 1.0), 2.0), weak)
    outer = staged(lambda x: tuple(call(inner, x)), weak)
    assert [a.weak for a in outer.out_avals] == [False, False]
    after = check(inline(outer))
    assert [a.weak for a in after.out_avals] == [False, False]
    assert isinstance(evaluate(after, 1.0)[0], np.float64)


def test_programs_held_by_other_equations_are_simplified_in_place() -> None:
    held = Primitive(
        "held",
        lambda x, *, body, pair: x,
        lambda x, *, body, pair: evaluate(body, x)[0],
        Absent("test"),
        Absent("test"),
        Absent("test"),
        lambda avals, out, **params: kernel.Fallback("test"),
    )
    inner = staged(lambda x: ln.mul(call(staged(e.sin), x)[0], 1.0))
    outer = staged(lambda x: bind(held, x, body=inner, pair=(inner, 3)))
    (eqn,) = run(outer).eqns
    assert names_of(eqn.params["body"]) == names_of(eqn.params["pair"][0]) == ["sin"]
    assert eqn.params["pair"][1] == 3


# --- dce, cse, fold ------------------------------------------------------------------------------


def test_dce_drops_equations_and_constants() -> None:
    table, x, unused, out = np.arange(3.0), Var(VECTOR), Var(VECTOR), Var(VECTOR)
    const = Var(VECTOR)
    eqns = [Eqn(ln.mul_p, [x, const], [unused], {}), Eqn(ln.neg_p, [x], [out], {})]
    after = check(dce(Jaxpr([const], [table], [x], eqns, [out])))
    assert names_of(after) == ["neg"]
    assert after.consts == ()


def test_cse_joins_equal_equations_only() -> None:
    assert names_of(dce(cse(staged(lambda x: ln.add(e.sin(x), e.sin(x)))))) == ["sin", "add"]
    swapped = staged(
        lambda x, y: (ln.add(x, y), ln.add(y, x), ln.sub(x, y), ln.sub(y, x)), VECTOR, VECTOR
    )
    assert names_of(dce(cse(swapped))) == ["add", "sub", "sub"]


@pytest.mark.parametrize(
    ("a", "b", "joined"),
    [
        (np.float64(0.0), np.float64(-0.0), False),
        (np.float64(math.nan), np.float64(math.nan), True),
        (np.float64(2.0), np.float32(2.0), False),
        (np.float64(2.0), np.float64(2.0), True),
    ],
)
def test_cse_compares_numbers_by_their_bits(a: Any, b: Any, joined: bool) -> None:
    jaxpr = stage(lambda: [lay.full((2,), a), lay.full((2,), b)], [])
    assert len(dce(cse(jaxpr)).eqns) == (1 if joined else 2)


def test_cse_tells_parameters_apart_by_their_bits() -> None:
    index = np.array([5, 0])
    jaxpr = staged(
        lambda x: tuple(gather(x, (index,), (0,), mode="fill", fill=f) for f in (0.0, -0.0, 0.0))
    )
    assert len(dce(cse(jaxpr)).eqns) == 2


def test_cse_leaves_unhashable_parameters_alone() -> None:
    listing = Primitive(
        "listing",
        lambda x, *, values: x,
        lambda x, *, values: x,
        *[Absent("test")] * 3,
        lambda avals, out, **params: kernel.Fallback("test"),
    )
    jaxpr = staged(lambda x: tuple(bind(listing, x, values=[1]) for _ in range(2)))
    assert len(dce(cse(jaxpr)).eqns) == 2


def test_fold_computes_numbers_of_rank_0() -> None:
    jaxpr = stage(lambda: [e.exp(ln.add(np.float64(1.0), np.float64(0.5)))], [])
    (out,) = fold(jaxpr).outvars
    assert isinstance(out, Literal)
    assert out.value == np.exp(1.5)
    assert type(out.value) is np.float64


def test_fold_leaves_errors_to_the_run() -> None:
    jaxpr = stage(lambda: [e.integer_pow(np.int64(2), -1)], [])
    assert names_of(fold(jaxpr)) == ["integer_pow"]
    with pytest.raises(ValueError, match="negative"):
        evaluate(fold(jaxpr))


def test_fold_is_silent() -> None:
    (out,) = fold(stage(lambda: [ln.div(np.float64(1.0), np.float64(0.0))], [])).outvars
    assert isinstance(out, Literal)
    assert out.value == math.inf


# --- run -----------------------------------------------------------------------------------------


def test_a_number_stays_an_array_where_one_is_returned() -> None:
    jaxpr = staged(lambda x: ln.select_n(np.False_, np.float64(2.0), x))
    after = check(run(jaxpr))
    assert after.out_avals == [VECTOR]
    np.testing.assert_array_equal(evaluate(after, np.zeros(3))[0], [2.0, 2.0, 2.0])


def test_run_checks_every_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(jaxpr: Jaxpr) -> Jaxpr:
        return Jaxpr([], [], jaxpr.invars, [], [Var(VECTOR)])

    monkeypatch.setattr(running, "PIPELINE", (inline, broken))
    monkeypatch.setenv("FUNCTRANS_CHECK", "1")
    with pytest.raises(CheckError) as raised:
        run(staged(e.sin))
    assert raised.value.__notes__ == ["after the pass broken"]
    monkeypatch.setenv("FUNCTRANS_CHECK", "0")
    run(staged(e.sin))


def test_run_dumps_every_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FUNCTRANS_DUMP", "loops,passes")
    run(staged(lambda x: ln.mul(e.sin(x), 1.0)))
    lines = capsys.readouterr().err.splitlines()
    expected = [f"--- after {step.__name__}" for step in running.PIPELINE]
    assert [line for line in lines if line.startswith("---")] == expected


def test_the_programs_after_the_passes(golden: Any) -> None:
    def model(x: Any, w: Any) -> Any:
        hidden = e.tanh(dot_general(lay.transpose(x, (1, 0)), w, (((0,), (0,)), ((), ()))))
        slope = ln.sub(lay.full((4, 2), np.float64(1.0)), ln.mul(hidden, hidden))
        scaled = ln.mul(lay.full((4, 2), np.float64(2.0)), ln.mul(ln.neg(slope), 0.5))
        return lay.reduce_sum(ln.div(scaled, 4.0), (0, 1)), ln.mul(hidden, hidden)

    matrix = Aval((4, 3), np.dtype(float)), Aval((3, 2), np.dtype(float))
    jaxpr = staged(model, *matrix)
    inner = staged(model, *matrix)
    jaxpr = staged(lambda x, w: tuple(call(inner, x, w)), *matrix)
    golden.check("passes", f"before:\n{show(jaxpr)}\nafter:\n{show(run(jaxpr))}")


# --- random programs -----------------------------------------------------------------------------

UNARY = (ln.neg, e.abs_, e.sqrt, e.floor, e.sin, stop_gradient, lambda x: e.integer_pow(x, 2))
BINARY = (ln.add, ln.sub, ln.mul, ln.div, e.max_, e.min_, e.power)
NUMBERS = tuple(map(np.float64, (0.0, -0.0, 1.0, -1.0, 2.0, 0.25, math.inf, math.nan)))


def random_program(data: st.DataObject) -> Callable[..., Any]:
    """A function of a (2, 3) array, a (3, 1) array and a scalar, in the primitives."""

    def function(*inputs: Any) -> tuple[Any, ...]:
        values = list(inputs)
        for _ in range(data.draw(st.integers(1, 14), label="length")):
            x = data.draw(st.sampled_from(values))
            kind = data.draw(st.sampled_from(KINDS))
            values.append(kind(data, x, values))
        return tuple(values[-3:])

    return function


def _unary(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    return data.draw(st.sampled_from(UNARY))(x)


def _binary(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    others = [v for v in values if v.shape == x.shape]
    number = data.draw(st.sampled_from(NUMBERS))
    other = data.draw(st.sampled_from([*others, number, lay.full(x.shape, number)]))
    pair = (x, other) if data.draw(st.booleans()) else (other, x)
    return data.draw(st.sampled_from(BINARY))(*pair)


def _choose(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    other = data.draw(st.sampled_from([v for v in values if v.shape == x.shape]))
    which = e.lt(x, other) if data.draw(st.booleans()) else np.bool_(data.draw(st.booleans()))
    return ln.select_n(e.not_(which), x, other)


def _reshaped(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    size = math.prod(x.shape)
    shapes = [(size,), (1, size), (size, 1), *([(2, 3), (3, 2), (1, 2, 3)] if size == 6 else [])]
    return bind(lay.reshape_p, x, shape=data.draw(st.sampled_from(shapes)))


def _transposed(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    order = tuple(data.draw(st.permutations(range(len(x.shape)))))
    return bind(lay.transpose_p, x, permutation=order)


def _broadcast(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    if len(x.shape) > 3:
        return x
    grown = tuple(2 if n == 1 and data.draw(st.booleans()) else n for n in x.shape)
    lead = (2,) if data.draw(st.booleans()) else ()
    dims = tuple(range(len(lead), len(lead) + len(grown)))
    return lay.broadcast_in_dim(x, (*lead, *grown), dims)


def _cut(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    start = tuple(data.draw(st.integers(0, n)) for n in x.shape)
    limit = tuple(data.draw(st.integers(a, n)) for a, n in zip(start, x.shape, strict=True))
    strides = tuple(data.draw(st.integers(1, 3)) for _ in x.shape)
    return bind(lay.slice_p, x, start=start, limit=limit, strides=strides)


def _axes(data: st.DataObject, x: Any) -> tuple[int, ...]:
    return tuple(d for d in range(len(x.shape)) if data.draw(st.booleans()))


def _reversed(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    return bind(lay.rev_p, x, dimensions=_axes(data, x))


def _reduced(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    axes = _axes(data, x)
    empty = any(x.shape[a] == 0 for a in axes)
    fold = data.draw(st.sampled_from([lay.reduce_sum_p, *([] if empty else [r.reduce_max_p])]))
    return bind(fold, x, axes=axes)


def _converted(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    between = data.draw(st.sampled_from([np.float32, np.complex128, np.float64]))
    return ln.convert(ln.convert(x, between), np.float64)


def _called(data: st.DataObject, x: Any, values: list[Any]) -> Any:
    body = staged(lambda v: ln.add(ln.mul(v, lay.full(v.shape, np.float64(3.0))), v), x.aval)
    return call(body, x)[0]


KINDS = (
    *(_unary, _binary, _binary, _choose, _reshaped, _transposed, _broadcast),
    *(_cut, _reversed, _reduced, _converted, _called),
)
INPUTS = (
    np.array([[1.5, -0.0, math.inf], [math.nan, -2.0, 0.0]]),
    np.array([[0.5], [-1.0], [3.0]]),
    np.float64(-0.75),
)


def same_bits(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    equal = (a == b) & (np.signbit(a) == np.signbit(b)) | (np.isnan(a) & np.isnan(b))
    return a.shape == b.shape and a.dtype == b.dtype and bool(np.all(equal))


@given(st.data())
def test_passes_preserve_values_and_types(data: st.DataObject) -> None:
    avals = [Aval(x.shape, x.dtype) for x in INPUTS]
    before = check(staged(random_program(data), *avals))
    with np.errstate(all="ignore"), disable_jit():
        expected = evaluate(before, *INPUTS)
        for step in PASSES:
            after = check(step(before))
            assert after.invars == before.invars
            assert after.out_avals == before.out_avals
            got = evaluate(after, *INPUTS)
            assert all(map(same_bits, got, expected)), (
                f"{step.__name__} changed\n{before}\nto\n{after}"
            )


@given(st.data())
def test_a_second_run_finds_nothing_more(data: st.DataObject) -> None:
    avals = [Aval(x.shape, x.dtype) for x in INPUTS]
    once = run(staged(random_program(data), *avals))
    assert str(run(once)) == str(once)
