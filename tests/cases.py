"""One row for each operation: the function, NumPy's, and the arguments on which they must agree.

``test_laws.py`` runs every law on every row, ``test_completeness.py`` finds operations without
one. A row is named after its operation; what follows a colon tells rows of one operation apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.case import (
    FLOATS,
    INEXACT,
    INTEGERS,
    LOGIC,
    NUMBERS,
    REAL_NUMBERS,
    Arg,
    Case,
    Ints,
    door,
    elementwise,
)
from tests.linalg_cases import LINALG_DOORS, LINALG_PRIMITIVES
from tests.numpy_cases import NUMPY_DOORS
from tests.scipy_linalg_cases import SCIPY_LINALG_CASES

# --- primitives ----------------------------------------------------------------------------------


def _special(name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*args)

    return call


def _linear_cases() -> list[Case]:
    from functrans.primitives import layout as lay
    from functrans.primitives import linear as li
    from functrans.primitives import marks

    a = Arg()
    away = Arg(low=0.4, signed=True)
    return [
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
        elementwise("stop_gradient", marks.stop_gradient, np.copy, a, smooth=False, dtypes="dDl"),
        Case("broadcast_in_dim", lambda x: lay.broadcast_in_dim(x, (3, 2, 4), (0, 2)),
             lambda x: np.broadcast_to(x[:, None, :], (3, 2, 4)), (a,), dtypes="dfDl?"),
        Case("broadcast_in_dim:one", lambda x: lay.broadcast_in_dim(x, (5, 4), (0, 1)),
             lambda x: np.broadcast_to(x, (5, 4)), (Arg((1, 4)),), dtypes="dfl"),
        Case("broadcast_in_dim:rank0", lambda x: lay.broadcast_in_dim(x, (2, 3), ()),
             lambda x: np.broadcast_to(x, (2, 3)), (Arg(()),), dtypes="dfl"),
        Case("reduce_sum", lambda x: lay.reduce_sum(x, (1,)),
             lambda x: np.sum(x, axis=1, dtype=x.dtype), (Arg((3, 4, 2)),), dtypes=NUMBERS),
        Case("reduce_sum:outer", lambda x: lay.reduce_sum(x, (0, 2)),
             lambda x: np.sum(x, axis=(0, 2), dtype=x.dtype), (Arg((3, 4, 2)),), dtypes="dfDl"),
        Case("reduce_sum:all", lambda x: lay.reduce_sum(x, (0, 1)),
             lambda x: np.sum(x, dtype=x.dtype), (a,), dtypes="dfDl"),
        Case("reduce_sum:empty", lambda x: lay.reduce_sum(x, (0,)),
             lambda x: np.sum(x, axis=0), (Arg((0, 3)),), dtypes="df"),
        Case("reshape", lambda x: lay.reshape(x, (2, 6)), lambda x: x.reshape(2, 6), (a,),
             dtypes="dfDl?"),
        Case("reshape:rank0", lambda x: lay.reshape(x, ()), lambda x: x.reshape(()),
             (Arg((1, 1)),), dtypes="dl"),
        Case("transpose", lambda x: lay.transpose(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1),
             (Arg((2, 3, 4)),), dtypes="dfDl?"),
        Case("rev", lambda x: lay.rev(x, (1,)), lambda x: x[:, ::-1], (a,), dtypes="dfDl?"),
        Case("slice", lambda x: lay.slice_(x, (1, 0), (3, 4), (1, 2)), lambda x: x[1:3, 0:4:2],
             (a,), dtypes="dfDl?"),
        Case("slice:empty", lambda x: lay.slice_(x, (1, 0), (1, 4)), lambda x: x[1:1], (a,)),
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
        Case("concatenate", lambda x, y, z: lay.concatenate([x, y, z], 1),
             lambda *xs: np.concatenate(xs, 1), (Arg((2, 3)), Arg((2, 1)), Arg((2, 2))),
             dtypes="dfDl?"),
        Case("iota", lambda x: li.add(x, lay.iota(x.dtype, (3, 4), 1)),
             lambda x: x + np.arange(4, dtype=x.dtype), (a,), dtypes="dfl"),
    ]  # fmt: skip


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
    from functrans.control.implicit import gamma_sample
    from functrans.primitives import elementwise as ew
    from functrans.primitives.random import threefry2x32

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
        elementwise("gamma_sample", lambda a, x: gamma_sample(a, x, log=False), lambda a, x: x,
                    positive, positive, smooth=False),  # its derivative: tests/random
        elementwise("threefry2x32", threefry2x32, _threefry2x32_oracle, Arg(low=0, high=2**62),
                    Arg(low=0, high=2**62), dtypes="L"),
        elementwise("mul:constant", lambda x: ew.mul(x, x.dtype.type(3)),
                    lambda x: x * x.dtype.type(3), dtypes="dfDl"),
        elementwise("max:constant", lambda x: ew.max_(x, x.dtype.type(1)),
                    lambda x: np.maximum(x, x.dtype.type(1)), dtypes="dfl"),
    ]  # fmt: skip


@np.vectorize
def _threefry2x32_oracle(key: Any, counter: Any) -> Any:
    """Threefry-2x32-20 in Python's integers, as Salmon et al. (2011) describe it."""
    ks = [int(key) >> 32, int(key) % 2**32]
    ks.append(0x1BD11BDA ^ ks[0] ^ ks[1])
    x, y = int(counter) >> 32, int(counter) % 2**32
    for i in range(20):
        if i % 4 == 0:
            x, y = x + ks[i // 4 % 3], y + ks[(i // 4 + 1) % 3] + i // 4
        x = (x + y) % 2**32
        r = (13, 15, 26, 6, 17, 29, 16, 24)[i % 8]
        y = (y % 2**32 << r | y % 2**32 >> 32 - r) % 2**32 ^ x
    return np.uint64((x + ks[2]) % 2**32 << 32 | (y + ks[0] + 5) % 2**32)


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
        Case("sort", lambda x: re.sort(x, 1), lambda x: np.sort(x, 1), (a,), dtypes="dflD"),
    ]  # fmt: skip
    return rows


def _accumulate(ufunc: np.ufunc, x: Any, reverse: bool) -> Any:
    x = x[:, ::-1] if reverse else x
    out = ufunc.accumulate(x, axis=1, dtype=x.dtype)
    return out[:, ::-1].copy() if reverse else out


