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


def _number_cases() -> list[Case]:
    whole = Arg((3, 4), low=-30, high=30)
    bits = Arg((2, 11), low=0, high=2)
    away = Arg(low=0.55, high=0.95, signed=True)
    bytes_ = Arg((2, 3), low=0, high=200, dtype="B")
    return [
        door("gcd", lambda m, x, y: m.gcd(x, y), whole, whole, dtypes="lihbBL", smooth=False,
             anyshape=True),
        door("gcd:number", lambda m, x: m.gcd(x, 12), whole, dtypes="lb", smooth=False),
        door("lcm", lambda m, x, y: m.lcm(x, y), whole, Arg((4,), low=-9, high=9), dtypes="liB",
             smooth=False),
        door("packbits", lambda m, x: m.packbits(x), bits, dtypes="l?B", smooth=False),
        door("packbits:axis", lambda m, x: m.packbits(x, axis=0, bitorder="little"), bits,
             dtypes="l?", smooth=False),
        door("unpackbits", lambda m, x: m.unpackbits(x), bytes_, dtypes="l", smooth=False),
        door("unpackbits:count",
             lambda m, x: m.unpackbits(x, axis=1, count=-5, bitorder="little"), bytes_,
             dtypes="l", smooth=False),
        door("frexp", lambda m, x: m.frexp(x), away, dtypes="df", anyshape=True),
        door("spacing", lambda m, x: m.spacing(x), dtypes="df", smooth=False, anyshape=True),
        door("unwrap", lambda m, x: m.unwrap(x), Arg((3, 5), low=-9.0, high=9.0), dtypes="dfl"),
        door("unwrap:period", lambda m, x: m.unwrap(x, 1.3, axis=0, period=2.0),
             Arg((5, 2), apart=True), dtypes="df"),
        door("i0", lambda m, x: m.i0(x), Arg((4,), low=0.1, high=9.0), dtypes="df",
             tolerance=10),
        door("kaiser", lambda m, beta: m.kaiser(6, beta), Arg((), low=1.0, high=9.0), dtypes="d",
             spelled=False, tolerance=10),
    ]  # fmt: skip


def _polynomial_cases() -> list[Case]:
    away = Arg((3,), low=0.8, high=1.6)
    times = Arg((8,), low=0.0, high=2.0, apart=True)

    def divided(m: Any, u: Any, v: Any) -> Any:
        quotient, rest = m.polydiv(u, v)
        return quotient, m.polyadd(rest, np.zeros(5))[2:]

    def sum_of_roots(module: Any, x: Any, **options: Any) -> Any:
        # A sum, since their order is left open.
        return abs(module.roots(x, **options)).sum()

    return [
        door("poly", lambda m, x: m.poly(x), Arg((4,)), dtypes="dfl"),
        door("poly:matrix", lambda m, x: m.poly(x), Arg((3, 3)), dtypes="d", tolerance=100),
        door("polydiv", divided, Arg((5,)), away, dtypes="d", tolerance=100),
        door("polydiv:short", lambda m, u, v: m.polydiv(u, v), Arg((2,)), away, dtypes="d"),
        door("polyint", lambda m, x: m.polyint(x, 2, [1.0, 3.0]), Arg((4,)), dtypes="dfl"),
        door("roots", sum_of_roots, Arg((5,), low=0.5, high=2.0, apart=True), dtypes="d",
             static=True, tolerance=100),
        _sized("roots:first coefficient", lambda m, x: sum_of_roots(m, x, strip_zeros=False),
               lambda x: sum_of_roots(np, x), Arg((5,), low=0.5, high=2.0, apart=True), dtypes="d",
               tolerance=100, order=1),
        door("polyfit", lambda m, x, y: m.polyfit(x, y, 2), times, Arg((8,)), dtypes="d",
             tolerance=1e3),
        door("polyfit:weights", lambda m, x, y, w: m.polyfit(x, y, 1, w=w), times, Arg((8, 2)),
             Arg((8,), low=0.5, high=1.0), dtypes="d", tolerance=1e3),
        door("polyfit:covariance", lambda m, x, y: m.polyfit(x, y, 1, cov=True), times,
             Arg((8,)), dtypes="d", tolerance=1e4),
        door("trim_zeros", lambda m, x: m.trim_zeros(x * np.array([0, 1, 1, 0])), Arg((4,)),
             dtypes="dl", smooth=False, static=True),
    ]  # fmt: skip


