"""One row for each operation: the function, NumPy's, and the arguments on which they must agree.

``test_laws.py`` runs every law on every row, ``test_completeness.py`` finds operations without
one. A row is named after its operation; what follows a colon tells rows of one operation apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Ints = tuple[int, ...]


@dataclass(frozen=True)
class Arg:
    """How one argument is drawn: uniformly from ``low`` to ``high``, away from kinks.

    ``dtype`` fixes the dtype, otherwise it is that of the run. ``apart`` makes all elements
    distinct; ``signed`` gives each a random sign.
    """

    shape: Ints = (3, 4)
    low: float = -2.0
    high: float = 2.0
    dtype: str | None = None
    apart: bool = False
    signed: bool = False

    def draw(self, dtype: str, rng: np.random.Generator, shape: Ints | None = None) -> Any:
        """An array, or a NumPy scalar for rank 0."""
        kind = np.dtype(self.dtype or dtype)
        shape = self.shape if shape is None else shape
        if kind.kind == "b":
            return np.asarray(rng.integers(0, 2, shape).astype(bool))[()]
        if kind.kind in "iu":
            low = max(int(np.ceil(self.low)), 0 if kind.kind == "u" else -100)
            return np.asarray(rng.integers(low, int(self.high) + 1, shape).astype(kind))[()]
        values = self._real(rng, shape)
        if kind.kind == "c":
            values = values + 1j * self._real(rng, shape)
        return np.asarray(values.astype(kind))[()]

    def _real(self, rng: np.random.Generator, shape: Ints) -> Any:
        if self.apart:
            count = int(np.prod(shape, dtype=int))
            steps = rng.permutation(count) + 0.5
            return self.low + (self.high - self.low) * steps.reshape(shape) / max(count, 1)
        values = rng.uniform(self.low, self.high, shape)
        return values * rng.choice([-1.0, 1.0], shape) if self.signed else values


@dataclass(frozen=True)
class Case:
    """One row. ``dtypes`` are the dtypes (as characters) of the arguments without their own.

    ``smooth``: the derivative laws hold there, up to ``order``. ``anyshape``: the arguments may
    have any one shape. ``spelled``: the oracle, a plain NumPy function, accepts traced arrays.
    ``static``: the value laws only, since the result's shape depends on values.
    """

    name: str
    fun: Callable[..., Any]
    oracle: Callable[..., Any]
    args: tuple[Arg, ...]
    dtypes: str = "df"
    smooth: bool = True
    order: int = 2
    anyshape: bool = False
    spelled: bool = False
    static: bool = False
    door: bool = False
    tolerance: float = 1.0  # in multiples of the usual one

    @property
    def operation(self) -> str:
        return self.name.partition(":")[0]

    def draw(self, dtype: str, seed: int = 0, shape: Ints | None = None) -> tuple[Any, ...]:
        rng = np.random.default_rng(seed + sum(map(ord, self.name)))
        return tuple(a.draw(dtype, rng, shape) for a in self.args)


FLOATS = "df"
INEXACT = "dfDF"
NUMBERS = "dfDFliB"
REAL_NUMBERS = "dfliB"
INTEGERS = "liB"
LOGIC = "?liB"


def elementwise(
    name: str, fun: Callable[..., Any], oracle: Callable[..., Any], *args: Arg, **flags: Any
) -> Case:
    """A row whose arguments may have any shape."""
    return Case(name, fun, oracle, args or (Arg(),), anyshape=True, **flags)


# --- primitives ----------------------------------------------------------------------------------


def _special(name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*args)

    return call


def _linear_cases() -> list[Case]:
    from functrans.primitives import linear as li

    a = Arg()
    away = Arg(low=0.4, signed=True)
    rows = [
        elementwise("add", li.add, np.add, a, a, dtypes=NUMBERS),
        elementwise("sub", li.sub, np.subtract, a, a, dtypes=NUMBERS),
        elementwise("mul", li.mul, np.multiply, a, a, dtypes=NUMBERS),
        elementwise("mul:square", lambda x: li.mul(x, x), np.square, a, dtypes=NUMBERS),
        elementwise("neg", li.neg, np.negative, a, dtypes="dfDFl"),
        elementwise("div", li.div, np.true_divide, a, away, dtypes=INEXACT),
        elementwise("real", li.real, lambda z: np.real(z).copy(), a, dtypes="DF"),
        elementwise("imag", li.imag, lambda z: np.imag(z).copy(), a, dtypes="DF"),
        elementwise("conj", li.conj, np.conj, a, dtypes="DF"),
        elementwise("complex", li.complex_, lambda x, y: (x + y * x.dtype.type(1) * 1j), a, a),
        elementwise("convert:float32", lambda x: li.convert(x, np.float32),
                    lambda x: x.astype(np.float32), a, dtypes="dlB?", smooth=False),
        elementwise("convert:float64", lambda x: li.convert(x, np.float64),
                    lambda x: x.astype(np.float64), a, dtypes="dflB?"),
        elementwise("convert:complex", lambda x: li.convert(x, np.complex128),
                    lambda x: x.astype(np.complex128), a, dtypes="dfDl"),
        elementwise("convert:int", lambda x: li.convert(x, np.int32),
                    lambda x: x.astype(np.int32), a, dtypes="dfl?", smooth=False),
        elementwise("convert:bool", lambda x: li.convert(x, bool),
                    lambda x: x.astype(bool), a, dtypes="dflB", smooth=False),
        elementwise("select_n", li.select_n, lambda w, x, y: np.where(w, y, x),
                    Arg(dtype="?"), a, a, dtypes="dfDFl?"),
        elementwise("select_n:three", li.select_n,
                    lambda w, *xs: np.choose(w, xs), Arg(low=0, high=2, dtype="l"), a, a, a,
                    dtypes="dfl"),
        elementwise("stop_gradient", li.stop_gradient, np.copy, a, smooth=False, dtypes="dDl"),
        Case("broadcast_in_dim", lambda x: li.broadcast_in_dim(x, (3, 2, 4), (0, 2)),
             lambda x: np.broadcast_to(x[:, None, :], (3, 2, 4)), (a,), dtypes="dfDl?"),
        Case("broadcast_in_dim:one", lambda x: li.broadcast_in_dim(x, (5, 4), (0, 1)),
             lambda x: np.broadcast_to(x, (5, 4)), (Arg((1, 4)),), dtypes="dfl"),
        Case("broadcast_in_dim:rank0", lambda x: li.broadcast_in_dim(x, (2, 3), ()),
             lambda x: np.broadcast_to(x, (2, 3)), (Arg(()),), dtypes="dfl"),
        Case("reduce_sum", lambda x: li.reduce_sum(x, (1,)),
             lambda x: np.sum(x, axis=1, dtype=x.dtype), (Arg((3, 4, 2)),), dtypes=NUMBERS),
        Case("reduce_sum:outer", lambda x: li.reduce_sum(x, (0, 2)),
             lambda x: np.sum(x, axis=(0, 2), dtype=x.dtype), (Arg((3, 4, 2)),), dtypes="dfDl"),
        Case("reduce_sum:all", lambda x: li.reduce_sum(x, (0, 1)),
             lambda x: np.sum(x, dtype=x.dtype), (a,), dtypes="dfDl"),
        Case("reduce_sum:empty", lambda x: li.reduce_sum(x, (0,)),
             lambda x: np.sum(x, axis=0), (Arg((0, 3)),), dtypes="df"),
        Case("reshape", lambda x: li.reshape(x, (2, 6)), lambda x: x.reshape(2, 6), (a,),
             dtypes="dfDl?"),
        Case("reshape:rank0", lambda x: li.reshape(x, ()), lambda x: x.reshape(()),
             (Arg((1, 1)),), dtypes="dl"),
        Case("transpose", lambda x: li.transpose(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1),
             (Arg((2, 3, 4)),), dtypes="dfDl?"),
        Case("rev", lambda x: li.rev(x, (1,)), lambda x: x[:, ::-1], (a,), dtypes="dfDl?"),
        Case("slice", lambda x: li.slice_(x, (1, 0), (3, 4), (1, 2)), lambda x: x[1:3, 0:4:2],
             (a,), dtypes="dfDl?"),
        Case("slice:empty", lambda x: li.slice_(x, (1, 0), (1, 4)), lambda x: x[1:1], (a,)),
        Case("pad", lambda x: li.pad(x, x.dtype.type(0), ((1, 0, 0), (2, 1, 0))),
             lambda x: np.pad(x, ((1, 0), (2, 1))), (a,), dtypes="dfDl"),
        Case("pad:interior", lambda x: li.pad(x, x.dtype.type(3), ((0, 1, 2),)),
             lambda x: _spaced(x, 2, 1, 3), (Arg((4,)),), dtypes="dfl"),
        Case("pad:crop", lambda x: li.pad(x, x.dtype.type(3), ((-1, -2, 0), (0, 2, 1))),
             lambda x: _pad_oracle(x, 3, ((-1, -2, 0), (0, 2, 1))), (Arg((5, 3)),),
             dtypes="dfl"),
        Case("pad:crop interior", lambda x: li.pad(x, x.dtype.type(3), ((-2, 4, 2),)),
             lambda x: _pad_oracle(x, 3, ((-2, 4, 2),)), (Arg((4,)),), dtypes="dfl"),
        Case("pad:value", lambda x, v: li.pad(x, v, ((1, 2, 1),)),
             lambda x, v: _pad_oracle(x, v, ((1, 2, 1),)), (Arg((4,)), Arg(())), dtypes="dfl"),
        Case("concatenate", lambda x, y, z: li.concatenate([x, y, z], 1),
             lambda *xs: np.concatenate(xs, 1), (Arg((2, 3)), Arg((2, 1)), Arg((2, 2))),
             dtypes="dfDl?"),
        Case("iota", lambda x: li.add(x, li.iota(x.dtype, (3, 4), 1)),
             lambda x: x + np.arange(4, dtype=x.dtype), (a,), dtypes="dfl"),
    ]  # fmt: skip
    return rows


def _spaced(x: Any, inner: int, high: int, value: Any) -> Any:
    return _pad_oracle(x, value, ((0, high, inner),))


def _pad_oracle(x: Any, value: Any, config: Sequence[tuple[int, int, int]]) -> Any:
    """Interior padding, then edges, then cropping, one axis after the other."""
    for axis, (low, high, inner) in enumerate(config):
        x = np.moveaxis(x, axis, 0)
        grown = np.full((len(x) + max(len(x) - 1, 0) * inner, *x.shape[1:]), value, x.dtype)
        grown[:: inner + 1] = x
        edges = [(max(low, 0), max(high, 0))] + [(0, 0)] * (x.ndim - 1)
        grown = np.pad(grown, edges, constant_values=value)
        x = grown[max(-low, 0) : len(grown) - max(-high, 0)]
        x = np.moveaxis(x, 0, axis)
    return np.ascontiguousarray(x)


def _elementwise_cases() -> list[Case]:
    from functrans.primitives import elementwise as ew

    a = Arg()
    unit = Arg(low=-0.9, high=0.9)
    positive = Arg(low=0.2, high=3.0)
    above_one = Arg(low=1.2, high=3.0)
    away = Arg(low=0.3, high=2.0, signed=True)
    small = Arg(low=0, high=7)
    return [
        elementwise("exp", ew.exp, np.exp, dtypes=INEXACT),
        elementwise("exp2", ew.exp2, np.exp2, dtypes=FLOATS),
        elementwise("expm1", ew.expm1, np.expm1, dtypes=INEXACT),
        elementwise("log", ew.log, np.log, positive, dtypes=INEXACT),
        elementwise("log2", ew.log2, np.log2, positive),
        elementwise("log10", ew.log10, np.log10, positive),
        elementwise("log1p", ew.log1p, np.log1p, positive, dtypes=INEXACT),
        elementwise("sqrt", ew.sqrt, np.sqrt, positive, dtypes=INEXACT),
        elementwise("cbrt", ew.cbrt, np.cbrt, away),
        elementwise("sin", ew.sin, np.sin, dtypes=INEXACT),
        elementwise("cos", ew.cos, np.cos, dtypes=INEXACT),
        elementwise("tan", ew.tan, np.tan, Arg(low=-1.2, high=1.2), dtypes=INEXACT),
        elementwise("asin", ew.asin, np.arcsin, unit, dtypes=INEXACT),
        elementwise("acos", ew.acos, np.arccos, unit, dtypes=INEXACT),
        elementwise("atan", ew.atan, np.arctan, dtypes=INEXACT),
        elementwise("sinh", ew.sinh, np.sinh, dtypes=INEXACT),
        elementwise("cosh", ew.cosh, np.cosh, dtypes=INEXACT),
        elementwise("tanh", ew.tanh, np.tanh, dtypes=INEXACT),
        elementwise("asinh", ew.asinh, np.arcsinh, dtypes=INEXACT),
        elementwise("acosh", ew.acosh, np.arccosh, above_one, dtypes=INEXACT),
        elementwise("atanh", ew.atanh, np.arctanh, unit, dtypes=INEXACT),
        elementwise("atan2", ew.atan2, np.arctan2, away, away),
        elementwise("hypot", ew.hypot, np.hypot, away, away),
        elementwise("logistic", ew.logistic, lambda x: (1 / (1 + np.exp(-x))).astype(x.dtype),
                    dtypes=INEXACT),
        elementwise("logaddexp", ew.logaddexp, np.logaddexp, a, a),
        elementwise("erf", ew.erf, _special("erf")),
        elementwise("erfc", ew.erfc, _special("erfc")),
        elementwise("erf_inv", ew.erf_inv, _special("erfinv"), unit),
        elementwise("lgamma", ew.lgamma, _special("gammaln"), positive),
        elementwise("digamma", ew.digamma, _special("psi"), positive, tolerance=4),
        elementwise("zeta", lambda q: ew.zeta(q.dtype.type(2.5), q),
                    lambda q: _special("zeta")(q.dtype.type(2.5), q), positive, tolerance=4),
        elementwise("igamma", lambda x: ew.igamma(x.dtype.type(1.5), x),
                    lambda x: _special("gammainc")(x.dtype.type(1.5), x), positive),
        elementwise("igammac", lambda x: ew.igammac(x.dtype.type(1.5), x),
                    lambda x: _special("gammaincc")(x.dtype.type(1.5), x), positive),
        elementwise("betainc", lambda x: ew.betainc(x.dtype.type(1.5), x.dtype.type(2.5), x),
                    lambda x: _special("betainc")(x.dtype.type(1.5), x.dtype.type(2.5), x),
                    Arg(low=0.1, high=0.9)),
        elementwise("pow", ew.power, np.power, positive, a, dtypes=INEXACT),
        elementwise("pow:int", ew.power, np.power, Arg(low=-3, high=3), Arg(low=0, high=4),
                    dtypes="li"),
        elementwise("integer_pow:3", lambda x: ew.integer_pow(x, 3), lambda x: x**3, away,
                    dtypes="dfDFl"),
        elementwise("integer_pow:2", lambda x: ew.integer_pow(x, 2), lambda x: x**2, away,
                    dtypes="dfDFl"),
        elementwise("integer_pow:-2", lambda x: ew.integer_pow(x, -2), lambda x: x**-2, away,
                    dtypes=INEXACT),
        elementwise("integer_pow:0", lambda x: ew.integer_pow(x, 0), lambda x: x**0, away,
                    dtypes="dfDl"),
        elementwise("integer_pow:1", lambda x: ew.integer_pow(x, 1), lambda x: x**1, away,
                    dtypes="dfl"),
        elementwise("integer_pow:7", lambda x: ew.integer_pow(x, 7), lambda x: x**7, away,
                    dtypes="df"),
        elementwise("sign", ew.sign, np.sign, away, dtypes="dfDFl"),
        elementwise("floor", ew.floor, np.floor, Arg(low=0.1, high=0.9)),
        elementwise("floor:values", ew.floor, np.floor, Arg(low=-9, high=9), smooth=False),
        elementwise("ceil", ew.ceil, np.ceil, Arg(low=0.1, high=0.9)),
        elementwise("round", ew.round_, np.rint, Arg(low=0.6, high=1.4)),
        elementwise("round:values", ew.round_, np.rint, Arg(low=-9, high=9), smooth=False),
        elementwise("is_finite", ew.is_finite, np.isfinite),
        elementwise("nextafter", ew.nextafter, np.nextafter, a, a, smooth=False),
        elementwise("abs", ew.abs_, np.abs, away, dtypes="dfDFlB"),
        elementwise("copysign", ew.copysign, np.copysign, away, away),
        elementwise("max", ew.max_, np.maximum, a, a, dtypes=REAL_NUMBERS),
        elementwise("min", ew.min_, np.minimum, a, a, dtypes=REAL_NUMBERS),
        elementwise("floor_div", ew.floor_div, np.floor_divide, Arg(low=0.5, high=0.9),
                    Arg(low=1.0, high=2.0), dtypes="df"),
        elementwise("floor_div:values", ew.floor_div, np.floor_divide, Arg(low=-9, high=9),
                    Arg(low=1, high=3), dtypes="dlB", smooth=False),
        elementwise("mod", ew.mod, np.mod, Arg(low=-1.9, high=-1.1), Arg(low=0.95, high=1.05)),
        elementwise("mod:values", ew.mod, np.mod, Arg(low=-9, high=9), Arg(low=1, high=3),
                    dtypes="dlB", smooth=False),
        elementwise("rem", ew.rem, np.fmod, Arg(low=-1.9, high=-1.1), Arg(low=0.95, high=1.05)),
        elementwise("rem:values", ew.rem, np.fmod, Arg(low=-9, high=9), Arg(low=1, high=3),
                    dtypes="dlB", smooth=False),
        elementwise("eq", ew.eq, np.equal, a, a, dtypes="dfDlB?"),
        elementwise("ne", ew.ne, np.not_equal, a, a, dtypes="dfDlB?"),
        elementwise("lt", ew.lt, np.less, a, a, dtypes="dflB?"),
        elementwise("le", ew.le, np.less_equal, a, a, dtypes="dflB?"),
        elementwise("gt", ew.gt, np.greater, a, a, dtypes="dflB?"),
        elementwise("ge", ew.ge, np.greater_equal, a, a, dtypes="dflB?"),
        elementwise("and", ew.and_, np.bitwise_and, small, small, dtypes=LOGIC),
        elementwise("or", ew.or_, np.bitwise_or, small, small, dtypes=LOGIC),
        elementwise("xor", ew.xor, np.bitwise_xor, small, small, dtypes=LOGIC),
        elementwise("not", ew.not_, np.invert, small, dtypes=LOGIC),
        elementwise("shift_left", ew.shift_left, np.left_shift, small, small, dtypes=INTEGERS),
        elementwise("shift_right", ew.shift_right, np.right_shift, Arg(low=-50, high=90), small,
                    dtypes=INTEGERS),
        elementwise("population_count", ew.population_count, np.bitwise_count,
                    Arg(low=-50, high=90), dtypes=INTEGERS),
        elementwise("mul:constant", lambda x: ew.mul(x, x.dtype.type(3)),
                    lambda x: x * x.dtype.type(3), dtypes="dfDl"),
        elementwise("max:constant", lambda x: ew.max_(x, x.dtype.type(1)),
                    lambda x: np.maximum(x, x.dtype.type(1)), dtypes="dfl"),
    ]  # fmt: skip


def _reduction_cases() -> list[Case]:
    from functrans.primitives import reductions as re

    a = Arg((3, 4, 2), apart=True)
    rows: list[Case] = []
    for name, fun, ufunc, dtypes in [
        ("reduce_max", re.reduce_max, np.maximum, REAL_NUMBERS),
        ("reduce_min", re.reduce_min, np.minimum, REAL_NUMBERS),
        ("reduce_prod", re.reduce_prod, np.multiply, "dfDl"),
        ("reduce_and", re.reduce_and, np.bitwise_and, LOGIC),
        ("reduce_or", re.reduce_or, np.bitwise_or, LOGIC),
    ]:
        for axes in [(1,), (0, 2), (0, 1, 2)]:
            rows.append(
                Case(
                    f"{name}:{axes}",
                    lambda x, fun=fun, axes=axes: fun(x, axes),
                    lambda x, u=ufunc, axes=axes: u.reduce(x, axis=axes, dtype=x.dtype),
                    (a,),
                    dtypes=dtypes,
                )
            )
    for op, ufunc in [
        ("add", np.add),
        ("mul", np.multiply),
        ("max", np.maximum),
        ("min", np.minimum),
    ]:
        name = {"add": "cumsum", "mul": "cumprod", "max": "cummax", "min": "cummin"}[op]
        for reverse in (False, True):
            rows.append(
                Case(
                    f"{name}:{'reverse' if reverse else 'forward'}",
                    lambda x, op=op, r=reverse: re.cumulative(op, x, 1, r),
                    lambda x, u=ufunc, r=reverse: _accumulate(u, x, r),
                    (a,),
                    dtypes="dfDl" if op in ("add", "mul") else "dfl",
                )
            )
    rows += [
        Case("argmax", lambda x: re.argmax(x, 1), lambda x: np.argmax(x, 1), (a,),
             dtypes=REAL_NUMBERS),
        Case("argmin", lambda x: re.argmin(x, 1), lambda x: np.argmin(x, 1), (a,),
             dtypes=REAL_NUMBERS),
        Case("argsort", lambda x: re.argsort(x, 1), lambda x: np.argsort(x, 1, kind="stable"),
             (a,), dtypes="dfl"),
    ]  # fmt: skip
    return rows


def _accumulate(ufunc: np.ufunc, x: Any, reverse: bool) -> Any:
    x = x[:, ::-1] if reverse else x
    out = ufunc.accumulate(x, axis=1, dtype=x.dtype)
    return out[:, ::-1].copy() if reverse else out


def _indexing_cases() -> list[Case]:
    from functrans.primitives import indexing as ix

    a = Arg((4, 3), apart=True)
    i = Arg((2, 5), low=-4, high=3, dtype="l")
    j = Arg((2, 5), low=-3, high=2, dtype="l")
    far = Arg((2, 5), low=-9, high=9, dtype="l")
    u = Arg((2, 5, 3), apart=True)

    def scattered(op: str) -> Callable[..., Any]:
        def oracle(x: Any, u: Any, i: Any) -> Any:
            out = x.copy()
            if op == "set":
                out[i] = u
            else:
                fold = {"add": np.add, "mul": np.multiply, "min": np.minimum, "max": np.maximum}
                fold[op].at(out, i, u)
            return out

        return oracle

    distinct = Arg((2,), low=0, high=0, dtype="l")
    rows = [
        Case("gather", lambda x, i: ix.gather(x, (i,), (0,)), lambda x, i: x[i], (a, i),
             dtypes="dfDl?"),
        Case("gather:second", lambda x, j: ix.gather(x, (j,), (1,)),
             lambda x, j: np.moveaxis(x, 1, 0)[j], (a, j), dtypes="dfl"),
        Case("gather:both", lambda x, i, j: ix.gather(x, (i, j), (0, 1)),
             lambda x, i, j: x[i, j], (a, i, j), dtypes="dfl"),
        Case("gather:swapped", lambda x, i, j: ix.gather(x, (j, i), (1, 0)),
             lambda x, i, j: x[i, j], (a, i, j), dtypes="df"),
        Case("gather:scalar", lambda x, i: ix.gather(x, (i,), (0,)), lambda x, i: x[i],
             (a, Arg((), low=0, high=3, dtype="l")), dtypes="dfl"),
        Case("gather:clip", lambda x, i: ix.gather(x, (i,), (0,), "clip"),
             lambda x, i: x[np.clip(np.where(i < 0, i + 4, i), 0, 3)], (a, far), dtypes="df"),
        Case("gather:wrap", lambda x, i: ix.gather(x, (i,), (0,), "wrap"),
             lambda x, i: x[i % 4], (a, far), dtypes="df"),
        Case("gather:fill", lambda x, i: ix.gather(x, (i,), (0,), "fill", 7.0),
             lambda x, i: np.where(((i >= -4) & (i < 4))[..., None],
                                   x[np.clip(i, -4, 3)], x.dtype.type(7)), (a, far),
             dtypes="df"),
        Case("scatter:drop", lambda x, u, i: ix.scatter(x, u, (i,), (0,), "add", "drop"),
             lambda x, u, i: scattered("add")(x, u[(i >= -4) & (i < 4)], i[(i >= -4) & (i < 4)]),
             (a, u, far), dtypes="df"),
        Case("scatter:set repeated", lambda x, u: ix.scatter(x, u, (np.array([2, 0, 2]),), (0,)),
             lambda x, u: scattered("set")(x, u, np.array([2, 0, 2])), (a, Arg((3, 3))),
             dtypes="dfl"),
        Case("scatter:second axis",
             lambda x, u: ix.scatter(x, u, (np.array([2, 0]),), (1,), "add"),
             lambda x, u: scattered("add")(x.T, u, np.array([2, 0])).T, (a, Arg((2, 4))),
             dtypes="dfl"),
        Case("scatter:mul", lambda x: ix.scatter(x, np.full((2, 3), x.dtype.type(3)),
                                                  (np.array([2, 2]),), (0,), "mul"),
             lambda x: scattered("mul")(x, np.full((2, 3), x.dtype.type(3)), np.array([2, 2])),
             (a,), dtypes="dfl"),
        Case("scatter:rank0", lambda x, i, v: ix.scatter(x, v, (i,), (0,), "set"),
             lambda x, i, v: scattered("set")(x, v, i),
             (Arg((4,)), Arg((), low=0, high=3, dtype="l"), Arg(())), dtypes="dfl"),
    ]  # fmt: skip
    del distinct
    for op in ("set", "add", "min", "max"):
        rows.append(
            Case(
                f"scatter:{op}",
                lambda x, u, i, op=op: ix.scatter(x, u, (i,), (0,), op),
                scattered(op),
                (a, u, i),
                dtypes="dfDl" if op in ("set", "add") else "dfl",
            )
        )
    return rows


def _contraction_cases() -> list[Case]:
    from functrans.primitives.contraction import dot_general

    plain = (((1,), (0,)), ((), ()))
    return [
        Case("dot_general:matmul", lambda x, y: dot_general(x, y, plain), np.matmul,
             (Arg((3, 4)), Arg((4, 5))), dtypes="dfDFl"),
        Case("dot_general:left transposed",
             lambda x, y: dot_general(x, y, (((0,), (0,)), ((), ()))),
             lambda x, y: x.T @ y, (Arg((4, 3)), Arg((4, 5))), dtypes="df"),
        Case("dot_general:right transposed",
             lambda x, y: dot_general(x, y, (((1,), (1,)), ((), ()))),
             lambda x, y: x @ y.T, (Arg((3, 4)), Arg((5, 4))), dtypes="df"),
        Case("dot_general:both transposed",
             lambda x, y: dot_general(x, y, (((0,), (1,)), ((), ()))),
             lambda x, y: x.T @ y.T, (Arg((4, 3)), Arg((5, 4))), dtypes="df"),
        Case("dot_general:vector", lambda x, y: dot_general(x, y, (((0,), (0,)), ((), ()))),
             np.dot, (Arg((4,)), Arg((4,))), dtypes="dfDl"),
        Case("dot_general:matrix vector", lambda x, y: dot_general(x, y, plain), np.dot,
             (Arg((3, 4)), Arg((4,))), dtypes="df"),
        Case("dot_general:vector matrix",
             lambda x, y: dot_general(x, y, (((0,), (0,)), ((), ()))), np.dot,
             (Arg((4,)), Arg((4, 5))), dtypes="df"),
        Case("dot_general:outer", lambda x, y: dot_general(x, y, (((), ()), ((), ()))),
             np.multiply.outer, (Arg((3,)), Arg((4,))), dtypes="dfl"),
        Case("dot_general:batch",
             lambda x, y: dot_general(x, y, (((2,), (1,)), ((0,), (0,)))), np.matmul,
             (Arg((2, 3, 4)), Arg((2, 4, 5))), dtypes="dfDl"),
        Case("dot_general:batch inside",
             lambda x, y: dot_general(x, y, (((0,), (2,)), ((1,), (0,)))),
             lambda x, y: np.einsum("kbi,bjk->bij", x, y), (Arg((4, 2, 3)), Arg((2, 5, 4))),
             dtypes="df"),
        Case("dot_general:two axes",
             lambda x, y: dot_general(x, y, (((1, 2), (2, 0)), ((), ()))),
             lambda x, y: np.einsum("iab,bja->ij", x, y), (Arg((3, 4, 2)), Arg((2, 5, 4))),
             dtypes="df"),
        Case("dot_general:three axes",
             lambda x, y: dot_general(x, y, (((3, 0, 2), (1, 3, 0)), ((1,), (2,)))),
             lambda x, y: np.einsum("abcd,cdbae->be", x, y),
             (Arg((2, 3, 4, 5)), Arg((4, 5, 3, 2, 6))), dtypes="df"),
        Case("dot_general:empty", lambda x, y: dot_general(x, y, plain), np.matmul,
             (Arg((3, 0)), Arg((0, 2))), dtypes="df"),
        Case("dot_general:large", lambda x, y: dot_general(x, y, plain), np.matmul,
             (Arg((40, 50)), Arg((50, 30))), dtypes="df", order=1, tolerance=20),
    ]  # fmt: skip


def _call_cases() -> list[Case]:
    from functrans import jit
    from functrans.primitives import elementwise as ew
    from functrans.primitives import linear as li

    @jit
    def inner(x: Any, y: Any) -> Any:
        return li.mul(ew.sin(x), y), x

    return [
        Case("jit", lambda x, y: inner(x, y)[0], lambda x, y: np.sin(x) * y, (Arg(), Arg()),
             dtypes="dfD", anyshape=True),
        Case("jit:nested", lambda x, y: inner(*inner(x, y))[0],
             lambda x, y: np.sin(np.sin(x) * y) * x, (Arg(), Arg()), dtypes="d"),
    ]  # fmt: skip


PRIMITIVE_CASES: list[Case] = [
    *_linear_cases(),
    *_elementwise_cases(),
    *_reduction_cases(),
    *_indexing_cases(),
    *_contraction_cases(),
    *_call_cases(),
]

CASES: list[Case] = [*PRIMITIVE_CASES]
