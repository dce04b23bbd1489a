"""The language derivatives are written in, and the kits that fill the common slots.

Together with ``layout`` it is closed under transposition: add ↔ copy, mul ↔ mul, slice ↔ pad,
convert, real ↔ complex, select_n, … The other files of this room build on these two.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans import kernel
from functrans.core.avals import Aval, dtype_of, is_complex, is_inexact, shape_of
from functrans.core.primitive import Absent, Accumulator, Primitive, Rule
from functrans.core.trace import Tracer, bind
from functrans.errors import DtypeError, ShapeError
from functrans.primitives.layout import (
    batch_to_front,
    broadcast_in_dim,
    full,
    move_axis,
    reduce_sum,
    slice_,
)
from functrans.primitives.types import (
    NOT_LINEAR,
    Ints,
    elementwise_shape,
    inexact_dtype,
    native_or_fallback,
    same_dtype,
)
from functrans.typing import ArrayOrScalar, DTypeLike, Operand

Partial = Callable[..., Any]


def elementwise(
    name: str,
    impl: Rule,
    partials: Sequence[Partial | Absent | None] = (),
    *,
    dtype: Callable[[str, Sequence[Aval]], np.dtype[Any]] = inexact_dtype,
    linearize: Rule | Absent | None = None,
    transpose: Rule | Absent = NOT_LINEAR,
    static: str | None = None,
    opaque: str | None = None,
    scalar: str | None = None,
    lower: Rule | None = None,
) -> Primitive:
    """A primitive that maps one scalar function over its operands.

    ``partials[i](y, *args)`` is ∂y/∂args[i]; None where it is zero, Absent where none is known;
    no partials at all mean a piecewise constant function. ``static`` names the one integer
    parameter that compiled code needs. ``opaque`` names the ufunc of ``scipy.special`` that
    compiled code calls, where it has no scalar function of its own; ``scalar`` that function where
    its name is not the primitive's. ``lower`` is a rule in the place of all these.
    """

    def abstract(*avals: Aval, **params: Any) -> Aval:
        shape = elementwise_shape(name, avals)
        return Aval(shape, dtype(name, avals), all(a.weak for a in avals))

    def constant_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
        return bind(primitive, *args, **params), None

    def unary_linearize(nonzero: Sequence[bool], x: Any, **params: Any) -> Any:
        y = bind(primitive, x, **params)
        slope = unary_partial(y, _numpy_scalar(x), **params)

        def pushforward(t: Any) -> Any:
            return bind(mul_p, t, slope)

        return y, pushforward

    def nary_linearize(nonzero: Sequence[bool], *args: Any, **params: Any) -> Any:
        y = bind(primitive, *args, **params)
        args = tuple([_numpy_scalar(x) for x in args])
        slopes = [
            partial(y, *args, **params) if nz and partial is not None else None
            for nz, partial in zip(nonzero, partials, strict=True)
        ]
        if all(s is None for s in slopes):
            return y, None

        def pushforward(*tangents: Any) -> Any:
            total = None
            for t, slope in zip(tangents, slopes, strict=True):
                if slope is not None:
                    term = mul(t, slope)
                    total = term if total is None else add(total, term)
            return total

        return y, pushforward

    if linearize is None:
        from_partials = unary_linearize if len(partials) == 1 else nary_linearize
        constant = all(p is None for p in partials)
        linearize = constant_linearize if constant else from_partials
    unary_partial: Any = partials[0] if partials else None
    primitive = Primitive(
        name, abstract, impl, linearize, transpose, _batch_elementwise(lambda: primitive),
        lower or _elementwise_lower(scalar or name, static, opaque),
    )  # fmt: skip
    return primitive


def _elementwise_lower(name: str, static: str | None, opaque: str | None) -> Rule:
    def lower(avals: Sequence[Aval], out: Aval, **params: Any) -> kernel.Word:
        if opaque:
            return native_or_fallback([*avals, out], kernel.Opaque(opaque))
        word = kernel.Map(name, (params[static],) if static else ())
        return native_or_fallback([*avals, out], word)

    return lower


_NUMPY_SCALARS: dict[type, type] = {float: np.float64, complex: np.complex128}


def _numpy_scalar(x: Any) -> Any:
    """A Python number as NumPy's, whose quotient by zero is inf and no ZeroDivisionError."""
    kind = _NUMPY_SCALARS.get(type(x))
    return x if kind is None else kind(x)


