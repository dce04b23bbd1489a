"""The public derivatives on pytrees: jvp, linearize, vjp, grad and value_and_grad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from functrans import tree
from functrans.core.avals import Aval, array_behind, aval_of, float0, is_complex, is_inexact
from functrans.core.trace import Tracer, current_trace, run_under
from functrans.errors import (
    ArgumentError,
    ComplexInputError,
    IntegerInputError,
    OptionError,
    ScalarOutputError,
    TreeError,
    TypeMismatchError,
)
from functrans.primitives.linear import convert
from functrans.transforms.linearize import (
    DualTracer,
    Linearized,
    LinearizeTrace,
    LinearTracer,
    instantiate,
    jvp_flat,
    linearize_flat,
    snapshot,
)
from functrans.transforms.stage import A, P, R, has_derivative, named, own, unshared
from functrans.transforms.transpose import backward

if TYPE_CHECKING:
    from functrans.typing import Ufunc

Argnums = int | Sequence[int]

# Types keep the function's parameters and its value. The gradient has the tree of an argument that
# ``argnums`` chooses, which types cannot say: it is Any, or a tuple of them.


class FlatFunction:
    """A function of pytrees as one from leaves to leaves; remembers the result's structure."""

    __slots__ = ("aux", "function", "has_aux", "in_tree", "out_tree")

    def __init__(
        self, function: Callable[..., Any], in_tree: tree.PyTreeDef, has_aux: bool
    ) -> None:
        self.function = function
        self.in_tree = in_tree
        self.has_aux = has_aux
        self.aux: Any = None
        self.out_tree = tree.LEAF

    def __call__(self, *leaves: Any) -> list[Any]:
        out = self.function(*tree.unflatten(self.in_tree, leaves))
        if self.has_aux:
            out, aux = _pair(out)
            aux_leaves, aux_tree = _flatten_aux(aux)
            self.aux = aux_tree, len(aux_leaves)
            outs, self.out_tree = tree.flatten(out)
            return unshared([*outs, *aux_leaves])
        outs, self.out_tree = tree.flatten(out)
        return unshared(outs)

    def split(self, values: Sequence[Any]) -> tuple[list[Any], Any]:
        """Output leaves, and the aux tree."""
        if not self.has_aux:
            return list(values), None
        aux_tree, count = self.aux
        n = len(values) - count
        return list(values[:n]), tree.unflatten(aux_tree, own(values[n:], ()))


class _Held:
    """An auxiliary result that is no array: it passes through the transforms untouched."""

    def __init__(self, value: Any) -> None:
        self.value = value


tree.register_pytree_node(_Held, lambda held: ((), held.value), lambda value, _: value)


def _flatten_aux(aux: Any) -> tuple[list[Any], tree.PyTreeDef]:
    """Leaves and structure of auxiliary results; what is no array goes with the structure."""
    arrays = Tracer, np.ndarray, np.generic, bool, int, float, complex
    return tree.flatten(tree.map_(lambda x: x if isinstance(x, arrays) else _Held(x), aux))


def _sequence(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list):
        raise ArgumentError(
            f"{name} must be a tuple or a list of values, one for each argument, "
            f"not {type(value).__name__}.",
            "Write for example jvp(f, (x,), (t,)).",
        )
    return tuple(value)


# --- forward mode --------------------------------------------------------------------------------