def _collective_cases() -> list[Case]:
    from functrans import collectives as co
    from functrans.transforms.vmap import vmap

    def mapped(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return vmap(f, axis_name="i")

    a, square = Arg((4, 3), apart=True), Arg((3, 3, 2))
    return [
        Case("axis_reduce:sum", mapped(lambda x: co.psum(x, "i")),
             lambda x: np.broadcast_to(x.sum(0, dtype=x.dtype), x.shape), (a,), dtypes="dfDl"),
        Case("axis_reduce:max", mapped(lambda x: co.pmax(x, "i")),
             lambda x: np.broadcast_to(x.max(0), x.shape), (a,), dtypes="dfl"),
        Case("axis_reduce:min", mapped(lambda x: co.pmin(x, "i")),
             lambda x: np.broadcast_to(x.min(0), x.shape), (a,), dtypes="dfl"),
        Case("all_gather", mapped(lambda x: co.all_gather(x, "i")),
             lambda x: np.broadcast_to(x, (4, *x.shape)), (a,), dtypes="dfDl?"),
        Case("all_to_all", mapped(lambda x: co.all_to_all(x, "i", 0, 0)),
             lambda x: x.swapaxes(0, 1), (square,), dtypes="dfDl?"),
        Case("ppermute", mapped(lambda x: co.ppermute(x, "i", [(0, 1), (1, 3)])),
             lambda x: np.stack([0 * x[0], x[0], 0 * x[0], x[1]]), (a,), dtypes="dfDl"),
        Case("axis_index", mapped(lambda x: x * co.axis_index("i")),
             lambda x: x * np.arange(4)[:, None], (a,), dtypes="dl"),
    ]  # fmt: skip


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


def _integral_cases() -> list[Case]:
    from functrans.core.trace import bind
    from functrans.primitives import integrals as it

    positive = Arg(low=0.3, high=3.0)

    def row(name: str, *args: Arg, constants: tuple[float, ...] = ()) -> Case:
        primitive = getattr(it, f"{name}_p")

        def with_constants(call: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *xs: call(*(xs[0].dtype.type(c) for c in constants), *xs)

        fun = with_constants(lambda *xs: bind(primitive, *xs))
        return elementwise(name, fun, with_constants(_special(name)), *args, tolerance=4)

    return [
        *(row(name, positive) for name in ("i0", "i1", "i0e", "i1e", "erfcx", "exp1", "expi")),
        *(row(name, positive) for name in ("j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e")),
        elementwise(
            "fresnel_sin",
            lambda x: bind(it.fresnel_sin_p, x),
            lambda x: _special("fresnel")(x)[0],
            positive,
            tolerance=4,
        ),
        elementwise(
            "fresnel_cos",
            lambda x: bind(it.fresnel_cos_p, x),
            lambda x: _special("fresnel")(x)[1],
            positive,
            tolerance=4,
        ),
        row("spence", positive),
        row("ndtri", Arg(low=0.1, high=0.9)),
        row("dawsn", Arg()),
        row("expn", positive, constants=(2.0,)),
        row("hyp1f1", Arg(), constants=(1.5, 2.5)),
        row("hyp2f1", Arg(low=-0.9, high=0.9), constants=(0.5, 1.5, 2.5)),
        row("owens_t", Arg(), positive),
    ]


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


def _mark_cases() -> list[Case]:
    import functrans as ft
    from functrans.ad_checkpoint import checkpoint_name
    from functrans.primitives.marks import barrier

    policy = ft.checkpoint_policies.save_only_these_names("inner")
    again = ft.checkpoint(
        lambda x, y: np.tanh(checkpoint_name(np.tanh(x) * y, "inner")) * y, policy=policy
    )

    return [
        Case("checkpoint", again, lambda x, y: np.tanh(np.tanh(x) * y) * y, (Arg(), Arg()),
             dtypes="df", anyshape=True),
        Case("name", lambda x: checkpoint_name(x, "x"), np.copy, (Arg(),), dtypes="dfDl",
             anyshape=True, smooth=False),
        Case("barrier", lambda x, y: barrier([x, np.sin(x)], [y])[1] * y,
             lambda x, y: np.sin(x) * y, (Arg(), Arg()), dtypes="dfD", anyshape=True),
    ]  # fmt: skip


def _loop_cases() -> list[Case]:
    from functrans.control.branches import cond, switch
    from functrans.control.loops import scan
    from functrans.control.while_loop import while_loop
    from functrans.transforms.derived import linearize, vjp

    def looped(x: Any, y: Any) -> Any:
        c, rows = x, []
        for row in y:
            c = np.sin(c) * row
            rows.append(c + row)
        return c, np.stack(rows)

    def step(c: Any, row: Any) -> Any:
        c = np.sin(c) * row
        return c, c + row

    def halved(x: Any, y: Any) -> Any:
        for _ in range(3):
            x = np.sin(x) * y
        return x

    steps = [lambda x, y: x @ y.T, lambda x, y: np.tanh(x @ x.T), lambda x, y: y @ x.T]

    def pushed(x: Any, y: Any, t: Any) -> Any:
        for _ in range(3):
            x, t = np.sin(x) * y, np.cos(x) * y * t
        return t

    def halved_back(x: Any, y: Any, ct: Any) -> Any:
        kept = []
        for _ in range(3):
            kept.append(x)
            x = np.sin(x) * y
        of_y = 0 * y
        for x in reversed(kept):
            of_y = of_y + np.sin(x) * ct
            ct = np.cos(x) * y * ct
        return ct, of_y

    def repeated(x: Any, y: Any) -> Any:
        return while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, np.sin(s[1]) * y), (0, x))[1]

    return [
        Case("scan", lambda x, y: scan(step, x, y), looped,
             (Arg((4,), -0.5, 0.5), Arg((3, 4), -0.5, 0.5)),
             dtypes="dfD"),
        Case("scan:scalar", lambda x, y: scan(step, x, y), looped, (Arg(()), Arg((3,))),
             dtypes="d"),
        Case("cond", lambda x, y: cond(x.sum().real > 0, np.sin, lambda x: x * y, x),
             lambda x, y: np.sin(x) if x.sum().real > 0 else x * y, (Arg(), Arg()),
             dtypes="dfD", anyshape=True),
        Case("cond:switch", lambda x, y, i: switch(i, steps, x, y), lambda x, y, i: steps[i](x, y),
             (Arg(), Arg(), Arg((), 0, 2, dtype="i8")), dtypes="d"),
        Case("while", repeated, halved, (Arg(low=-0.5, high=0.5), Arg(low=-0.5, high=0.5)),
             dtypes="dfD", anyshape=True),
        Case("while_tangents", lambda x, y, t: linearize(lambda z: repeated(z, y), x)[1](t),
             pushed, (Arg(), Arg(), Arg()), dtypes="df", anyshape=True),
        Case("while_vjp", lambda x, y, ct: vjp(repeated, x, y)[1](ct), halved_back,
             (Arg(), Arg(), Arg()), dtypes="df", anyshape=True),
        Case("unwind", lambda x, y: vjp(lambda z: repeated(z, y), x)[1](y)[0],
             lambda x, y: halved_back(x, y, y)[0], (Arg(), Arg()), dtypes="df", anyshape=True),
    ]  # fmt: skip


def _callback_cases() -> list[Case]:
    from functrans.control.callback import pure_callback
    from functrans.control.checks import check
    from functrans.transforms.stage import ShapeDtypeStruct

    def called(x: Any, y: Any) -> Any:
        out = ShapeDtypeStruct(x.shape, x.dtype)
        return pure_callback(np.hypot, out, x, y, vmap_method="expand_dims")

    def counted(x: Any) -> Any:
        types = {"zeros": ShapeDtypeStruct((), np.int64), "twice": ShapeDtypeStruct((3,), x.dtype)}
        return pure_callback(counts, types, x, vmap_method="sequential")

    def counts(x: Any) -> Any:
        return {"zeros": np.int64(x.size - np.count_nonzero(x)), "twice": 2 * x.sum(axis=1)}

    def sine(x: Any) -> Any:
        check(((x == x) | (x != x)).all(), "{} is neither a number nor none", x)
        return np.sin(x)

    return [
        Case("check", sine, np.sin, (Arg(),), dtypes="dfD", anyshape=True),
        Case("callback", called, np.hypot, (Arg(), Arg()), anyshape=True, smooth=False),
        Case("callback:each", counted, counts, (Arg(),), dtypes="dfDl", smooth=False),
    ]