def _batch_elementwise(get: Callable[[], Primitive]) -> Rule:
    def batch(size: int, args: Sequence[Any], dims: Sequence[int | None], **params: Any) -> Any:
        first = next(d for d in dims if d is not None)
        if all(d == first or d is None for d in dims) and all(
            d is not None or (shape_of(x) == () and not isinstance(x, Tracer))
            for x, d in zip(args, dims, strict=True)
        ):
            return bind(get(), *args, **params), first
        shape: Ints = ()  # of one example: that of the operands whose rank is not 0
        for x, d in zip(args, dims, strict=True):
            whole = shape_of(x)
            shape = shape or (whole if d is None else whole[:d] + whole[d + 1 :])
        moved = [_lead(x, d, (size, *shape)) for x, d in zip(args, dims, strict=True)]
        return bind(get(), *moved, **params), 0

    return batch


def _lead(x: Any, dim: int | None, shape: Ints) -> Any:
    """``x`` of the given shape, batch axis first; a rank-0 constant stays as it is."""
    if dim is not None:
        x = move_axis(x, dim, 0)
        return x if shape_of(x) == shape else broadcast_in_dim(x, shape, (0,))
    rank = len(shape_of(x))
    if rank == 0 and not isinstance(x, Tracer):
        return x
    return broadcast_in_dim(x, shape, tuple(range(1, rank + 1)))


def linear_unary(name: str, impl: Rule, **options: Any) -> Primitive:
    """An elementwise primitive that is linear in its one operand: its pushforward is itself."""

    def linearize(nonzero: Sequence[bool], x: Any, **params: Any) -> Any:
        def pushforward(t: Any) -> Any:
            return bind(primitive, t, **params)

        return bind(primitive, x, **params), pushforward

    primitive = elementwise(name, impl, linearize=linearize, **options)
    return primitive


# --- add, sub, neg -------------------------------------------------------------------------------


def _add_linearize(nonzero: Sequence[bool], x: Any, y: Any) -> Any:
    def pushforward(tx: Any, ty: Any) -> Any:
        if tx is None:
            return ty
        return tx if ty is None else add(tx, ty)

    return bind(add_p, x, y), pushforward


def _add_transpose(ct: Any, x: Any, y: Any) -> None:
    if isinstance(x, Accumulator):
        x.add(ct)
    if isinstance(y, Accumulator):
        y.add(ct)


add_p: Primitive = elementwise(
    "add",
    operator.add,
    dtype=same_dtype,
    linearize=_add_linearize,
    transpose=_add_transpose,
)


def add(x: Operand, y: Operand) -> ArrayOrScalar:
    """x + y, elementwise.

    >>> ft.lax.add(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([4., 6.])
    """
    return bind(add_p, x, y)


def _sub_linearize(nonzero: Sequence[bool], x: Any, y: Any) -> Any:
    def pushforward(tx: Any, ty: Any) -> Any:
        if tx is None:
            return neg(ty)
        return tx if ty is None else sub(tx, ty)

    return bind(sub_p, x, y), pushforward


def _sub_transpose(ct: Any, x: Any, y: Any) -> None:
    if isinstance(x, Accumulator):
        x.add(ct)
    if isinstance(y, Accumulator):
        y.add(neg(ct))


sub_p: Primitive = elementwise(
    "sub",
    operator.sub,
    dtype=same_dtype,
    linearize=_sub_linearize,
    transpose=_sub_transpose,
)


def sub(x: Operand, y: Operand) -> ArrayOrScalar:
    """x − y, elementwise.

    >>> ft.lax.sub(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([-2., -2.])
    """
    return bind(sub_p, x, y)


def _neg_transpose(ct: Any, x: Any) -> None:
    x.add(neg(ct))


neg_p: Primitive = linear_unary("neg", operator.neg, dtype=same_dtype, transpose=_neg_transpose)


def neg(x: Operand) -> ArrayOrScalar:
    """−x, elementwise.

    >>> ft.lax.neg(np.array([1.0, -2.0]))
    array([-1.,  2.])
    """
    return bind(neg_p, x)


# --- mul, div ------------------------------------------------------------------------------------


def _mul_linearize(nonzero: Sequence[bool], x: Any, y: Any) -> Any:
    def pushforward(tx: Any, ty: Any) -> Any:
        if tx is None:
            return mul(x, ty)
        if ty is None:
            return mul(tx, y)
        return add(mul(tx, y), mul(x, ty))

    return bind(mul_p, x, y), pushforward


def _mul_transpose(ct: Any, x: Any, y: Any) -> None:
    if isinstance(x, Accumulator):
        x.add(mul(ct, y))
    else:
        y.add(mul(x, ct))


mul_p: Primitive = elementwise(
    "mul",
    operator.mul,
    dtype=same_dtype,
    linearize=_mul_linearize,
    transpose=_mul_transpose,
)


