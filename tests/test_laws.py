"""Every law on every row of ``cases.py``."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import scipy
from numpy.lib import NumpyVersion

import functrans as ft
from functrans.core.avals import aval_of, float0, is_inexact
from functrans.core.jaxpr import evaluate
from functrans.testing import check_grads, random_tangent
from tests.cases import CASES, Case

_RTOL = {"d": 1e-13, "D": 1e-13, "f": 3e-6, "F": 3e-6, "e": 2e-3}


def rows(wanted: Callable[[Case], bool] = lambda case: True, dtypes: str = "edfDFlihbBIL?") -> Any:
    """Parameters (case, dtype) for the rows that ``wanted`` picks."""
    return pytest.mark.parametrize(
        ("case", "dtype"),
        [
            pytest.param(case, dtype, id=f"{case.name}-{np.dtype(dtype).name}")
            for case in CASES
            if wanted(case)
            for dtype in case.dtypes
            if dtype in dtypes
        ],
    )


def smooth(case: Case) -> bool:
    return case.smooth and not case.static


@cache
def jitted(case: Case) -> Any:
    return ft.jit(case.fun)


@cache
def jitted_pullback(case: Case) -> Any:
    return ft.jit(lambda cotangent, *args: pullback(case.fun, args, cotangent))


def pullback(fun: Callable[..., Any], args: Any, cotangent: Any) -> Any:
    """Cotangents of the inexact arguments."""
    found = ft.vjp(fun, *args)[1](cotangent)
    return [c for x, c in zip(args, found, strict=True) if is_inexact(aval_of(x).dtype)]


def cotangent_for(out: Any, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    return ft.tree_util.tree_map(lambda x: random_tangent(x, rng), out)


def same(actual: Any, expected: Any, loose: float = 1.0, kinds: str = "scalars") -> None:
    """Equal trees of equal types, dtypes, shapes and, but for rounding, values.

    ``kinds`` says what stands for rank 0: "scalars", what NumPy gave ("numpy"), or "any".
    """
    left, structure = ft.tree_util.tree_flatten(actual)
    right, wanted = ft.tree_util.tree_flatten(expected)
    assert structure == wanted
    for a, b in zip(left, right, strict=True):
        if kinds == "scalars":
            b = np.asarray(b)[()] if aval_of(b).dtype != float0 else b
        if kinds != "any" and not (isinstance(a, np.generic) and np.ndim(b) == 0):
            assert type(a) is type(b), f"{type(a)} where NumPy gives {type(b)}"
        a, b = np.asarray(a), np.asarray(b)
        assert a.shape == b.shape
        left_dtype = a.dtype.newbyteorder("=") if kinds == "any" else a.dtype
        assert left_dtype == b.dtype, f"{a.dtype} where NumPy gives {b.dtype}"
        if a.dtype == float0:
            continue
        rtol = _RTOL.get(a.dtype.char, 0.0) * loose
        scale = float(np.nanmax(np.abs(b), initial=0.0, where=np.isfinite(b))) if rtol else 0.0
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale, equal_nan=True)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Every law leaves no trace behind."""
    yield
    assert ft.core.trace.current_trace() is None
    assert ft.core.trace.busy.cell[0] == 0


# --- values --------------------------------------------------------------------------------------


