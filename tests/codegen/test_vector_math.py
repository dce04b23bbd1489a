"""Scalar functions against NumPy for every dtype, and against mpmath for the last bits."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest

from functrans.codegen import vector_math
from functrans.codegen.compile import compile_ir, optimised_ir

INTS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
FLOATS = ["float32", "float64"]
ALL = ["bool", *INTS, *FLOATS]


class Module:
    """An emitter of one loop body."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.declared: dict[str, None] = {}
        self.defined: dict[str, str] = {}
        self.count = 0

    def line(self, text: str) -> None:
        self.lines.append("  " + text)

    def fresh(self) -> str:
        self.count += 1
        return f"%t{self.count}"

    def declare(self, text: str) -> None:
        self.declared[text] = None

    def define(self, name: str, text: str) -> None:
        self.defined[name] = text


def kernel(name: str, ins: Sequence[Any], out: Any, static: tuple[int, ...] = ()) -> Any:
    """A function of equal-length arrays that applies one scalar function in a compiled loop."""
    dtypes, result_dtype = [np.dtype(d) for d in ins], np.dtype(out)
    module = Module()
    args = []
    for i, dtype in enumerate(dtypes):
        memory = vector_math.memory_type(dtype)
        module.line(f"%p{i} = getelementptr inbounds {memory}, ptr %a{i}, i64 %i")
        module.line(f"%m{i} = load {memory}, ptr %p{i}")
        if dtype.kind == "b":
            module.line(f"%b{i} = icmp ne i8 %m{i}, 0")
        args.append(f"%{'b' if dtype.kind == 'b' else 'm'}{i}")
    result = vector_math.scalar(module, name, static, args, dtypes, result_dtype)
    memory = vector_math.memory_type(result_dtype)
    if result_dtype.kind == "b":
        module.line(f"%stored = zext i1 {result} to i8")
        result = "%stored"
    module.line(f"%q = getelementptr inbounds {memory}, ptr %o, i64 %i")
    module.line(f"store {memory} {result}, ptr %q")
    parameters = ", ".join(f"ptr noalias %a{i}" for i in range(len(ins)))
    text = "\n".join([*module.declared, *module.defined.values()])
    body = "\n".join(module.lines)
    code = compile_ir(
        f"""{text}
define void @loop({parameters}, ptr noalias %o, i64 %n) {{
start:
  br label %body
body:
  %i = phi i64 [0, %start], [%i.next, %body]
{body}
  %i.next = add nuw nsw i64 %i, 1
  %end = icmp eq i64 %i.next, %n
  br i1 %end, label %done, label %body
done:
  ret void
}}
""",
        "loop",
    )
    pointers = [ctypes.c_void_p] * (len(ins) + 1)
    call = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64)(code.address)

    def run(*arrays: Any) -> Any:
        given = [np.ascontiguousarray(a, d) for a, d in zip(arrays, dtypes, strict=True)]
        target = np.empty(given[0].shape, result_dtype)
        call(*[a.ctypes.data for a in given], target.ctypes.data, target.size)
        assert code.address
        return target

    return run


def values(dtype: Any, seed: int = 0, size: int = 300) -> Any:
    """Edge values and random ones of a dtype."""
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype.kind == "b":
        return rng.integers(0, 2, size).astype(bool)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        edges = [info.min, info.min + 1, info.max, info.max - 1, 0, 1, 2, 3, 7, 8, 31, 63, 64]
        small = rng.integers(max(info.min, -9), 10, size // 2)
        large = rng.integers(info.min, info.max, size // 2, dtype=dtype, endpoint=True)
        all_values = np.concatenate([np.array(edges, object), small.astype(object), large])
        return rng.permutation(np.array(all_values).astype(dtype))
    edges = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-30]
    info_f = np.finfo(dtype)
    edges += [float(info_f.smallest_subnormal), float(info_f.max), -float(info_f.max)]
    middle = rng.integers(-6, 7, size // 2) / 2
    wide = rng.standard_normal(size) * 5
    return rng.permutation(np.concatenate([edges * 4, middle, wide])).astype(dtype)


def same(actual: Any, expected: Any) -> None:
    """Equal to the bit, signs of zeros included; any NaN is like any other."""
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)
    if actual.dtype.kind == "f":
        kept = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(actual[kept]), np.signbit(expected[kept]))


