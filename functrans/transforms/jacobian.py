"""Jacobians and Hessians: a derivative applied to all unit vectors in one vectorised pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from functrans import tree
from functrans.core.avals import Aval, aval_of, float0, is_complex, is_inexact, shape_of
from functrans.core.trace import Tracer
from functrans.errors import (
    ComplexInputError,
    DtypeError,
)
from functrans.primitives.elementwise import eq
from functrans.primitives.layout import broadcast_in_dim, iota, move_axis, reshape, spread
from functrans.primitives.linear import convert
from functrans.transforms.derived import (
    Argnums,
    FlatFunction,
    checked_argnums,
    checked_input,
    kept_apart,
    resolved_argnums,
)
from functrans.transforms.linearize import (
    Linearized,
    LinearTracer,
    instantiate,
    linearize_flat,
)
from functrans.transforms.stage import A, P, named, own, zeros_of
from functrans.transforms.transpose import backward
from functrans.transforms.vmap import batch_flat

if TYPE_CHECKING:
    from functrans.typing import Ufunc

_FEW = 64  # unit vectors that are quicker read than computed


@overload
def jacfwd(function: Ufunc, argnums: Argnums = 0) -> Callable[..., Any]: ...
@overload
def jacfwd(
    function: Callable[P, tuple[Any, A]],
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def jacfwd(
    function: Callable[P, tuple[Any, A]],
    argnums: Argnums,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def jacfwd(
    function: Callable[P, Any],
    argnums: Argnums = 0,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, Any]: ...
def jacfwd(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by forward mode: one pushforward for every input number, all in one pass.

    The result has the output's tree with the input's tree nested inside; each array has the
    output's shape followed by the input's. ``argnums``, ``has_aux`` and ``holomorphic`` are those
    of :func:`value_and_grad`. Best where inputs are fewer than outputs.

    Raises
    ------
    IntegerInputError: an integer input.
    ComplexInputError: complex inputs without ``holomorphic``.

    >>> import numpy as np
    >>> jacfwd(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return _jacobian(function, argnums, has_aux, holomorphic, forward=True)


@overload
def jacrev(function: Ufunc, argnums: Argnums = 0) -> Callable[..., Any]: ...
@overload
def jacrev(
    function: Callable[P, tuple[Any, A]],
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def jacrev(
    function: Callable[P, tuple[Any, A]],
    argnums: Argnums,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def jacrev(
    function: Callable[P, Any],
    argnums: Argnums = 0,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, Any]: ...
def jacrev(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by reverse mode: one pullback for every output number, all in one pass.

    Result and parameters as in :func:`jacfwd`; with ``allow_int`` integer inputs get blocks of
    dtype ``float0``. Best where outputs are fewer than inputs.

    Raises
    ------
    IntegerInputError: an integer input without ``allow_int``.
    ComplexInputError: complex outputs without ``holomorphic``.
    DtypeError: integer outputs.

    >>> import numpy as np
    >>> jacrev(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    array([ 3., 12.])
    """
    return _jacobian(function, argnums, has_aux, holomorphic, forward=False, allow_int=allow_int)


jacobian = jacrev


def _jacobian(
    function: Callable[..., Any],
    argnums: Argnums,
    has_aux: bool,
    holomorphic: bool,
    forward: bool,
    allow_int: bool = False,
) -> Callable[..., Any]:
    single = isinstance(argnums, int | np.integer)
    numbers = checked_argnums(argnums)

    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        places = resolved_argnums(numbers, len(args))
        chosen = args[places[0]] if single else tuple(args[i] for i in places)
        flat, in_tree = tree.flatten(chosen)
        active = [checked_input(aval_of(x), holomorphic, allow_int) for x in flat]
        for x in flat:
            if forward and is_complex(aval_of(x).dtype) and not holomorphic:
                raise ComplexInputError(
                    "jacfwd of complex inputs needs holomorphic=True.",
                    "Give holomorphic=True for a holomorphic function, or split the real parts.",
                )

        def closed(picked: Any) -> Any:
            merged = list(args)
            for place, value in zip(places, (picked,) if single else picked, strict=True):
                merged[place] = value
            return function(*merged, **kwargs)

        flat_function = FlatFunction(closed, tree.treedef_tuple([in_tree]), has_aux)
        values, linear = linearize_flat(flat_function, kept_apart(flat), active)
        outs, aux = flat_function.split(values)
        n = len(outs)
        linear.outs, linear.out_avals = linear.outs[:n], linear.out_avals[:n]
        _check_jacobian_outputs(linear.out_avals, holomorphic, forward)
        blocks = _forward_blocks(linear) if forward else _reverse_blocks(linear)
        rows = [tree.unflatten(in_tree, own(row, ())) for row in blocks]
        result = tree.unflatten(flat_function.out_tree, rows)
        return (result, aux) if has_aux else result

    return named(
        jacobian_of,
        function,
        "jacfwd" if forward else "jacrev",
        "The Jacobian of {}, which takes the same arguments.",
    )


