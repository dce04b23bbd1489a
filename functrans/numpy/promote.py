"""From what users pass to what ``bind`` takes: arrays, NumPy's result dtypes, common shapes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache, update_wrapper
from typing import Any, ParamSpec, TypeVar

import numpy as np

from functrans.core.avals import array_behind, dtype_of, is_weak, shape_of
from functrans.core.primitive import Primitive
from functrans.core.trace import Tracer, bind, current_trace, known
from functrans.errors import ArgumentError, DtypeError, OptionError, ShapeError
from functrans.primitives import elementwise as ew
from functrans.primitives import layout, linear
from functrans.transforms.stage import is_staging
from functrans.typing import Array, Operand

P = ParamSpec("P")
R = TypeVar("R")
Ints = tuple[int, ...]
Dtype = np.dtype[Any]
Key = Any  # a dtype, or int, float, complex for a weak operand

FLOATS = frozenset({np.dtype(np.float64), np.dtype(np.float32)})
"""The dtypes of the short paths: every NumPy function keeps them."""

COMPARISONS = frozenset(
    {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal}
)
INTEGER_ONLY = frozenset(
    {
        np.bitwise_and,
        np.bitwise_or,
        np.bitwise_xor,
        np.invert,
        np.left_shift,
        np.right_shift,
        np.bitwise_count,
    }
)
"""Ufuncs without a loop for floating numbers."""

_PYTHON = frozenset({bool, int, float, complex})
_WEAK_KEYS: dict[str, type] = {"i": int, "f": float, "c": complex}
_ZEROS: dict[type, complex] = {int: 0, float: 0.0, complex: 0j}


# --- which way a call goes -----------------------------------------------------------------------

TRACED: dict[Any, Callable[..., Any]] = {}
"""For each NumPy function or ufunc, what it does with traced arguments: both protocols' table."""