BINARY: dict[str, tuple[Callable[..., Any], Sequence[str]]] = {
    "add": (np.add, ALL), "sub": (np.subtract, [*INTS, *FLOATS]), "mul": (np.multiply, ALL),
    "div": (np.divide, FLOATS), "rem": (np.fmod, [*INTS, *FLOATS]),
    "mod": (np.remainder, [*INTS, *FLOATS]), "floor_div": (np.floor_divide, [*INTS, *FLOATS]),
    "max": (np.maximum, ALL), "min": (np.minimum, ALL), "copysign": (np.copysign, FLOATS),
    "nextafter": (np.nextafter, FLOATS), "and": (np.bitwise_and, ["bool", *INTS]),
    "or": (np.bitwise_or, ["bool", *INTS]), "xor": (np.bitwise_xor, ["bool", *INTS]),
    "shift_left": (np.left_shift, INTS), "shift_right": (np.right_shift, INTS),
    "eq": (np.equal, ALL), "ne": (np.not_equal, ALL), "lt": (np.less, ALL),
    "le": (np.less_equal, ALL), "gt": (np.greater, ALL), "ge": (np.greater_equal, ALL),
    "pow": (np.power, ["uint8", "uint16", "uint32", "uint64"]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "dtype"), [(n, d) for n, (_, dtypes) in BINARY.items() for d in dtypes]
)
def test_binary_as_numpy(name: str, dtype: str) -> None:
    reference = BINARY[name][0]
    x, y = values(dtype, 1), values(dtype, 2)
    with np.errstate(all="ignore"):
        expected = reference(x, y)
    actual = kernel(name, [dtype, dtype], expected.dtype)(x, y)
    if name in ("max", "min"):  # which zero of two is no part of the contract
        actual, expected = actual + dtype_zero(dtype), expected + dtype_zero(dtype)
    same(actual, expected)


def dtype_zero(dtype: str) -> Any:
    return np.zeros((), dtype)[()]


UNARY: dict[str, tuple[Callable[..., Any], Sequence[str]]] = {
    "neg": (np.negative, [*INTS, *FLOATS]), "abs": (np.abs, ALL),
    "sign": (np.sign, [*INTS, *FLOATS]), "floor": (np.floor, FLOATS), "ceil": (np.ceil, FLOATS),
    "round": (np.rint, FLOATS), "sqrt": (np.sqrt, FLOATS), "not": (np.invert, ["bool", *INTS]),
    "population_count": (np.bitwise_count, INTS), "is_finite": (np.isfinite, ALL),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "dtype"), [(n, d) for n, (_, dtypes) in UNARY.items() for d in dtypes]
)
def test_unary_as_numpy(name: str, dtype: str) -> None:
    x = values(dtype)
    with np.errstate(all="ignore"):
        expected = UNARY[name][0](x)
    same(kernel(name, [dtype], expected.dtype)(x), expected)


@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("target", ALL)
def test_convert_as_numpy(source: str, target: str) -> None:
    x = values(source)
    if np.dtype(source).kind == "f" and np.dtype(target).kind in "iu":
        bits = 8 * np.dtype(target).itemsize
        info = np.iinfo(target)
        edges = [2.0**bits, 2.0 ** (bits - 1), -(2.0 ** (bits - 1)), 2.0**31, -(2.0**31), 2.0**62]
        near = np.array(edges)[:, None] + np.array([-1.0, -0.75, 0.0, 0.75, 1.0])
        x = np.concatenate([x, near.ravel().astype(source)])
        # C leaves open what a cast of a value out of range gives; the others must agree.
        wide = x.astype(np.longdouble)
        x = x[(wide > int(info.min) - 1) & (wide < int(info.max) + 1)]
    with np.errstate(all="ignore"):
        expected = x.astype(target)
    same(kernel("convert", [source], target)(x), expected)


@pytest.mark.parametrize("target", INTS)
@pytest.mark.parametrize("source", FLOATS)
def test_convert_out_of_range_is_defined(source: str, target: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30], source)
    run = kernel("convert", [source], target)
    same(run(x), run(x.copy()))