def _custom_cases() -> list[Case]:
    from functrans.control.custom_jvp import custom_jvp
    from functrans.control.custom_vjp import custom_vjp
    from functrans.control.custom_vmap import custom_vmap
    from functrans.control.linear_call import linear_call
    from functrans.control.linear_solve import custom_linear_solve
    from functrans.control.while_loop import fori_loop
    from functrans.primitives import elementwise as ew
    from functrans.primitives import linear as li
    from functrans.transforms.derived import vjp

    @custom_jvp
    def ruled(x: Any, y: Any) -> Any:
        return li.mul(ew.sin(x), y)

    @ruled.defjvp
    def ruled_jvp(primals: Any, tangents: Any) -> Any:
        (x, y), (dx, dy) = primals, tangents
        return ruled(x, y), dx * np.cos(x) * y + np.sin(x) * dy

    @custom_vjp
    def paired(x: Any, y: Any) -> Any:
        return li.mul(ew.sin(x), y)

    paired.defvjp(
        lambda x, y: (np.sin(x) * y, (np.cos(x) * y, np.sin(x))),
        lambda slopes, ct: (ct * slopes[0], ct * slopes[1]),
    )

    def pulled(x: Any, y: Any, cotangent: Any) -> Any:
        return vjp(lambda x: paired(x, y), x)[1](cotangent)[0]

    @custom_vmap
    def mapped(x: Any, y: Any) -> Any:
        return li.mul(ew.sin(x), y)

    @mapped.def_vmap
    def mapped_rule(size: int, batched: list[bool], x: Any, y: Any) -> Any:
        x, y = (
            v if on else np.broadcast_to(v, (size, *v.shape))
            for v, on in zip((x, y), batched, strict=True)
        )
        return mapped(x, y), True

    def solved(a: Any, b: Any) -> Any:
        def iterated(matvec: Any, b: Any) -> Any:
            return fori_loop(0, 200, lambda i, x: x + 0.2 * (b - matvec(x)), 0.0 * b)

        matrix = a + 4.0 * np.eye(3)
        return custom_linear_solve(lambda x: matrix @ x, b, iterated, iterated)

    def scaled(x: Any, y: Any) -> Any:
        """Linear in ``y`` alone; it closes over ``x``."""
        return linear_call(lambda r, v: v * np.sin(r) * x, lambda r, ct: ct * np.sin(r) * x, x, y)

    return [
        Case("custom_vjp_call", paired, lambda x, y: np.sin(x) * y, (Arg(), Arg()),
             dtypes="dfD", anyshape=True, smooth=False),  # reverse mode: test_custom_rules.py
        Case("custom_lin", pulled, lambda x, y, z: np.cos(x) * y * z, (Arg(), Arg(), Arg()),
             dtypes="dfD", anyshape=True),
        Case("custom_vmap_call", mapped, lambda x, y: np.sin(x) * y, (Arg(), Arg()),
             dtypes="dfD", anyshape=True),
        Case("custom_linear_solve", solved, lambda a, b: np.linalg.solve(a + 4 * np.eye(3), b),
             (Arg((3, 3), -1.0, 1.0), Arg((3,))), dtypes="d", tolerance=100.0),
        Case("custom_jvp_call", ruled, lambda x, y: np.sin(x) * y, (Arg(), Arg()),
             dtypes="dfD", anyshape=True),
        Case("linear_call", scaled, lambda x, y: y * np.sin(x) * x, (Arg(), Arg()),
             dtypes="dfD", anyshape=True),
    ]  # fmt: skip


PRIMITIVE_CASES: list[Case] = [
    *_linear_cases(),
    *_elementwise_cases(),
    *_reduction_cases(),
    *_indexing_cases(),
    *_collective_cases(),
    *_contraction_cases(),
    *_callback_cases(),
    *_integral_cases(),
    *_call_cases(),
    *_mark_cases(),
    *_loop_cases(),
    *_custom_cases(),
    *LINALG_PRIMITIVES,
]

# --- the NumPy door ------------------------------------------------------------------------------


def function(name: str, *args: Arg, suffix: str = "", **flags: Any) -> Case:
    """A row that applies the function of that name to its arguments."""

    def expression(m: Any, *xs: Any) -> Any:
        for part in name.split("."):
            m = getattr(m, part)
        return m(*xs)

    return door(name + suffix, expression, *args, **flags)