def _placed(name: str, *args: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The function with a new array as result, and NumPy's on a copy."""

    def sized(m: Any, x: Any, values: Any) -> Any:
        return getattr(m, name)(x, *_with(args, values), inplace=False)

    def oracle(x: Any, values: Any) -> Any:
        changed = np.array(x)
        getattr(np, name)(changed, *_with(args, values))
        return changed

    return sized, oracle


def _with(args: tuple[Any, ...], values: Any) -> list[Any]:
    return [values if a is _VALUES else a for a in args]


_VALUES = object()


def _placing_cases() -> list[Case]:
    mask = np.arange(12).reshape(3, 4) % 3 > 0
    places = np.array([[0, 2, 1, 1]])
    return [
        _sized(name, *_placed(name.partition(":")[0], *args), Arg(shape),
               Arg((2,) if few else (1, 4)), dtypes="dfl")
        for name, shape, few, args in [
            ("put", (3, 4), True, ([0, -1, 5], _VALUES)),
            ("put:wrap", (3, 4), True, ([13, -1, 5], _VALUES, "wrap")),
            ("put:clip", (3, 4), True, ([4, 2, 55], _VALUES, "clip")),
            ("place", (3, 4), True, (mask, _VALUES)),
            ("fill_diagonal", (3, 4), True, (_VALUES,)),
            ("fill_diagonal:wrap", (7, 3), True, (_VALUES, True)),
            ("fill_diagonal:three axes", (3, 3, 3), True, (_VALUES,)),
            ("put_along_axis", (3, 4), False, (places, _VALUES, 0)),
            ("put_along_axis:flat", (3, 4), True, (np.array([4, 1]), _VALUES, None)),
        ]
    ]  # fmt: skip


def _arranged_cases() -> list[Case]:
    v, a = Arg((3,)), Arg((3, 2))
    cube = Arg((2, 3, 4))
    return [
        door("apply_along_axis", lambda m, x: m.apply_along_axis(lambda v: v[::2] * v[0], 1, x),
             cube, dtypes="dl"),
        door("apply_along_axis:scalar", lambda m, x: m.apply_along_axis(m.sum, -1, x), cube,
             dtypes="d"),
        door("apply_over_axes", lambda m, x: m.apply_over_axes(m.sum, x, (0, 2)), cube,
             dtypes="dl"),
        door("matvec", lambda m, x, y: m.matvec(x, y), cube, Arg((4,)), dtypes="dDl"),
        door("vecmat", lambda m, x, y: m.vecmat(x, y), Arg((2, 3)), cube, dtypes="dDl"),
        *(door(f"{n}:reduce", lambda m, x, n=n: getattr(m, n).reduce(x, axis=1),
               Arg((2, 4), low=0.5), dtypes="df")
          for n in ("logaddexp", "subtract", "hypot", "add", "maximum")),
        door("bitwise_xor:reduce", lambda m, x: m.bitwise_xor.reduce(x, None, keepdims=True),
             Arg((2, 4)), dtypes="l?", smooth=False),
        door("logaddexp:accumulate", lambda m, x: m.logaddexp.accumulate(x, 1), Arg((2, 4)),
             dtypes="d"),
        door("divide:outer", lambda m, x, y: m.divide.outer(x, y), v, Arg((2,), low=0.5),
             dtypes="d"),
        _sized("frompyfunc", lambda m, x, y: m.frompyfunc(lambda a, b: a * b + b, 2, 1)(x, y),
               lambda x, y: x * y + y, a, Arg((2,)), dtypes="dl"),
        _sized("frompyfunc:reduce",
               lambda m, x: m.frompyfunc(lambda a, b: a * b + b, 2, 1).reduce(x, 1),
               lambda x: x[:, 0] * x[:, 1] + x[:, 1], a, dtypes="dl"),
        door("r_", lambda m, x: m.r_[x, 0, 1:3], v, dtypes="dfl", spelled=False),
        door("r_:directive", lambda m, x: m.r_["1,3,0", x, x], v, dtypes="d", spelled=False),
        door("c_", lambda m, x, y: m.c_[x, y], v, a, dtypes="dl", spelled=False),
        door("fromiter", lambda m, x: m.fromiter(iter(x), np.float64, 2), v, dtypes="df",
             spelled=False),
        door("diag_indices_from", lambda m, x: x[m.diag_indices_from(x)], Arg((3, 3)),
             dtypes="d"),
        door("mask_indices", lambda m, x: x[m.mask_indices(3, m.triu, 1)], Arg((3, 3)),
             dtypes="d", spelled=False),
        door("mgrid", lambda m, x: x * m.mgrid[0:3, 1:3], Arg((3, 2)), dtypes="d", spelled=False),
        door("ogrid", lambda m, x: x * m.ogrid[0:3, 1:3][0], a, dtypes="d", spelled=False),
        door("s_", lambda m, x: x[m.s_[1:, 0]] + x[m.index_exp[1:, 0]], a, dtypes="d",
             spelled=False),
    ]  # fmt: skip


NUMPY_DOORS: list[Case] = [
    *_set_cases(),
    *_order_cases(),
    *_histogram_cases(),
    *_number_cases(),
    *_polynomial_cases(),
    *_placing_cases(),
    *_arranged_cases(),
]
