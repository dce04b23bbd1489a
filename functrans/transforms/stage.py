"""Staging: a Python function, run once on types, becomes a Jaxpr."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, ParamSpec, TypeVar

import numpy as np

from functrans import tree
from functrans.core.avals import Aval, aval_of, float0, is_inexact, native
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, is_literal_value
from functrans.core.primitive import Primitive
from functrans.core.trace import (
    Trace,
    Tracer,
    _current,
    bind,
    bind_under,
    busy,
    current_trace,
    leaked,
    run_under,
    running,
    runs_above,
)
from functrans.errors import ArgumentError, user_source
from functrans.passes.dce import dce
from functrans.primitives.linear import add, sub


class JaxprTracer(Tracer):
    """A variable of the program being staged: only its type is known."""

    __slots__ = ("_aval", "variable")
    made_by = "jit"

    def __init__(self, trace: JaxprTrace, var: Var) -> None:
        self._trace = trace
        self._aval = var.aval
        self.variable = var

    @property
    def aval(self) -> Aval:
        return self._aval

    @property
    def shape(self) -> tuple[int, ...]:
        return self._aval.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._aval.dtype


class JaxprTrace(Trace):
    """Writes every operation down as an equation."""

    __slots__ = ("constants", "eqns", "snapshots")
    wants_all = True

    def __init__(self, parent: Trace | None) -> None:
        super().__init__(parent)
        self.eqns: list[Eqn] = []
        self.constants: dict[Var, Any] = {}
        self.snapshots: dict[int, tuple[Any, Var]] = {}  # id -> (the value, kept alive; its Var)

    def input(self, aval: Aval) -> JaxprTracer:
        return JaxprTracer(self, Var(aval))

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        atoms = [self.atom(a) for a in args]
        if not primitive.multiple:  # operands of a program need not have one dtype
            atoms = _settle_weak(atoms)
        out = primitive.abstract(*(a.aval for a in atoms), **params)
        avals: list[Aval] = list(out) if primitive.multiple else [out]
        outvars = [Var(a) for a in avals]
        self.eqns.append(Eqn(primitive, atoms, outvars, params, user_source()))
        tracers = [JaxprTracer(self, v) for v in outvars]
        return tracers if primitive.multiple else tracers[0]

    def atom(self, x: Any) -> Atom:
        """The variable or literal that stands for a value."""
        if isinstance(x, JaxprTracer) and x._trace is self:
            return x.variable
        if is_literal_value(x):
            return Literal(x)
        if isinstance(x, Tracer):
            if not x._trace.live:
                leaked(x)
            return self._constant(x, x)
        aval = aval_of(x)  # raises for what is no array
        if aval.shape == ():
            return Literal(x[()])
        return self._constant(x, None)

    def _constant(self, x: Any, value: Any) -> Var:
        """One variable for each array or outer tracer; arrays are copied, once if unchanged."""
        known = self.snapshots.get(id(x))
        if known is not None:
            kept, var = known
            if kept is x and (value is not None or _same_bytes(self.constants[var], x)):
                return var
        var = Var(aval_of(x))
        if value is None:
            value = np.array(native(x))
            value.flags.writeable = False
        self.constants[var] = value
        self.snapshots[id(x)] = (x, var)
        return var


def _same_bytes(a: Any, b: Any) -> bool:
    return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes())


def _settle_weak(atoms: list[Atom]) -> list[Atom]:
    """Weak literals take the dtype of the strong operands beside them, as NumPy's scalars do."""
    weak = [a for a in atoms if isinstance(a, Literal) and a.aval.weak]
    if not weak or len(weak) == len(atoms):
        return atoms
    kinds = "biufc"

    def settled(a: Atom) -> Atom:
        if not (isinstance(a, Literal) and a.aval.weak):
            return a
        rank = kinds.index(a.aval.dtype.kind)
        for other in atoms:
            strong = other.aval
            if not strong.weak and kinds.index(strong.dtype.kind) >= rank:
                return Literal(strong.dtype.type(a.value))
        return a

    return [settled(a) for a in atoms]


