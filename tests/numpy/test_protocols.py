"""Operators, methods and plain NumPy calls on traced values: values, dtypes, weakness, errors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import errors
from functrans.core.jaxpr import evaluate
from functrans.scipy import special

X = np.array([[0.5, -1.5, 2.0], [1.0, 3.0, -0.25]])
K = np.array([[1, 2, 3], [4, 5, 6]])
F = X.astype(np.float32)


def staged(f: Any, *args: Any) -> Any:
    """The value of ``f`` as a Jaxpr computes it; a single result comes bare."""
    outs = evaluate(ft.make_jaxpr(f)(*args), *args)
    return outs[0] if len(outs) == 1 else outs


OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]
OPERANDS: list[Any] = [
    X,
    F,
    K,
    K.astype(np.int8),
    X[0],
    2,
    2.5,
    3 + 1j,
    True,
    np.float64(1.5),
    np.float32(1.5),
    np.int8(3),
    [[1.0], [2.0]],
    np.array(2.0),
]


@pytest.mark.parametrize("op", OPERATORS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "y", OPERANDS, ids=lambda y: f"{type(y).__name__}{getattr(y, 'dtype', '')}"
)
@pytest.mark.parametrize("x", [X, F, K, X > 0], ids=lambda x: str(x.dtype))
def test_operators_promote_as_numpy(op: Any, x: Any, y: Any) -> None:
    for f in (lambda a: op(a, y), lambda a: op(y, a)):
        try:
            with np.errstate(all="ignore"):
                expected = f(x)
        except TypeError:
            with pytest.raises(TypeError):
                ft.make_jaxpr(f)(x)
            continue
        with np.errstate(all="ignore"):
            actual = staged(f, x)
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(
            actual, expected, rtol=1e-6 if actual.dtype.itemsize < 8 else 1e-14
        )


def test_integer_operators() -> None:
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        for y in (K, 3, np.int8(2)):
            np.testing.assert_array_equal(staged(lambda a: op(a, y), K), op(K, y))  # noqa: B023
            np.testing.assert_array_equal(staged(lambda a: op(y, a), K), op(y, K))  # noqa: B023
    np.testing.assert_array_equal(staged(lambda a: ~a, K), ~K)
    np.testing.assert_array_equal(staged(lambda a: ~a, X > 0), X <= 0)
    assert [np.asarray(v).tolist() for v in staged(lambda a: divmod(a, 4), K)] == [
        v.tolist() for v in divmod(K, 4)
    ]


@pytest.mark.parametrize("y", [0, 1, 2, 3, -1, -2, 0.5, 2.0, 1.5, 40, np.int64(2), 2 + 0j])
@pytest.mark.parametrize("x", [np.abs(X), np.abs(F), K], ids=lambda x: str(x.dtype))
def test_powers(x: Any, y: Any) -> None:
    try:
        expected = x**y
    except ValueError:
        with pytest.raises(ValueError, match="negative integer powers"):
            ft.make_jaxpr(lambda a: a**y)(x)
        return
    actual = staged(lambda a: a**y, x)
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=1e-6 if x.dtype == np.float32 else 1e-14)
    actual = staged(lambda a: np.power(a, y), x)
    assert actual.dtype == np.power(x, y).dtype
    np.testing.assert_allclose(staged(lambda a: 2.0**a, x), 2.0**x, rtol=1e-6)


def test_python_scalars_stay_weak_under_operators_alone() -> None:
    def program(a: Any, f: Any) -> Any:
        b = a * 2 + 1  # weak, as Python's own arithmetic is
        return b * f, np.multiply(a, 1.0) * f, fnp.sin(a) * f, abs(-a) * f, a**2 * f, (a / 3) * f

    dtypes = [v.aval.dtype for v in ft.make_jaxpr(program)(1.5, F).outvars]
    assert dtypes == [np.float32, np.float64, np.float64, np.float32, np.float32, np.float32]
    values = program(1.5, F)
    assert [v.dtype for v in values] == dtypes
    assert [
        v.aval.dtype for v in ft.make_jaxpr(lambda n, k: n * k)(3, K.astype(np.int8)).outvars
    ] == [np.int8]
    assert staged(lambda n: n**-1, 4) == 0.25
    assert ft.make_jaxpr(lambda n: n / 2)(3).outvars[0].aval.dtype == np.float64


def test_methods_equal_numpy() -> None:
    programs: list[Any] = [
        lambda x: x.sum(),
        lambda x: x.sum(0),
        lambda x: x.sum(axis=1, keepdims=True),
        lambda x: x.mean(),
        lambda x: x.prod(1),
        lambda x: x.max(0),
        lambda x: x.min(),
        lambda x: x.var(ddof=1),
        lambda x: x.std(axis=0),
        lambda x: x.argmax(1),
        lambda x: x.argmin(),
        lambda x: x.argsort(),
        lambda x: x.cumsum(0),
        lambda x: x.cumprod(),
        lambda x: x.T,
        lambda x: x.mT,
        lambda x: x.real,
        lambda x: x.imag,
        lambda x: x.dot(x.T),
        lambda x: x @ x.T,
        lambda x: x.T @ x[:, 0],
        lambda x: x.reshape(3, 2),
        lambda x: x.reshape((-1,)),
        lambda x: x.reshape(-1),
        lambda x: x.ravel(),
        lambda x: x.flatten("F"),
        lambda x: x.transpose(),
        lambda x: x.transpose(1, 0),
        lambda x: x.transpose((1, 0)),
        lambda x: x.swapaxes(0, 1),
        lambda x: x[None].squeeze(),
        lambda x: x.astype(np.float32),
        lambda x: x.astype(int),
        lambda x: x.clip(-1, 1),
        lambda x: x.round(1),
        lambda x: x.take([0, 2], axis=1),
        lambda x: x.repeat(2, 0),
        lambda x: x.diagonal(),
        lambda x: x.trace(),
        lambda x: x.copy(),
        lambda x: x.conj(),
        lambda x: (x > 0).any(1),
        lambda x: (x > -9).all(),
        lambda x: np.stack([row * 2 for row in x]),
        lambda x: x.shape[0] * x + len(x),
        lambda x: np.concatenate(list(x)),
        lambda x: +x,
        lambda x: np.ptp(x, 0),
        lambda x: X @ x.T,
        lambda x: list(x.flat)[4],
    ]
    for program in programs:
        expected = program(X)
        actual = staged(program, X)
        assert np.shape(actual) == np.shape(expected)
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-14)
    assert staged(lambda x: x.sort(), X).tolist() == np.sort(X).tolist()


def test_ufunc_methods_and_keywords() -> None:
    programs: list[Any] = [
        lambda x: np.add.reduce(x),
        lambda x: np.add.reduce(x, axis=1, keepdims=True),
        lambda x: np.multiply.reduce(x, 1),
        lambda x: np.maximum.reduce(x, axis=None),
        lambda x: np.minimum.reduce(x),
        lambda x: np.logical_and.reduce(x > 0),
        lambda x: np.add.accumulate(x),
        lambda x: np.maximum.accumulate(x, axis=1),
        lambda x: np.multiply.outer(x, x[0]),
        lambda x: np.add(x, 1, dtype=np.float32),
        lambda x: np.subtract.outer(x, 2.0),
        lambda x: np.sqrt(np.abs(x), dtype=np.float64),
    ]
    for program in programs:
        expected = program(X)
        actual = staged(program, X)
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-14)


def test_numpy_and_door_give_the_same_gradient() -> None:
    for module in (np, fnp):

        def loss(w: Any, m: Any = module) -> Any:
            h = m.tanh(X @ w) + m.maximum(w.sum(), 0.0)
            z = h - m.max(h, axis=1, keepdims=True)
            return (
                m.mean(m.log(m.sum(m.exp(z), axis=1))) + m.linalg.norm(w) + m.einsum("ij,ij", w, w)
            )

        w = np.linspace(-1, 1, 12).reshape(3, 4)
        gradient = ft.grad(loss)(w)
        h = 1e-6 * np.eye(12).reshape(12, 3, 4)
        numeric = np.array([(loss(w + d) - loss(w - d)) / 2e-6 for d in h]).reshape(3, 4)
        np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.filterwarnings("ignore:.*divide:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_derivative_conventions() -> None:
    g = ft.grad
    assert g(lambda x: np.maximum(x, 1.0))(1.0) == 0.5
    assert g(lambda x: np.clip(x, 0.0, 1.0))(1.0) == 0.5
    assert g(np.abs)(0.0) == 1.0
    assert g(lambda x: x**0)(0.0) == 0.0
    assert np.isnan(g(lambda x: np.linalg.norm(x))(np.zeros(2))).all()
    assert g(lambda x: np.max(x))(np.array([2.0, 2.0, 1.0])).tolist() == [0.5, 0.5, 0.0]
    assert g(np.sqrt)(0.0) == np.inf
    assert g(lambda x: np.where(x > 0, x, 0.0))(0.0) == 0.0
    assert g(fnp.sinc)(0.0) == 0.0
    np.testing.assert_allclose(g(g(fnp.sinc))(0.0), -(np.pi**2) / 3, rtol=1e-14)
    assert g(lambda x: np.prod(x))(np.array([0.0, 2.0, 3.0])).tolist() == [6.0, 0.0, 0.0]


def add_in_place(a: Any, x: Any) -> Any:
    a += x
    return a


ERRORS: list[Any] = [
    (lambda x: add_in_place(np.zeros(3), x), errors.ArgumentError),
    (lambda x: operator.setitem(np.zeros(3), slice(None), x), errors.TracerArrayConversionError),
    (lambda x: np.add(x, x, out=np.zeros(3)), errors.ArgumentError),
    (lambda x: np.add(x, x, where=np.ones(3, bool)), errors.ArgumentError),
    (lambda x: np.sum(x, out=np.zeros(())), errors.ArgumentError),
    (lambda x: np.array([x[0], 1.0]), errors.TracerArrayConversionError),
    (lambda x: np.array([1.0, x[0]], dtype=object), errors.TracerArrayConversionError),
    (lambda x: np.asarray(x), errors.TracerArrayConversionError),
    (lambda x: np.busday_count(x, x), errors.MissingRuleError),
    (lambda x: np.isnat(x), errors.MissingRuleError),
    (lambda x: np.add.at(x, 0, 1.0), errors.MissingRuleError),
    (lambda x: x + np.ones(4), errors.ShapeError),
    (lambda x: x.reshape(2), errors.ShapeError),
    (lambda x: x @ np.ones(4), errors.ShapeError),
    (lambda x: x.sum(3), errors.ShapeError),
    (lambda x: fnp.concatenate([x, np.ones((2, 2))]), errors.ShapeError),
    (lambda x: fnp.einsum("i,j", x, np.ones((2, 2))), errors.ShapeError),
    (lambda x: fnp.add(x, "a"), errors.ArgumentError),
    (lambda x: fnp.add(x, np.array([1, None, 2])), errors.ArgumentError),
    (lambda x: fnp.add(x, [[1.0], [1.0, 2.0]]), errors.ArgumentError),
    (lambda x: fnp.array([x, 1.0]), errors.ArgumentError),
    (lambda x: x & x, errors.DtypeError),
    (lambda x: fnp.bitwise_count(x), errors.DtypeError),
    (lambda x: operator.setitem(x, 0, 1.0), errors.TracerItemAssignmentError),
    (lambda x: list(x[0]), errors.ShapeError),
]


@pytest.mark.parametrize(("program", "error"), ERRORS)
def test_errors_name_the_class_and_the_line(program: Any, error: Any) -> None:
    for transform in (ft.make_jaxpr, ft.grad):
        with pytest.raises(error) as info:
            transform(program)(np.ones(3))
        assert info.value.line is not None
        assert info.value.line.file == __file__
    np.testing.assert_array_equal(staged(lambda x: x + 1, np.ones(3)), 2 * np.ones(3))


@pytest.mark.parametrize("transform", [ft.make_jaxpr, ft.grad])
def test_storing_into_an_array_is_never_silent(transform: Any) -> None:
    def program(x: Any) -> Any:
        a = np.zeros(3)
        a[0] = x[0]
        return a.sum()

    with pytest.raises(errors.TracerItemAssignmentError):
        transform(program)(np.ones(3))


def test_shapes_that_depend_on_values_need_known_values() -> None:
    for program in (lambda x: fnp.repeat(x, x.astype(int)), lambda x: fnp.arange(x[0])):
        with pytest.raises(errors.ArgumentError):
            ft.make_jaxpr(program)(np.ones(3))
    assert ft.grad(lambda x: fnp.repeat(x, x.astype(int)).sum())(np.array([1.0, 3.0])).tolist() == [
        1.0,
        3.0,
    ]


def test_missing_names_say_so() -> None:
    with pytest.raises(AttributeError, match=r"np\.busday_count still works on plain arrays"):
        _ = fnp.busday_count
    with pytest.raises(AttributeError):
        _ = fnp.no_such_thing


def test_at_least_two_hundred_functions() -> None:
    functions = [n for n in fnp.__all__ if callable(getattr(fnp, n)) and hasattr(np, n)]
    assert len(functions) >= 200
    assert all(getattr(fnp, n).__doc__ for n in functions)


def test_plain_calls_are_numpys_own() -> None:
    assert fnp.zeros(3).flags.writeable
    assert fnp.sum([1, 2, 3]) == 6
    assert type(fnp.sin(1.0)) is np.float64
    assert type(fnp.asarray([1.0])) is np.ndarray
    with pytest.raises(ValueError, match="broadcast"):
        fnp.add(np.ones(3), np.ones(4))
    out = np.zeros(3)
    assert fnp.add(np.ones(3), 1.0, out=out) is out

    def constants_stay_constants(x: Any) -> Any:
        a = fnp.zeros(3)
        a[0] = 5.0  # under grad what concerns no traced value is a plain array
        t = fnp.tile(np.ones(1), 3)
        t[1] = 2.0
        return (a * x + t).sum()

    assert ft.grad(constants_stay_constants)(np.ones(3)).tolist() == [5.0, 0.0, 0.0]


# --- scipy.special -------------------------------------------------------------------------------

P = np.array([0.1, 0.4, 0.8])
Z = np.array([-30.0, -14.0, -3.0, -1e-3, 0.0, 0.7, 5.0, 40.0])
SPECIAL: list[Any] = [
    ("erf", (Z,)),
    ("erfc", (Z,)),
    ("erfinv", (P,)),
    ("gammaln", (P,)),
    ("digamma", (P,)),
    ("psi", (P,)),
    ("expit", (Z,)),
    ("logit", (P,)),
    ("log_expit", (Z,)),
    ("ndtr", (Z,)),
    ("log_ndtr", (Z,)),
    ("xlogy", (np.array([0.0, 0.0, 2.0]), np.array([0.0, -1.0, 3.0]))),
    ("xlog1py", (np.array([0.0, 0.0, 2.0]), np.array([-1.0, -2.0, 3.0]))),
    ("entr", (np.array([0.0, -1.0, 0.5]),)),
    ("rel_entr", (np.array([0.0, 1.0, 0.5]), P)),
    ("kl_div", (np.array([0.0, 1.0, -0.5]), P)),
    ("gamma", (np.array([0.5, 4.0, -1.5, -2.5]),)),
    ("betaln", (P, 2.0)),
    ("beta", (P, 2.0)),
    ("poch", (P, 2.0)),
    ("zeta", (3.0, P + 1)),
    ("polygamma", (2, P)),
    ("polygamma", (0, P)),
    ("multigammaln", (np.float64(4.0), 3)),
    ("exprel", (Z,)),
    ("cosm1", (Z,)),
    ("exp10", (P,)),
    ("boxcox", (P, 0.0)),
    ("boxcox", (P, 1.5)),
    ("boxcox1p", (P, 0.5)),
    ("huber", (1.0, Z)),
    ("pseudo_huber", (1.0, Z)),
    ("gammainc", (P, 2.0)),
    ("gammaincc", (P, 2.0)),
    ("betainc", (2.0, 3.0, P)),
    ("logsumexp", (X,)),
    ("logsumexp", (X, 1)),
    ("logsumexp", (1000 * X, 0, np.abs(X), True)),
    ("softmax", (X, 1)),
    ("log_softmax", (X, 0)),
    ("factorial", (P,)),
    ("logsumexp", (np.array([-np.inf, -np.inf]),)),
    ("erf", (F,)),
    ("expit", (K,)),
    ("logsumexp", (F,)),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args"), SPECIAL)
def test_special_functions_equal_scipy(name: str, args: Any) -> None:
    scipy_special = pytest.importorskip("scipy.special")
    expected = getattr(scipy_special, name)(*args)
    arrays = [a for a in args if isinstance(a, np.ndarray | np.generic)]

    def program(*values: Any) -> Any:
        rest = iter(values)
        return getattr(special, name)(
            *(next(rest) if isinstance(a, np.ndarray | np.generic) else a for a in args)
        )

    actual = staged(program, *arrays)
    assert actual.dtype == expected.dtype
    single = actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=2e-6 if single else 2e-12, atol=1e-300)


def test_scipy_ufuncs_accept_traced_values() -> None:
    scipy_special = pytest.importorskip("scipy.special")
    np.testing.assert_allclose(
        ft.grad(lambda x: scipy_special.expit(x).sum())(P),
        ft.grad(lambda x: special.expit(x).sum())(P),
    )
    with pytest.raises(errors.TracerArrayConversionError, match=r"functrans\.scipy\.special"):
        ft.grad(lambda x: scipy_special.logsumexp(x))(P)
    with pytest.raises(errors.MissingRuleError, match="itstruve0"):
        ft.grad(lambda x: scipy_special.itstruve0(x).sum())(P)


def test_empty_arrays() -> None:
    empty = np.zeros((0, 3))
    for reduce in (np.max, np.min, np.argmax, np.argmin):
        for transform in (ft.make_jaxpr, ft.grad):
            with pytest.raises(errors.ShapeError):
                transform(lambda x, reduce=reduce: reduce(x, axis=0))(empty)
    for program in (
        lambda x: x.sum(0),
        lambda x: np.prod(x, 0),
        lambda x: np.max(x, axis=1),
        lambda x: np.max(x, axis=0, initial=2.0),
        lambda x: np.concatenate([x, x]),
        lambda x: x[::-1],
        lambda x: np.sort(x, axis=0),
        lambda x: x @ np.ones((3, 2)),
        lambda x: np.cumsum(x, 0),
        lambda x: x.ravel(),
    ):
        np.testing.assert_array_equal(staged(program, empty), program(empty))