@pytest.mark.parametrize("dtype", [*INTS, *FLOATS])
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 7, 10])
def test_integer_pow(dtype: str, exponent: int) -> None:
    x = values(dtype)
    with np.errstate(all="ignore"):
        expected = x ** np.dtype(dtype).type(exponent)
    actual = kernel("integer_pow", [dtype], dtype, (exponent,))(x)
    if np.dtype(dtype).kind == "f":
        np.testing.assert_allclose(actual, expected, rtol=8 * np.finfo(dtype).eps)
    else:
        same(actual, expected)


@pytest.mark.parametrize("dtype", FLOATS)
def test_negative_integer_pow(dtype: str) -> None:
    x = values(dtype)
    with np.errstate(all="ignore"):
        expected = 1 / x**3
    np.testing.assert_allclose(
        kernel("integer_pow", [dtype], dtype, (-3,))(x), expected, rtol=4 * np.finfo(dtype).eps
    )


@pytest.mark.parametrize("dtype", ALL)
def test_select_n(dtype: str) -> None:
    a, b, c = (values(dtype, i) for i in range(3))
    which = np.arange(a.size) % 3
    choose = kernel("select_n", ["bool", dtype, dtype], dtype)
    same(choose(which == 1, a, b), np.where(which == 1, b, a))
    for index in ("int32", "int64"):
        actual = kernel("select_n", [index, dtype, dtype, dtype], dtype)(which, a, b, c)
        same(actual, np.choose(which, [a, b, c]))


# --- Accuracy -------------------------------------------------------------------------------


def _both_signs(low: float, high: float) -> Callable[[np.random.Generator, int], Any]:
    """Magnitudes spread evenly over the exponents from ``10**low`` to ``10**high``."""
    return lambda rng, n: rng.choice([-1.0, 1.0], n) * 10 ** rng.uniform(low, high, n)


def _uniform(low: float, high: float) -> Callable[[np.random.Generator, int], Any]:
    return lambda rng, n: rng.uniform(low, high, n)


def _positive(low: float, high: float) -> Callable[[np.random.Generator, int], Any]:
    return lambda rng, n: 10 ** rng.uniform(low, high, n)


def _near_one(rng: np.random.Generator, n: int) -> Any:
    return 1 + _both_signs(-15, -1)(rng, n)


def _near_end(rng: np.random.Generator, n: int) -> Any:
    return 1 - _positive(-16, 0)(rng, n)


mp = mpmath.mp
ACCURACY: dict[str, tuple[Callable[..., Any], Sequence[Any]]] = {
    # name: exact function, ranges of arguments
    "exp": (mp.exp, [_uniform(-745, 709), _both_signs(-20, 1)]),
    "exp2": (lambda x: mp.mpf(2) ** x, [_uniform(-1074, 1023), _both_signs(-20, 1)]),
    "expm1": (mp.expm1, [_uniform(-40, 709), _both_signs(-300, 1)]),
    "log": (mp.log, [_positive(-308, 308), _near_one, _positive(-323, -308)]),
    "log2": (lambda x: mp.log(x, 2), [_positive(-308, 308), _near_one]),
    "log10": (mp.log10, [_positive(-308, 308), _near_one]),
    "log1p": (mp.log1p, [_positive(-300, 308), _both_signs(-30, -0.01)]),
    "sin": (mp.sin, [_both_signs(-300, 1), _uniform(-1e4, 1e4), _both_signs(0, 300)]),
    "cos": (mp.cos, [_both_signs(-300, 1), _uniform(-1e4, 1e4), _both_signs(0, 300)]),
    "tan": (mp.tan, [_both_signs(-300, 1), _uniform(-1e4, 1e4), _both_signs(0, 300)]),
    "asin": (mp.asin, [_uniform(-1, 1), _both_signs(-300, 0)]),
    "acos": (mp.acos, [_uniform(-1, 1), _both_signs(-300, 0)]),
    "atan": (mp.atan, [_both_signs(-300, 300), _uniform(-3, 3)]),
    "sinh": (mp.sinh, [_uniform(-710, 710), _both_signs(-300, 1)]),
    "cosh": (mp.cosh, [_uniform(-710, 710), _both_signs(-300, 1)]),
    "tanh": (mp.tanh, [_uniform(-22, 22), _both_signs(-300, 1)]),
    "asinh": (mp.asinh, [_both_signs(-300, 300), _uniform(-3, 3)]),
    "acosh": (mp.acosh, [lambda r, n: 1 + _positive(-15, 300)(r, n)]),
    "atanh": (mp.atanh, [_uniform(-1, 1), _both_signs(-300, -0.01)]),
    "logistic": (lambda x: 1 / (1 + mp.exp(-x)), [_uniform(-744, 40), _both_signs(-20, 1)]),
    "erf": (mp.erf, [_uniform(-6, 6), _both_signs(-300, 0)]),
    "erfc": (mp.erfc, [_uniform(-6, 27), _both_signs(-300, 0)]),
    "erf_inv": (mp.erfinv, [_uniform(-1, 1), _both_signs(-300, 0), _near_end]),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), [_both_signs(-323, 308)]),
    "pow": (mp.power, [_positive(-308, 308), _near_one, _positive(-1, 1)]),
    "atan2": (mp.atan2, [_both_signs(-300, 300), _uniform(-3, 3)]),
    "hypot": (mp.hypot, [_both_signs(-300, 300), _uniform(-3, 3)]),
}
WORST = 2.0  # ulp
CHECKED = 250  # arguments of each range