def _door_elementwise_cases() -> list[Case]:
    a = Arg()
    unit = Arg(low=-0.9, high=0.9)
    positive = Arg(low=0.2, high=3.0)
    above_one = Arg(low=1.2, high=3.0)
    away = Arg(low=0.3, high=2.0, signed=True)
    between = Arg(low=0.55, high=0.95)
    small = Arg(low=0, high=7)
    column, row = Arg((3, 1)), Arg((4,))
    rows = []
    for names, arg, dtypes in [
        ("sin cos tan arctan sinh cosh tanh arcsinh exp expm1", unit, "dfDFlb?"),
        ("atan asinh exp2 deg2rad rad2deg degrees radians sinc", unit, "dfl"),
        ("arcsin arccos arctanh asin acos atanh", unit, "dfD"),
        ("arccosh acosh", above_one, "dfD"),
        ("log log1p sqrt", positive, "dfDFliB"),
        ("log2 log10", positive, "dfl"),
        ("cbrt", away, "dfl"),
        ("abs absolute negative positive square sign conj conjugate", away, "dfDFli"),
        ("reciprocal", away, "dfDF"),
        ("fabs", away, "dfl"),
        ("floor ceil trunc rint fix", between, "df"),
        ("floor ceil trunc rint round", Arg(low=-5, high=5), "lb"),
        ("round around", between, "df"),
        ("real imag angle", away, "dfDFl"),
        ("isfinite isnan isinf logical_not iscomplex isreal", away, "dfDl?"),
        ("signbit isposinf isneginf", away, "dfl"),
        ("bitwise_count", small, "liB"),
        ("invert bitwise_not bitwise_invert", small, "liB?"),
        ("nan_to_num", a, "dfDl"),
    ]:
        suffix = ":integers" if dtypes == "lb" else ""
        rows += [
            function(n, arg, suffix=suffix, dtypes=dtypes, anyshape=True) for n in names.split()
        ]
    for names, x, y, dtypes in [
        ("add subtract multiply", a, a, "dfDFliB"),
        ("divide true_divide", a, away, "dfDFliB"),
        ("maximum minimum fmax fmin", a, a, "dfliB"),
        ("power pow", positive, a, "dfD"),
        ("float_power", positive, a, "dfl"),
        ("arctan2 atan2 hypot copysign", away, away, "df"),
        ("logaddexp logaddexp2", a, a, "df"),
        ("floor_divide", between, Arg(low=1.0, high=2.0), "df"),
        ("remainder mod fmod", Arg(low=1.1, high=1.9), Arg(low=0.95, high=1.0), "df"),
        ("remainder mod fmod floor_divide", Arg(low=-9, high=9), Arg(low=1, high=3), "lB"),
        ("equal not_equal less less_equal greater greater_equal", a, a, "dfl?"),
        ("logical_and logical_or logical_xor", a, a, "dl?"),
        ("bitwise_and bitwise_or bitwise_xor", small, small, "liB?"),
        ("left_shift right_shift bitwise_left_shift bitwise_right_shift", small, small, "liB"),
        ("heaviside", away, unit, "df"),
    ]:
        suffix = ":integers" if dtypes == "lB" else ""
        rows += [
            function(n, x, y, suffix=suffix, dtypes=dtypes, anyshape=True) for n in names.split()
        ]
    rows += [
        function("nextafter", a, a, smooth=False, anyshape=True),
        function("isclose", a, a, dtypes="dfl", anyshape=True),
        function("power", Arg(low=0, high=3), Arg(low=0, high=3), suffix=":int", dtypes="li"),
        door("power:square", lambda m, x: m.power(x, 2), dtypes="dfDl"),
        door("power:scalar", lambda m, x: m.power(x, 2.5), positive),
        door("power:negative", lambda m, x: m.power(x, -3), away, dtypes="dfD"),
        door("ldexp", lambda m, x: m.ldexp(x, np.array([1, 2, -1, 0])), smooth=True),
        door("modf", lambda m, x: m.modf(x), between),
        door("divmod", lambda m, x, y: m.divmod(x, y), Arg(low=1.1, high=1.9),
             Arg(low=0.95, high=1.0)),
        door("round:decimals", lambda m, x: m.round(x, 2), smooth=False),
        door("clip", lambda m, x: m.clip(x, -1, 1), Arg(low=-1.9, high=1.9), dtypes="dfl"),
        door("clip:arrays", lambda m, x, lo: m.clip(x, lo, 5.0), Arg(low=0, high=2),
             Arg((4,), low=-2, high=-1)),
        door("clip:one side", lambda m, x: m.clip(x, None, 0.5), dtypes="df"),
        door("vectorize", lambda m, x, y: m.vectorize(lambda u, v: u * np.sin(v))(x, y), a,
             Arg((4,)), dtypes="df", spelled=False),
        door("vectorize:signature",
             lambda m, x, y: m.vectorize(lambda u, v: u @ v, signature="(m,n),(n)->(m)")(x, y),
             Arg((2, 3, 4)), Arg((2, 4)), dtypes="d", spelled=False),
        door("where", lambda m, c, x, y: m.where(c, x, y), Arg(dtype="?"), a, Arg((4,)),
             dtypes="dfDl"),
        door("where:comparison", lambda m, x: m.where(x > 0, x * x, -x), away, dtypes="dfl"),
        door("where:scalars", lambda m, x: m.where(x > 0, 1.0, x), away, dtypes="df"),
        door("select", lambda m, x: m.select([x > 1, x < -1], [x, x * x], 0.5), away,
             dtypes="df"),
        door("piecewise", lambda m, x: m.piecewise(x, [x < 0, x >= 0], [lambda v: -v, 2.0]),
             away),
        door("choose", lambda m, i, x, y: m.choose(i, [x, y]), Arg(low=0, high=1, dtype="l"),
             a, a, dtypes="dfl"),
        door("interp", lambda m, x: m.interp(x, np.arange(5.0), np.sin(np.arange(5.0))),
             Arg(low=0.1, high=3.9), dtypes="d"),
        door("interp:values", lambda m, y: m.interp(np.linspace(-1, 5, 7), np.arange(5.0), y),
             Arg((5,)), dtypes="d"),
        door("polyval", lambda m, p, x: m.polyval(p, x), Arg((3,)), Arg((4,)), dtypes="dfl"),
        door("add:broadcast", lambda m, x, y: m.add(x, y), column, row, dtypes="dfDl"),
        door("multiply:broadcast", lambda m, x, y: m.multiply(x, y), column, row,
             dtypes="dfDl"),
        door("maximum:broadcast", lambda m, x, y: m.maximum(x, y), column, row),
        door("subtract:mixed", lambda m, x, y: m.subtract(x, y), a, Arg(dtype="i"),
             dtypes="dfDlb"),
        door("multiply:mixed floats", lambda m, x, y: m.multiply(x, y), a, Arg(dtype="f"),
             dtypes="dD", tolerance=1),
        door("hypot:scalar", lambda m, x: m.hypot(x, 3.0)),
        door("arctan2:scalar", lambda m, x: m.arctan2(1.0, x)),
        door("add:operators", lambda m, x, y: (x + y) * x - 2 * y + x / 2 - (-x), a, a,
             dtypes="dfDl"),
        door("power:operators", lambda m, x: x**2 + x**0.5 + 2**x + x**-1 + x**3, positive,
             dtypes="df"),
        door("matmul:operator", lambda m, x, y: x @ y.T, a, a, dtypes="dfDl"),
        door("mod:operators", lambda m, x: x % 3 + x // 3, Arg(low=0.2, high=2.8)),
        door("bitwise_or:operators", lambda m, x, y: (x & y) | ~x ^ (y << 1), small, small,
             dtypes="li"),
        door("less:operators", lambda m, x, y: (x < y) | (x >= y + 1) & (x != 0), a, a,
             dtypes="dfl"),
        door("abs:operators", lambda m, x: abs(x) + (+x), away, dtypes="dfDl"),
    ]  # fmt: skip
    return rows


def _door_reduction_cases() -> list[Case]:
    a = Arg((3, 4), low=-2.0, high=2.6, apart=True)
    positive = Arg(low=0.2, high=2.0)
    rows: list[Case] = []
    for names, dtypes in [
        ("sum prod mean", "dfDli?"),
        ("max min amax amin", "dfl"),
        ("var std", "dfDl"),
        ("ptp", "dfl"),
        ("any all count_nonzero", "dl?"),
        ("nansum nanprod nanmean nanmax nanmin nanvar nanstd", "df"),
    ]:
        for n in names.split():
            rows.append(function(n, a, dtypes=dtypes))
            rows.append(
                door(f"{n}:axis", lambda m, x, n=n: getattr(m, n)(x, axis=0), a, dtypes=dtypes[:2])
            )
            rows.append(
                door(
                    f"{n}:keepdims",
                    lambda m, x, n=n: getattr(m, n)(x, axis=-1, keepdims=True),
                    a,
                    dtypes=dtypes[:1],
                )
            )
    for names, dtypes in [
        ("argmax argmin nanargmax nanargmin", "dfl"),
        ("argsort sort cumsum cumprod", "dfl"),
        ("nancumsum nancumprod cumulative_sum cumulative_prod", "df"),
    ]:
        for n in names.split():
            if not n.startswith("cumulative"):
                rows.append(function(n, a, dtypes=dtypes))
            rows.append(
                door(f"{n}:axis", lambda m, x, n=n: getattr(m, n)(x, axis=0), a, dtypes=dtypes[:2])
            )
    rows += [
        door("sum:two axes", lambda m, x: m.sum(x, axis=(0, 2)), Arg((2, 3, 4)), dtypes="dfl"),
        door("sum:dtype", lambda m, x: m.sum(x, dtype=np.float64), dtypes="fl"),
        door("sum:where", lambda m, x: m.sum(x, where=np.array([True, False, True, True]))),
        door("sum:initial", lambda m, x: m.sum(x, initial=2.0)),
        door("max:initial", lambda m, x: m.max(x, axis=1, initial=0.5), a),
        door("sum:method", lambda m, x: x.sum(axis=1) + x.mean() + x.max() * x.std(), a),
        door("var:ddof", lambda m, x: m.var(x, axis=1, ddof=1), a),
        door("average", lambda m, x, w: m.average(x, axis=0, weights=w), a,
             Arg((3,), low=0.5, high=1.0)),
        door("average:plain", lambda m, x: m.average(x), a),
        door("quantile", lambda m, x: m.quantile(x, 0.3, axis=1), a),
        door("percentile", lambda m, x: m.percentile(x, 30.0), a),
        door("cov", lambda m, x: m.cov(x), Arg((2, 5)), dtypes="d"),
        door("corrcoef", lambda m, x: m.corrcoef(x), Arg((2, 5)), dtypes="d"),
        door("diff", lambda m, x: m.diff(x), dtypes="dfDl"),
        door("diff:second", lambda m, x: m.diff(x, n=2, axis=0), dtypes="df"),
        door("ediff1d", lambda m, x: m.ediff1d(x), dtypes="df"),
        door("gradient", lambda m, x: m.gradient(x), Arg((6,))),
        door("gradient:matrix", lambda m, x: m.gradient(x, axis=1), Arg((3, 4))),
        door("trapezoid", lambda m, x: m.trapezoid(x, dx=0.5)),
        door("sort:descending by key", lambda m, x: m.sort(-x, axis=-1), a),
        door("sort_complex", lambda m, x: m.sort_complex(x), Arg((5,)), dtypes="dD",
             smooth=False),
        door("lexsort", lambda m, x, y: m.lexsort((x, y)), Arg((6,), dtype="l"), Arg((6,)),
             smooth=False, dtypes="d", spelled=False),
        door("searchsorted", lambda m, v: m.searchsorted(np.arange(-2.0, 2.0), v),
             dtypes="d", smooth=False),
        door("digitize", lambda m, v: m.digitize(v, np.arange(-2.0, 2.0)), dtypes="d",
             smooth=False),
        door("bincount", lambda m, w: m.bincount(np.array([0, 2, 2, 1]), weights=w, minlength=4),
             Arg((4,)), dtypes="d"),
        door("unique", lambda m, x: m.unique(x), dtypes="l", smooth=False, static=True),
        door("nonzero", lambda m, x: m.nonzero(x), dtypes="dl", smooth=False, static=True),
        door("flatnonzero", lambda m, x: m.flatnonzero(x), dtypes="l", smooth=False,
             static=True),
        door("argwhere", lambda m, x: m.argwhere(x), dtypes="l", smooth=False, static=True),
        door("extract", lambda m, x: m.extract(np.arange(12).reshape(3, 4) % 2 == 0, x)),
        door("compress", lambda m, x: m.compress([True, False, True], x, axis=0)),
        door("allclose", lambda m, x: m.allclose(x, x + 1e-12), smooth=False),
        door("array_equal", lambda m, x, y: m.array_equal(x, y), Arg(), Arg(), smooth=False,
             dtypes="dl"),
        door("array_equiv", lambda m, x: m.array_equiv(x, x[:1]), smooth=False, dtypes="d"),
        door("prod:zero", lambda m, x: m.prod(x * np.array([1.0, 0.0, 1.0, 1.0]), axis=1),
             dtypes="d"),
        door("nansum:nan", lambda m, x: m.nansum(m.where(x > 0, x, np.nan)), dtypes="d"),
        door("nanmean:nan", lambda m, x: m.nanmean(m.where(x > 0, x, np.nan)), dtypes="d"),
        door("std:positive", lambda m, x: m.log(m.std(x, axis=0)), positive),
    ]  # fmt: skip
    return rows


def _door_shape_cases() -> list[Case]:
    a = Arg((3, 4))
    cube = Arg((2, 3, 4))
    line = Arg((5,))
    every = "dfDl?"

    def simple(name: str, expression: Callable[..., Any], *args: Arg, **flags: Any) -> Case:
        return door(name, expression, *(args or (a,)), **{"dtypes": every, **flags})

    return [
        simple("reshape", lambda m, x: m.reshape(x, (2, -1))),
        simple("reshape:fortran", lambda m, x: m.reshape(x, (2, 6), order="F"), dtypes="d"),
        simple("reshape:method", lambda m, x: x.reshape(4, 3).T.ravel()[2:]),
        simple("ravel", lambda m, x: m.ravel(x)),
        simple("transpose", lambda m, x: m.transpose(x)),
        simple("transpose:axes", lambda m, x: m.transpose(x, (1, 2, 0)), cube),
        simple("permute_dims", lambda m, x: m.permute_dims(x, (2, 0, 1)), cube, dtypes="d"),
        simple("matrix_transpose", lambda m, x: m.matrix_transpose(x), cube, dtypes="d"),
        simple("swapaxes", lambda m, x: m.swapaxes(x, 0, -1), cube),
        simple("moveaxis", lambda m, x: m.moveaxis(x, 0, -1), cube),
        simple("rollaxis", lambda m, x: m.rollaxis(x, 2), cube, dtypes="d"),
        simple("squeeze", lambda m, x: m.squeeze(x, 1), Arg((3, 1, 2))),
        simple("expand_dims", lambda m, x: m.expand_dims(x, (0, 2))),
        simple("broadcast_to", lambda m, x: m.broadcast_to(x, (2, 3, 4))),
        simple("broadcast_arrays", lambda m, x, y: tuple(m.broadcast_arrays(x, y)), Arg((3, 1)),
               Arg((4,)), dtypes="df"),
        simple("atleast_1d", lambda m, x: m.atleast_1d(x), Arg(()), dtypes="dl"),
        simple("atleast_2d", lambda m, x: m.atleast_2d(x), line, dtypes="dl"),
        simple("atleast_3d", lambda m, x: m.atleast_3d(x), dtypes="dl"),
        simple("concatenate", lambda m, x, y: m.concatenate([x, y], axis=1), a, Arg((3, 2))),
        simple("concatenate:flat", lambda m, x, y: m.concatenate([x, y], axis=None), a,
               Arg((3, 2)), dtypes="d"),
        simple("concatenate:promote", lambda m, x, y: m.concatenate([x, y]), line,
               Arg((2,), dtype="i"), dtypes="dfl"),
        simple("concat", lambda m, x, y: m.concat([x, y]), a, a, dtypes="d"),
        simple("stack", lambda m, x, y: m.stack([x, y], axis=1), a, a),
        simple("unstack", lambda m, x: m.unstack(x, axis=1), dtypes="dl"),
        simple("vstack", lambda m, x, y: m.vstack([x, y]), line, line, dtypes="dl"),
        simple("hstack", lambda m, x, y: m.hstack([x, y]), a, a, dtypes="dl"),
        simple("dstack", lambda m, x, y: m.dstack([x, y]), a, a, dtypes="dl"),
        simple("column_stack", lambda m, x, y: m.column_stack([x, y]), line, line, dtypes="dl"),
        simple("block", lambda m, x, y: m.block([[x, y], [y, x]]), Arg((2, 2)), Arg((2, 2)),
               dtypes="d"),
        simple("append", lambda m, x, y: m.append(x, y, axis=0), a, a, dtypes="dl"),
        simple("split", lambda m, x: tuple(m.split(x, 2, axis=1)), dtypes="dl"),
        simple("split:places", lambda m, x: tuple(m.split(x, [1, 3], axis=1)), dtypes="dl"),
        simple("array_split", lambda m, x: tuple(m.array_split(x, 3, axis=1)), dtypes="d"),
        simple("hsplit", lambda m, x: tuple(m.hsplit(x, 2)), dtypes="d"),
        simple("vsplit", lambda m, x: tuple(m.vsplit(x, 3)), dtypes="d"),
        simple("dsplit", lambda m, x: tuple(m.dsplit(x, 2)), cube, dtypes="d"),
        simple("tile", lambda m, x: m.tile(x, (2, 1, 2)), dtypes="dl"),
        simple("repeat", lambda m, x: m.repeat(x, 2, axis=1), dtypes="dl"),
        simple("repeat:counts", lambda m, x: m.repeat(x, [1, 0, 2], axis=0), dtypes="dl"),
        simple("repeat:flat", lambda m, x: m.repeat(x, 2), dtypes="d"),
        simple("roll", lambda m, x: m.roll(x, 2, axis=1)),
        simple("roll:flat", lambda m, x: m.roll(x, -3), dtypes="d"),
        simple("rot90", lambda m, x: m.rot90(x), dtypes="dl"),
        simple("flip", lambda m, x: m.flip(x)),
        simple("flip:axis", lambda m, x: m.flip(x, 0), dtypes="d"),
        simple("fliplr", lambda m, x: m.fliplr(x), dtypes="d"),
        simple("flipud", lambda m, x: m.flipud(x), dtypes="d"),
        simple("pad", lambda m, x: m.pad(x, ((1, 2), (0, 1)), constant_values=3), dtypes="dfl"),
        simple("pad:edge", lambda m, x: m.pad(x, 2, mode="edge"), dtypes="d"),
        simple("pad:reflect", lambda m, x: m.pad(x, ((1, 2), (2, 1)), mode="reflect"),
               dtypes="d"),
        simple("pad:symmetric", lambda m, x: m.pad(x, ((1, 2), (2, 1)), mode="symmetric"),
               dtypes="d"),
        simple("pad:wrap", lambda m, x: m.pad(x, ((1, 2), (2, 1)), mode="wrap"), dtypes="d"),
        simple("delete", lambda m, x: m.delete(x, 1, axis=0), dtypes="dl"),
        simple("insert", lambda m, x: m.insert(x, 1, 5, axis=1), dtypes="dl"),
        simple("resize", lambda m, x: m.resize(x, (2, 7)), dtypes="d"),
        simple("diag", lambda m, x: m.diag(x), dtypes="dl"),
        simple("diag:vector", lambda m, x: m.diag(x, 1), line, dtypes="dl"),
        simple("diagflat", lambda m, x: m.diagflat(x), line, dtypes="d"),
        simple("diagonal", lambda m, x: m.diagonal(x, 1), dtypes="dl"),
        simple("diagonal:cube", lambda m, x: m.diagonal(x, 0, 0, 2), cube, dtypes="d"),
        simple("trace", lambda m, x: m.trace(x), dtypes="dl"),
        simple("tril", lambda m, x: m.tril(x), dtypes="dl"),
        simple("triu", lambda m, x: m.triu(x, 1), dtypes="dl"),
        simple("vander", lambda m, x: m.vander(x, 3), line, dtypes="d"),
        simple("meshgrid", lambda m, x, y: tuple(m.meshgrid(x, y)), line, Arg((3,)),
               dtypes="d"),
        simple("take", lambda m, x: m.take(x, np.array([[2, 0], [1, 1]]), axis=1), dtypes="dl"),
        simple("take:flat", lambda m, x: m.take(x, np.array([5, -1])), dtypes="d"),
        simple("take:clip", lambda m, x: m.take(x, np.array([5, -1]), axis=0, mode="clip"),
               dtypes="d"),
        simple("take_along_axis",
               lambda m, x: m.take_along_axis(x, np.argsort(np.ones((3, 4)), 1), 1), dtypes="dl"),
        simple("copy", lambda m, x: m.copy(x)),
        simple("asarray", lambda m, x: m.asarray(x), spelled=False),
        simple("asanyarray", lambda m, x: m.asanyarray(x), spelled=False),
        simple("ascontiguousarray", lambda m, x: m.ascontiguousarray(x), spelled=False,
               dtypes="d"),
        simple("array", lambda m, x: m.array(x), spelled=False),
        simple("astype", lambda m, x: m.astype(x, np.float32), dtypes="dl", tolerance=1e7,
               smooth=False),
        simple("zeros_like", lambda m, x: m.zeros_like(x)),
        simple("ones_like", lambda m, x: m.ones_like(x)),
        simple("full_like", lambda m, x: m.full_like(x, 2)),
        simple("empty_like", lambda m, x: m.zeros(m.empty_like(x).shape), dtypes="d",
               smooth=False, spelled=False),
        simple("shape", lambda m, x: m.ones(m.shape(x)), dtypes="d", smooth=False,
               spelled=False),
        # Indexing; NumPy's protocols do not see it, the operators do.
        simple("asarray:index", lambda m, x: x[1]),
        simple("asarray:negative index", lambda m, x: x[-1, -2]),
        simple("asarray:slices", lambda m, x: x[1:, ::-2]),
        simple("asarray:reversed", lambda m, x: x[::-1, 3:0:-1]),
        simple("asarray:none and ellipsis", lambda m, x: x[None, ..., 0, None]),
        simple("asarray:integer array", lambda m, x: x[np.array([2, 0, 2])]),
        simple("asarray:integer list", lambda m, x: x[[0, 2], [1, 3]]),
        simple("asarray:outer indices", lambda m, x: x[np.array([[0], [2]]), np.array([1, 3])]),
        simple("asarray:mixed", lambda m, x: x[np.array([1, 0]), :, 2], cube),
        simple("asarray:mixed middle", lambda m, x: x[:, np.array([1, 0]), 1:], cube),
        simple("asarray:split advanced", lambda m, x: x[np.array([1, 0]), :, np.array([1, 3])],
               cube),
        simple("asarray:scalar and array", lambda m, x: x[0, :, np.array([1, 3])], cube),
        simple("asarray:mask", lambda m, x: x[np.arange(12).reshape(3, 4) % 3 == 0]),
        simple("asarray:row mask", lambda m, x: x[np.array([True, False, True])]),
        simple("asarray:mask and slice", lambda m, x: x[np.array([True, False, True]), 1:]),
        simple("asarray:empty slice", lambda m, x: x[3:, :], dtypes="d"),
        simple("asarray:iteration", lambda m, x: sum(r * k for k, r in enumerate(x)),
               dtypes="dfD"),
        simple("asarray:traced index", lambda m, x, i: m.asarray(x)[i], a,
               Arg((5,), low=-3, high=2, dtype="l"), spelled=False),
        simple("at:set", lambda m, x, v: _at(m, x, np.s_[1:, 0], "set", v), a, Arg((2,)),
               dtypes="dfl", spelled=False),
        simple("at:add", lambda m, x, v: _at(m, x, np.array([0, 0, 2]), "add", v), a,
               Arg((3, 4)), dtypes="dfl", spelled=False),
        simple("at:multiply", lambda m, x, v: _at(m, x, 1, "multiply", v), a, Arg((4,)),
               dtypes="df", spelled=False),
        simple("at:min", lambda m, x, v: _at(m, x, 1, "min", v), a, Arg((4,)), dtypes="dfl",
               spelled=False),
        simple("at:max", lambda m, x, v: _at(m, x, np.s_[:, 1], "max", v), a, Arg((3,)),
               dtypes="dfl", spelled=False),
        simple("at:mask", lambda m, x: _at(m, x, np.eye(3, 4, dtype=bool), "set", 2),
               dtypes="dfl", spelled=False),
    ]  # fmt: skip


def _is_numpy(m: Any) -> bool:
    return m is np


def _at(m: Any, x: Any, index: Any, op: str, value: Any) -> Any:
    if not _is_numpy(m):
        return getattr(m.at(x)[index], op)(value)
    out = x.copy()
    if op == "set":
        out[index] = value
    else:
        fold = {"add": np.add, "multiply": np.multiply, "min": np.minimum, "max": np.maximum}
        fold[op].at(out, index, value)
    return out


def _door_creation_cases() -> list[Case]:
    """Functions of no array: each is multiplied into one, so that every law applies."""

    def made(name: str, make: Callable[[Any], Any], shape: Ints, **flags: Any) -> Case:
        return door(name, lambda m, x: x * make(m), Arg(shape), spelled=False,
                    **{"dtypes": "d", **flags})  # fmt: skip

    return [
        made("zeros", lambda m: m.zeros((2, 3)), (2, 3)),
        made("ones", lambda m: m.ones(3, np.float32), (2, 3), dtypes="df"),
        made("full", lambda m: m.full((2, 3), 7), (2, 3), dtypes="dl"),
        made("empty", lambda m: m.empty((0, 3)), (0, 3)),
        made("eye", lambda m: m.eye(2, 3, 1), (2, 3)),
        made("identity", lambda m: m.identity(3), (3, 3)),
        made("arange", lambda m: m.arange(3), (2, 3), dtypes="dl"),
        made("arange:float", lambda m: m.arange(1.0, 2.0, 0.25), (4,)),
        made("linspace", lambda m: m.linspace(0, 1, 5), (5,)),
        made("logspace", lambda m: m.logspace(0, 1, 5), (5,)),
        made("geomspace", lambda m: m.geomspace(1, 10, 5), (5,)),
        made("tri", lambda m: m.tri(2, 3), (2, 3)),
        made("indices", lambda m: m.indices((2, 3)), (2, 3), dtypes="dl"),
        made("bartlett", lambda m: m.bartlett(5), (5,)),
        made("blackman", lambda m: m.blackman(5), (5,)),
        made("hamming", lambda m: m.hamming(5), (5,)),
        made("hanning", lambda m: m.hanning(5), (5,)),
        made("fromfunction", lambda m: m.fromfunction(lambda i, j: i + 2 * j, (2, 3)), (2, 3)),
        door("ix_", lambda m, x: x[m.ix_([0, 2], [1, 3])], spelled=False, dtypes="dl"),
        door("diag_indices", lambda m, x: x[m.diag_indices(3)], spelled=False, dtypes="d"),
        door("tril_indices", lambda m, x: x[m.tril_indices(3, 0, 4)], spelled=False, dtypes="d"),
        door("triu_indices", lambda m, x: x[m.triu_indices(3, 1, 4)], spelled=False, dtypes="d"),
        door("tril_indices_from", lambda m, x: x[m.tril_indices_from(x)], dtypes="d"),
        door("triu_indices_from", lambda m, x: x[m.triu_indices_from(x)], dtypes="d"),
        door("ravel_multi_index", lambda m, i, j: m.ravel_multi_index((i, j), (4, 5)),
             Arg((3,), low=0, high=3, dtype="l"), Arg((3,), low=0, high=4, dtype="l"),
             smooth=False, dtypes="l"),
        door("unravel_index", lambda m, i: m.unravel_index(i, (4, 5)),
             Arg((3,), low=0, high=19, dtype="l"), smooth=False, dtypes="l"),
        door("isin", lambda m, x: m.isin(x, np.array([0, 1, 5])), dtypes="dl", smooth=False),
        door("linspace:traced", lambda m, x: m.linspace(x, 2 * x, 4), Arg(()), dtypes="df"),
        door("array:list of traced", lambda m, x, y: _array(m, x, y), Arg(()), Arg(()),
             spelled=False),
        door("full:traced", lambda m, x: m.full((2,), x) if not _is_numpy(m)
             else np.full(2, x), Arg(()), spelled=False),
    ]  # fmt: skip


def _array(m: Any, x: Any, y: Any) -> Any:
    return m.array([[x, y], [y, x]])


def _door_contraction_cases() -> list[Case]:
    a, b = Arg((3, 4)), Arg((4, 5))
    v, w = Arg((4,)), Arg((4,))
    return [
        door("matmul", lambda m, x, y: m.matmul(x, y), a, b, dtypes="dfDFl"),
        door("matmul:vector", lambda m, x, y: m.matmul(x, y), a, v, dtypes="df"),
        door("matmul:left vector", lambda m, x, y: m.matmul(x, y), v, b, dtypes="df"),
        door("matmul:vectors", lambda m, x, y: m.matmul(x, y), v, w, dtypes="dD"),
        door("matmul:stack", lambda m, x, y: m.matmul(x, y), Arg((2, 1, 3, 4)), Arg((5, 4, 2)),
             dtypes="df"),
        door("matmul:mixed", lambda m, x, y: m.matmul(x, y), a, Arg((4, 5), dtype="i"),
             dtypes="df"),
        door("dot", lambda m, x, y: m.dot(x, y), a, b, dtypes="dfDl"),
        door("dot:vectors", lambda m, x, y: m.dot(x, y), v, w, dtypes="dfDl"),
        door("dot:scalar", lambda m, x, y: m.dot(x, y), Arg(()), a, dtypes="d"),
        door("dot:cube", lambda m, x, y: m.dot(x, y), Arg((2, 3, 4)), Arg((2, 4, 5)),
             dtypes="d"),
        door("vdot", lambda m, x, y: m.vdot(x, y), a, a, dtypes="dfDl"),
        door("vecdot", lambda m, x, y: m.vecdot(x, y), a, a, dtypes="dfD"),
        door("inner", lambda m, x, y: m.inner(x, y), a, Arg((5, 4)), dtypes="dfl"),
        door("outer", lambda m, x, y: m.outer(x, y), v, Arg((3,)), dtypes="dfDl"),
        door("tensordot", lambda m, x, y: m.tensordot(x, y, 2), Arg((2, 3, 4)), Arg((3, 4, 5)),
             dtypes="df"),
        door("tensordot:axes", lambda m, x, y: m.tensordot(x, y, ([1, 2], [2, 0])),
             Arg((2, 3, 4)), Arg((4, 5, 3)), dtypes="df"),
        door("einsum", lambda m, x, y: m.einsum("ij,jk->ik", x, y), a, b, dtypes="dfDl"),
        door("einsum:implicit", lambda m, x, y: m.einsum("ij,jk", x, y), a, b, dtypes="d"),
        door("einsum:batch", lambda m, x, y: m.einsum("bij,bjk->bki", x, y), Arg((2, 3, 4)),
             Arg((2, 4, 5)), dtypes="d"),
        door("einsum:trace", lambda m, x: m.einsum("ii->", x), Arg((3, 3)), dtypes="d"),
        door("einsum:diagonal", lambda m, x: m.einsum("ii->i", x), Arg((3, 3)), dtypes="d"),
        door("einsum:sum", lambda m, x: m.einsum("ij->j", x), a, dtypes="d"),
        door("einsum:three", lambda m, x, y, z: m.einsum("ij,jk,k->i", x, y, z), a, b,
             Arg((5,)), dtypes="d"),
        door("einsum:ellipsis", lambda m, x, y: m.einsum("...ij,...jk->...ik", x, y),
             Arg((2, 3, 4)), Arg((4, 5)), dtypes="d"),
        door("einsum:outer", lambda m, x, y: m.einsum("i,j->ji", x, y), v, Arg((3,)),
             dtypes="d"),
        door("einsum:elementwise", lambda m, x, y: m.einsum("ij,ij->ij", x, y), a, a,
             dtypes="d"),
        door("kron", lambda m, x, y: m.kron(x, y), Arg((2, 2)), Arg((2, 3)), dtypes="df"),
        door("cross", lambda m, x, y: m.cross(x, y), Arg((4, 3)), Arg((3,)), dtypes="df"),
        door("convolve", lambda m, x, y: m.convolve(x, y), Arg((5,)), Arg((3,)), dtypes="df"),
        door("convolve:same", lambda m, x, y: m.convolve(x, y, mode="same"), Arg((5,)),
             Arg((3,)), dtypes="d"),
        door("correlate", lambda m, x, y: m.correlate(x, y), Arg((5,)), Arg((3,)), dtypes="d"),
        door("polyadd", lambda m, x, y: m.polyadd(x, y), Arg((4,)), Arg((3,)), dtypes="d"),
        door("polysub", lambda m, x, y: m.polysub(x, y), Arg((4,)), Arg((3,)), dtypes="d"),
        door("polymul", lambda m, x, y: m.polymul(x, y), Arg((4,)), Arg((3,)), dtypes="d"),
        door("polyder", lambda m, x: m.polyder(x), Arg((4,)), dtypes="d"),
        door("linalg.norm", lambda m, x: m.linalg.norm(x), a, dtypes="dfDl"),
        door("linalg.norm:vector", lambda m, x: m.linalg.norm(x), v, dtypes="dfD"),
        door("linalg.norm:axis", lambda m, x: m.linalg.norm(x, axis=1), a, dtypes="df"),
        door("linalg.norm:1", lambda m, x: m.linalg.norm(x, 1), v, dtypes="d"),
        door("linalg.norm:3", lambda m, x: m.linalg.norm(x, 3), v, dtypes="d"),
        door("linalg.norm:inf", lambda m, x: m.linalg.norm(x, np.inf), v, dtypes="d"),
        door("linalg.norm:matrix 1", lambda m, x: m.linalg.norm(x, 1), a, dtypes="d"),
        door("linalg.norm:fro", lambda m, x: m.linalg.norm(x, "fro"), a, dtypes="dD"),
        door("linalg.vector_norm", lambda m, x: m.linalg.vector_norm(x, axis=0), a, dtypes="d"),
        door("linalg.matrix_norm", lambda m, x: m.linalg.matrix_norm(x), a, dtypes="d"),
        door("linalg.matrix_power", lambda m, x: m.linalg.matrix_power(x, 3), Arg((3, 3)),
             dtypes="d"),
        door("linalg.multi_dot", lambda m, x, y, z: m.linalg.multi_dot([x, y, z]), a, b,
             Arg((5, 2)), dtypes="d"),
        door("linalg.matmul", lambda m, x, y: m.linalg.matmul(x, y), a, b, dtypes="d"),
        door("linalg.outer", lambda m, x, y: m.linalg.outer(x, y), v, Arg((3,)), dtypes="d"),
        door("linalg.cross", lambda m, x, y: m.linalg.cross(x, y), Arg((4, 3)), Arg((4, 3)),
             dtypes="d"),
        door("linalg.tensordot", lambda m, x, y: m.linalg.tensordot(x, y, axes=1), a, b,
             dtypes="d"),
        door("linalg.trace", lambda m, x: m.linalg.trace(x), Arg((2, 3, 3)), dtypes="d"),
        door("linalg.diagonal", lambda m, x: m.linalg.diagonal(x), Arg((2, 3, 3)), dtypes="d"),
        door("linalg.vecdot", lambda m, x, y: m.linalg.vecdot(x, y), a, a, dtypes="d"),
        door("linalg.matrix_transpose", lambda m, x: m.linalg.matrix_transpose(x), a,
             dtypes="d"),
    ]  # fmt: skip


def special(name: str, *args: Arg, expression: Any = None, **flags: Any) -> Case:
    """A row of ``functrans.scipy.special`` against SciPy."""
    plain = name.partition(":")[0]
    call = expression or (lambda m, *xs: getattr(m, plain)(*xs))

    def fun(*xs: Any) -> Any:
        import functrans.scipy.special as m

        return call(m, *xs)

    def oracle(*xs: Any) -> Any:
        import scipy.special as m

        return call(m, *xs)

    return Case(f"scipy.special.{name}", fun, oracle, args or (Arg(),), door=True, **flags)


def _special_cases() -> list[Case]:
    a = Arg()
    positive = Arg(low=0.3, high=3.0)
    unit = Arg(low=0.1, high=0.9)
    ufunc: dict[str, Any] = {"spelled": True, "anyshape": True}
    rows = [
        special(n, positive, **ufunc, tolerance=4)
        for n in "gammaln digamma psi gamma entr log1p exp2 exp10 cbrt expm1".split()
    ]
    rows += [special(n, a, **ufunc) for n in "erf erfc expit log_ndtr ndtr cosm1 exprel".split()]
    rows += [special(n, a, **ufunc) for n in ["log_expit"]]
    rows += [special(n, unit, **ufunc) for n in ["erfinv", "logit"]]
    rows += [
        special("xlogy", positive, positive, **ufunc),
        special("xlog1py", positive, positive, **ufunc),
        special("betaln", positive, positive, **ufunc, tolerance=4),
        special("beta", positive, positive, **ufunc, tolerance=4),
        special("kl_div", positive, positive, **ufunc),
        special("rel_entr", positive, positive, **ufunc),
        special("boxcox", positive, a, **ufunc),
        special("boxcox1p", positive, a, **ufunc),
        special("huber", Arg(low=1.0, high=1.5), Arg(low=-0.9, high=0.9), **ufunc),
        special("pseudo_huber", Arg(low=1.0, high=1.5), a, **ufunc),
        special("poch", positive, positive, **ufunc, tolerance=4),
        special("gammainc", positive, dtypes="d", expression=lambda m, x: m.gammainc(1.5, x)),
        special("gammaincc", positive, dtypes="d", expression=lambda m, x: m.gammaincc(1.5, x)),
        special("betainc", unit, expression=lambda m, x: m.betainc(1.5, 2.5, x)),
        special("zeta", Arg(low=1.5, high=3.0), expression=lambda m, q: m.zeta(2.5, q),
                tolerance=4),
        special("polygamma", positive, expression=lambda m, x: m.polygamma(1, x), tolerance=10,
                dtypes="d"),
        special("multigammaln", Arg((3,), low=2.0, high=4.0),
                expression=lambda m, x: m.multigammaln(x, 2), dtypes="d", tolerance=4),
        special("factorial", Arg(low=0, high=5), expression=lambda m, n: m.factorial(n),
                dtypes="l", smooth=False),
        special("logsumexp", a, dtypes="df", tolerance=2),
        special("logsumexp:axis", a, expression=lambda m, x: m.logsumexp(x, axis=1), dtypes="df",
                tolerance=2),
        special("logsumexp:weights", a, positive,
                expression=lambda m, x, b: m.logsumexp(x, axis=0, b=b, keepdims=True),
                dtypes="d", tolerance=2),
        special("softmax", a, expression=lambda m, x: m.softmax(x, axis=1), dtypes="df",
                tolerance=2),
        special("log_softmax", a, expression=lambda m, x: m.log_softmax(x, axis=-1),
                dtypes="df", tolerance=2),
        special("i0", positive, **ufunc, dtypes="d"),
        special("i1", positive, **ufunc, dtypes="d"),
        special("i0e", positive, **ufunc, dtypes="d"),
        special("i1e", positive, **ufunc, dtypes="d"),
        *(special(name, positive, **ufunc, dtypes="d")
          for name in ("j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e")),
        special("fresnel", positive, expression=lambda m, x: m.fresnel(x)[0] - m.fresnel(x)[1],
                dtypes="d"),
        special("ndtri", unit, **ufunc, dtypes="d"),
        special("dawsn", a, **ufunc, dtypes="d"),
        special("erfcx", positive, **ufunc, dtypes="d"),
        special("exp1", positive, **ufunc, dtypes="d"),
        special("expi", positive, **ufunc, dtypes="d"),
        special("expn", positive, expression=lambda m, x: m.expn(2, x), dtypes="d"),
        special("expn:zero", positive, expression=lambda m, x: m.expn(0, x), dtypes="d"),
        special("spence", positive, **ufunc, dtypes="d"),
        special("hyp1f1", a, expression=lambda m, x: m.hyp1f1(1.5, 2.5, x), dtypes="d"),
        special("hyp2f1", unit, expression=lambda m, x: m.hyp2f1(0.5, 1.5, 2.5, x), dtypes="d"),
        special("owens_t", a, positive, **ufunc, dtypes="d"),
        special("gammasgn", Arg(low=-3.9, high=3.9, apart=True), **ufunc, smooth=False,
                dtypes="d"),
        special("comb", Arg(low=5.0, high=9.0), Arg(low=1.0, high=4.0), dtypes="d", tolerance=10),
    ]  # fmt: skip
    return rows


DOOR_CASES: list[Case] = [
    *_door_elementwise_cases(),
    *_door_reduction_cases(),
    *_door_shape_cases(),
    *_door_creation_cases(),
    *_door_contraction_cases(),
    *_special_cases(),
    *LINALG_DOORS,
    *NUMPY_DOORS,
    *SCIPY_LINALG_CASES,
]
CASES: list[Case] = [*PRIMITIVE_CASES, *DOOR_CASES]