def is_staging(trace: Trace | None) -> bool:
    """Whether operations under ``trace`` end up in a Jaxpr, or are looked at one by one."""
    while trace is not None:
        if trace.wants_all:
            return True
        trace = trace.parent
    return False


def stage(function: Callable[..., Sequence[Any]], avals: Sequence[Aval]) -> Jaxpr:
    """The Jaxpr of a function from flat arguments to a flat sequence of results.

    Its constants may include tracers of the transforms around.
    """
    trace = JaxprTrace(current_trace())
    inputs = [trace.input(a) for a in avals]
    outs = run_under(trace, function, *inputs)
    outvars = [trace.atom(x) for x in outs]
    invars = [t.variable for t in inputs]
    jaxpr = Jaxpr(
        tuple(trace.constants), tuple(trace.constants.values()), invars, trace.eqns, outvars
    )
    return dce(jaxpr)


FEW = 64  # elements: what shapes are computed with


class SizesTrace(JaxprTrace):
    """Evaluates operations on a few known integers: sizes computed from shapes stay known."""

    __slots__ = ()

    def process(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        plain = primitive.effects is None and not primitive.multiple
        if plain and args and all(map(_are_sizes, args)):
            return bind_under(None, primitive, args, params)
        return super().process(primitive, args, params)


def _are_sizes(x: Any) -> bool:
    if type(x) is int:
        return True
    return isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "iub" and x.size <= FEW


class Staging:
    """Staging held open: inputs may be added while code runs, and the program is asked for last.

    Operations on known integers, such as sizes, run at once: their results are known too.

    >>> with ft.extend.Staging() as staging:
    ...     y = staging.input(1.0) * 2.0
    >>> ft.extend.evaluate(staging.program([y]), 3.0)
    [np.float64(6.0)]
    """

    __slots__ = ("inputs", "trace")

    def __init__(self) -> None:
        self.inputs: list[JaxprTracer] = []

    def __enter__(self) -> Staging:
        self.trace = SizesTrace(current_trace())
        busy.add(self)
        _current.set(self.trace)
        return self

    def __exit__(self, *error: object) -> None:
        _current.set(self.trace.parent)
        busy.remove(self)
        self.trace.live = False

    def input(self, x: Any) -> JaxprTracer:
        """A further input of the type of ``x``."""
        tracer = self.trace.input(aval_of(x).strengthen())
        self.inputs.append(tracer)
        return tracer

    def owns(self, x: Any) -> bool:
        """Whether ``x`` is a traced value of this program, or of a transform inside it."""
        if not isinstance(x, Tracer):
            return False
        return x._trace is self.trace or runs_above(x._trace, self.trace)

    def between(self, ins: Sequence[Any], outs: Sequence[Any]) -> Callable[..., list[Any]]:
        """What was staged from ``ins``, intermediates or inputs, to ``outs``, as a function.

        It runs the equations that depend on ``ins`` again; other values stay what they are. One
        of ``ins`` that depends on another is shifted by what its argument adds to it.
        """
        eqns = tuple(self.trace.eqns)
        places = [self.trace.atom(x) for x in ins]

        def again(*values: Any) -> list[Any]:
            env: dict[Atom, Any] = dict(zip(places, values, strict=True))
            shifts = dict(env)
            for eqn in eqns:
                if env.keys().isdisjoint(eqn.invars):
                    continue
                args = [env[a] if a in env else self._known(a) for a in eqn.invars]
                out = bind(eqn.primitive, *args, **eqn.params)
                results = out if eqn.primitive.multiple else [out]
                for var, result in zip(eqn.outvars, results, strict=True):
                    if var in shifts:
                        result = add(result, sub(shifts[var], self._known(var)))
                    env[var] = result
            return [env.get(self.trace.atom(x), x) for x in outs]

        return again

    def _known(self, atom: Atom) -> Any:
        """The value or the traced value of an atom."""
        if isinstance(atom, Literal):
            return atom.value
        known = self.trace.constants.get(atom)
        return JaxprTracer(self.trace, atom) if known is None else known

    def program(self, outs: Sequence[Any]) -> Jaxpr:
        """What was staged, as a program from the inputs to ``outs``."""
        trace = self.trace
        outvars = [trace.atom(x) for x in outs]
        invars = [t.variable for t in self.inputs]
        constants = trace.constants
        return dce(
            Jaxpr(tuple(constants), tuple(constants.values()), invars, list(trace.eqns), outvars)
        )


class ShapeDtypeStruct:
    """A shape and a dtype without data: what :func:`eval_shape` returns and accepts.

    >>> ShapeDtypeStruct((2, 3), "float32")
    ShapeDtypeStruct(shape=(2, 3), dtype=float32)
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Sequence[int], dtype: Any) -> None:
        self.shape = tuple(shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return Aval(self.shape, self.dtype).size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShapeDtypeStruct) and (self.shape, self.dtype) == (
            other.shape,
            other.dtype,
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype})"


def type_of(x: Any) -> Aval:
    """The aval of an array, scalar, tracer, or anything with a shape and a dtype."""
    if isinstance(x, ShapeDtypeStruct):
        return Aval(x.shape, x.dtype)
    if (
        hasattr(x, "shape")
        and hasattr(x, "dtype")
        and not isinstance(x, np.ndarray | np.generic | Tracer)
    ):
        return Aval(tuple(x.shape), np.dtype(x.dtype))
    return aval_of(x)


def stage_tree(
    function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[Jaxpr, tree.PyTreeDef, tree.PyTreeDef]:
    """The Jaxpr of a function of pytrees, with the structures of arguments and result."""
    flat, in_tree = tree.flatten((tuple(args), kwargs))
    out_tree: list[tree.PyTreeDef] = []

    def flat_function(*leaves: Any) -> list[Any]:
        a, k = tree.unflatten(in_tree, leaves)
        outs, structure = tree.flatten(function(*a, **k))
        out_tree.append(structure)
        return outs

    jaxpr = stage(flat_function, [type_of(x) for x in flat])
    return jaxpr, in_tree, out_tree[0]


def make_jaxpr(
    function: Callable[..., Any],
    static_argnums: int | Sequence[int] = (),
    return_shape: bool = False,
) -> Callable[..., Any]:
    """A function that returns the Jaxpr of ``function`` for its arguments' types.

    Arguments may be arrays or anything with ``shape`` and ``dtype``; those of ``static_argnums``
    stay Python values. With ``return_shape`` the result is a pair: the Jaxpr, and the tree of
    shapes and dtypes that the function returns. Errors are those of tracing, such as
    TracerBoolConversionError for an ``if`` on a traced value.

    >>> import numpy as np
    >>> print(make_jaxpr(lambda x: np.sin(x) * 2.0)(np.ones(3)))
    { lambda ; a:f64[3]. let
        b:f64[3] = sin a
        c:f64[3] = mul b 2.0:f64[]
      in (c,) }
    """
    statics = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)

    def jaxpr_of(*args: Any, **kwargs: Any) -> Any:
        fixed = {i % len(args): args[i] for i in statics}
        dynamic = [a for i, a in enumerate(args) if i not in fixed]

        def closed(*values: Any, **keywords: Any) -> Any:
            rest = iter(values)
            merged = [fixed[i] if i in fixed else next(rest) for i in range(len(args))]
            return function(*merged, **keywords)

        jaxpr, _, out_tree = stage_tree(closed, dynamic, kwargs)
        if not return_shape:
            return jaxpr
        shapes = [ShapeDtypeStruct(a.shape, a.dtype) for a in jaxpr.out_avals]
        return jaxpr, tree.unflatten(out_tree, shapes)

    return named(
        jaxpr_of, function, "make_jaxpr", "The Jaxpr of {} for the types of the arguments."
    )


def eval_shape(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Shapes and dtypes of what ``function`` would return; nothing is computed.

    Arguments may be arrays or anything with ``shape`` and ``dtype``. The result is a tree of
    :class:`ShapeDtypeStruct`. Wrong shapes and dtypes raise what the computation would raise.

    >>> eval_shape(lambda x: x @ x.T, ShapeDtypeStruct((2, 5), float))
    ShapeDtypeStruct(shape=(2, 2), dtype=float64)
    """
    jaxpr, _, out_tree = stage_tree(function, args, kwargs)
    shapes = [ShapeDtypeStruct(a.shape, a.dtype) for a in jaxpr.out_avals]
    return tree.unflatten(out_tree, shapes)


@contextmanager
def ensure_compile_time_eval() -> Iterator[None]:
    """Within the block, operations on real arrays are evaluated at once instead of staged.

    >>> import functrans as ft
    >>> def f(x):
    ...     with ensure_compile_time_eval():
    ...         table = ft.numpy.arange(3) * 2
    ...     return x + table
    >>> print(make_jaxpr(f)(0))
    { lambda a:i64[3] ; b:~i64[]. let
        c:i64[] = convert[dtype=i64] b
        d:i64[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] c
        e:i64[3] = add d a
      in (e,) }
    """
    with running(None):
        yield


def zeros_of(aval: Aval) -> Any:
    """A zero of a type: an array, or a NumPy scalar for rank 0 (float0 has no scalars)."""
    if aval.shape or aval.dtype == float0:
        return np.zeros(aval.shape, aval.dtype)
    return aval.dtype.type(0)


def has_derivative(x: Any) -> bool:
    """Whether a value is floating or complex."""
    return is_inexact(aval_of(x).dtype)


def own(values: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """Results as arrays of their own memory: no view, no input, no array twice.

    Rank-0 results become NumPy scalars, Python numbers too.
    """
    seen = {id(x) for x in given}
    result = []
    for x in values:
        kind = type(x)
        if kind is np.ndarray:
            if x.ndim == 0 and x.dtype != float0:
                x = x[()]
            elif x.base is not None or id(x) in seen or not x.flags.writeable:
                x = x.copy()
            seen.add(id(x))
        elif kind is float or kind is int or kind is complex or kind is bool:
            x = np.asarray(x)[()]
        elif isinstance(x, Tracer):
            if not x._trace.live:
                leaked(x)
        elif not isinstance(x, np.generic):
            aval_of(x)  # raises where the function returned something that is no array
            x = np.array(x)[()]
        result.append(x)
    return result


def unshared(values: Sequence[Any]) -> list[Any]:
    """What a user's function returned, with copies of plain arrays: they may be its own."""
    return [np.array(x) if isinstance(x, np.ndarray) else x for x in values]


P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")  # an auxiliary result
F = TypeVar("F", bound=Callable[..., Any])


def check_callable(name: str, *functions: object) -> None:
    """Raise ArgumentError where one of these is no function."""
    for function in functions:
        if not callable(function):
            raise ArgumentError(
                f"{name} needs a function, not {function!r:.60}.",
                "Pass the function itself, not what it returns.",
            )


def behind(function: Callable[..., Any]) -> Callable[..., Any]:
    """What a partial function calls; any other function as it is."""
    while isinstance(function, partial):
        function = function.func
    return function


def name_of(function: Callable[..., Any]) -> str:
    """The name of a function, or of an object's class; a partial function has that of another."""
    function = behind(function)
    return getattr(function, "__name__", type(function).__name__)


def named(wrapper: F, function: Callable[..., Any], transform: str, says: str) -> F:
    """Give ``wrapper`` the name, signature and docstring of what it transforms.

    The docstring begins with what the wrapper is, where ``{}`` is the function's name.
    """
    check_callable(transform, function)
    name, inner = name_of(function), behind(function)
    wrapper.__name__ = f"{transform}_{name}"
    wrapper.__qualname__ = f"{transform}({getattr(inner, '__qualname__', name)})"
    wrapper.__doc__ = _docstring(says, name, inner.__doc__)
    wrapper.__wrapped__ = function  # type: ignore[attr-defined]
    return wrapper


@lru_cache(maxsize=256)
def _docstring(says: str, name: str, doc: str | None) -> str:
    first = says.format(f"``{name}``")
    return f"{first}\n\n{inspect.cleandoc(doc)}" if doc else first