def _check_jacobian_outputs(avals: Sequence[Aval], holomorphic: bool, forward: bool) -> None:
    for aval in avals:
        if holomorphic and not is_complex(aval.dtype):
            raise ComplexInputError(f"holomorphic=True needs complex outputs, not {aval.dtype}.")
        if not forward and not holomorphic and is_complex(aval.dtype):
            raise ComplexInputError(
                f"jacrev needs real outputs, but one is {aval.dtype}.",
                "Give holomorphic=True for a holomorphic function, or split the real parts.",
            )
        if not forward and not is_inexact(aval.dtype):
            raise DtypeError(f"jacrev needs floating outputs, but one is {aval.dtype}.")


def _basis(avals: Sequence[Aval], which: int) -> Any:
    """All unit vectors of value ``which``: an array of shape (size, *shape).

    Of many, programs hold the rule and not the numbers, whose square they would keep and read.
    """
    aval = avals[which]
    count, shape = aval.size, (aval.size, *aval.shape)
    if count <= _FEW:
        return np.eye(count, dtype=aval.dtype).reshape(shape)
    number = iota(np.int64, (count,), 0)
    down, across = (broadcast_in_dim(number, (count, count), (axis,)) for axis in (0, 1))
    return reshape(convert(eq(down, across), aval.dtype), shape)


def _forward_blocks(linear: Linearized) -> list[list[Any]]:
    """blocks[out][in] of shape out + in, from pushforwards of the unit vectors of each input."""
    columns: list[list[Any]] = []
    live = [t for t in linear.ins if t is not None]
    for i, aval in enumerate(linear.in_avals):
        here = linear.ins[i]
        if here is None:
            columns.append([zeros_of(_block(o, aval).tangent()) for o in linear.out_avals])
            continue

        def push(unit: Any, here: LinearTracer = here) -> list[Any]:
            values = [unit if t is here else zeros_of(t.aval) for t in live]
            found = linear.tape.replay(live, values, linear.outs)
            return [instantiate(t, a) for t, a in zip(found, linear.out_avals, strict=True)]

        pushed, dims = batch_flat(push, aval.size, [_basis(linear.in_avals, i)], [0], None)
        columns.append(
            [
                _to_block(v, d, o, aval, last=True)
                for v, d, o in zip(pushed, dims, linear.out_avals, strict=True)
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


def _reverse_blocks(linear: Linearized) -> list[list[Any]]:
    """blocks[out][in] of shape out + in, from pullbacks of the unit vectors of each output."""
    rows: list[list[Any]] = []
    for i, aval in enumerate(linear.out_avals):

        def pull(unit: Any, i: int = i) -> list[Any]:
            given = [unit if k == i else None for k in range(len(linear.out_avals))]
            found = backward(linear.tape, linear.outs, given, linear.ins)
            return [instantiate(ct, a) for ct, a in zip(found, linear.in_avals, strict=True)]

        pulled, dims = batch_flat(pull, aval.size, [_basis(linear.out_avals, i)], [0], None)
        rows.append(
            [
                _to_block(v, d, aval, a, last=False)
                for v, d, a in zip(pulled, dims, linear.in_avals, strict=True)
            ]
        )
    return rows


def _block(out: Aval, in_: Aval) -> Aval:
    return Aval(out.shape + in_.shape, in_.dtype)


def _to_block(value: Any, dim: int | None, out: Aval, in_: Aval, last: bool) -> Any:
    """Results for all unit vectors, as an array of the output's shape and then the input's."""
    size = in_.size if last else out.size
    if not isinstance(value, Tracer) and getattr(value, "dtype", None) == float0:
        return np.zeros(out.shape + in_.shape, float0)
    value = spread(value, size) if dim is None else move_axis(value, dim, 0)
    if last:
        value = move_axis(value, 0, len(shape_of(value)) - 1)
    return reshape(value, out.shape + in_.shape)


@overload
def hessian(function: Ufunc, argnums: Argnums = 0) -> Callable[..., Any]: ...
@overload
def hessian(
    function: Callable[P, tuple[Any, A]],
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def hessian(
    function: Callable[P, tuple[Any, A]],
    argnums: Argnums,
    has_aux: Literal[True],
    holomorphic: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def hessian(
    function: Callable[P, Any],
    argnums: Argnums = 0,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
) -> Callable[P, Any]: ...
def hessian(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """The matrix of second derivatives: forward over reverse mode.

    For a scalar function of an array of shape s the result has shape s + s; for a tree of inputs
    it is a tree of trees. Parameters and errors are those of :func:`jacfwd` and :func:`jacrev`.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
    array([[6., 2.],
           [2., 0.]])
    """
    inner = _jacobian(function, argnums, has_aux, holomorphic, forward=False)
    outer = _jacobian(inner, argnums, has_aux, holomorphic, forward=True)
    return named(outer, function, "hessian", "The Hessian of {}, which takes the same arguments.")
