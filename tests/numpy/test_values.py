"""Every function of the door, staged and under differentiation, gives NumPy's value and dtype."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.core.jaxpr import evaluate
from functrans.core.trace import Tracer

A = np.array([0.3, -0.7, 0.55, 0.9])
B = np.array([0.2, 0.7, -0.4, 0.9])
M = np.arange(12.0).reshape(3, 4) / 7.0 - 0.6
N = np.arange(12.0)[::-1].reshape(3, 4) / 5.0
T = np.arange(24.0).reshape(2, 3, 4) / 11.0
I = np.array([3, -2, 0, 7])  # noqa: E741
J = np.array([2, 3, 1, 5])
F = A.astype(np.float32)
C = A + 1j * B
L = np.array([True, False, True, True])
W = np.array([1.0, np.nan, -np.inf, np.inf, -0.0])
S = np.float64(0.4)

UNARY = (
    "abs absolute acos acosh angle arccos arcsin arcsinh arctan arctanh asin asinh atan atanh "
    "cbrt ceil conj conjugate cos cosh deg2rad degrees exp exp2 expm1 fabs fix floor isfinite "
    "isinf isnan isneginf isposinf logical_not modf nan_to_num negative positive rad2deg radians "
    "real imag reciprocal rint round sign signbit sin sinc sinh sqrt square tan tanh trunc "
    "log log2 log10 log1p isreal iscomplex"
).split()
BINARY = (
    "add arctan2 atan2 copysign divide equal float_power floor_divide fmax fmin fmod greater "
    "greater_equal heaviside hypot less less_equal logaddexp logaddexp2 logical_and logical_or "
    "logical_xor maximum minimum mod multiply nextafter not_equal power remainder subtract "
    "true_divide divmod isclose pow"
).split()
INTEGER = "bitwise_and bitwise_or bitwise_xor left_shift right_shift"
REDUCTIONS = (
    "sum prod mean var std max min amax amin any all ptp median cumsum cumprod argmax argmin "
    "count_nonzero nansum nanmean nanmax nanmin nanvar nanstd nanprod nanargmax nanargmin "
    "nancumsum nancumprod average sort argsort"
).split()


def _rows() -> Any:
    for name in UNARY:
        for x in (
            A,
            F,
            np.where(I == 0, 1, I) if name == "reciprocal" else I,
            S,
            W,
            C,
            L,
            np.int8(3),
        ):
            yield name, (x,), {}
    for name in BINARY:
        for x, y in (
            (A, B),
            (F, F + 1),
            (I, J),
            (A, S),
            (M, A),
            (F, 2),
            (2.5, F),
            (I, 1.5),
            (I, A),
            (M[:, :1], A),
            (F, A),
            (W, 1.0),
            (L, L),
            (A, 0),
        ):
            yield name, (x, y), {}
    for name in INTEGER.split():
        yield name, (I, J), {}
        yield name, (I.astype(np.int8), J.astype(np.uint8)), {}
    for name in REDUCTIONS:
        for x in (M, I, F, L, M.astype(np.float16)):
            yield name, (x,), {}
        for axis in (0, 1, -1):
            yield name, (M, axis), {}
            yield name, (N,), {"axis": axis}
    for name in "sum prod mean var std max min any all nansum nanmean nanmax nanvar".split():
        yield name, (T,), {"axis": (0, 2), "keepdims": True}
        yield name, (T,), {"axis": (0, 2)}
        yield name, (C.reshape(2, 2),), {"axis": 0}
    for name in "sum prod mean var any all".split():
        yield name, (M,), {"where": M > 0, "axis": 1}
    V = np.where(M > 0.4, np.nan, M)
    for name in "nansum nanmean nanmax nanmin nanvar nanstd nanprod max min median sort".split():
        yield name, (V,), {"axis": 0}
    rows: list[Any] = [
        ("sum", (M,), {"initial": 2.0}),
        ("max", (M,), {"initial": 9.0, "axis": 0}),
        ("var", (M,), {"ddof": 1}),
        ("std", (M,), {"correction": 1, "axis": 0}),
        ("average", (M, 0, np.array([1.0, 2.0, 4.0])), {}),
        ("average", (M,), {"weights": N}),
        ("average", (M, 1), {"returned": True}),
        ("quantile", (M, 0.3), {}),
        ("quantile", (M, [0.1, 0.5]), {"axis": 1}),
        ("percentile", (M, 35.0), {"axis": 0, "keepdims": True}),
        ("quantile", (M, 0.3), {"method": "nearest"}),
        ("cumulative_sum", (A,), {"include_initial": True}),
        ("lexsort", ((I, J),), {}),
        ("sort", (M, None), {}),
        ("argsort", (-A,), {}),
        ("round", (A, 1), {}),
        ("round", (I, -1), {}),
        ("round", (M, 2), {}),
        ("ldexp", (A, J), {}),
        ("clip", (A, -0.5, 0.5), {}),
        ("clip", (I, 0, 2.5), {}),
        ("clip", (A,), {"max": 0.1}),
        ("reshape", (M, (2, -1)), {}),
        ("reshape", (M, 12), {"order": "F"}),
        ("ravel", (M,), {}),
        ("ravel", (M, "F"), {}),
        ("transpose", (T,), {}),
        ("transpose", (T, (1, 2, 0)), {}),
        ("swapaxes", (T, 0, -1), {}),
        ("moveaxis", (T, (0, 1), (-1, 0)), {}),
        ("rollaxis", (T, 2), {}),
        ("rollaxis", (T, 0, 3), {}),
        ("squeeze", (M[None, :, None],), {}),
        ("squeeze", (M[None],), {"axis": 0}),
        ("expand_dims", (M, (0, 2)), {}),
        ("broadcast_to", (A, (3, 4)), {}),
        ("broadcast_arrays", (A, M), {}),
        ("atleast_1d", (S,), {}),
        ("atleast_2d", (A, S), {}),
        ("atleast_3d", (M,), {}),
        ("concatenate", ([M, N],), {"axis": 1}),
        ("concatenate", ([A, I],), {}),
        ("concatenate", ([M, N], None), {}),
        ("stack", ([A, B], -1), {}),
        ("vstack", ([A, M],), {}),
        ("hstack", ([M, N],), {}),
        ("hstack", ([A, S],), {}),
        ("dstack", ([A, B],), {}),
        ("column_stack", ([A, B, M.T],), {}),
        ("block", ([[M, N], [N, M]],), {}),
        ("block", ([A, B],), {}),
        ("append", (A, [1.0, 2.0]), {}),
        ("append", (M, N, 0), {}),
        ("split", (A, 2), {}),
        ("split", (M, [1, 3], 1), {}),
        ("array_split", (A, 3), {}),
        ("hsplit", (M, 2), {}),
        ("vsplit", (M, 3), {}),
        ("dsplit", (T, 2), {}),
        ("unstack", (M,), {"axis": 1}),
        ("tile", (M, (2, 1, 3)), {}),
        ("tile", (A, 2), {}),
        ("repeat", (M, 2, 1), {}),
        ("repeat", (A, 2), {}),
        ("repeat", (A, [1, 0, 2, 3]), {}),
        ("flip", (M,), {}),
        ("flip", (M, 1), {}),
        ("fliplr", (M,), {}),
        ("flipud", (M,), {}),
        ("roll", (M, 5), {}),
        ("roll", (M, (1, -2), (0, 1)), {}),
        ("rot90", (M,), {}),
        ("rot90", (M, 3), {}),
        ("rot90", (T, 2, (1, 2)), {}),
        ("resize", (A, (3, 3)), {}),
        ("pad", (M, 2), {}),
        ("pad", (M, ((1, 2), (0, 3))), {"constant_values": 5.0}),
        ("pad", (A, (2, 3)), {"mode": "edge"}),
        ("pad", (A, 6), {"mode": "reflect"}),
        ("pad", (M, 1), {"mode": "symmetric"}),
        ("pad", (M, (1, 2)), {"mode": "wrap"}),
        ("pad", (A, (1, 2)), {"constant_values": (3.0, 4.0)}),
        ("insert", (A, 1, 5.0), {}),
        ("insert", (M, [0, 2], 5.0, 1), {}),
        ("insert", (A, 1, [5.0, 6.0]), {}),
        ("insert", (M, 1, A, 0), {}),
        ("delete", (A, 1), {}),
        ("delete", (M, [0, 2], 1), {}),
        ("delete", (A, slice(None, None, 2)), {}),
        ("zeros_like", (I,), {}),
        ("ones_like", (M,), {"dtype": np.float32}),
        ("full_like", (F, 2.7), {}),
        ("linspace", (S, 2.0, 7), {}),
        ("linspace", (A, B, 5), {"axis": 1}),
        ("linspace", (S, 2.0, 5), {"endpoint": False, "retstep": True}),
        ("logspace", (S, 2.0, 4), {}),
        ("geomspace", (S, 9.0, 4), {}),
        ("meshgrid", (A, B[:3]), {}),
        ("meshgrid", (A, B[:3], F), {"indexing": "ij", "sparse": True}),
        ("tril", (M,), {}),
        ("triu", (T, 1), {}),
        ("tril", (A, -1), {}),
        ("diag", (A,), {}),
        ("diag", (A, 2), {}),
        ("diag", (A, -1), {}),
        ("diag", (M, 1), {}),
        ("diagflat", (M[:2, :2], 1), {}),
        ("vander", (A,), {}),
        ("vander", (I, 3), {"increasing": True}),
        ("copy", (A,), {}),
        ("matmul", (M, N.T), {}),
        ("matmul", (A, M.T), {}),
        ("matmul", (T, A), {}),
        ("matmul", (T, M.T), {}),
        ("matmul", (M, T.swapaxes(1, 2)), {}),
        ("matmul", (A, T.swapaxes(1, 2)), {}),
        ("matmul", (T[:, None], T.swapaxes(1, 2)), {}),
        ("matmul", (I, J), {}),
        ("matmul", (F, A), {}),
        ("matmul", (T, T[0].T[None]), {}),
        ("dot", (M, A), {}),
        ("dot", (T, M.T), {}),
        ("dot", (M, T.swapaxes(1, 2)), {}),
        ("dot", (A, 2.0), {}),
        ("vdot", (C, C * 1j), {}),
        ("inner", (M, N), {}),
        ("inner", (A, B), {}),
        ("outer", (A, M), {}),
        ("vecdot", (M, N), {}),
        ("tensordot", (T, T, 3), {}),
        ("tensordot", (T, M, ([1, 2], [0, 1])), {}),
        ("kron", (M, N[:2, :2]), {}),
        ("kron", (A, M), {}),
        ("trace", (T, 1, 1, 2), {}),
        ("trace", (I.reshape(2, 2),), {}),
        ("cross", (A[:3], B[:3]), {}),
        ("cross", (M[:, :3], N[:, 1:]), {}),
        ("cross", (M, N), {"axis": 0}),
        ("where", (A > 0, A, B), {}),
        ("where", (A > 0, F, 1), {}),
        ("where", (M > 0, M, A), {}),
        ("select", ([A > 0.5, A < 0], [A, B], 7.0), {}),
        ("choose", (np.array([0, 1, 1, 0]), [A, B]), {}),
        ("piecewise", (A, [A < 0, A > 0.5], [lambda v: v**2, lambda v: -v, 3.0]), {}),
        ("take", (M, [[0, 2], [1, -1]], 1), {}),
        ("take", (M, 5), {}),
        ("take", (A, [9, -9], None), {"mode": "clip"}),
        ("take", (A, [9, -9]), {"mode": "wrap"}),
        ("take_along_axis", (M, np.argsort(-M, 1), 1), {}),
        ("diagonal", (T, 1, 2, 0), {}),
        ("compress", ([True, False, True], M, 0), {}),
        ("extract", (M > 0, N), {}),
        ("diff", (M,), {}),
        ("diff", (M, 2, 0), {}),
        ("diff", (A,), {"prepend": 0.0, "append": [1.0, 2.0]}),
        ("ediff1d", (M, 9.0), {}),
        ("gradient", (M,), {}),
        ("gradient", (A, 0.5), {"edge_order": 2}),
        ("gradient", (A, np.array([0.0, 1.0, 3.0, 4.5])), {}),
        ("gradient", (A, np.array([0.0, 1.0, 3.0, 4.5])), {"edge_order": 2}),
        ("trapezoid", (M,), {}),
        ("trapezoid", (M, np.array([0.0, 1.0, 3.0])), {"axis": 0}),
        ("interp", (M, np.array([-0.5, 0.1, 0.6]), np.array([1.0, 3.0, 2.0])), {}),
        ("interp", (M, np.array([-0.5, 0.1, 0.6]), np.array([1.0, 3.0, 2.0]), -9.0, 8.0), {}),
        ("interp", (M, np.array([0.2, 0.5, 0.9]), np.array([1.0, 3.0, 2.0])), {"period": 1.0}),
        ("searchsorted", (np.sort(A), M), {}),
        ("searchsorted", (np.sort(A), A), {"side": "right"}),
        ("digitize", (M, np.array([-0.5, 0.0, 0.5])), {}),
        ("digitize", (A, np.array([0.5, 0.0, -0.5])), {}),
        ("polyval", (B, M), {}),
        ("polyder", (B,), {}),
        ("polyadd", (A, B[:2]), {}),
        ("polymul", (A, B[:2]), {}),
        ("convolve", (A, B[:3]), {}),
        ("convolve", (B[:3], A, "same"), {}),
        ("convolve", (A, B[:3], "valid"), {}),
        ("correlate", (A, B[:3]), {}),
        ("correlate", (A, B[:3], "full"), {}),
        ("correlate", (B[:3], A, "full"), {}),
        ("correlate", (C, C[:2], "same"), {}),
        ("cov", (M,), {}),
        ("cov", (A, B), {"bias": True}),
        ("corrcoef", (M,), {}),
        ("allclose", (A, A + 1e-9), {}),
        ("array_equal", (A, B), {}),
        ("einsum", ("ij,kj->ik", M, N), {}),
        ("einsum", ("ij->ji", M), {}),
        ("einsum", ("ii", N[:, :3]), {}),
        ("einsum", ("ij,ij->i", M, N), {}),
        ("einsum", ("i,j", A, B), {}),
        ("einsum", ("...ij,...kj->...ik", T, M), {}),
        ("einsum", ("ij,jk,kl->il", M, N.T, M), {}),
        ("einsum", ("bij,bjk,k->bi", T, T.swapaxes(1, 2), M[:, 0]), {}),
        ("einsum", ("iij->j", T[:, :2]), {}),
        ("einsum", ("ij->", M), {}),
        ("einsum", (M, [0, 1], N, [2, 1], [0, 2]), {}),
        ("einsum", ("i,i,i", A, B, A), {}),
        ("einsum", ("ij,j", M, A), {}),
        ("einsum", ("...,...->...", M, A), {}),
        ("einsum", ("ij,kj->ik", M[:, :1], N), {}),
        ("bincount", (J,), {}),
        ("bincount", (J, A), {"minlength": 9}),
        ("linalg.norm", (A,), {}),
        ("linalg.norm", (M,), {}),
        ("linalg.norm", (A, 1), {}),
        ("linalg.norm", (A, np.inf), {}),
        ("linalg.norm", (A, -np.inf), {}),
        ("linalg.norm", (A, 0), {}),
        ("linalg.norm", (A, 3), {}),
        ("linalg.norm", (M, 1), {}),
        ("linalg.norm", (M, np.inf), {}),
        ("linalg.norm", (T, "fro", (0, 2)), {}),
        ("linalg.norm", (T, 2, 1), {"keepdims": True}),
        ("linalg.norm", (C,), {}),
        ("linalg.norm", (I,), {}),
        ("linalg.vector_norm", (T,), {"axis": (0, 2)}),
        ("linalg.matrix_power", (M[:, :3], 5), {}),
        ("linalg.multi_dot", ([A, M.T, N],), {}),
        ("linalg.multi_dot", ([M.T, N, A],), {}),
        ("linalg.trace", (T,), {}),
        ("linalg.cross", (A[:3], B[:3]), {}),
        ("linalg.outer", (A, B), {}),
    ]
    yield from rows


ROWS = list(_rows())


def _id(row: Any) -> str:
    name, args, options = row
    parts = [f"{a.dtype}{a.shape}" if hasattr(a, "shape") else str(a)[:20] for a in args]
    return f"{name}-{'-'.join(parts)}-{options}"[:80]


def _resolve(module: Any, name: str) -> Any:
    for part in name.split("."):
        module = getattr(module, part)
    return module


def _array_leaves(args: Any) -> list[Any]:
    found = []
    for a in args:
        if isinstance(a, list) and any(isinstance(b, np.ndarray) for b in a):
            found += _array_leaves(a)
        elif isinstance(a, np.ndarray | np.generic):
            found.append(a)
    return found


def _rebuild(args: Any, values: Any) -> list[Any]:
    built = []
    for a in args:
        if isinstance(a, list) and any(isinstance(b, np.ndarray) for b in a):
            built.append(_rebuild(a, values))
        elif isinstance(a, np.ndarray | np.generic):
            built.append(next(values))
        else:
            built.append(a)
    return built


STATIC = {"repeat", "delete", "compress", "extract", "digitize", "bincount", "piecewise"}


def check_same(actual: Any, expected: Any) -> None:
    if isinstance(expected, tuple | list):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            check_same(a, e)
        return
    assert np.shape(actual) == np.shape(expected)
    if hasattr(expected, "dtype"):
        assert actual.dtype == expected.dtype
        kind = expected.dtype
        tolerance = (
            2e-3 if kind == np.float16 else 2e-6 if kind in (np.float32, np.complex64) else 1e-12
        )
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_allclose(actual, expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_staged_equals_numpy(row: Any) -> None:
    name, args, options = row
    function, reference = _resolve(fnp, name), _resolve(np, name)
    try:
        expected = reference(*args, **options)
    except TypeError:
        with pytest.raises(TypeError):
            ft.make_jaxpr(lambda *v: function(*_rebuild(args, iter(v)), **options))(
                *_array_leaves(args)
            )
        return
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011
            ft.make_jaxpr(lambda *v: function(*_rebuild(args, iter(v)), **options))(
                *_array_leaves(args)
            )
        return
    leaves = _array_leaves(args)
    results = []

    def program(*values: Any) -> Any:
        out = function(*_rebuild(args, iter(values)), **options)
        results.append(out)
        return out

    if name.split(".")[-1] not in STATIC:
        jaxpr = ft.make_jaxpr(program)(*leaves)
        flat = iter(evaluate(jaxpr, *leaves))
        structure = results[-1]
        actual = _fill(structure, flat)
        check_same(actual, expected)
    floating = [x for x in leaves if x.dtype.kind in "fc"]
    if floating:
        zeros = [
            np.zeros_like(x) if x.dtype.kind in "fc" else np.zeros(x.shape, ft.float0)
            for x in leaves
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value, _ = ft.jvp(program, tuple(leaves), tuple(zeros))
        check_same(value, expected)


def _fill(structure: Any, flat: Any) -> Any:
    if isinstance(structure, tuple | list):
        return [_fill(s, flat) for s in structure]
    if not isinstance(structure, Tracer):
        next(flat, None)
        return structure
    return next(flat)