@rows()
def test_value_is_numpys(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    same(case.fun(*args), case.oracle(*args), case.tolerance, kinds="numpy")


@rows(lambda case: not case.static)
def test_abstract_is_actual(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    out = case.fun(*args)
    found = ft.eval_shape(case.fun, *args)
    left, structure = ft.tree_util.tree_flatten(found)
    right, wanted = ft.tree_util.tree_flatten(out)
    assert structure == wanted
    for a, b in zip(left, right, strict=True):
        assert (a.shape, a.dtype) == (np.shape(b), aval_of(b).dtype)


@rows(lambda case: not case.static)
def test_compiled_is_eager(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    same(jitted(case)(*args), case.fun(*args), 10 * case.tolerance)


@rows(lambda case: not case.static and case.smooth, dtypes="dD")
def test_compiled_pullback_is_eager(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    cotangent = cotangent_for(case.fun(*args))
    if all(x.dtype == float0 for x in ft.tree_util.tree_leaves(cotangent)):
        return
    expected = pullback(case.fun, args, cotangent)
    same(jitted_pullback(case)(cotangent, *args), expected, 20 * case.tolerance)


def layouts(x: Any) -> Iterator[tuple[str, Any]]:
    """The same array in other memory."""
    if not isinstance(x, np.ndarray):
        x = np.asarray(x)
    yield "fortran", np.array(x, order="F")
    backwards = x[::-1].copy()[::-1] if x.ndim else x.copy()
    yield "negative strides", backwards
    spaced = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)[..., ::2] if x.ndim else x.copy()
    spaced[...] = x
    yield "spaced", spaced
    frozen = x.copy()
    frozen.flags.writeable = False
    yield "read-only", frozen
    yield "byte-swapped", x.astype(x.dtype.newbyteorder())
    raw = np.empty(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    raw[...] = x
    yield "unaligned", raw


# Eagerly this is SciPy's own function, whose C code since 1.18 wants aligned arrays.
ALIGNED_ALONE = "scipy.linalg.lu:" if NumpyVersion(scipy.__version__) >= "1.18.0" else "none"


@rows(dtypes="dl")
def test_memory_layout_does_not_matter(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    expected = case.fun(*args)
    compiled = None if case.static else jitted(case)
    variants = [list(layouts(x)) for x in args]
    for versions in zip(*variants, strict=True):
        names = {name for name, _ in versions}
        changed = [x for _, x in versions]
        before = [x.copy() for x in changed]
        try:
            native = case.door or "byte-swapped" not in names  # primitives take native numbers
            if native and not ("unaligned" in names and case.name.startswith(ALIGNED_ALONE)):
                same(case.fun(*changed), expected, case.tolerance, kinds="any")
            if compiled is not None:
                same(compiled(*changed), expected, 10 * case.tolerance)
        except Exception as error:
            error.add_note(f"arguments are {names}")
            raise
        for x, old in zip(changed, before, strict=True):
            np.testing.assert_array_equal(x, old, err_msg="an argument was changed")


@rows(lambda case: case.anyshape, dtypes="d")
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 1, 3)], ids=str)
def test_any_shape(case: Case, dtype: str, shape: tuple[int, ...]) -> None:
    args = case.draw(dtype, shape=shape)
    out = case.fun(*args)
    same(out, case.oracle(*args), case.tolerance, kinds="numpy")
    if shape in ((), (0, 3)):
        same(jitted(case)(*args), out, 10 * case.tolerance)
    if not case.smooth:
        return
    cotangent = cotangent_for(out)
    for x, grad in zip(
        [x for x in args if is_inexact(x.dtype)], pullback(case.fun, args, cotangent), strict=True
    ):
        assert (np.shape(grad), grad.dtype) == (x.shape, x.dtype)
    if shape:
        batched = tuple(np.stack([x, x]) for x in args)
        expected = ft.tree_util.tree_map(lambda x: np.stack([x, x]), out)
        same(ft.vmap(case.fun)(*batched), expected, case.tolerance)


# --- derivatives ---------------------------------------------------------------------------------


@rows(smooth, dtypes="dDf")
def test_derivatives_are_finite_differences(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    if dtype == "f" or any(a.dtype == "f" for a in case.args):
        check_grads(case.fun, args, order=1)
    else:
        # ε and the tolerance balance rounding against curvature at the second order.
        check_grads(case.fun, args, order=case.order, eps=1e-5, atol=2e-6, rtol=2e-6)


@rows(smooth, dtypes="dfDF")
def test_derivatives_keep_values_and_types(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    out = case.fun(*args)
    rng = np.random.default_rng(5)
    tangents = tuple(random_tangent(x, rng) for x in args)
    value, dot = ft.jvp(case.fun, args, tangents)
    same(value, out, case.tolerance)
    for a, b in zip(ft.tree_util.tree_leaves(dot), ft.tree_util.tree_leaves(out), strict=True):
        wanted = aval_of(b).tangent()
        assert (np.shape(a), a.dtype) == (wanted.shape, wanted.dtype)
    value, push = ft.linearize(case.fun, *args)
    same(value, out, case.tolerance)
    same(push(*tangents), dot, 10 * case.tolerance)
    value, pull = ft.vjp(case.fun, *args)
    same(value, out, case.tolerance)
    for x, grad in zip(args, pull(cotangent_for(out)), strict=True):
        wanted = aval_of(x).tangent()
        assert (np.shape(grad), grad.dtype) == (wanted.shape, wanted.dtype)


# --- vmap ----------------------------------------------------------------------------------------


def looped(fun: Callable[..., Any], size: int, args: Any, axes: Any) -> Any:
    def example(k: int) -> Any:
        return fun(
            *(
                x if a is None else np.asarray(np.take(x, k, a))[()]
                for x, a in zip(args, axes, strict=True)
            )
        )

    return ft.tree_util.tree_map(lambda *xs: np.stack(xs), *(example(k) for k in range(size)))


def batchings(count: int) -> Iterator[tuple[int | None, ...]]:
    for axes in itertools.product((0, None), repeat=count):
        if any(a is not None for a in axes):
            yield axes
    yield (-1,) * count
    if count > 1:
        yield (-1, *[0] * (count - 1))


@rows(lambda case: not case.static, dtypes="dDl?")
def test_vmap_is_a_loop(case: Case, dtype: str) -> None:
    size = 2
    draws = [case.draw(dtype, seed) for seed in range(size)]
    for axes in batchings(len(case.args)):
        args = tuple(
            draws[0][k] if a is None else np.stack([d[k] for d in draws], a)
            for k, a in enumerate(axes)
        )
        try:
            expected = looped(case.fun, size, args, axes)
            same(ft.vmap(case.fun, in_axes=axes)(*args), expected, 10 * case.tolerance)
            moved = ft.tree_util.tree_map(lambda x: np.moveaxis(x, 0, -1).copy(), expected)
            mapped = ft.vmap(case.fun, in_axes=axes, out_axes=-1)(*args)
            same(mapped, moved, 10 * case.tolerance)
        except Exception as error:
            error.add_note(f"in_axes={axes}")
            raise


@rows(smooth, dtypes="d")
def test_vmap_of_the_pullback_is_a_loop(case: Case, dtype: str) -> None:
    size = 2
    draws = [case.draw(dtype, seed) for seed in range(size)]
    args = tuple(np.stack(xs) for xs in zip(*draws, strict=True))
    cotangents = [cotangent_for(case.fun(*d), seed) for seed, d in enumerate(draws)]
    stacked = ft.tree_util.tree_map(lambda *xs: np.stack(xs), *cotangents)

    def pulled(cotangent: Any, *xs: Any) -> Any:
        return pullback(case.fun, xs, cotangent)

    expected = ft.tree_util.tree_map(
        lambda *xs: np.stack(xs),
        *(pulled(c, *d) for c, d in zip(cotangents, draws, strict=True)),
    )
    same(ft.vmap(pulled)(stacked, *args), expected, 20 * case.tolerance)
    # Staged, constants too become variables: other rules for shapes and weakness are met.
    staged = ft.make_jaxpr(ft.vmap(pulled))(stacked, *args)
    leaves = ft.tree_util.tree_leaves((stacked, args))
    same(evaluate(staged, *leaves), expected, 20 * case.tolerance, kinds="any")


@rows(lambda case: not case.static, dtypes="d")
def test_compiled_vmap_is_vmap(case: Case, dtype: str) -> None:
    draws = [case.draw(dtype, seed) for seed in range(2)]
    args = tuple(np.stack(xs) for xs in zip(*draws, strict=True))
    mapped = ft.vmap(case.fun)
    same(ft.jit(mapped)(*args), mapped(*args), 10 * case.tolerance)
    same(ft.vmap(jitted(case))(*args), mapped(*args), 10 * case.tolerance)


# --- the plain NumPy spelling --------------------------------------------------------------------


@rows(lambda case: case.spelled and not case.static, dtypes="dDl?")
def test_plain_numpy_spelling(case: Case, dtype: str) -> None:
    args = case.draw(dtype)
    expected = case.oracle(*args)
    same(ft.jit(case.oracle)(*args), expected, 10 * case.tolerance)
    if not case.smooth or dtype not in "dD":
        return
    cotangent = cotangent_for(expected)
    wanted = pullback(case.fun, args, cotangent)
    same(pullback(case.oracle, args, cotangent), wanted, case.tolerance)
    compiled = ft.jit(lambda ct, *xs: pullback(case.oracle, xs, ct))
    same(compiled(cotangent, *args), wanted, 20 * case.tolerance)


# --- special values ------------------------------------------------------------------------------

_SPECIAL = {
    "d": [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1e308, -1e308, 0.5, 2.5, -2.5],
    "f": [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-45, 3e38, -3e38, 0.5, 2.5, -2.5],
}


def special_values(dtype: str) -> Any:
    if dtype in _SPECIAL:
        return np.array(_SPECIAL[dtype], dtype)
    kind = np.dtype(dtype)
    info = np.iinfo(kind)
    wanted = {0, 1, 2, 3, 7, 8, 31, 63, -1, -2, -7, info.min, info.min + 1, info.max, info.max - 1}
    return np.array(sorted(v for v in wanted if info.min <= v <= info.max), kind)


# Where the values themselves decide what is defined.
_UNDEFINED = (
    "scipy.special.", "zeta", "igamma", "betainc", "hyp1f1", "hyp2f1", "shift", "numpy.ldexp",
    "convert:int",
)  # fmt: skip


@rows(
    lambda case: (
        case.anyshape
        and len(case.args) <= 2
        and not case.operation.startswith(_UNDEFINED)
        and "shift" not in case.name
        and all(a.dtype is None for a in case.args)
    ),
    dtypes="dflB",
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_compiled_special_values(case: Case, dtype: str) -> None:
    values = special_values(dtype)
    args = (values,)
    if len(case.args) == 2:
        args = tuple(x.ravel() for x in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        if "pow" in case.name and dtype in "lB":
            args = (args[0], np.abs(args[1] % 64)) if len(args) == 2 else (args[0] % 64,)
        expected = case.fun(*args)
        found = ft.jit(case.fun)(*args)
    for a, b in zip(
        ft.tree_util.tree_leaves(found), ft.tree_util.tree_leaves(expected), strict=True
    ):
        assert a.dtype == b.dtype
        rtol = 100 * _RTOL.get(a.dtype.char, 0.0)
        tiny = float(np.finfo(a.dtype).tiny) if a.dtype.kind == "f" else 0.0
        np.testing.assert_allclose(a, b, rtol=rtol, atol=tiny, equal_nan=True)
        if a.dtype.kind == "f":
            zeros = (a == 0) & (b == 0)
            wrong = zeros & (np.signbit(a) != np.signbit(b))
            assert not wrong.any(), f"sign of zero at {[x[wrong] for x in args]}"
