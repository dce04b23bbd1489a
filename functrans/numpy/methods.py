"""Operators, methods and NumPy's two protocols, attached to traced values."""

from __future__ import annotations

import opcode
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from functrans.core.avals import shape_of
from functrans.core.primitive import Primitive
from functrans.core.trace import Tracer, bind
from functrans.errors import (
    MissingRuleError,
    ShapeError,
    TracerArrayConversionError,
    TracerItemAssignmentError,
)
from functrans.numpy import complex_numbers, powers
from functrans.numpy import contraction as con
from functrans.numpy import elementwise as el
from functrans.numpy import indexing as ix
from functrans.numpy import reductions as red
from functrans.numpy import selecting as sel
from functrans.numpy import shaping as sh
from functrans.numpy import signal as sig
from functrans.numpy.promote import (
    FLOATS,
    INTEGER_ONLY,
    TRACED,
    apply_binary,
    apply_unary,
    apply_weak,
    broadcast,
    cast,
    no_out,
    operand,
    strong,
)
from functrans.primitives import elementwise as ew
from functrans.primitives import layout, linear

Method = Callable[..., Any]
_OPERANDS = (Tracer, np.ndarray, np.generic, list, tuple, bool, int, float, complex)


# --- operators -----------------------------------------------------------------------------------


def _is_weak_number(x: Any) -> bool:
    kind = type(x)
    if kind is float or kind is int or kind is complex:
        return True
    return isinstance(x, Tracer) and x.shape == () and x.weak and x.dtype.kind != "b"


def _beside(x: Tracer, dtype: Any, number: Any) -> Any:
    """A Python number for an operation with the floating ``x``: weak only beside a weak one."""
    return float(number) if x.shape == () and x.weak else dtype.type(number)


def _apply(primitive: Primitive, ufunc: np.ufunc, x: Any, y: Any) -> Any:
    if not (isinstance(x, _OPERANDS) and isinstance(y, _OPERANDS)):
        return NotImplemented
    if _is_weak_number(x) and _is_weak_number(y):
        return apply_weak(primitive, ufunc, x, y)
    return strong(apply_binary(primitive, ufunc, x, y))


def _binary(primitive: Primitive, ufunc: np.ufunc) -> tuple[Method, Method]:
    """``x ∘ y`` and the reflected ``y ∘ x``; Python scalars among themselves stay weak."""

    short = frozenset() if ufunc in INTEGER_ONLY else FLOATS

    def operate(self: Tracer, other: Any) -> Any:
        kind = type(other)
        dtype = self.dtype
        if dtype in short:
            if kind is float or kind is int:
                return bind(primitive, self, _beside(self, dtype, other))
            if (kind is np.ndarray or isinstance(other, Tracer)) and other.dtype == dtype:
                if other.shape == self.shape:
                    return bind(primitive, self, other)
                if self.shape and other.shape:
                    return bind(primitive, *broadcast(self, other))
        return _apply(primitive, ufunc, self, other)

    def reflected(self: Tracer, other: Any) -> Any:
        kind = type(other)
        dtype = self.dtype
        if (kind is float or kind is int) and dtype in short:
            return bind(primitive, _beside(self, dtype, other), self)
        return _apply(primitive, ufunc, other, self)

    return operate, reflected


def _unary(primitive: Primitive, ufunc: np.ufunc) -> Method:
    short = frozenset() if ufunc in INTEGER_ONLY else FLOATS

    def operate(self: Tracer) -> Any:
        if self.dtype in short or (self.shape == () and self.weak and self.dtype.kind != "b"):
            return bind(primitive, self)
        return apply_unary(primitive, ufunc, self)

    return operate


def _power(self: Tracer, exponent: Any, modulo: None = None) -> Any:
    kind = type(exponent)
    if kind is int and powers.abs_small(exponent):
        return powers.integer_power(self, exponent)
    if kind is float and self.dtype in FLOATS:
        if exponent.is_integer() and powers.abs_small(int(exponent)):
            return ew.integer_pow(self, int(exponent))
        if exponent == 0.5:
            return ew.sqrt(self)
    return _general_power(self, exponent)


_general_power, _reflected_power = _binary(ew.pow_p, np.power)


def _matmul(self: Tracer, other: Any) -> Any:
    return con.matmul_traced(self, other)


def _rmatmul(self: Tracer, other: Any) -> Any:
    return con.matmul_traced(other, self)


def _divmod(self: Tracer, other: Any) -> Any:
    return self // other, self % other


def _rdivmod(self: Tracer, other: Any) -> Any:
    return other // self, other % self


def _format(self: Tracer, spec: str) -> str:
    value = self.concrete()
    return format(repr(self) if value is None else value, spec)


