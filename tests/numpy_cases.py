"""The rows of the functions of ``numpy`` that few programs need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.case import Arg, Case, door

_VECTOR = Arg((6,), apart=True)
_MATRIX = Arg((3, 4), low=-2.0, high=2.6, apart=True)
_FEW = Arg((6,), low=0, high=4)


def _sized(
    name: str, sized: Callable[..., Any], oracle: Callable[..., Any], *args: Arg, **flags: Any
) -> Case:
    """A row of a function that takes ``size=`` where NumPy's does not."""

    def fun(*xs: Any) -> Any:
        import functrans.numpy as fnp

        return sized(fnp, *xs)

    return Case(f"numpy.{name}", fun, oracle, args, door=True, **flags)


def _padded(found: Any, size: int, fill: Any) -> Any:
    return np.concatenate([found, np.full(size - len(found), fill, found.dtype)])


def _set_cases() -> list[Case]:
    rows = []
    for name in ("union1d", "intersect1d", "setxor1d", "setdiff1d"):
        rows += [
            door(name, lambda m, x, y, n=name: getattr(m, n)(x, y), _FEW, Arg((3,), low=0, high=4),
                 dtypes="l", smooth=False, static=True),
            _sized(f"{name}:size",
                   lambda m, x, y, n=name: getattr(m, n)(x, y, size=9, fill_value=7),
                   lambda x, y, n=name: _padded(getattr(np, n)(x, y), 9, 7),
                   _FEW, Arg((3,), low=0, high=4), dtypes="lB", smooth=False),
        ]  # fmt: skip
    for name in ("unique_counts", "unique_inverse", "unique_all"):
        rows.append(door(name, lambda m, x, n=name: getattr(m, n)(x), _FEW, dtypes="l",
                         smooth=False, static=True))  # fmt: skip
    return [
        *rows,
        _sized("union1d:derivative", lambda m, x, y: m.union1d(x, y, size=12),
               lambda x, y: np.union1d(x, y), _VECTOR, Arg((6,), low=3.0, high=4.0, apart=True)),
        _sized("setdiff1d:derivative", lambda m, x: m.setdiff1d(x, [7.0], True, size=6),
               lambda x: x.copy(), _VECTOR),
        _sized("unique_values", lambda m, x: m.unique_values(x, size=6), np.unique, _VECTOR),
        _sized("unique_counts:size", lambda m, x: tuple(m.unique_counts(x, size=6, fill_value=9)),
               lambda x: (lambda v, c: (_padded(v, 6, 9), _padded(c, 6, 0)))(*np.unique_counts(x)),
               _FEW, dtypes="l", smooth=False),
    ]  # fmt: skip


def _order_cases() -> list[Case]:
    def holed(m: Any, x: Any) -> Any:
        return m.where(x > -1.0, x, np.nan)

    every = (0, 1, 2, 3)
    rows = [
        door("median", lambda m, x: m.median(x), _MATRIX, dtypes="dfl"),
        door("median:axis", lambda m, x: m.median(x, axis=0), _MATRIX, dtypes="df"),
        door("partition", lambda m, x: m.partition(x, every), _MATRIX, dtypes="dfl"),
        door("partition:flat", lambda m, x: m.partition(x, 5, axis=None)[5], _MATRIX),
        door("argpartition", lambda m, x: m.argpartition(x, every), _MATRIX, smooth=False),
        door("nanmedian", lambda m, x: m.nanmedian(x), _MATRIX, dtypes="dfl"),
        door("nanmedian:nan", lambda m, x: m.nanmedian(holed(m, x), axis=1), _MATRIX, dtypes="df"),
        door("quantile:traced", lambda m, x, q: m.quantile(x, q, axis=1), _MATRIX,
             Arg((), low=0.4, high=0.6)),
        door("nanpercentile", lambda m, x: m.nanpercentile(holed(m, x), 30.0), _MATRIX),
    ]  # fmt: skip
    for method in ("linear", "lower", "higher", "midpoint", "nearest"):
        rows += [
            door(f"quantile:{method}",
                 lambda m, x, k=method: m.quantile(x, [0.3, 0.55], axis=0, method=k), _MATRIX,
                 dtypes="d"),
            door(f"nanquantile:{method}",
                 lambda m, x, k=method: m.nanquantile(holed(m, x), 0.3, axis=1, method=k),
                 _MATRIX, dtypes="d"),
        ]  # fmt: skip
    return rows


def _histogram_cases() -> list[Case]:
    weights = Arg((6,))
    edges = [-1.5, 0.0, 0.5, 1.5]
    points = Arg((6, 2), apart=True)
    return [
        door("histogram", lambda m, x: m.histogram(x, bins=4), _VECTOR, dtypes="dfl",
             smooth=False),
        door("histogram:edges", lambda m, x: m.histogram(x, edges)[0], _VECTOR, dtypes="dl",
             smooth=False),
        door("histogram:weights",
             lambda m, x, w: m.histogram(x, 3, (-1.2, 1.2), weights=w)[0], _VECTOR, weights,
             dtypes="df"),
        door("histogram:density", lambda m, x: m.histogram(x, 2, density=True)[0],
             Arg((6,), low=0.3, high=1.7, apart=True), dtypes="d"),
        door("histogram:rule", lambda m, x: m.histogram(x, "sturges"), _VECTOR, dtypes="d",
             smooth=False, static=True),
        door("histogram_bin_edges", lambda m, x: m.histogram_bin_edges(x, 3), _VECTOR,
             dtypes="dfl"),
        door("histogram2d", lambda m, x, y: m.histogram2d(x, y, [2, 3]), _VECTOR, _VECTOR,
             dtypes="d", smooth=False),
        door("histogramdd", lambda m, x: m.histogramdd(x, (2, edges)), points, dtypes="d",
             smooth=False),
        door("histogramdd:weights",
             lambda m, x, w: m.histogramdd(x, 2, ((-1, 1), (-1, 1)), True, w)[0], points,
             Arg((6,), low=0.5), dtypes="d"),
    ]  # fmt: skip


NUMPY_DOORS: list[Case] = [*_set_cases(), *_order_cases(), *_histogram_cases()]
