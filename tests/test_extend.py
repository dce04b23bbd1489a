"""Primitives of a user's own: the page about them runs, and the laws find what is wrong."""

from __future__ import annotations

import doctest
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import errors, extend, lax
from functrans.testing import check_grads

PAGE = Path(__file__).parent.parent / "docs" / "extend.md"
X = np.array([-1.0, 0.5, 3.0])


def test_the_page_runs() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = doctest.DocTestParser().get_doctest(text, {}, "extend.md", str(PAGE), 0)
    assert len(found.examples) > 20
    runner = doctest.DocTestRunner()
    runner.run(found)
    assert runner.failures == 0


def swapped_lower(x: Any, y: Any, *, scale: float) -> Any:
    return [scale * y, x + 0.0]


def swapped() -> extend.Primitive:
    """(x, y) ↦ (scale·y, x): two results, a parameter, and native code as a program."""

    def abstract(x: extend.Aval, y: extend.Aval, *, scale: float) -> list[extend.Aval]:
        return [y.strengthen(), x.strengthen()]

    def impl(x: Any, y: Any, *, scale: float) -> list[Any]:
        return [scale * y, x + 0.0]

    def linearize(nonzero: Sequence[bool], x: Any, y: Any, *, scale: float) -> Any:
        def pushforward(tx: Any, ty: Any) -> list[Any]:
            return [None if ty is None else scale * ty, tx]

        return extend.bind(swapped_p, x, y, scale=scale), pushforward

    def transpose(cotangents: Any, x: Any, y: Any, *, scale: float) -> None:
        for target, ct, factor in ((y, cotangents[0], scale), (x, cotangents[1], 1.0)):
            if isinstance(target, extend.Accumulator) and ct is not None:
                target.add(factor * ct)

    def batch(size: int, args: Any, dims: Any, *, scale: float) -> Any:
        moved = [extend.batch_to_front(size, a, d) for a, d in zip(args, dims, strict=True)]
        return extend.bind(swapped_p, *moved, scale=scale), [0, 0]

    return extend.Primitive(
        "swapped", abstract, impl, linearize, transpose, batch,
        extend.lowered_as("swapped", swapped_lower), multiple=True,
    )  # fmt: skip


swapped_p = swapped()
bare_p = extend.elementwise("bare", np.tanh, [lambda y, x: 1.0 - y * y])
called_p = extend.elementwise("called", np.sinc, opaque="psi")
count_p = extend.elementwise("count", np.sign, dtype=extend.same_dtype)


def swap(x: Any, y: Any) -> Any:
    return extend.bind(swapped_p, x, y, scale=3.0)


def test_laws_hold_of_a_primitive_with_two_results() -> None:
    extend.check_laws(swap, (X, 2.0 * X), lambda x, y: [3.0 * y, x])
    looped = lambda x, y: lax.scan(lambda c, r: tuple(swap(c, r)), x, y)  # noqa: E731
    extend.check_laws(looped, (1.0, X))


def test_native_programs_are_fused_in_loops_too() -> None:
    f = ft.jit(lambda x, y: lax.scan(lambda c, r: tuple(swap(np.sin(c), r)), x, y))
    report = str(f.lower(1.0, X).report())
    assert "0 library calls, 0 opaque calls, 0 fallbacks" in report


def test_elementwise_without_native_code_says_so() -> None:
    f = ft.jit(lambda x: extend.bind(bare_p, x) + 1.0)
    np.testing.assert_allclose(f(X), np.tanh(X) + 1.0, rtol=1e-15)
    assert "bare has no native code" in str(f.lower(X).report())
    check_grads(f, (X,), order=2)


def test_dtypes_of_elementwise_primitives() -> None:
    with pytest.raises(errors.DtypeError, match="bare"):
        ft.jit(lambda x: extend.bind(bare_p, x))(np.arange(3))
    assert ft.jit(lambda x: extend.bind(count_p, x))(np.arange(3)).dtype == np.arange(3).dtype
    assert ft.grad(lambda x: extend.bind(count_p, x))(2.0) == 0.0


def test_native_code_of_another_type_is_refused() -> None:
    wrong_p = extend.elementwise("wrong", np.sin, native=lambda x: x.astype(np.float32))
    with pytest.raises(errors.TypeMismatchError, match=r"native code of wrong returns f32\[3\]"):
        ft.jit(lambda x: extend.bind(wrong_p, x))(X)


def right(x: Any) -> Any:
    return np.sin(x)


WRONG: dict[str, tuple[extend.Primitive, str]] = {
    "derivative": (extend.elementwise("f", np.sin, [lambda y, x: fnp.sin(x)]), "forward mode"),
    "second derivative": (
        extend.elementwise("f", np.sin, [lambda y, x: lax.stop_gradient(fnp.cos(x))]),
        "forward mode of forward mode",
    ),
    "native code": (
        extend.elementwise("f", np.sin, [lambda y, x: fnp.cos(x)], native=lambda x: x), "compiled"
    ),
    "value": (extend.elementwise("f", np.cos, [lambda y, x: -fnp.sin(x)]), "oracle"),
    "type": (
        extend.elementwise(
            "f", np.sin, [lambda y, x: fnp.cos(x)], dtype=lambda name, avals: np.dtype("f4")
        ),
        "eval_shape",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_laws_find_what_is_wrong(name: str) -> None:
    primitive, law = WRONG[name]
    with pytest.raises(errors.CheckError, match=law):
        extend.check_laws(lambda x: extend.bind(primitive, x), (X,), oracle=right)


def test_laws_find_a_wrong_batch_rule_and_transpose() -> None:
    def batch(size: int, args: Any, dims: Any) -> Any:
        return extend.bind(summed_p, args[0]), dims[0]

    def transpose(cotangent: Any, x: Any) -> None:
        x.add(cotangent * 2.0)

    def linearize(nonzero: Sequence[bool], x: Any) -> Any:
        return extend.bind(summed_p, x), lambda t: extend.bind(summed_p, t)

    # Sums along the first axis; the batch rule forgets that examples have moved it.
    summed_p = extend.Primitive(
        "summed", lambda x: x, lambda x: np.cumsum(x, 0), linearize, transpose, batch,
        extend.lowered_as("summed", lambda x: fnp.cumsum(x, 0)),
    )  # fmt: skip

    def f(x: Any) -> Any:
        return extend.bind(summed_p, x)

    with pytest.raises(errors.CheckError, match="vmap is a loop"):
        extend.check_laws(f, (X,))
    with pytest.raises(errors.CheckError, match="reverse mode"):
        check_grads(f, (X,))