@overload
def jvp(
    function: Callable[..., R], primals: Any, tangents: Any, has_aux: Literal[False] = False
) -> tuple[R, R]: ...
@overload
def jvp(
    function: Callable[..., tuple[R, A]], primals: Any, tangents: Any, has_aux: Literal[True]
) -> tuple[R, R, A]: ...
@overload
def jvp(
    function: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool
) -> tuple[Any, ...]: ...
def jvp(
    function: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False
) -> tuple[Any, ...]:
    """Value and directional derivative: ``(f(x), J·t)``, or ``(f(x), J·t, aux)``.

    Parameters
    ----------
    primals, tangents: tuples with one entry for each argument, of equal trees, shapes and dtypes;
        the tangent of an integer or boolean has dtype ``float0``.

    Raises
    ------
    TreeError, TypeMismatchError: tangents that do not match the primals.

    >>> import numpy as np
    >>> value, slope = jvp(lambda x: x**2, (3.0,), (1.0,))
    >>> float(value), float(slope)
    (9.0, 6.0)
    """
    primals, tangents = _sequence("primals", primals), _sequence("tangents", tangents)
    flat, in_tree = tree.flatten(primals)
    flat_tangents = _matching_leaves("tangents", in_tree, tangents)
    pushed = [
        _checked_against("tangent", aval_of(x), t) for x, t in zip(flat, flat_tangents, strict=True)
    ]
    pushed = [snapshot(t) if isinstance(t, np.ndarray) else t for t in pushed]
    flat_function = FlatFunction(function, in_tree, has_aux)
    values, out_tangents = jvp_flat(flat_function, flat, pushed)
    outs, aux = flat_function.split(values)
    dots = [
        instantiate(t, aval_of(v)) for v, t in zip(outs, out_tangents[: len(outs)], strict=True)
    ]
    result = (
        tree.unflatten(flat_function.out_tree, own(outs, flat)),
        tree.unflatten(flat_function.out_tree, own(dots, [*flat, *flat_tangents])),
    )
    return (*result, aux) if has_aux else result


def _matching_leaves(what: str, structure: tree.PyTreeDef, given: Any) -> list[Any]:
    leaves, found = tree.flatten(given)
    if found != structure:
        raise TreeError(
            f"The {what} have the structure {found}, but {structure} is needed.",
            f"Give {what} the same containers as the values they belong to.",
        )
    return leaves


class LinearFunction:
    """What :func:`linearize` returns: the derivative at a point, to be applied again and again.

    It is a pytree of the values it keeps, so that it passes through jit and vmap.

    Called with one tangent for each primal, of its tree, shape and dtype (``float0`` for integers),
    it returns the output's tangent. Raises TreeError and TypeMismatchError for tangents that do not
    match.

    >>> _, slope = ft.linearize(lambda x: x**2, np.array([1.0, 2.0]))
    >>> slope(np.array([1.0, 0.0])), slope(np.array([0.0, 1.0]))
    (array([2., 0.]), array([0., 4.]))
    """

    def __init__(self, linear: Linearized, in_tree: Any, out_tree: Any) -> None:
        self._linear = linear
        self._in_tree = in_tree
        self._out_tree = out_tree
        self._structure: _Structure | None = None

    def __call__(self, *tangents: Any) -> Any:
        linear = self._linear
        leaves = _matching_leaves("tangents", self._in_tree, tangents)
        given = [
            _checked_against("tangent", aval, t)
            for aval, t in zip(linear.in_avals, leaves, strict=True)
        ]
        pairs = [
            (t, instantiate(v, aval))
            for t, v, aval in zip(linear.ins, given, linear.in_avals, strict=True)
            if t is not None
        ]
        outs = linear.tape.replay([t for t, _ in pairs], [v for _, v in pairs], linear.outs)
        filled = [instantiate(t, a) for t, a in zip(outs, linear.out_avals, strict=True)]
        return tree.unflatten(self._out_tree, own(filled, leaves))