def mul(x: Operand, y: Operand) -> ArrayOrScalar:
    """x·y, elementwise.

    >>> ft.grad(ft.lax.mul)(3.0, 4.0)
    np.float64(4.0)
    """
    return bind(mul_p, x, y)


def keep_weak(function: Rule) -> Rule:
    """``function`` whose result is a Python scalar when all operands are."""

    def keeping(*args: Any) -> Any:
        out = function(*args)
        if any(hasattr(a, "dtype") for a in args):
            return out
        return out.item()

    return keeping


def _div_linearize(nonzero: Sequence[bool], x: Any, y: Any) -> Any:
    out = bind(div_p, x, y)
    slope: Any = None if nonzero[0] else neg(div(out, y))

    def pushforward(tx: Any, ty: Any) -> Any:
        if tx is None:
            return mul(ty, slope)
        if ty is None:
            return div(tx, y)
        return div(sub(tx, mul(ty, out)), y)  # one division, also transposed

    return out, pushforward


def _div_transpose(ct: Any, x: Any, y: Any) -> None:
    x.add(div(ct, y))


div_p: Primitive = elementwise(
    "div",
    keep_weak(np.true_divide),
    linearize=_div_linearize,
    transpose=_div_transpose,
)


def div(x: Operand, y: Operand) -> ArrayOrScalar:
    """x / y of floating or complex operands, elementwise.

    >>> ft.grad(ft.lax.div, argnums=1)(1.0, 2.0)
    np.float64(-0.25)
    """
    return bind(div_p, x, y)


# --- dtype: convert, real, imag, complex, conj ---------------------------------------------------


def _convert_abstract(x: Aval, *, dtype: np.dtype[Any], weak: bool = False) -> Aval:
    return Aval(x.shape, dtype, weak)


def _convert_impl(x: Any, *, dtype: np.dtype[Any], weak: bool = False) -> Any:
    if type(x) is np.ndarray:
        if x.dtype.kind == "c" and dtype.kind not in "cb":
            x = x.real
        return x.astype(dtype, copy=False)
    array = np.asarray(x)
    if array.dtype.kind == "c" and dtype.kind not in "cb":
        array = array.real
    scalar = array.astype(dtype)[()]
    return scalar.item() if weak else scalar


def _convert_linearize(nonzero: Sequence[bool], x: Any, **params: Any) -> Any:
    out = bind(convert_p, x, **params)
    if not is_inexact(params["dtype"]):
        return out, None

    def pushforward(t: Any) -> Any:
        return convert(t, params["dtype"])

    return out, pushforward


def _convert_transpose(
    ct: Any, x: Accumulator, *, dtype: np.dtype[Any], weak: bool = False
) -> None:
    x.add(convert(ct, x.aval.dtype))


def _convert_batch(size: int, args: Any, dims: Any, **params: Any) -> Any:
    return bind(convert_p, args[0], **params), dims[0]


def _convert_lower(avals: Sequence[Aval], out: Aval, **params: Any) -> kernel.Word:
    return native_or_fallback([*avals, out], kernel.Map("convert"))


convert_p: Primitive = Primitive(
    "convert",
    _convert_abstract,
    _convert_impl,
    _convert_linearize,
    _convert_transpose,
    _convert_batch,
    _convert_lower,
)


def convert(x: Operand, dtype: DTypeLike) -> ArrayOrScalar:
    """``x`` in another dtype (complex to real keeps the real part); no copy when it has it.

    >>> ft.lax.convert_element_type(np.array([1.5, 2.5]), np.int64)
    array([1, 2])
    """
    if type(x) is np.ndarray and x.dtype == dtype:
        return x
    return bind(convert_p, x, dtype=np.dtype(dtype))