def worst_ulp(actual: Any, arguments: Sequence[Any], exact: Callable[..., Any]) -> float:
    """The largest error in units of the last place of the true value."""
    worst = 0.0
    limit = float(np.finfo(actual.dtype).max)
    with mp.workprec(140):
        for got, *given in zip(actual, *arguments, strict=True):
            true = mp.mpf(exact(*(mp.mpf(float(x)) for x in given)))
            if abs(true) > limit:
                assert np.isinf(got) or abs(float(got)) == limit, given
                continue
            unit = float(np.spacing(actual.dtype.type(abs(float(true)))))
            worst = max(worst, float(abs(mp.mpf(float(got)) - true) / unit))
    return worst


def _second_argument(name: str, x: Any, rng: np.random.Generator) -> Any:
    if name == "pow":  # so that the result spreads over the exponents
        info = np.finfo(x.dtype)
        y = rng.uniform(info.minexp - info.nmant, info.maxexp, x.size) / np.log2(x.astype(float))
        return y.astype(x.dtype)
    if name == "hypot":
        return (x * rng.uniform(-3, 3, x.size)).astype(x.dtype)
    return rng.permutation(x)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", list(ACCURACY))
def test_accuracy(name: str, dtype: str) -> None:
    exact, ranges = ACCURACY[name]
    rng = np.random.default_rng(7)
    x = np.concatenate([make(rng, CHECKED) for make in ranges])
    bits = rng.integers(0, 2**32 if dtype == "float32" else 2**64, CHECKED, np.uint64)
    any_bits = bits.astype(np.uint32 if dtype == "float32" else np.uint64).view(dtype)
    with np.errstate(all="ignore"):
        x = np.concatenate([x.astype(dtype), any_bits])
        inside = np.isfinite(x) & (x != 0) & np.isfinite(DOMAINS.get(name, np.abs)(x))
        arguments = [x[inside & ((x != 1) | (name != "pow"))]]
        if name in PAIRS:
            arguments.append(_second_argument(name, arguments[0], rng))
            inside = np.isfinite(arguments[1])
            arguments = [a[inside] for a in arguments]
    if name == "erfc":
        arguments = [np.clip(x[np.isfinite(x)], -1e3, 1e3)]  # mpmath overflows beyond
    run = kernel(name, [dtype] * len(arguments), dtype)
    assert worst_ulp(run(*arguments), arguments, exact) <= WORST


DOMAINS: dict[str, Callable[[Any], Any]] = {
    "log": np.log, "log2": np.log, "log10": np.log, "log1p": np.log1p, "asin": np.arcsin,
    "acos": np.arcsin, "acosh": np.arccosh, "atanh": np.arctanh, "pow": np.log,
    "erf_inv": np.arctanh,
}  # fmt: skip
DENSE = 200_000


