"""Products of matrices and tensors: everything becomes one general contraction."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from functrans.core.avals import dtype_of, shape_of
from functrans.core.trace import Tracer, bind
from functrans.errors import ShapeError
from functrans.numpy import elementwise as el
from functrans.numpy import ufuncs
from functrans.numpy.indexing import diagonal
from functrans.numpy.joining import stack
from functrans.numpy.promote import (
    FLOATS,
    Ints,
    array_like,
    axis_index,
    cast,
    common_shape,
    door,
    listed,
    loop,
    no_out,
    operand,
    result_dtype,
    to_shape,
)
from functrans.numpy.reductions import sum
from functrans.numpy.shaping import expand_dims, moveaxis, ravel, reshape, squeeze, take_slice
from functrans.primitives import layout, linear
from functrans.primitives.contraction import Dims, dot_general, dot_general_p
from functrans.typing import Array, ArrayLike, ArrayOrScalar, DTypeLike

_LAST_FIRST: dict[tuple[int, int], Dims] = {
    (m, n): (((m - 1,), (max(n - 2, 0),)), ((), ())) for m in (1, 2) for n in (1, 2)
}


def _promoted(x: Any, y: Any) -> tuple[Any, Any]:
    x, y = array_like(x), array_like(y)
    dtype = result_dtype(x, y)
    return cast(x, dtype), cast(y, dtype)


def _mismatch(name: str, x: Any, y: Any) -> ShapeError:
    return ShapeError(
        f"{name}: arrays of shapes {shape_of(x)} and {shape_of(y)} do not fit.",
        "The last axis of the first and the second to last of the second must have one length.",
    )


def matmul_traced(x: ArrayLike, y: ArrayLike, /) -> ArrayOrScalar:
    """``x @ y``: matrix products over the last two axes, the others broadcast.

    >>> ft.grad(lambda a, b: fnp.sum(fnp.matmul(a, b)))(np.ones((2, 2)), np.array([1.0, 3.0]))
    array([[1., 3.],
           [1., 3.]])
    """
    if dtype_of_or_none(x) not in FLOATS or dtype_of_or_none(x) != dtype_of_or_none(y):
        x, y = array_like(x), array_like(y)
        dtype = loop(np.matmul, dtype_of(x), dtype_of(y))[0]
        x, y = cast(x, dtype), cast(y, dtype)
    return _matmul(x, y)


def _matmul(x: Any, y: Any) -> Any:
    """The product of arrays of one dtype."""
    x_shape, y_shape = shape_of(x), shape_of(y)
    m, n = len(x_shape), len(y_shape)
    if m == 0 or n == 0:
        raise ShapeError("matmul does not take scalars.", "Use * to multiply by a scalar.")
    if x_shape[-1] != y_shape[max(n - 2, 0)]:
        raise _mismatch("matmul", x, y)
    if m <= 2 and n <= 2:
        return bind(dot_general_p, x, y, dims=_LAST_FIRST[m, n])
    if n <= 2:  # the same matrix for the whole batch of x
        return dot_general(x, y, (((m - 1,), (max(n - 2, 0),)), ((), ())))
    if m <= 2:
        out = dot_general(x, y, (((m - 1,), (n - 2,)), ((), ())))
        return moveaxis(out, 0, -2) if m == 2 else out
    batch = common_shape(x_shape[:-2], y_shape[:-2])
    x = to_shape(x, batch + x_shape[-2:])
    y = to_shape(y, batch + y_shape[-2:])
    axes = tuple(range(len(batch)))
    last = len(batch)
    return dot_general(x, y, (((last + 1,), (last,)), (axes, axes)))


def dtype_of_or_none(x: Any) -> Any:
    """The dtype of what has one: lists and Python numbers have none yet."""
    return x.dtype if isinstance(x, Tracer) or type(x) is np.ndarray else None


matmul = ufuncs.public("matmul", np.matmul, matmul_traced, matmul_traced.__doc__ or "", 2)


@door(np.dot)
def dot(a: ArrayLike, b: ArrayLike, out: Array | None = None) -> ArrayOrScalar:
    """Sum of products over the last axis of ``a`` and the second to last of ``b``.

    >>> ft.grad(fnp.dot)(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    no_out("dot", out)
    x, y = _promoted(a, b)
    m, n = len(shape_of(x)), len(shape_of(y))
    if m == 0 or n == 0:
        return el.multiply(x, y)
    if shape_of(x)[-1] != shape_of(y)[max(n - 2, 0)]:
        raise _mismatch("dot", x, y)
    return dot_general(x, y, (((m - 1,), (max(n - 2, 0),)), ((), ())))


@door(np.vdot)
def vdot(a: ArrayLike, b: ArrayLike, /) -> ArrayOrScalar:
    """Σ conj(a)·b over all elements.

    >>> fnp.vdot(np.array([1j, 2.0]), np.array([1j, 1.0]))
    np.complex128(3+0j)
    """
    x, y = _promoted(ravel(a), ravel(b))
    return dot(linear.conj(x), y)


@door(np.inner)
def inner(a: ArrayLike, b: ArrayLike, /) -> ArrayOrScalar:
    """Sum of products over the last axes.

    >>> fnp.inner(np.array([[1, 2], [3, 4]]), np.array([1, 1]))
    array([3, 7])
    """
    x, y = _promoted(a, b)
    m, n = len(shape_of(x)), len(shape_of(y))
    if m == 0 or n == 0:
        return el.multiply(x, y)
    if shape_of(x)[-1] != shape_of(y)[-1]:
        raise ShapeError(
            f"inner: the last axes of {shape_of(x)} and {shape_of(y)} differ in length.",
            "Transpose one operand, or use tensordot.",
        )
    return dot_general(x, y, (((m - 1,), (n - 1,)), ((), ())))


@door(np.outer)
def outer(a: ArrayLike, b: ArrayLike, out: Array | None = None) -> Array:
    """All products of an element of ``a`` and one of ``b``.

    >>> fnp.outer(np.array([1, 2]), np.array([3, 4]))
    array([[3, 4],
           [6, 8]])
    """
    no_out("outer", out)
    x, y = ravel(a), ravel(b)
    return el.multiply(expand_dims(x, 1), expand_dims(y, 0))


@door(np.vecdot)
def vecdot(x1: ArrayLike, x2: ArrayLike, /, *, axis: int = -1) -> ArrayOrScalar:
    """Σ conj(x1)·x2 along an axis, the others broadcast.

    >>> fnp.vecdot(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """
    x, y = _promoted(x1, x2)
    product = el.multiply(linear.conj(x), y)
    return layout.reduce_sum(product, (axis_index(axis, len(shape_of(product))),))


@door(getattr(np, "matvec", None))  # new in NumPy 2.2
def matvec(x1: ArrayLike, x2: ArrayLike, /) -> ArrayOrScalar:
    """Products of matrices and vectors, Σ x1[…, i, j]·x2[…, j], the other axes broadcast.

    >>> fnp.matvec(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 1.0]))
    array([3., 7.])
    """
    x, y = _promoted(x1, x2)
    if len(shape_of(x)) < 2 or not shape_of(y):
        raise _mismatch("matvec", x, y)
    return squeeze(matmul(x, expand_dims(y, -1)), -1)


@door(getattr(np, "vecmat", None))  # new in NumPy 2.2
def vecmat(x1: ArrayLike, x2: ArrayLike, /) -> ArrayOrScalar:
    """Products of vectors and matrices, Σ conj(x1[…, i])·x2[…, i, j], the other axes broadcast.

    >>> fnp.vecmat(np.array([1.0, 1.0]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([4., 6.])
    """
    x, y = _promoted(x1, x2)
    if not shape_of(x) or len(shape_of(y)) < 2:
        raise _mismatch("vecmat", x, y)
    return squeeze(matmul(expand_dims(linear.conj(x), -2), y), -2)


@door(np.tensordot)
def tensordot(a: ArrayLike, b: ArrayLike, axes: int | Sequence[Any] = 2) -> ArrayOrScalar:
    """Sum of products over paired axes: a number of them, or two lists.

    >>> fnp.shape(fnp.tensordot(np.ones((2, 3, 4)), np.ones((4, 3, 5)), ([1, 2], [1, 0])))
    (2, 5)
    """
    x, y = _promoted(a, b)
    m, n = len(shape_of(x)), len(shape_of(y))
    if isinstance(axes, int | np.integer):
        x_axes: Ints = tuple(range(m - int(axes), m))
        y_axes: Ints = tuple(range(int(axes)))
    else:
        first, second = axes
        x_axes = tuple(axis_index(i, m) for i in listed(first))
        y_axes = tuple(axis_index(i, n) for i in listed(second))
    if [shape_of(x)[i] for i in x_axes] != [shape_of(y)[i] for i in y_axes]:
        raise ShapeError(
            f"tensordot: the axes {x_axes} of {shape_of(x)} and {y_axes} of {shape_of(y)} differ.",
            "Paired axes must have the same length.",
        )
    return dot_general(x, y, ((x_axes, y_axes), ((), ())))


@door(np.kron)
def kron(a: ArrayLike, b: ArrayLike) -> Array:
    """Kronecker product: ``b`` scaled by every element of ``a``.

    >>> fnp.kron(np.array([1, 10]), np.array([1, 2]))
    array([ 1,  2, 10, 20])
    """
    x, y = _promoted(a, b)
    rank = max(len(shape_of(x)), len(shape_of(y)))
    x_dims = (1,) * (rank - len(shape_of(x))) + shape_of(x)
    y_dims = (1,) * (rank - len(shape_of(y))) + shape_of(y)
    wide_x = tuple(n for pair in zip(x_dims, (1,) * rank, strict=True) for n in pair)
    wide_y = tuple(n for pair in zip((1,) * rank, y_dims, strict=True) for n in pair)
    product = el.multiply(layout.reshape(x, wide_x), layout.reshape(y, wide_y))
    return reshape(product, tuple(p * q for p, q in zip(x_dims, y_dims, strict=True)))


@door(np.trace)
def trace(
    a: ArrayLike,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: DTypeLike | None = None,
    out: Array | None = None,
) -> ArrayOrScalar:
    """Sum along a diagonal.

    >>> ft.grad(fnp.trace)(np.ones((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    no_out("trace", out)
    return sum(diagonal(a, offset, axis1, axis2), -1, dtype)


@door(np.cross)
def cross(
    a: ArrayLike,
    b: ArrayLike,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> ArrayOrScalar:
    """Vector product of arrays of vectors of three (or two) components.

    >>> fnp.cross(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = _promoted(a, b)
    x, y = moveaxis(x, axisa, -1), moveaxis(y, axisb, -1)
    m, n = shape_of(x)[-1], shape_of(y)[-1]
    if not {m, n} <= {2, 3}:
        raise ShapeError(
            f"cross takes vectors of 2 or 3 components, not {m} and {n}.",
            "Say with axis= which axis holds the components.",
        )

    def parts(v: Any, count: int) -> list[Any]:
        last = len(shape_of(v)) - 1
        return [take_slice(v, last, i) if i < count else dtype_of(v).type(0) for i in range(3)]

    (x0, x1, x2), (y0, y1, y2) = parts(x, m), parts(y, n)
    third = el.subtract(el.multiply(x0, y1), el.multiply(x1, y0))
    if m == n == 2:
        return third
    first = el.subtract(el.multiply(x1, y2), el.multiply(x2, y1))
    second = el.subtract(el.multiply(x2, y0), el.multiply(x0, y2))
    return moveaxis(stack([first, second, third], -1), -1, axisc)


# --- einsum --------------------------------------------------------------------------------------


@door(np.einsum)
def einsum(
    subscripts: Any, *operands: Any, out: Array | None = None, optimize: Any = True, **options: Any
) -> ArrayOrScalar:
    """Sums of products in Einstein's notation, as ``einsum("ij,jk->ik", a, b)``.

    Understands ellipses, repeated labels (diagonals) and the form with lists of axes. More than
    two operands are contracted pairwise in the order that NumPy finds cheapest.

    >>> a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0])
    >>> fnp.einsum("ij,j->i", a, b)
    array([21., 43.])
    >>> ft.grad(lambda a: fnp.einsum("ii", a))(a)
    array([[1., 0.],
           [0., 1.]])
    """
    no_out("einsum", out)
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists((subscripts, *operands))
    xs = [array_like(x) for x in operands]
    dtype = options.get("dtype") or result_dtype(*xs)
    xs = [cast(x, np.dtype(dtype)) for x in xs]
    shapes = tuple(shape_of(x) for x in xs)
    inputs, output = _parse(subscripts.replace(" ", ""), tuple(map(len, shapes)))
    _check_lengths(subscripts, inputs, shapes)
    terms = list(zip(inputs, xs, strict=True))
    for pair in _contraction_order(inputs, output, shapes):
        chosen = [terms.pop(i) for i in sorted(pair, reverse=True)]
        needed = set(output).union(*(labels for labels, _ in terms))
        if len(chosen) == 1:
            terms.append(_reduce_term(*chosen[0], needed))
        else:
            terms.append(_contract_pair(*chosen[0], *chosen[1], needed))
    labels, x = _reduce_term(*terms[0], set(output))
    return layout.transpose(x, tuple(labels.index(c) for c in output))


def _from_lists(arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The string form of ``einsum(a, [0, 1], b, [1, 2], [0, 2])``."""
    output = arguments[-1] if len(arguments) % 2 else None
    pairs = arguments[:-1] if len(arguments) % 2 else arguments
    terms = [_letters(axes) for axes in pairs[1::2]]
    text = ",".join(terms) + ("" if output is None else "->" + _letters(output))
    return text, pairs[0::2]


def _letters(axes: Any) -> str:
    return "".join("..." if a is Ellipsis else string.ascii_letters[a] for a in axes)


@lru_cache(maxsize=1024)
def _parse(text: str, ranks: Ints) -> tuple[tuple[str, ...], str]:
    """Labels of each operand and of the result, ellipses written out in spare letters."""
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ShapeError(f"einsum {text!r} names {len(terms)} operands, but got {len(ranks)}.")
    spare = [c for c in string.ascii_letters if c not in text]
    hidden = [
        rank - len(t.replace("...", "")) if "..." in t else 0
        for t, rank in zip(terms, ranks, strict=True)
    ]
    widest = max(hidden, default=0)
    dots = "".join(spare[:widest])
    inputs = []
    for term, rank, count in zip(terms, ranks, hidden, strict=True):
        labels = term.replace("...", dots[widest - count :] if count else "")
        if count < 0 or len(labels) != rank or not all(c in string.ascii_letters for c in labels):
            raise ShapeError(f"einsum term {term!r} does not fit an operand of {rank} axes.")
        inputs.append(labels)
    if arrow:
        output = right.replace("...", dots)
    else:
        joined = "".join(inputs)
        once = sorted(c for c in set(joined) if joined.count(c) == 1 and c not in dots)
        output = dots + "".join(once)
    if len(set(output)) != len(output) or not set(output) <= set("".join(inputs)):
        raise ShapeError(
            f"einsum output {output!r} does not fit the operands {left!r}.",
            "It names labels of the operands, each once.",
        )
    return tuple(inputs), output


def _check_lengths(text: str, inputs: Sequence[str], shapes: Sequence[Ints]) -> None:
    lengths: dict[str, int] = {}
    for labels, shape in zip(inputs, shapes, strict=True):
        for c, n in zip(labels, shape, strict=True):
            known = lengths.get(c, 1)
            if n != 1 and known not in (1, n):
                raise ShapeError(
                    f"einsum {text!r}: label {c!r} has the lengths {known} and {n}.",
                    "Axes with one label have one length.",
                )
            lengths[c] = max(n, known) if 0 not in (n, known) else 0


@lru_cache(maxsize=1024)
def _contraction_order(
    inputs: tuple[str, ...], output: str, shapes: tuple[Ints, ...]
) -> tuple[Ints, ...]:
    if len(inputs) <= 2:
        return (tuple(range(len(inputs))),)
    models = [np.broadcast_to(np.float64(0), s) for s in shapes]
    path, _ = np.einsum_path(",".join(inputs) + "->" + output, *models, optimize="greedy")
    pairs: list[Ints] = []
    for step in path[1:]:
        pairs += _pairwise(tuple(step), len(inputs) - len(pairs))
    return tuple(pairs)


def _pairwise(step: Ints, count: int) -> list[Ints]:
    """A contraction of several operands as contractions of two; results go to the end."""
    if len(step) <= 2:
        return [step]
    first, second, *rest = sorted(step)
    moved = [i - (i > first) - (i > second) for i in rest]
    return [(first, second), *_pairwise((*moved, count - 2), count - 1)]


def _reduce_term(labels: str, x: Any, needed: set[str]) -> tuple[str, Any]:
    """Diagonals of repeated labels, then sums over labels that nobody else needs."""
    while len(set(labels)) != len(labels):
        c = next(c for c in labels if labels.count(c) > 1)
        first = labels.index(c)
        second = labels.index(c, first + 1)
        x = diagonal(x, 0, first, second)
        labels = labels[:first] + labels[first + 1 : second] + labels[second + 1 :] + c
    summed = tuple(d for d, c in enumerate(labels) if c not in needed)
    return "".join(c for c in labels if c in needed), layout.reduce_sum(x, summed)


def _contract_pair(a: str, x: Any, b: str, y: Any, needed: set[str]) -> tuple[str, Any]:
    a, x = _reduce_term(a, x, needed | set(b))
    b, y = _reduce_term(b, y, needed | set(a))
    a, x = _drop_ones(a, x, b, y)
    b, y = _drop_ones(b, y, a, x)
    shared = [c for c in a if c in b]
    batch = [c for c in shared if c in needed]
    contracted = [c for c in shared if c not in needed]
    dims = (
        (_places(a, contracted), _places(b, contracted)),
        (_places(a, batch), _places(b, batch)),
    )
    free = [c for c in a if c not in shared] + [c for c in b if c not in shared]
    return "".join(batch + free), dot_general(x, y, dims)


def _drop_ones(a: str, x: Any, b: str, y: Any) -> tuple[str, Any]:
    """Without the axes of length one whose label the other operand has, longer."""
    other = dict(zip(b, shape_of(y), strict=True))
    gone = [d for d, c in enumerate(a) if shape_of(x)[d] == 1 and other.get(c, 1) != 1]
    if not gone:
        return a, x
    rest = tuple(n for d, n in enumerate(shape_of(x)) if d not in gone)
    return "".join(c for d, c in enumerate(a) if d not in gone), layout.reshape(x, rest)


def _places(labels: str, wanted: Sequence[str]) -> Ints:
    return tuple(labels.index(c) for c in wanted)


@door(np.einsum_path)
def einsum_path(subscripts: Any, *operands: Any, optimize: Any = "greedy", **options: Any) -> Any:
    """The order in which einsum would contract; only shapes count.

    >>> fnp.einsum_path("ij,jk,k", np.ones((2, 3)), np.ones((3, 4)), np.ones(4))[0]
    ['einsum_path', (1, 2), (0, 1)]
    """
    models = [np.broadcast_to(np.float64(0), shape_of(operand(x))) for x in operands]
    return np.einsum_path(subscripts, *models, optimize=optimize)
