"""vmap: the same program over one more axis."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from functrans import tree
from functrans.core.avals import Aval, aval_of, native, shape_of
from functrans.core.axes import HERE, Name, concerns, placed_here
from functrans.core.jaxpr import Jaxpr, evaluate, remember
from functrans.core.primitive import Primitive
from functrans.core.trace import Trace, Tracer, bind_under, current_trace, run_under, running
from functrans.errors import OptionError, TreeError, VmapError
from functrans.primitives.layout import move_axis, spread
from functrans.transforms.stage import P, R, named, own, stage, unshared

if TYPE_CHECKING:
    from functrans.typing import Ufunc


class BatchTracer(Tracer):
    """One example's value: an array that holds all examples, and the axis that counts them."""

    __slots__ = ("axis", "value")
    made_by = "vmap"

    def __init__(self, trace: BatchTrace, value: Any, axis: int) -> None:
        self._trace = trace
        self.value = value
        self.axis = axis

    @property
    def aval(self) -> Aval:
        full = aval_of(self.value)
        return full.with_shape(full.shape[: self.axis] + full.shape[self.axis + 1 :])


_mapped: ContextVar[Name | None] = ContextVar("functrans_mapped", default=None)
mapped_name = _mapped.get
"""The name of the axis that the running batch rule is about, None where it has none.

For rules that hold functions instead of programs, which meet the axis later.
"""


class BatchTrace(Trace):
    """Applies batch rules to operations that meet a batched value."""

    __slots__ = ("axis", "names", "size")

    def __init__(self, parent: Trace | None, size: int, name: Name | None) -> None:
        super().__init__(parent)
        self.size = size
        visible = _mapped.get() if name is HERE else name
        self.axis = None if visible is None else (visible, size)
        self.names = tuple(n for n in {name, visible} if n is not None)

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        values, dims = [], []
        for a in args:
            value, dim = self.split(a)
            values.append(value)
            dims.append(dim)
        mine = [name for name in self.names if concerns(primitive, params, name)]
        if not mine and all(d is None for d in dims):
            return bind_under(self.parent, primitive, values, params)
        for name in mine:
            params = placed_here(params, name)
        if not primitive.multiple:
            with running(self.parent):
                return self.join(*primitive.batch(self.size, values, dims, **params))
        token = _mapped.set(None if self.axis is None else self.axis[0])
        try:
            with running(self.parent):
                outs, out_dims = primitive.batch(self.size, values, dims, **params)
        finally:
            _mapped.reset(token)
        return [self.join(v, d) for v, d in zip(outs, out_dims, strict=True)]

    def split(self, x: Any) -> tuple[Any, int | None]:
        """All examples' value and its batch axis, None where there is none."""
        if isinstance(x, BatchTracer) and x._trace is self:
            return x.value, x.axis
        return x, None

    def join(self, value: Any, axis: int | None) -> Any:
        return value if axis is None else BatchTracer(self, value, axis)


def batch_flat(
    function: Callable[..., Sequence[Any]],
    size: int,
    args: Sequence[Any],
    dims: Sequence[int | None],
    name: Name | None = HERE,
) -> tuple[list[Any], list[int | None]]:
    """A flat function over all examples: values and their batch axes, None where unbatched.

    Operations of the function across the axis ``name`` are done. Batch rules leave it out: the
    programs that they are handed say HERE.
    """
    trace = BatchTrace(current_trace(), size, name)
    examples = [trace.join(native(x), d) for x, d in zip(args, dims, strict=True)]
    pairs = [trace.split(x) for x in run_under(trace, function, *examples)]
    return [v for v, _ in pairs], [d for _, d in pairs]


def batch_jaxpr(
    jaxpr: Jaxpr, size: int, dims: tuple[int | None, ...]
) -> tuple[Jaxpr, list[int | None]]:
    """The Jaxpr over one more axis, and the axes of its outputs; remembered."""

    def make() -> tuple[Jaxpr, list[int | None]]:
        out_dims: list[int | None] = []

        def batched(*args: Any) -> list[Any]:
            def run(*xs: Any) -> list[Any]:
                return evaluate(jaxpr, *xs)

            outs, found = batch_flat(run, size, args, dims)
            out_dims.extend(found)
            return outs

        avals = [
            a if d is None else a.with_shape((*a.shape[:d], size, *a.shape[d:]))
            for a, d in zip(jaxpr.in_avals, dims, strict=True)
        ]
        return stage(batched, avals), out_dims

    result: tuple[Jaxpr, list[int | None]] = remember(jaxpr, ("batch", size, dims), make)
    return result


