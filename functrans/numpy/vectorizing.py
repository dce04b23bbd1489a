"""Functions of small arrays over all other axes, by ``vmap``: vectorize and apply_along_axis."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from functrans import tree
from functrans.core.avals import shape_of
from functrans.errors import ArgumentError, OptionError, ShapeError
from functrans.numpy.creation import asarray
from functrans.numpy.promote import array_like, axis_index, door
from functrans.numpy.shaping import expand_dims, squeeze
from functrans.transforms.stage import named
from functrans.transforms.vmap import vmap
from functrans.typing import Array, ArrayLike, ArrayOrScalar

Dims = tuple[str, ...]
_NO_DIMS: frozenset[int | str] = frozenset()


@door(np.apply_along_axis)
def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: ArrayLike, *args: Any, **kwargs: Any
) -> ArrayOrScalar:
    """``func1d`` of every vector along an axis, whose place its results take.

    ``func1d`` is traced once, by vmap, and may return an array of any shape. ``args`` and
    ``kwargs`` are passed on as they are.

    >>> ft.jit(lambda x: fnp.apply_along_axis(fnp.ptp, 1, x))(np.array([[1, 5], [2, 3]]))
    array([4, 1])
    """
    x = array_like(arr)
    rank = len(shape_of(x))
    axis = axis_index(axis, rank)

    def apply(v: Any) -> Any:
        return array_like(func1d(v, *args, **kwargs))

    for d in range(rank - 1):  # inwards: the axes before axis and behind it, the last one first
        after = d < rank - 1 - axis
        apply = vmap(apply, -1 if after else 0, -1 if after else 0)
    return apply(x)


@door(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: ArrayLike, axes: int | Sequence[int]) -> Array:
    """``func(a, axis)`` of one axis after the other; axes that it reduces stay, of length 1.

    >>> fnp.apply_over_axes(fnp.sum, np.ones((2, 3, 4)), (0, 2))
    array([[[8.],
            [8.],
            [8.]]])
    """
    x = array_like(a)
    rank = len(shape_of(x))
    for axis in axes if isinstance(axes, list | tuple) else np.atleast_1d(axes).tolist():
        found = array_like(func(x, axis))
        x = expand_dims(found, axis_index(axis, rank)) if len(shape_of(found)) < rank else found
        if len(shape_of(x)) != rank:
            raise ShapeError(
                f"The function gave an array of {len(shape_of(found))} axes for one of {rank}.",
                "It keeps the axis, with length 1, or leaves it out.",
            )
    return x


def vectorize(
    pyfunc: Callable[..., Any] | None = None,
    *,
    excluded: Collection[int | str] = _NO_DIMS,
    signature: str | None = None,
) -> Callable[..., Any]:
    """A function of numbers, or of small arrays, over arrays of any shape that broadcast.

    NumPy's ``vectorize`` with ``vmap`` in the place of the loop: ``pyfunc`` is traced once and must
    consist of functions on arrays, so a Python condition on values raises
    TracerBoolConversionError. Without ``pyfunc`` the result is a decorator.

    Parameters
    ----------
    excluded: positions and names of arguments that are passed on as they are.
    signature: axes that ``pyfunc`` itself works on, for example ``"(m,n),(n)->(m)"``, those of
        keyword arguments last. Without it every argument is a number for ``pyfunc``; results may
        then have any shape, in any tree.

    None as an argument is passed on. Results have the broadcast axes first.

    Raises
    ------
    ShapeError: arguments that lack axes, axes of one name and different sizes, shapes that do not
        broadcast.
    ArgumentError: more or fewer arguments, or results, than the signature has.
    OptionError: a signature or exclusions that cannot be read.

    >>> def distance(x, y):
    ...     return np.sqrt(np.sum((x - y) ** 2))
    >>> points = np.array([[0.0, 0.0], [3.0, 4.0]])
    >>> fnp.vectorize(distance, signature="(n),(n)->()")(points, points[:, None])
    array([[0., 5.],
           [5., 0.]])
    """
    if pyfunc is None:
        return lambda function: vectorize(function, excluded=excluded, signature=signature)
    for item in excluded:
        if not isinstance(item, int | str) or (isinstance(item, int) and item < 0):
            raise OptionError(f"excluded holds positions and names of arguments, not {item!r}.")
    dims = None if signature is None else _parsed(signature)
    call = _Vectorized(pyfunc, frozenset(excluded), dims, signature)

    def vectorized(*args: Any, **kwargs: Any) -> Any:
        return call(args, kwargs)

    return named(
        vectorized,
        pyfunc,
        "vectorize",
        "{} mapped over the elements of its arguments, which broadcast.",
    )


_ARGUMENT = r"\((?:\w+(?:,\w+)*)?\)"
_SIGNATURE = re.compile(f"(?:{_ARGUMENT}(?:,{_ARGUMENT})*)?->{_ARGUMENT}(?:,{_ARGUMENT})*")


def _parsed(signature: str) -> tuple[list[Dims], list[Dims]]:
    """The names of the axes of each argument, and of each result."""
    text = re.sub(r"\s+", "", signature)
    if not _SIGNATURE.fullmatch(text):
        raise OptionError(
            f"vectorize cannot read the signature {signature!r}.",
            'Write the axes of each argument and result in parentheses: "(m,n),(n)->(m)".',
        )
    ins, outs = (
        [tuple(re.findall(r"\w+", argument)) for argument in re.findall(_ARGUMENT, side)]
        for side in text.split("->")
    )
    return ins, outs


class _Vectorized:
    """The call of a vectorized function."""

    def __init__(
        self,
        function: Callable[..., Any],
        excluded: frozenset[int | str],
        dims: tuple[list[Dims], list[Dims]] | None,
        signature: str | None,
    ) -> None:
        self.function = function
        self.excluded = excluded
        self.dims = dims
        self.signature = signature

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        keys: list[int | str] = [*range(len(args)), *kwargs]
        given = dict(zip(keys, [*args, *kwargs.values()], strict=True))
        kept = [k for k in keys if k not in self.excluded]
        ins = self._input_dims(len(kept))
        mapped = {k: asarray(given[k]) for k in kept if given[k] is not None}
        dims = [d for k, d in zip(kept, ins, strict=True) if k in mapped]
        sizes: dict[str, int] = {}
        for x, names in zip(mapped.values(), dims, strict=True):
            self._match(sizes, shape_of(x), names, "an argument")
        outer = [
            shape_of(x)[: len(shape_of(x)) - len(names)]
            for x, names in zip(mapped.values(), dims, strict=True)
        ]
        rank = len(_broadcast(outer))

        def inner(*values: Any) -> Any:
            merged = given | dict(zip(mapped, values, strict=True))
            out = self.function(
                *(merged[i] for i in range(len(args))), **{k: merged[k] for k in kwargs}
            )
            self._check_results(out, sizes)
            return out

        # Axes of size 1 are not mapped: what is shared stays small.
        aligned = [(1,) * (rank - len(shape)) + shape for shape in outer]
        arguments = [
            squeeze(x, axis=tuple(d for d, n in enumerate(shape) if n == 1))
            for x, shape in zip(mapped.values(), outer, strict=True)
        ]
        function: Callable[..., Any] = inner
        single: list[int] = []
        for axis in reversed(range(rank)):
            in_axes = tuple(None if shape[axis] == 1 else 0 for shape in aligned)
            if any(d is not None for d in in_axes):
                function = vmap(function, in_axes)
            else:
                single.append(axis)
        result = function(*arguments)
        return tree.map_(lambda x: expand_dims(x, tuple(single)), result) if single else result

    def _input_dims(self, count: int) -> list[Dims]:
        if self.dims is None:
            return [()] * count
        ins = self.dims[0]
        if len(ins) != count:
            raise ArgumentError(
                f"vectorize got {count} arguments for the signature {self.signature!r}, which has "
                f"{len(ins)}.",
                "Arguments that are no arrays can be named in excluded.",
            )
        return ins

    def _match(self, sizes: dict[str, int], shape: tuple[int, ...], names: Dims, what: str) -> None:
        """Note the sizes of the named axes, which come last."""
        if len(shape) < len(names):
            raise ShapeError(
                f"vectorize got {what} of shape {shape}, which lacks the axes ({','.join(names)}) "
                f"of the signature {self.signature!r}."
            )
        for name, size in zip(names, shape[len(shape) - len(names) :], strict=True):
            wanted = int(name) if name.isdecimal() else sizes.setdefault(name, size)
            if size != wanted:
                raise ShapeError(
                    f"vectorize got {what} of shape {shape}, where the axis {name} of the "
                    f"signature {self.signature!r} has size {size} instead of {wanted}."
                )

    def _check_results(self, out: Any, sizes: dict[str, int]) -> None:
        if self.dims is None:
            return
        outs = self.dims[1]
        results: Sequence[Any] = out if isinstance(out, tuple) else (out,)
        if len(results) != len(outs):
            raise ArgumentError(
                f"The vectorized function returned {len(results)} results; the signature "
                f"{self.signature!r} has {len(outs)}.",
                "Return a tuple with one array for each.",
            )
        found = dict(sizes)
        for x, names in zip(results, outs, strict=True):
            shape = shape_of(asarray(x))
            if len(shape) != len(names):
                raise ShapeError(
                    f"The vectorized function returned a result of shape {shape} for the axes "
                    f"({','.join(names)}) of the signature {self.signature!r}."
                )
            self._match(found, shape, names, "a result")


def _broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(
            f"vectorize got arguments whose shapes do not broadcast: {shapes}, without the axes of "
            "the signature."
        ) from None