NOT_NUMPYS = ("cbrt", "erf", "erfc", "erf_inv")


@pytest.mark.parametrize("name", [n for n in ACCURACY if n not in NOT_NUMPYS])
def test_accuracy_of_many_float32(name: str) -> None:
    """Against NumPy's functions of long doubles."""
    rng = np.random.default_rng(8)
    _, ranges = ACCURACY[name]
    with np.errstate(all="ignore"):
        x = np.concatenate([make(rng, DENSE) for make in ranges]).astype(np.float32)
        x = x[np.isfinite(x) & np.isfinite(DOMAINS.get(name, np.abs)(x)) & (x != 1)]
        arguments = [x]
        if name in PAIRS:
            arguments.append(_second_argument(name, x, rng))
        function = PAIRS.get(name) or getattr(np, NUMPY_NAMES.get(name, name), None)
        wide = [a.astype(np.longdouble) for a in arguments]
        true = 1 / (1 + np.exp(-wide[0])) if function is None else function(*wide)
        actual = kernel(name, ["float32"] * len(arguments), "float32")(*arguments)
        inside = np.isfinite(true.astype(np.float32)) & np.isfinite(arguments[-1])
        unit = np.spacing(np.abs(true[inside]).astype(np.float32))
        error = np.abs(actual[inside] - true[inside]) / unit
    assert error.max() <= WORST


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_next_to_multiples_of_a_quarter_turn(name: str, dtype: str) -> None:
    """Where most of the argument cancels, near 0 and in the middle, and for huge arguments."""
    limit = 26 if dtype == "float64" else 12
    with mp.workprec(1200):
        turns = [*range(-40, 41), *(2**e + i for e in range(5, limit) for i in (-1, 0, 1))]
        near = [float(mp.pi / 2 * k) for k in turns]
        hard = float(mp.ldexp(6381956970095103, 797))  # the double nearest to such a multiple
    with np.errstate(all="ignore"):
        x = np.array([*near, hard]).astype(dtype)
        x = np.concatenate([x, np.nextafter(x, np.inf), np.nextafter(x, -np.inf)])
    x = x[np.isfinite(x)]
    exact = {"sin": mp.sin, "cos": mp.cos, "tan": mp.tan}[name]

    def precise(v: Any) -> Any:
        with mp.workprec(1200):
            return exact(v)

    assert worst_ulp(kernel(name, [dtype], dtype)(x), [x], precise) <= WORST


SPECIAL = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 5e-324, -5e-324, 1e-310, 2.0**-1022,
     1e308, -1e308, 709.78, 709.79, 710.4, 710.48, -745.1, -745.2, 1e5, -1e5, 2.0**1023]
)  # fmt: skip
NUMPY_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh",
}  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [n for n in ACCURACY if n not in ("pow", "atan2", "hypot")])
def test_special_values_as_numpy(name: str, dtype: str) -> None:
    import scipy.special as special

    reference = getattr(np, NUMPY_NAMES.get(name, name), None)
    reference = reference or getattr(
        special, {"logistic": "expit", "erf_inv": "erfinv"}.get(name, name)
    )
    with np.errstate(all="ignore"):
        x = np.concatenate([SPECIAL, SPECIAL]).astype(dtype)
        expected = reference(x)
    actual = kernel(name, [dtype], dtype)(x)
    tiny = float(np.finfo(dtype).smallest_subnormal)
    np.testing.assert_allclose(actual, expected, rtol=8 * np.finfo(dtype).eps, atol=tiny)
    kept = ~np.isnan(expected) & ((x != 0) | (name != "erf_inv"))  # SciPy's loses the sign
    np.testing.assert_array_equal(np.signbit(actual[kept]), np.signbit(expected[kept]))