def _round(self: Tracer, ndigits: int | None = None) -> Any:
    return el.round(self, 0 if ndigits is None else ndigits)


_OPERATORS: dict[str, tuple[Primitive, np.ufunc]] = {
    "add": (linear.add_p, np.add),
    "sub": (linear.sub_p, np.subtract),
    "mul": (linear.mul_p, np.multiply),
    "truediv": (linear.div_p, np.true_divide),
    "floordiv": (ew.floor_div_p, np.floor_divide),
    "mod": (ew.mod_p, np.remainder),
    "and": (ew.and_p, np.bitwise_and),
    "or": (ew.or_p, np.bitwise_or),
    "xor": (ew.xor_p, np.bitwise_xor),
    "lshift": (ew.shift_left_p, np.left_shift),
    "rshift": (ew.shift_right_p, np.right_shift),
}
_COMPARISONS: dict[str, tuple[Primitive, np.ufunc]] = {
    "eq": (ew.eq_p, np.equal),
    "ne": (ew.ne_p, np.not_equal),
    "lt": (ew.lt_p, np.less),
    "le": (ew.le_p, np.less_equal),
    "gt": (ew.gt_p, np.greater),
    "ge": (ew.ge_p, np.greater_equal),
}


# --- methods that differ from the functions ------------------------------------------------------


def _getitem(self: Tracer, index: Any) -> Any:
    return ix.getitem(self, index)


def _iter(self: Tracer) -> Iterator[Any]:
    length = _len(self)
    return (ix.getitem(self, i) for i in range(length))


def _len(self: Tracer) -> int:
    if not self.shape:
        raise ShapeError(
            "A traced value of rank 0 has no length and cannot be iterated over.",
            "Use fnp.atleast_1d, or index an array that has axes.",
        )
    return self.shape[0]


def _reshape(self: Tracer, *shape: Any, order: str = "C", copy: Any = None) -> Any:
    return sh.reshape(self, shape[0] if len(shape) == 1 else shape, order)


def _transpose(self: Tracer, *axes: Any) -> Any:
    if not axes or axes == (None,):
        return sh.transpose(self)
    return sh.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes)


def _sum(
    self: Tracer, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
    initial: Any = np._NoValue, where: Any = np._NoValue,
) -> Any:  # fmt: skip
    return red.sum(self, axis, dtype, out, keepdims, initial, where)


def _astype(self: Tracer, dtype: Any, order: str = "K", casting: str = "unsafe",
            subok: bool = True, copy: bool = True) -> Any:  # fmt: skip
    return cast(self, np.dtype(dtype))


def _clip(self: Tracer, min: Any = None, max: Any = None, out: Any = None) -> Any:
    return el.clip(self, min, max, out)


def _take(
    self: Tracer, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise"
) -> Any:
    return ix.take(self, indices, axis, out, mode)


def _flatten(self: Tracer, order: str = "C") -> Any:
    return sh.ravel(self, order)


def _copy(self: Tracer, order: str = "C") -> Any:
    return self


def _dot(self: Tracer, b: Any, out: Any = None) -> Any:
    return con.dot(self, b, out)


def _compress(self: Tracer, condition: Any, axis: Any = None, out: Any = None) -> Any:
    return sel.compress(condition, self, axis, out)


def _partition(self: Tracer, kth: Any, axis: Any = -1, kind: str = "introselect") -> Any:
    return _later("partition")(self, kth, axis, kind)


def _argpartition(self: Tracer, kth: Any, axis: Any = -1, kind: str = "introselect") -> Any:
    return _later("argpartition")(self, kth, axis, kind)


def _later(name: str) -> Method:
    method: Method = getattr(import_module(f"functrans.numpy.{LATER_NAMES[name]}"), name)
    return method


_METHODS: dict[str, Method] = {
    "all": red.all_, "any": red.any_, "argmax": red.argmax, "argmin": red.argmin,
    "argpartition": _argpartition, "argsort": red.argsort, "astype": _astype,
    "choose": sel.choose, "clip": _clip, "compress": _compress, "conj": complex_numbers.conj,
    "conjugate": complex_numbers.conj, "copy": _copy, "cumprod": red.cumprod, "cumsum": red.cumsum,
    "diagonal": ix.diagonal, "dot": _dot, "flatten": _flatten, "max": red.max, "mean": red.mean,
    "min": red.min, "nonzero": sel.nonzero, "partition": _partition, "prod": red.prod,
    "ptp": red.ptp, "ravel": sh.ravel, "repeat": sh.repeat, "reshape": _reshape,
    "round": el.round, "searchsorted": sig.searchsorted, "sort": red.sort,
    "squeeze": sh.squeeze, "std": red.std, "sum": _sum, "swapaxes": sh.swapaxes, "take": _take,
    "trace": con.trace, "transpose": _transpose, "var": red.var,
}  # fmt: skip