class Pullback:
    """What :func:`vjp` returns: maps a cotangent of the output to a tuple of cotangents.

    It is a pytree of the values it keeps, so that it passes through jit and vmap.

    The cotangent has the output's tree, shapes and dtypes (``float0`` for integer outputs). Raises
    TreeError and TypeMismatchError for one that does not match.

    >>> _, pullback = ft.vjp(np.sin, np.array([0.0, 0.0]))
    >>> pullback(np.array([1.0, 2.0]))
    (array([1., 2.]),)
    """

    def __init__(self, linear: Linearized, in_tree: Any, out_tree: Any) -> None:
        self._linear = linear
        self._in_tree = in_tree
        self._out_tree = out_tree
        self._structure: _Structure | None = None

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        linear = self._linear
        leaves = _matching_leaves("cotangents", self._out_tree, cotangent)
        given = [
            _checked_against("cotangent", aval, ct)
            for aval, ct in zip(linear.out_avals, leaves, strict=True)
        ]
        found = backward(linear.tape, linear.outs, given, linear.ins)
        filled = [instantiate(ct, aval) for ct, aval in zip(found, linear.in_avals, strict=True)]
        cotangents: tuple[Any, ...] = tree.unflatten(self._in_tree, own(filled, leaves))
        return cotangents


class _Structure:
    """What is left of a linear function without the values it keeps; equal only to itself.

    Functions that are made of it share it: a jitted function that takes one is traced once.
    """

    __slots__ = ("in_tree", "linear", "out_tree")

    def __init__(self, function: Any) -> None:
        linear = function._linear
        none = [None] * len(linear.tape.residuals())
        tape, ins, outs = linear.tape.with_residuals(none, linear.ins, linear.outs)
        self.linear = Linearized(tape, ins, outs, linear.in_avals, linear.out_avals)
        self.in_tree = function._in_tree
        self.out_tree = function._out_tree


def _register_linear(cls: type) -> None:
    """Residuals are the leaves; the rest of the program is structure."""

    def flatten(f: Any) -> tuple[list[Any], _Structure]:
        if f._structure is None:
            f._structure = _Structure(f)
        return f._linear.tape.residuals(), f._structure

    def unflatten(structure: _Structure, residuals: Sequence[Any]) -> Any:
        linear = structure.linear
        tape, ins, outs = linear.tape.with_residuals(residuals, linear.ins, linear.outs)
        made = cls(
            Linearized(tape, ins, outs, linear.in_avals, linear.out_avals),
            structure.in_tree,
            structure.out_tree,
        )
        made._structure = structure
        return made

    tree.register_pytree_node(cls, flatten, unflatten)


_register_linear(LinearFunction)
_register_linear(Pullback)


def _checked_against(what: str, aval: Aval, given: Any) -> Any:
    """A tangent or cotangent for a value of type ``aval``; None for float0."""
    have = aval_of(given)
    wanted = aval.tangent()
    if wanted.dtype == float0:
        if have.dtype != float0:
            raise TypeMismatchError(
                f"The {what} of a value of dtype {aval.dtype} has dtype {have.dtype}.",
                f"Integers and booleans have no derivative: their {what} is "
                "np.zeros(shape, functrans.float0).",
            )
        return None
    if have.shape != wanted.shape or (have.dtype != wanted.dtype and not have.weak):
        raise TypeMismatchError(
            f"The {what} has type {have.strengthen()}, but {wanted} is needed.",
            f"Give a {what} of that shape and dtype, for example with np.asarray(v, dtype).",
        )
    return convert(given, wanted.dtype) if have.weak else given


@overload
def linearize(
    function: Callable[..., R], *primals: Any, has_aux: Literal[False] = False
) -> tuple[R, LinearFunction]: ...
@overload
def linearize(
    function: Callable[..., tuple[R, A]], *primals: Any, has_aux: Literal[True]
) -> tuple[R, LinearFunction, A]: ...
@overload
def linearize(function: Callable[..., Any], *primals: Any, has_aux: bool) -> tuple[Any, ...]: ...
def linearize(
    function: Callable[..., Any], *primals: Any, has_aux: bool = False
) -> tuple[Any, ...]:
    """Value and derivative at a point: ``(f(x), t ↦ J·t)``; ``f`` is run once.

    The second is a :class:`LinearFunction`. With ``has_aux``, ``f`` returns ``(output, aux)`` and
    the result is a triple that ends with ``aux``. Inputs are copied: changing them in place
    afterwards does not change the derivative.

    >>> import numpy as np
    >>> value, slope = linearize(np.sin, 0.0)
    >>> float(slope(2.0))
    2.0
    """
    return _linear(function, primals, has_aux, LinearFunction)