def door(original: Any, *aliases: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a public function of one for traced arguments.

    Calls that concern no trace go straight to ``original``, NumPy's own function. ``aliases`` are
    other NumPy functions with the same meaning. A function that this NumPy is too old to have is
    served by the traced one throughout.
    """

    def register(traced: Callable[P, R]) -> Callable[P, R]:
        def function(*args: P.args, **kwargs: P.kwargs) -> R:
            trace = current_trace()
            if trace is None or (not has_tracer(args, kwargs) and not is_staging(trace)):
                return original(*args, **kwargs)
            return traced(*args, **kwargs)

        if original is None:
            return traced
        for numpy_function in (original, *aliases):
            TRACED[numpy_function] = traced
        return update_wrapper(function, traced)

    return register


def has_tracer(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a traced value is among the arguments, or in lists and tuples among them."""
    for a in args:
        if isinstance(a, Tracer) or hasattr(a, "__functrans_array__"):
            return True
        if isinstance(a, list | tuple) and has_tracer(a, {}):
            return True
    return bool(kwargs) and has_tracer(tuple(kwargs.values()), {})


def concrete(x: Any) -> Any:
    """The NumPy array behind ``x``, or None where only its type is known."""
    value = known(x)
    return None if value is None else np.asarray(value)


def is_constant_scalar(x: Any) -> bool:
    """Whether ``x`` is a rank-0 constant, which elementwise primitives accept beside any shape."""
    return not isinstance(x, Tracer) and shape_of(x) == ()


# --- operands ------------------------------------------------------------------------------------


def operand(x: Any) -> Operand:
    """``x`` as a plain array, NumPy or Python scalar, or tracer.

    Raises
    ------
    ArgumentError: strings, objects, ragged lists and everything else that is no array of numbers.
    """
    kind = type(x)
    if isinstance(x, Tracer) or kind in _PYTHON:
        return x
    if isinstance(x, np.ndarray | np.generic):
        if x.dtype.kind not in "fiubc":
            raise ArgumentError(
                f"An array of dtype {x.dtype} has no numbers to compute with.",
                "Convert it to a numeric dtype first, for example with x.astype(float).",
            )
        return x if kind is np.ndarray or isinstance(x, np.generic) else x.view(np.ndarray)
    behind = array_behind(x)
    return from_nested(x) if behind is x else operand(behind)


def array_like(x: Any) -> Array:
    """As :func:`operand`, with Python scalars made NumPy scalars: every result has a dtype."""
    x = operand(x)
    return np.asarray(x)[()] if type(x) in _PYTHON else x


def from_nested(x: Any) -> Any:
    """The array of a nested list or tuple, which may hold tracers, or of an array-like object."""
    if isinstance(x, list | tuple) and has_tracer(x, {}):
        items = [operand(item) for item in x]
        shapes = {shape_of(item) for item in items}
        if len(shapes) > 1:
            raise ArgumentError(
                f"The items of a list have different shapes {sorted(shapes)}.",
                "All items of an array have one shape; keep ragged data in a list.",
            )
        dtype = result_dtype(*items)
        rows = [layout.expand_dims(strong(cast(item, dtype)), (0,)) for item in items]
        return layout.concatenate(rows, 0)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ArgumentError(
            f"{x!r:.80} makes no array: {error}.",
            "All rows of an array have one length; keep ragged data in a list.",
        ) from error
    if array.dtype.kind not in "fiubc":
        raise ArgumentError(
            f"{x!r:.80} of type {type(x).__name__} is not an array of numbers.",
            "Pass arrays, numbers, or nested lists of numbers.",
        )
    return array


# --- dtypes --------------------------------------------------------------------------------------


def key_of(x: Any) -> Key:
    """The dtype of an operand as promotion sees it: the Python type where it is weak."""
    kind = type(x)
    if kind is np.ndarray:
        return x.dtype
    if kind is float or kind is int or kind is complex:
        return kind
    if isinstance(x, Tracer) and x.shape == () and x.weak:
        return _WEAK_KEYS.get(x.dtype.kind, x.dtype)
    return dtype_of(x)


@lru_cache(maxsize=4096)
def loop(ufunc: np.ufunc, *keys: Key) -> tuple[Dtype, ...]:
    """The dtypes with which NumPy runs ``ufunc``: of each operand, then of each result."""
    try:
        found = ufunc.resolve_dtypes((*keys, *(None,) * ufunc.nout))
        if found[0].kind != "O":
            return found
        # Python ints only: NumPy compares them as objects, since they may be of any size.
        return loop(ufunc, *(np.dtype(np.int64) if k is int else k for k in keys))
    except TypeError:
        names = ", ".join(getattr(k, "name", getattr(k, "__name__", str(k))) for k in keys)
        raise DtypeError(
            f"{ufunc.__name__} is not defined for operands of dtype {names}.",
            "Convert the operands first, for example with x.astype(float).",
        ) from None


@lru_cache(maxsize=4096)
def promote_keys(*keys: Key) -> Dtype:
    """NumPy's common dtype of the operands."""
    return np.result_type(*(_ZEROS[k] if isinstance(k, type) else k for k in keys))


@door(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> Any:
    """NumPy's common dtype of arrays, numbers and dtypes.

    >>> fnp.result_type(np.float32(1.0), 2.0)
    dtype('float32')
    """
    zeros: dict[type, complex] = {int: 0, float: 0.0, complex: 0j}
    keys = [key_of(x) if isinstance(x, Tracer) else x for x in arrays_and_dtypes]
    weak = [
        isinstance(x, Tracer) and isinstance(k, type)
        for x, k in zip(arrays_and_dtypes, keys, strict=True)
    ]
    return np.result_type(*(zeros[k] if w else k for k, w in zip(keys, weak, strict=True)))


def result_dtype(*xs: Any) -> Dtype:
    """NumPy's common dtype of operands, Python scalars and weak tracers taking part as such."""
    return promote_keys(*map(key_of, xs))


def float_dtype(x: Any) -> Dtype:
    """The dtype in which NumPy computes a mean: ``x``'s own, or float64 for integers."""
    dtype = dtype_of(x)
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)


def cast(x: Any, dtype: Dtype) -> Array:
    """``x`` in ``dtype``; weak values become strong, constants stay constants."""
    if isinstance(x, Tracer):
        return strong(x) if x.dtype == dtype else linear.convert(x, dtype)
    if type(x) is np.ndarray:
        return linear.convert(x, dtype)
    return dtype.type(x.real if dtype.kind != "c" and isinstance(x, complex) else x)


def strong(x: Any) -> Array:
    """``x`` without weakness: what NumPy functions return for Python scalars."""
    if isinstance(x, Tracer) and x.shape == () and x.weak:
        return bind(linear.convert_p, x, dtype=x.dtype)
    return np.asarray(x)[()] if type(x) in _PYTHON else x


# --- shapes --------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def common_shape(*shapes: Ints) -> Ints:
    """The shape to which arrays of the given shapes broadcast."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " ".join(map(str, shapes))
        raise ShapeError(
            f"Operands could not be broadcast together with shapes {listed}.",
            "Axes are aligned from the last one; each pair must be equal or one of them 1.",
        ) from None


def broadcast(*xs: Any) -> tuple[Any, ...]:
    """Operands brought to their common shape; rank-0 constants stay as they are."""
    shape = common_shape(*map(shape_of, xs))
    return tuple(x if is_constant_scalar(x) else layout.broadcast_to(x, shape) for x in xs)


def to_shape(x: Any, shape: Ints) -> Array:
    """``x`` broadcast to ``shape``, constants included."""
    old = shape_of(x)
    if old == shape:
        return x
    if common_shape(old, shape) != shape:
        raise ShapeError(
            f"An array of shape {old} cannot be broadcast to {shape}.",
            "Axes are aligned from the last one; an axis of length 1 can be repeated.",
        )
    return layout.broadcast_to(x if isinstance(x, Tracer) else array_like(x), shape)


def axis_index(axis: Any, ndim: int) -> int:
    """An axis counted from the front.

    Raises
    ------
    ShapeError: the axis does not exist.
    """
    number = operator.index(axis)
    if not -ndim <= number < ndim:
        raise ShapeError(
            f"Axis {number} is out of bounds for an array of dimension {ndim}.",
            "Axes count from 0 at the front, or from -1 at the end.",
        )
    return number % ndim


def listed(x: Any) -> Sequence[Any]:
    """A list or tuple as it is, anything else as one of a single element."""
    return x if isinstance(x, list | tuple) else (x,)


def one_of(name: str, value: Any, *known: Any) -> Any:
    """``value``, or OptionError where it is none of the known ones."""
    if value not in known:
        raise OptionError(
            f"{name}={value!r} is not known.", f"Use one of {', '.join(map(repr, known))}."
        )
    return value


def axes_tuple(axis: Any, ndim: int) -> Ints:
    """The axes that ``axis`` (None for all, an int, or a tuple) names, in ascending order."""
    if axis is None:
        return tuple(range(ndim))
    if not isinstance(axis, tuple | list):
        return (axis_index(axis, ndim),)
    axes = tuple(sorted(axis_index(a, ndim) for a in axis))
    if len(set(axes)) != len(axes):
        raise ShapeError(f"The axes {tuple(axis)} name an axis twice.", "Name each axis once.")
    return axes


def shape_tuple(shape: Any) -> Ints:
    """A shape given as an int or a sequence of ints."""
    if isinstance(shape, list | tuple):
        return tuple(operator.index(n) for n in shape)
    if isinstance(shape, np.ndarray) and shape.ndim == 1:
        return tuple(shape.tolist())
    return (operator.index(shape),)


# --- options that need mutable arrays ------------------------------------------------------------


def no_out(name: str, out: Any) -> None:
    """Refuse ``out=``: traced values are never written in place."""
    outs = out if isinstance(out, tuple) else (out,)
    if any(o is not None for o in outs):
        raise ArgumentError(
            f"{name} cannot write its result into out= under a transform.",
            f"Use the value that {name} returns; write a = a + x instead of a += x.",
        )


def check_options(name: str, options: dict[str, Any]) -> Dtype | None:
    """The ``dtype`` among a ufunc's keywords; the others must have their default values."""
    no_out(name, options.pop("out", None))
    if options.pop("where", True) is not True:
        raise ArgumentError(
            f"{name}(…, where=mask) leaves elements undefined under a transform.",
            "Write functrans.numpy.where(mask, result, other).",
        )
    dtype = options.pop("dtype", None)
    for key in ("casting", "order", "subok"):
        options.pop(key, None)
    if options:
        raise OptionError(f"{name} does not take the option {next(iter(options))!r} here.")
    return None if dtype is None else np.dtype(dtype)


# --- elementwise application ---------------------------------------------------------------------


def apply_unary(primitive: Primitive, ufunc: np.ufunc, x: Any) -> Any:
    """``primitive`` of one operand in NumPy's dtype for ``ufunc``."""
    if isinstance(x, Tracer) and x.dtype in FLOATS and ufunc not in INTEGER_ONLY:
        y = bind(primitive, x)
        return strong(y) if x.shape == () and x.weak else y
    x = operand(x)
    return bind(primitive, cast(x, loop(ufunc, key_of(x))[0]))


def apply_binary(primitive: Primitive, ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """``primitive`` of two operands, promoted as NumPy does for ``ufunc`` and broadcast."""
    x, y = operand(x), operand(y)
    dtype = dtype_of(x)
    if dtype in FLOATS and dtype_of(y) == dtype and ufunc not in INTEGER_ONLY:
        x_shape, y_shape = shape_of(x), shape_of(y)
        if x_shape or y_shape:
            x, y = cast(x, dtype), cast(y, dtype)
            return bind(primitive, *((x, y) if x_shape == y_shape else broadcast(x, y)))
        if not (is_weak(x) or is_weak(y)):
            return bind(primitive, x, y)
    x_dtype, y_dtype = loop(ufunc, key_of(x), key_of(y))[:2]
    if x_dtype != y_dtype:
        return _compare_signed(primitive, ufunc, x, y)
    for number, other in ((x, y), (y, x)):
        if type(number) is int and x_dtype.kind in "iu" and ufunc in COMPARISONS:
            limits = np.iinfo(x_dtype)
            if not limits.min <= number <= limits.max:  # so the answer is the same for all
                beyond = 1 if number > 0 else -1
                answer = ufunc(beyond, 0) if number is x else ufunc(0, beyond)
                return layout.full(shape_of(other), answer)
    return bind(primitive, *broadcast(cast(x, x_dtype), cast(y, y_dtype)))


def _compare_signed(primitive: Primitive, ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """Comparison of int64 with uint64, which no common dtype holds: by sign first."""
    signed_first = dtype_of(x).kind == "i"
    signed, unsigned = broadcast(*(map(array_like, (x, y) if signed_first else (y, x))))
    negative = apply_binary(ew.lt_p, np.less, signed, 0)
    magnitude = cast(apply_binary(ew.max_p, np.maximum, signed, 0), np.dtype(np.uint64))
    if signed_first:
        answer, below = bind(primitive, magnitude, unsigned), ufunc(-1, 0)
    else:
        answer, below = bind(primitive, unsigned, magnitude), ufunc(0, -1)
    return linear.select_n(negative, answer, np.bool_(below))


def apply_weak(primitive: Primitive, ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """``primitive`` of two weak scalars; the result is a weak scalar again."""
    x_dtype, y_dtype = loop(ufunc, key_of(x), key_of(y))[:2]
    return bind(primitive, _weak_cast(x, x_dtype), _weak_cast(y, y_dtype))


def _weak_cast(x: Any, dtype: Dtype) -> Any:
    if not isinstance(x, Tracer):
        return {"i": int, "f": float, "c": complex}[dtype.kind](x)
    return x if x.dtype == dtype else bind(linear.convert_p, x, dtype=dtype, weak=True)