def _real_part_dtype(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    if not is_complex(avals[0].dtype):
        raise DtypeError(f"{name} needs a complex operand, not {avals[0].dtype}.")
    part: np.dtype[Any] = avals[0].dtype.type(0).real.dtype
    return part


def _complex_dtype(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    dtype = inexact_dtype(name, avals)
    if is_complex(dtype):
        raise DtypeError(f"{name} needs real operands, not {dtype}.")
    return np.dtype(np.result_type(dtype, np.complex64))


def _real_transpose(ct: Any, x: Accumulator) -> None:
    x.add(convert(ct, x.aval.dtype))


def _imag_transpose(ct: Any, x: Accumulator) -> None:
    # ⟨ct, Im t⟩ = Re(−i·ct·t): the pairing of vjp has no conjugate.
    x.add(complex_(mul(ct, 0), neg(ct)))


real_p: Primitive = linear_unary("real", np.real, dtype=_real_part_dtype, transpose=_real_transpose)

imag_p: Primitive = linear_unary("imag", np.imag, dtype=_real_part_dtype, transpose=_imag_transpose)


def real(x: Operand) -> ArrayOrScalar:
    """Real part of a complex operand.

    >>> ft.lax.real(np.array([1 + 2j]))
    array([1.])
    """
    return bind(real_p, x)


def imag(x: Operand) -> ArrayOrScalar:
    """Imaginary part of a complex operand.

    >>> ft.lax.imag(np.array([1 + 2j]))
    array([2.])
    """
    return bind(imag_p, x)


def _complex_impl(re: Any, im: Any) -> Any:
    dtype = np.result_type(re, im, np.complex64)
    out = np.empty(np.broadcast_shapes(shape_of(re), shape_of(im)), dtype)
    out.real = re
    out.imag = im
    return out if out.ndim else out[()]


def _complex_linearize(nonzero: Sequence[bool], re: Any, im: Any) -> Any:
    def pushforward(tr: Any, ti: Any) -> Any:
        return complex_(mul(ti, 0) if tr is None else tr, mul(tr, 0) if ti is None else ti)

    return bind(complex_p, re, im), pushforward


def _complex_transpose(ct: Any, re: Any, im: Any) -> None:
    if isinstance(re, Accumulator):
        re.add(real(ct))
    if isinstance(im, Accumulator):
        im.add(neg(imag(ct)))


complex_p: Primitive = elementwise(
    "complex",
    _complex_impl,
    dtype=_complex_dtype,
    linearize=_complex_linearize,
    transpose=_complex_transpose,
)


def complex_(re: Operand, im: Operand) -> ArrayOrScalar:
    """re + i·im of two real operands of one dtype.

    >>> ft.lax.complex(np.array([1.0]), np.array([2.0]))
    array([1.+2.j])
    """
    return bind(complex_p, re, im)


def _conj_transpose(ct: Any, x: Accumulator) -> None:
    x.add(conj(ct))


conj_p: Primitive = linear_unary("conj", np.conjugate, dtype=same_dtype, transpose=_conj_transpose)


def conj(x: Operand) -> ArrayOrScalar:
    """Complex conjugate; a real operand is returned as it is.

    >>> ft.lax.conj(np.array([1 + 2j]))
    array([1.-2.j])
    """
    return bind(conj_p, x) if is_complex(dtype_of(x)) else x


# --- select_n ------------------------------------------------------------------------------------


def _select_dtype(name: str, avals: Sequence[Aval]) -> np.dtype[Any]:
    if avals[0].dtype.kind not in "bi":
        raise DtypeError(f"{name} selects by booleans or integers, not {avals[0].dtype}.")
    return same_dtype(name, avals[1:])


def _select_impl(which: Any, *cases: Any) -> Any:
    if len(cases) == 2:
        out = np.where(which, cases[1], cases[0])
    else:
        shape = np.broadcast_shapes(*(shape_of(a) for a in (which, *cases)))
        out = np.choose(np.broadcast_to(which, shape), cases, mode="clip")
    return out if out.ndim else out[()]


def _select_linearize(nonzero: Sequence[bool], which: Any, *cases: Any) -> Any:
    out = bind(select_n_p, which, *cases)
    zero = dtype_of(out).type(0)

    def pushforward(_: Any, *tangents: Any) -> Any:
        return bind(select_n_p, which, *(zero if t is None else t for t in tangents))

    return out, pushforward


def _select_transpose(ct: Any, which: Any, *cases: Any) -> None:
    zero = dtype_of(ct).type(0)
    for i, case in enumerate(cases):
        if isinstance(case, Accumulator):
            case.add(bind(select_n_p, which, *(ct if i == j else zero for j in range(len(cases)))))


select_n_p: Primitive = elementwise(
    "select_n",
    _select_impl,
    dtype=_select_dtype,
    linearize=_select_linearize,
    transpose=_select_transpose,
)


def select_n(which: Operand, *cases: Operand) -> ArrayOrScalar:
    """``cases[which]`` elementwise; a boolean ``which`` takes the first case where False.

    >>> ft.lax.select_n(np.array([True, False]), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 2.])
    """
    return bind(select_n_p, which, *cases)


# --- slice ↔ pad, concatenate, iota --------------------------------------------------------------


def pad_for_slice(ct: Any, shape: Ints, start: Ints, limit: Ints, strides: Ints) -> Any:
    """The transpose of slicing an array of ``shape``: zeros around and between."""
    config = []
    for n, a, s, m in zip(shape, start, strides, shape_of(ct), strict=True):
        covered = a + (m - 1) * s + 1 if m else a
        config.append((a, n - covered, s - 1 if m else 0))
    return pad(ct, dtype_of(ct).type(0), tuple(config))


PadConfig = tuple[tuple[int, int, int], ...]


def _pad_abstract(x: Aval, value: Aval, *, config: PadConfig) -> Aval:
    if len(config) != x.ndim or value.shape != () or any(i < 0 for _, _, i in config):
        raise ShapeError(f"pad {config} does not fit the shape {x.shape}.")
    shape = tuple(
        lo + hi + n + max(n - 1, 0) * inner
        for n, (lo, hi, inner) in zip(x.shape, config, strict=True)
    )
    if any(n < 0 for n in shape):
        raise ShapeError(f"pad {config} crops more than the shape {x.shape} has.")
    same_dtype("pad", [x, value])
    return x.with_shape(shape)


def _pad_impl(x: Any, value: Any, *, config: PadConfig) -> Any:
    x = np.asarray(x)
    shape = tuple(
        lo + hi + n + max(n - 1, 0) * i for n, (lo, hi, i) in zip(x.shape, config, strict=True)
    )
    out = np.full(shape, value, x.dtype)
    target, source = [], []
    for n, m, (lo, _, inner) in zip(x.shape, shape, config, strict=True):
        step = inner + 1
        first = max(0, -(lo // step))  # first element of x at or after position 0
        count = max(0, min(n, -(-(m - lo) // step)) - first)
        begin = lo + first * step
        source.append(slice(first, first + count))
        target.append(slice(begin, begin + count * step, step) if count else slice(0, 0))
    out[tuple(target)] = x[tuple(source)]
    return out


def _pad_linearize(nonzero: Sequence[bool], x: Any, value: Any, *, config: PadConfig) -> Any:
    out = bind(pad_p, x, value, config=config)
    shape, zero = shape_of(x), dtype_of(out).type(0)

    def pushforward(tx: Any, tv: Any) -> Any:
        return pad(full(shape, zero) if tx is None else tx, zero if tv is None else tv, config)

    return out, pushforward


def _pad_transpose(ct: Any, x: Any, value: Any, *, config: PadConfig) -> None:
    zero = dtype_of(ct).type(0)
    if isinstance(x, Accumulator):
        uncropped = pad(ct, zero, tuple((-lo, -hi, 0) for lo, hi, _ in config))
        x.add(slice_(uncropped, (0,) * len(config), shape_of(uncropped), _steps(config)))
    if isinstance(value, Accumulator):
        mask = pad(
            full(_inner_shape(ct, config), dtype_of(ct).type(0)), dtype_of(ct).type(1), config
        )
        value.add(reduce_sum(mul(ct, mask), tuple(range(len(config)))))


def _steps(config: PadConfig) -> Ints:
    return tuple(inner + 1 for _, _, inner in config)


def _inner_shape(ct: Any, config: PadConfig) -> Ints:
    return tuple(
        -(-(n - lo - hi) // (inner + 1))
        for n, (lo, hi, inner) in zip(shape_of(ct), config, strict=True)
    )


def _pad_batch(size: int, args: Any, dims: Any, *, config: PadConfig) -> Any:
    (x, value), (xd, vd) = args, dims
    x = batch_to_front(size, x, xd)
    grown = ((0, 0, 0), *config)
    if vd is None:
        return pad(x, value, grown), 0
    # A fill value for each example: fill with zeros, then put the values where the mask says.
    zero, one = dtype_of(x).type(0), dtype_of(x).type(1)
    padded = pad(x, zero, grown)
    mask = pad(full(shape_of(x), zero), one, grown)
    spread_values = broadcast_in_dim(move_axis(value, vd, 0), shape_of(padded), (0,))
    return add(padded, mul(mask, spread_values)), 0


def _pad_lower(avals: Sequence[Aval], out: Aval, *, config: PadConfig) -> kernel.Word:
    low, high, inner = zip(*config, strict=True) if config else ((), (), ())
    return kernel.Pad(low, high, inner)


pad_p: Primitive = Primitive(
    "pad", _pad_abstract, _pad_impl, _pad_linearize, _pad_transpose, _pad_batch, _pad_lower
)


def pad(x: Operand, value: Operand, config: PadConfig) -> ArrayOrScalar:
    """``x`` with (low, high, interior) copies of the scalar ``value`` along each axis.

    Negative low or high crops.

    >>> ft.lax.pad(np.array([1, 2]), 0, ((1, 2, 1),))
    array([0, 1, 0, 2, 0, 0])
    """
    return bind(pad_p, x, value, config=config) if any(map(any, config)) else x