@overload
def vjp(
    function: Callable[..., R], *primals: Any, has_aux: Literal[False] = False
) -> tuple[R, Pullback]: ...
@overload
def vjp(
    function: Callable[..., tuple[R, A]], *primals: Any, has_aux: Literal[True]
) -> tuple[R, Pullback, A]: ...
@overload
def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool) -> tuple[Any, ...]: ...
def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Value and transposed derivative: ``(f(x), ȳ ↦ (x̄₁, …))``, or a triple with ``aux``.

    The second is a :class:`Pullback`: one cotangent of the output in, a tuple with one cotangent
    for each primal out. The transpose is plain, without conjugation. Cotangents of integer
    outputs have dtype ``float0``, and so have those returned for integer inputs.

    >>> import numpy as np
    >>> value, pullback = vjp(lambda x, y: x * y, 3.0, 4.0)
    >>> [float(g) for g in pullback(1.0)]
    [4.0, 3.0]
    """
    return _linear(function, primals, has_aux, Pullback)


def _linear(
    function: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool, make: Any
) -> tuple[Any, ...]:
    flat, in_tree = tree.flatten(primals)
    kept = kept_apart(flat)
    flat_function = FlatFunction(function, in_tree, has_aux)
    values, linear = linearize_flat(flat_function, kept, [has_derivative(x) for x in kept])
    outs, aux = flat_function.split(values)
    n = len(outs)
    linear.outs, linear.out_avals = linear.outs[:n], linear.out_avals[:n]
    copies = [x.copy() if type(x) is np.ndarray else x for x in outs]
    out = tree.unflatten(flat_function.out_tree, own(copies, ()))
    applied = make(linear, in_tree, flat_function.out_tree)
    return (out, applied, aux) if has_aux else (out, applied)


# --- gradients -----------------------------------------------------------------------------------


@overload
def value_and_grad(function: Ufunc, argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_grad(
    function: Callable[P, tuple[R, A]],
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[tuple[R, A], Any]]: ...
@overload
def value_and_grad(
    function: Callable[P, tuple[R, A]],
    argnums: int,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[tuple[R, A], Any]]: ...
@overload
def value_and_grad(
    function: Callable[P, tuple[R, A]],
    argnums: Sequence[int],
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[tuple[R, A], tuple[Any, ...]]]: ...
@overload
def value_and_grad(
    function: Callable[P, R],
    argnums: Sequence[int],
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[R, tuple[Any, ...]]]: ...
@overload
def value_and_grad(
    function: Callable[P, R],
    argnums: int = 0,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[R, Any]]: ...
def value_and_grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """A function that returns ``(f(x), ∇f(x))`` of a scalar-valued ``f``.

    The gradient of a real ``f`` at complex z is ∂f/∂x − i ∂f/∂y.

    Parameters
    ----------
    argnums, holomorphic, allow_int: those of :func:`grad`.
    has_aux: ``f`` returns ``(output, aux)``; the result is ``((output, aux), gradient)``.

    Raises
    ------
    ScalarOutputError, IntegerInputError, ComplexInputError.

    >>> import numpy as np
    >>> value, slope = value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> float(value), slope
    (5.0, array([2., 4.]))
    """
    reverse = _Reverse(function, argnums, has_aux, holomorphic, allow_int)

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradient, aux = reverse(args, kwargs)
        return ((value, aux) if has_aux else value), gradient

    return named(
        value_and_gradient,
        function,
        "value_and_grad",
        "The value and the gradient of {}, which takes the same arguments.",
    )


class _Reverse:
    """Value, gradient and aux of a scalar function: the whole of reverse mode in one pass."""

    __slots__ = ("allow_int", "function", "has_aux", "holomorphic", "numbers", "single")

    def __init__(
        self,
        function: Callable[..., Any],
        argnums: Argnums,
        has_aux: bool,
        holomorphic: bool,
        allow_int: bool,
    ) -> None:
        self.function = function
        self.single = isinstance(argnums, int | np.integer)
        self.numbers = checked_argnums(argnums)
        self.has_aux = has_aux
        self.holomorphic = holomorphic
        self.allow_int = allow_int

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        places = resolved_argnums(self.numbers, len(args))
        leaves, in_tree = tree.flatten([args[i] for i in places])
        trace = LinearizeTrace(current_trace())
        tape = trace.tape
        avals = [aval_of(x) for x in leaves]
        leaves = kept_apart(leaves)
        ins: list[LinearTracer | None] = []
        duals: list[Any] = []
        for x, aval in zip(leaves, avals, strict=True):
            if checked_input(aval, self.holomorphic, self.allow_int):
                variable = tape.input(aval.strengthen())
                ins.append(variable)
                duals.append(DualTracer(trace, x, variable))
            else:
                ins.append(None)
                duals.append(x)
        merged = list(args)
        for place, value in zip(places, tree.unflatten(in_tree, duals), strict=True):
            merged[place] = value
        out, aux_leaves, aux_tree = run_under(trace, self._run, merged, kwargs)
        aux = None
        if self.has_aux:
            aux_values = [trace.split(x)[0] for x in unshared(aux_leaves)]
            aux = tree.unflatten(aux_tree, own(aux_values, leaves))
        value, variable_out = trace.split(out)
        seed = _checked_output(value, self.holomorphic)
        found = backward(tape, [variable_out], [seed], ins, once=True)
        filled = [instantiate(ct, a) for ct, a in zip(found, avals, strict=True)]
        gradients = tree.unflatten(in_tree, own(filled, leaves))
        gradient = gradients[0] if self.single else tuple(gradients)
        return own([value], ())[0], gradient, aux

    def _run(self, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, list[Any], Any]:
        """The output, and the leaves and structure of aux, taken apart while the trace runs."""
        out = self.function(*args, **kwargs)
        if not self.has_aux:
            return array_behind(out), [], None
        out, aux = _pair(out)
        return array_behind(out), *_flatten_aux(aux)


def kept_apart(leaves: Sequence[Any]) -> list[Any]:
    """The inputs with arrays copied: neither the function nor a later caller can change them."""
    return [snapshot(x) if isinstance(x, np.ndarray) else x for x in leaves]


def _pair(out: Any) -> tuple[Any, Any]:
    if not (isinstance(out, tuple) and len(out) == 2):
        raise ArgumentError(
            f"has_aux=True needs a pair (output, aux) from the function, not {out!r:.60}.",
            "Return output, aux.",
        )
    return out


@overload
def grad(function: Ufunc, argnums: Argnums = 0) -> Callable[..., Any]: ...
@overload
def grad(
    function: Callable[P, tuple[Any, A]],
    *,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def grad(
    function: Callable[P, tuple[Any, A]],
    argnums: int,
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[Any, A]]: ...
@overload
def grad(
    function: Callable[P, tuple[Any, A]],
    argnums: Sequence[int],
    has_aux: Literal[True],
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[tuple[Any, ...], A]]: ...
@overload
def grad(
    function: Callable[P, Any],
    argnums: Sequence[int],
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, tuple[Any, ...]]: ...
@overload
def grad(
    function: Callable[P, Any],
    argnums: int = 0,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[P, Any]: ...
def grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """A function that returns the gradient of a scalar-valued ``function``.

    It takes the arguments of ``function``, and returns a gradient of the shape of the first one.

    Parameters
    ----------
    argnums: which positional arguments to differentiate; an int gives a bare gradient, a tuple a
        tuple. Keyword arguments are constants.
    has_aux: ``function`` returns ``(output, aux)``; the result is ``(gradient, aux)``.
    holomorphic: ``function`` maps complex to complex numbers and is holomorphic.
    allow_int: integer arguments get gradients of dtype ``float0`` instead of an error.

    Raises
    ------
    ScalarOutputError, IntegerInputError, ComplexInputError.

    >>> import numpy as np
    >>> grad(lambda x: np.sum(np.sin(x)))(np.zeros(2))
    array([1., 1.])
    """
    reverse = _Reverse(function, argnums, has_aux, holomorphic, allow_int)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        _, slope, aux = reverse(args, kwargs)
        return (slope, aux) if has_aux else slope

    return named(gradient, function, "grad", "The gradient of {}, which takes the same arguments.")


def checked_argnums(argnums: Argnums) -> tuple[int, ...]:
    if isinstance(argnums, int | np.integer) and not isinstance(argnums, bool):
        return (int(argnums),)
    numbers = tuple(argnums) if isinstance(argnums, tuple | list) else ()
    if not numbers or not all(
        isinstance(i, int | np.integer) and not isinstance(i, bool) for i in numbers
    ):
        raise OptionError(
            f"argnums must be an int or a tuple of ints, not {argnums!r}.",
            "Keyword arguments cannot be differentiated: pass the argument by position.",
        )
    return tuple(int(i) for i in numbers)


def resolved_argnums(numbers: tuple[int, ...], count: int) -> list[int]:
    places = []
    for i in numbers:
        if not -count <= i < count:
            raise ArgumentError(
                f"argnums asks for argument {i}, but the call has {count} positional arguments.",
                "Pass the differentiated arguments by position.",
            )
        places.append(i % count)
    if len(set(places)) != len(places):
        raise OptionError(f"argnums {numbers} names an argument twice.")
    return places


def checked_input(aval: Aval, holomorphic: bool, allow_int: bool) -> bool:
    """Whether a leaf of this type takes part in differentiation."""
    if not is_inexact(aval.dtype):
        if holomorphic:
            raise ComplexInputError(f"holomorphic=True needs complex inputs, not {aval.dtype}.")
        if not allow_int:
            raise IntegerInputError(
                f"grad needs floating or complex inputs, but got one of type {aval.strengthen()}.",
                "Pass floats (3.0 instead of 3, x.astype(float)), choose other argnums, or give "
                "allow_int=True for float0 gradients.",
            )
        return False
    if holomorphic and not is_complex(aval.dtype):
        raise ComplexInputError(
            f"holomorphic=True needs complex inputs, not {aval.dtype}.",
            "Pass complex numbers, or leave holomorphic out.",
        )
    return True


def _checked_output(out: Any, holomorphic: bool) -> Any:
    """The cotangent 1 for a scalar output."""
    out_tree = tree.structure(out)
    if out_tree.type is not None:
        raise ScalarOutputError(
            f"grad needs a function that returns one scalar, but it returned {out_tree}.",
            "Return a single number; use has_aux=True for extra results, or jacobian.",
        )
    aval = aval_of(out)
    if aval.shape != ():
        raise ScalarOutputError(
            f"grad needs a function that returns one scalar, but it returned {aval}.",
            "Sum or average the result, or use jacobian for the derivatives of every element.",
        )
    if holomorphic != is_complex(aval.dtype):
        if holomorphic:
            raise ComplexInputError(f"holomorphic=True needs a complex output, not {aval.dtype}.")
        raise ComplexInputError(
            f"grad needs a real output, but it is {aval.dtype}.",
            "Take a real quantity such as abs(z)**2, or give holomorphic=True.",
        )
    if not is_inexact(aval.dtype):
        raise ScalarOutputError(
            f"grad needs a floating output, but it is {aval.dtype}.",
            "Integers and booleans have no derivative; return a float.",
        )
    return aval.dtype.type(1)