_PROPERTIES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "T": (sh.transpose, "The array with its axes reversed."),
    "mT": (sh.matrix_transpose, "The array with its last two axes exchanged."),
    "real": (complex_numbers.real, "Real part."),
    "imag": (complex_numbers.imag, "Imaginary part."),
    "flat": (lambda x: iter(sh.ravel(x)), "An iterator over the elements."),
    "at": (ix.at, "Indexed updates: x.at[i].set(v) returns a new array."),
}


# --- NumPy's protocols ---------------------------------------------------------------------------


def _array_ufunc(self: Tracer, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """``np.sin(tracer)``, ``ndarray * tracer``, ``np.add.reduce(tracer)``."""
    if method == "__call__":
        traced = TRACED.get(ufunc)
        if traced is None:
            traced = _loaded(ufunc) or _special(ufunc)
        return traced(*inputs, **options)
    handler = _UFUNC_METHODS.get(method)
    if handler is None:
        raise _missing(f"{ufunc.__name__}.{method}")
    return handler(ufunc, *inputs, **options)


def _array_function(
    self: Tracer, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``np.sum(tracer)``, ``np.concatenate([tracer, array])``; other classes see to themselves."""
    if not all(issubclass(t, Tracer | np.ndarray) for t in types):
        return NotImplemented
    traced = TRACED.get(function) or _loaded(function)
    if traced is None:
        raise _missing(_full_name(function))
    return traced(*args, **kwargs)


LATER = ("fft", "linalg")
"""Modules of NumPy that few programs need: loaded when one of their functions is called."""

_FILES = {
    "floats": "frexp spacing",
    "folding": "frompyfunc ufunc",
    "grids": "c_ fromiter r_",
    "histograms": "histogram histogram2d histogram_bin_edges histogramdd",
    "integers": "gcd lcm packbits unpackbits",
    "order": "argpartition median nanmedian nanpercentile nanquantile partition percentile "
    "quantile",
    "placing": "fill_diagonal place put put_along_axis",
    "polynomials": "poly polydiv polyfit polyint roots trim_zeros",
    "sets": "intersect1d setdiff1d setxor1d union1d unique_all unique_counts unique_inverse "
    "unique_values",
    "texts": "array_repr array_str",
    "vectorizing": "apply_along_axis apply_over_axes vectorize",
    "waves": "i0 kaiser unwrap",
}
LATER_NAMES = {name: file for file, names in _FILES.items() for name in names.split()}
"""Functions that few programs need, with the file that defines each: loaded in the same way."""


def _loaded(function: Any) -> Method | None:
    """The traced version of a function from one of these modules and files."""
    package, _, name = (getattr(function, "__module__", None) or "").partition(".")
    if package != "numpy":
        return None
    file = name if name in LATER else LATER_NAMES.get(function.__name__)
    if file is None:
        return None
    import_module(f"functrans.numpy.{file}")
    return TRACED.get(function)


def _full_name(function: Any) -> str:
    module = getattr(function, "__module__", "numpy") or "numpy"
    return f"{module}.{getattr(function, '__name__', function)}"


def _missing(name: str) -> MissingRuleError:
    return MissingRuleError(
        f"{name} has no version for traced values.",
        "Compose it from other functions, or compute it outside the transform.",
    )


_STORE_SUBSCR = opcode.opmap["STORE_SUBSCR"]


def _guarded(convert: Method) -> Method:
    """A conversion to a Python number that refuses to feed ``array[i] = tracer``.

    NumPy stores a traced scalar by converting it, which would lose its derivative in silence.
    """

    def conversion(self: Tracer) -> Any:
        frame = sys._getframe(1)
        if frame.f_code.co_code[frame.f_lasti] == _STORE_SUBSCR:
            raise TracerItemAssignmentError(
                f"A traced value of type {self.aval} cannot be stored into a NumPy array: its "
                "derivative would be lost.",
                "Write a = functrans.numpy.at(a)[i].set(value), or collect the values in a list "
                "and use functrans.numpy.stack.",
            )
        return convert(self)

    return conversion


def _array(self: Tracer, dtype: Any = None, copy: Any = None) -> NoReturn:
    """NumPy, or a library on top of it, asks for the real array: there is none to give."""
    frame: FrameType | None = sys._getframe(1)
    library = ""
    while frame is not None and not library:
        module = frame.f_globals.get("__name__", "")
        library = module if module.startswith("scipy.") else ""
        frame = frame.f_back
    if not library:
        _plain_array(self, dtype, copy)
    raise TracerArrayConversionError(
        f"{library} needs the real array behind a traced value of type {self.aval}: taking it out "
        "would lose its derivative.",
        "Use the function of this name in functrans.scipy.special if there is one; SciPy's ufuncs, "
        "such as scipy.special.expit, work as they are.",
    )


_plain_array = Tracer.__array__


def _special(ufunc: np.ufunc) -> Method:
    """The function of ``functrans.scipy.special`` with the name of a SciPy ufunc."""
    from functrans.scipy import special  # above the common path: SciPy's names only

    traced = special.UFUNCS.get(ufunc.__name__)
    if traced is None:
        raise _missing(f"The ufunc {ufunc.__name__}")
    TRACED[ufunc] = traced
    return traced


_REDUCTIONS: dict[np.ufunc, Method] = {
    np.add: red.sum,
    np.multiply: red.prod,
    np.maximum: red.max,
    np.minimum: red.min,
    np.logical_and: red.all_,
    np.logical_or: red.any_,
}
_RUNNING: dict[np.ufunc, str] = {
    np.add: "add",
    np.multiply: "mul",
    np.maximum: "max",
    np.minimum: "min",
}


def _reduce(ufunc: np.ufunc, array: Any, axis: Any = 0, *rest: Any, **options: Any) -> Any:
    reduction = _REDUCTIONS.get(ufunc)
    if reduction is None:
        return _folding(ufunc, "reduce").reduce(ufunc, array, axis, *rest, **options)
    names = ("dtype", "out", "keepdims", "initial", "where")
    options |= dict(zip(names, rest, strict=False))
    dtype = options.pop("dtype", None)
    if reduction is red.sum or reduction is red.prod:
        options["dtype"] = dtype
    out = options.pop("out", None)
    if isinstance(out, tuple):
        out = out[0]
    return reduction(array, axis, out=out, **options)


def _accumulate(
    ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None, out: Any = None
) -> Any:
    no_out(f"{ufunc.__name__}.accumulate", out)
    op = _RUNNING.get(ufunc)
    if op is None:
        return _folding(ufunc, "accumulate").accumulate(ufunc, array, axis, dtype)
    return red.accumulate(op, array, axis, dtype)


def _folding(ufunc: np.ufunc, method: str) -> Any:
    """The file that folds any ufunc of two numbers which traced values know."""
    if ufunc.nin != 2 or not (TRACED.get(ufunc) or _loaded(ufunc)):
        raise _missing(f"{ufunc.__name__}.{method}")
    return import_module("functrans.numpy.folding")


def _outer(ufunc: np.ufunc, a: Any, b: Any, **options: Any) -> Any:
    traced = TRACED.get(ufunc) or _loaded(ufunc)
    if traced is None:
        raise _missing(f"{ufunc.__name__}.outer")
    x, y = operand(a), operand(b)
    if shape_of(x) and shape_of(y):
        x = layout.reshape(x, shape_of(x) + (1,) * len(shape_of(y)))
    return traced(x, y, **options)


_UFUNC_METHODS: dict[str, Method] = {
    "reduce": _reduce,
    "accumulate": _accumulate,
    "outer": _outer,
}


_SPECIAL_METHODS: dict[str, Method] = {
    "abs": _unary(ew.abs_p, np.absolute),
    "array": _array,
    "complex": _guarded(Tracer.__complex__),
    "float": _guarded(Tracer.__float__),
    "int": _guarded(Tracer.__int__),
    "array_function": _array_function,
    "array_ufunc": _array_ufunc,
    "divmod": _divmod,
    "format": _format,
    "getitem": _getitem,
    "invert": _unary(ew.not_p, np.invert),
    "iter": _iter,
    "len": _len,
    "matmul": _matmul,
    "neg": _unary(linear.neg_p, np.negative),
    "pos": strong,
    "pow": _power,
    "rdivmod": _rdivmod,
    "rmatmul": _rmatmul,
    "round": _round,
    "rpow": _reflected_power,
}


# --- attachment ----------------------------------------------------------------------------------


def attach() -> None:
    """Give :class:`Tracer` the interface of an array."""
    for name, (primitive, ufunc) in _OPERATORS.items():
        forward, backward = _binary(primitive, ufunc)
        setattr(Tracer, f"__{name}__", forward)
        setattr(Tracer, f"__r{name}__", backward)
    for name, (primitive, ufunc) in _COMPARISONS.items():
        setattr(Tracer, f"__{name}__", _binary(primitive, ufunc)[0])
    for name, method in _SPECIAL_METHODS.items():
        setattr(Tracer, f"__{name}__", method)
    for name, method in _METHODS.items():
        setattr(Tracer, name, method)
    for name, (getter, doc) in _PROPERTIES.items():
        setattr(Tracer, name, property(getter, doc=doc))


attach()