PAIRS: dict[str, Callable[..., Any]] = {
    "pow": np.power, "atan2": np.arctan2, "hypot": np.hypot, "logaddexp": np.logaddexp,
}  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", list(PAIRS))
def test_two_arguments_as_numpy(name: str, dtype: str) -> None:
    x, y = (a.ravel() for a in np.meshgrid(values(dtype, 1, 100), values(dtype, 2, 100)))
    with np.errstate(all="ignore"):
        expected = PAIRS[name](x, y)
    actual = kernel(name, [dtype, dtype], dtype)(x, y)
    eps = float(np.finfo(dtype).eps)  # logaddexp of nearly opposite exponents cancels
    atol = eps if name == "logaddexp" else float(np.finfo(dtype).smallest_subnormal)
    np.testing.assert_allclose(actual, expected, rtol=8 * eps, atol=atol)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["pow", "atan2", "hypot"])
def test_zeros_infinities_and_signs_of_two_arguments(name: str, dtype: str) -> None:
    some = [0.0, 0.5, 1.0, 2.0, 3.0, 2.5, 2.0**60, np.inf]
    edges = np.array([*some, *(-v for v in some), np.nan], dtype)
    x, y = (a.ravel() for a in np.meshgrid(edges, edges))
    with np.errstate(all="ignore"):
        expected = PAIRS[name](x, y)
    actual = kernel(name, [dtype, dtype], dtype)(x, y)
    exact = np.isin(np.abs(expected), [0.0, 1.0, np.inf]) | np.isnan(expected)
    same(actual[exact], expected[exact])
    np.testing.assert_array_equal(np.signbit(actual[~exact]), np.signbit(expected[~exact]))


# --- Constants and refusals -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", ALL)
def test_literals_are_exact(dtype: str) -> None:
    d = np.dtype(dtype)
    t = vector_math.memory_type(d)
    for value in values(dtype)[:40]:
        text = vector_math.literal(value, d)
        if d.kind == "b":
            text = {"true": "1", "false": "0"}[text]
        code = compile_ir(
            f"define void @put(ptr %o) {{\n  store {t} {text}, ptr %o\n  ret void\n}}",
            "put",
            "stub",
        )
        out = np.zeros(1, d)
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address)(out.ctypes.data)
        same(out, np.array([value], d))


@pytest.mark.parametrize(
    ("name", "dtypes", "out"),
    [
        ("sin", ["float16"], "float16"), ("exp", ["int64"], "float64"),
        ("digamma", ["float64"], "float64"), ("add", ["complex128"] * 2, "complex128"),
        ("add", [">f8"] * 2, ">f8"), ("sub", ["bool"] * 2, "bool"), ("unknown", ["float64"], "f8"),
        ("pow", ["int64"] * 2, "int64"), ("add", ["longdouble"] * 2, "longdouble"),
    ],
)  # fmt: skip
def test_what_is_not_supported(name: str, dtypes: list[str], out: str) -> None:
    given = [np.dtype(d) for d in dtypes]
    assert not vector_math.supports(name, given, np.dtype(out))
    with pytest.raises(NotImplementedError, match=name):
        vector_math.scalar(Module(), name, (), ["%x"] * len(given), given, np.dtype(out))


# --- Long functions -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["exp", "log1p", "tanh", "sin", "logistic"])
def test_one_element_and_a_vector_agree_to_the_bit(name: str, dtype: str) -> None:
    x = values(dtype, size=500)
    with np.errstate(over="ignore"):
        x = np.concatenate([x, x * np.dtype(dtype).type(1e6)])
    run = kernel(name, [dtype], dtype)
    together = run(x)
    alone = np.concatenate([run(x[i : i + 1]) for i in range(x.size)])
    same(together, alone)


@pytest.mark.parametrize("tier", ["program", "stub"])
def test_many_applications_are_calls_of_one_function(tier: Any) -> None:
    module = Module()
    value = "%x"
    for _ in range(40):
        value = vector_math.scalar(module, "sin", (), [value], [np.dtype(float)], np.dtype(float))
    text = "\n".join([*module.declared, *module.defined.values()])
    body = "\n".join(module.lines)
    ir = f"{text}\ndefine double @f(double %x) {{\n{body}\n  ret double {value}\n}}\n"
    code = compile_ir(ir, "f", tier)
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(code.address)
    expected = 0.5
    for _ in range(40):
        expected = float(np.sin(expected))
    assert function(0.5) == pytest.approx(expected, rel=1e-14)
    assert optimised_ir(ir, tier).count("fma.f64(") < 60