@overload
def vmap(
    function: Ufunc,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    spmd_axis_name: Hashable = None,
) -> Callable[..., Any]: ...
@overload
def vmap(
    function: Callable[P, R],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    spmd_axis_name: Hashable = None,
) -> Callable[P, Any]: ...
def vmap(
    function: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Hashable = None,
    axis_size: int | None = None,
    spmd_axis_name: Hashable = None,
) -> Callable[..., Any]:
    """``function`` mapped over an axis of its arguments, without a loop.

    Parameters
    ----------
    in_axes: the axis of each positional argument to map over: an int, None for an argument that
        all examples share, or a tree of these that is a prefix of the arguments. Keyword
        arguments are mapped over axis 0.
    out_axes: where the mapped axis appears in the results, a prefix of the result's tree.
    axis_name: a name for the mapped axis, by which collectives such as ``lax.psum`` within
        ``function`` combine examples.
    axis_size: number of examples, needed when nothing is mapped.
    spmd_axis_name: names axes of a mesh of devices in JAX; with one device it changes nothing.

    Raises
    ------
    VmapError: axes of different sizes, axes out of range, ``out_axes=None`` on a batched output.
    TreeError: ``in_axes`` that is no prefix of the arguments.

    >>> import numpy as np
    >>> vmap(lambda x, y: x @ y, in_axes=(0, None))(np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    >>> vmap(lambda x: x / ft.lax.psum(x, "i"), axis_name="i")(np.array([1.0, 3.0]))
    array([0.25, 0.75])
    """
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    for axis in tree.leaves((in_axes, out_axes)):
        if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
            raise OptionError(
                f"in_axes and out_axes hold ints and None, not {axis!r}.",
                "Write for example vmap(f, in_axes=(0, None)).",
            )

    name = None if axis_name is None else _checked_name(axis_name)

    def mapped(*args: Any, **kwargs: Any) -> Any:
        if isinstance(in_axes, tuple) and len(in_axes) != len(args):
            raise VmapError(
                f"in_axes has {len(in_axes)} entries for {len(args)} positional arguments.",
                "Give one entry for each positional argument, or a single int.",
            )
        flat, in_tree = tree.flatten((args, kwargs))
        dims = _input_dims(in_axes, args, kwargs, flat)
        size = _axis_size(flat, dims, axis_size)
        out_tree: list[tree.PyTreeDef] = []

        def flat_function(*leaves: Any) -> list[Any]:
            a, k = tree.unflatten(in_tree, leaves)
            outs, structure = tree.flatten(function(*a, **k))
            out_tree.append(structure)
            return unshared(outs)

        values, found = batch_flat(flat_function, size, flat, dims, name)
        result = tree.unflatten(out_tree[0], range(len(values)))
        try:
            wanted = tree.broadcast_prefix(out_axes, result, is_leaf=_is_none)
        except TreeError as error:
            raise VmapError(
                f"out_axes {out_axes} is no prefix of the result {out_tree[0]}.",
                "Give one int, or a tree with the result's outer containers.",
            ) from error
        placed = [_place(v, d, w, size) for v, d, w in zip(values, found, wanted, strict=True)]
        return tree.unflatten(out_tree[0], own(placed, flat))

    return named(mapped, function, "vmap", "{} mapped over an axis of its arguments.")


def _checked_name(name: Hashable) -> Name:
    if isinstance(name, int | tuple) or not isinstance(name, Hashable):
        raise OptionError(
            f"axis_name is {name!r:.60}: names can be hashed, ints are no names, tuples several.",
            'Give one string, for example vmap(f, axis_name="batch").',
        )
    return name


def _is_none(x: Any) -> bool:
    return x is None


def _input_dims(in_axes: Any, args: Any, kwargs: Any, flat: Sequence[Any]) -> list[int | None]:
    try:
        dims = tree.broadcast_prefix(in_axes, args, is_leaf=_is_none)
    except TreeError as error:
        raise TreeError(
            f"in_axes {in_axes} is no prefix of the arguments {tree.structure(args)}.",
            "Give an int or None for each argument, or a tree with its outer containers.",
        ) from error
    dims = [*dims, *[0] * len(tree.leaves(kwargs))]
    result: list[int | None] = []
    for x, d in zip(flat, dims, strict=True):
        if d is None:
            result.append(None)
            continue
        ndim = len(aval_of(x).shape)
        if not -ndim <= d < ndim:
            raise VmapError(
                f"vmap was asked to map over axis {d} of an array of shape {shape_of(x)}.",
                "Use an axis that exists, or None for an argument that all examples share.",
            )
        result.append(int(d) % ndim)
    return result


def _axis_size(flat: Sequence[Any], dims: Sequence[int | None], given: int | None) -> int:
    sizes = {shape_of(x)[d] for x, d in zip(flat, dims, strict=True) if d is not None}
    if given is not None:
        sizes.add(given)
    if not sizes:
        raise VmapError(
            "vmap has nothing to map over: every in_axes is None.",
            "Map at least one argument, or give axis_size.",
        )
    if len(sizes) > 1:
        shapes = ", ".join(
            f"axis {d} of {shape_of(x)}" for x, d in zip(flat, dims, strict=True) if d is not None
        )
        raise VmapError(
            f"vmap got mapped axes of different sizes {sorted(sizes)}: {shapes}.",
            "All mapped axes must have one size; use None for an argument that is shared.",
        )
    return sizes.pop()


def _place(value: Any, dim: int | None, wanted: int | None, size: int) -> Any:
    aval_of(value)  # raises: the function returned something that is no array
    if wanted is None:
        if dim is not None:
            raise VmapError(
                "out_axes is None for a result that differs between examples.",
                "Give the axis where the examples should be stacked.",
            )
        return value
    value = spread(value, size) if dim is None else move_axis(value, dim, 0)
    ndim = len(shape_of(value))
    if not -ndim <= wanted < ndim:
        raise VmapError(f"out_axes {wanted} does not fit a result of {ndim} axes.")
    return move_axis(value, 0, wanted % ndim)
