"""tf.function: a Python function traced once per signature, and run as native code.

A trace turns the tensors and variables that the function takes from outside into inputs of the
program, and the variables it assigns into outputs: the compiled program is pure, and the call
around it reads and writes the state. Tapes around a call see one operation.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from functools import update_wrapper
from threading import RLock
from typing import Any, Generic, ParamSpec, TypeVar, overload

import numpy as np

import functrans as ft
from functrans.errors import IndexBoundsError, LinAlgError, UnexpectedTracerError
from functrans.extend import Staging, evaluate
from functrans.tf import nest
from functrans.tf.convert import STRING, NumpyDtype, as_tensor, is_traced, type_name
from functrans.tf.errors import (
    InaccessibleTensorError,
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
)
from functrans.tf.shapes import TensorSpec
from functrans.tf.tensor import (
    Frame,
    Tensor,
    WatchedVariable,
    frame,
    mapped_rows,
    seen,
    tracing,
    value,
    wrap,
)


class _Mode:
    """Whether decorated functions run as plain Python, for debugging."""

    eager = False


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Let functions decorated with ``tf.function`` run as plain Python, or compiled again.

    >>> import functrans.tf as tf
    >>> tf.config.run_functions_eagerly(False)
    """
    _Mode.eager = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether functions decorated with ``tf.function`` run as plain Python.

    >>> import functrans.tf as tf
    >>> tf.config.functions_run_eagerly()
    False
    """
    return _Mode.eager


# --- tracing -------------------------------------------------------------------------------------


class TracingFrame(Frame):
    """One trace: the placeholders of what is captured, and the variables' values so far."""

    def __init__(self, staging: Staging, may_create: bool) -> None:
        self.staging = staging
        self.captures: dict[int, tuple[Any, Any]] = {}
        self.state: dict[int, tuple[WatchedVariable, Any]] = {}
        self.created = False
        self._may_create = may_create
        self._made: dict[int, Tensor] = {}

    def captured(self, thing: Any, v: Any) -> Any:
        assigned = self.state.get(id(thing))
        if assigned is not None:
            return assigned[1]
        if self.staging.owns(v) or id(thing) in self._made:
            return v
        if v.dtype == STRING and type(thing) is Tensor:
            return v  # strings are known while tracing: programs compute with numbers alone
        known = self.captures.get(id(thing))
        if known is None:
            known = self.captures[id(thing)] = thing, self.staging.input(v)
        return known[1]

    def made(self, tensor: Tensor) -> None:
        self._made[id(tensor)] = tensor  # held: its identity must not be another's

    def assigned(self, variable: WatchedVariable, v: Any) -> bool:
        self.state[id(variable)] = variable, v
        return True

    def creating(self, initial: Any) -> Any:
        if not self._may_create:
            raise InvalidValueError(
                "tf.function only supports singleton tf.Variables created on the first call. Make "
                "sure the tf.Variable is only created once or created outside tf.function.",
                "Create the variable outside, or once: if self.v is None: self.v = tf.Variable(…).",
            )
        self.created = True
        return self._evaluated(initial) if self.staging.owns(initial) else initial

    def _evaluated(self, v: Any) -> Any:
        """The value of something staged that does not depend on the function's arguments."""
        program = self.staging.program([v])
        captured = [value_now(thing) for thing, _ in self.captures.values()]
        arguments = program.invars[: len(program.invars) - len(captured)]
        used = {a for eqn in program.eqns for a in eqn.invars} | set(program.outvars)
        if not used.isdisjoint(arguments):
            raise InvalidValueError(
                "Tensor-typed variable initializers must either be wrapped in an init_scope or "
                "callable when building functions: this one depends on the arguments.",
                "Create the variable outside of the function.",
            )
        with ft.ensure_compile_time_eval():
            zeros = [np.zeros(a.aval.shape, a.aval.dtype)[()] for a in arguments]
            return evaluate(program, *zeros, *captured)[0]


def value_now(thing: Any) -> Any:
    """The value of a tensor or variable as frames and tapes here see it."""
    return value(thing) if isinstance(thing, Tensor) else seen(thing, thing._v, True)


one_trace = RLock()
"""Held while a function is traced: it may create its variables once, and traces are counted."""


class ConcreteFunction:
    """A function traced for one signature: what ``get_concrete_function`` returns.

    >>> import functrans.tf as tf
    >>> double = tf.function(lambda x: 2.0 * x)
    >>> concrete = double.get_concrete_function(tf.TensorSpec((), tf.float32))
    >>> concrete(tf.constant(3.0)).numpy()
    np.float32(6.0)
    """

    def __init__(
        self,
        owner: Function[..., Any],
        python_function: Callable[..., Any],
        call: Call,
        may_create: bool,
    ) -> None:
        self.name = getattr(owner, "__name__", "function")
        self._function = owner
        staging = Staging()
        traced = TracingFrame(staging, may_create)
        token = frame.set(traced)
        rows = mapped_rows.set(())  # the program is for other calls too
        tracing.count += 1
        try:
            with staging:
                outs = self._trace(staging, python_function, call)
                program = staging.program([*outs, *(v for _, v in traced.state.values())])
        except UnexpectedTracerError as error:
            raise _inaccessible(error) from error
        finally:
            tracing.count -= 1
            mapped_rows.reset(rows)
            frame.reset(token)
        self.created = traced.created
        self._captured = [thing for thing, _ in traced.captures.values()]
        self._assigned = [variable for variable, _ in traced.state.values()]
        self._arguments = {id(v): i for i, v in enumerate(call.variables)}
        self._count = len(outs)
        self._types = [(tuple(t.shape), t._dtype) for t in call.leaves]
        self._strings = _texts((call.args, call.kwargs))
        self._run = ft.jit(lambda *values: evaluate(program, *values))
        self.structured_input_signature = call.specs()

    def _trace(
        self, staging: Staging, python_function: Callable[..., Any], call: Call
    ) -> list[Any]:
        inputs = [wrap(staging.input(t._v), t._dtype) for t in call.leaves]
        args, kwargs = rebuilt(call.args, call.kwargs, inputs)
        out = python_function(*args, **kwargs)
        outs: list[Any] = []
        leaves: list[Any] = []
        specs: list[Any] = []
        for leaf in nest.flatten(out, expand_composites=True):
            tensor = None if leaf is None else self._returned(leaf)
            specs.append(None if tensor is None else TensorSpec(tensor.shape, tensor.dtype))
            if tensor is None or tensor._dtype == STRING:  # a constant: it is not computed
                leaves.append(tensor)
                continue
            leaves.append(tensor._dtype)
            outs.append(value(tensor))
        self._leaves = leaves
        self._nested = nest.is_nested(out) or hasattr(out, "_components")
        self._out = self.structured_outputs = None
        if self._nested:
            self._out = nest.pack_sequence_as(out, leaves, expand_composites=True)
            self.structured_outputs = nest.pack_sequence_as(out, specs, expand_composites=True)
        else:
            (self.structured_outputs,) = specs
        return outs

    def _returned(self, leaf: Any) -> Tensor:
        try:
            return as_tensor(leaf)
        except InvalidValueError as error:
            raise InvalidTypeError(
                f"To be compatible with tf.function, Python functions must return zero or more "
                f"Tensors or ExtensionTypes or None values; in compilation of {self.name}, found "
                f"return value of type {type(leaf).__name__}, which is not a Tensor or "
                "ExtensionType.",
                "Return tensors, numbers, or structures of them.",
            ) from error

    @property
    def captured_inputs(self) -> list[Any]:
        """The tensors and variables from outside that the function reads."""
        return list(self._captured)

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables that the function reads or assigns."""
        found = {id(v): v for v in [*self._captured, *self._assigned]}
        variables = (v for v in found.values() if isinstance(v, WatchedVariable))
        return tuple(v for v in variables if not v.is_hidden)

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The trainable ones among the variables."""
        return tuple(v for v in self.variables if v.trainable)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run on tensors of the signature's dtypes and shapes."""
        tensors = [as_tensor(a) for a in nest.flatten((args, kwargs)) if _is_tensor(a)]
        given = [(tuple(t.shape), t._dtype) for t in tensors]
        if given != self._types and [d for _, d in given] == [d for _, d in self._types]:
            again, options = rebuilt(*self.structured_input_signature, tensors)
            return self._function(*again, **options)  # other sizes: a program of their own
        if given != self._types or _texts((args, kwargs)) != self._strings:
            raise InvalidArgumentError.at(
                f"cannot compute {self.name} as its inputs were expected to be "
                f"{_listed(self._types)} but are {_listed(given)} [Op:{self.name}] name: ",
                "Call the tf.function itself, which traces for each signature.",
            )
        variables = [a for a in nest.flatten((args, kwargs)) if isinstance(a, WatchedVariable)]
        return self.run(tensors, variables)

    def run(self, tensors: Sequence[Tensor], variables: Sequence[WatchedVariable] = ()) -> Any:
        """The results on tensors and variables in the order of the arguments.

        The variables that the function assigns get their new values.
        """
        captured: Sequence[Any] = self._captured
        assigned: Sequence[Any] = self._assigned
        if variables:  # the arguments of this call, in the place of those that were traced
            captured = [self._for(thing, variables) for thing in captured]
            assigned = [self._for(thing, variables) for thing in assigned]
        values = [value(t) for t in tensors]
        for thing in captured:
            values.append(value_now(thing))
        try:
            outs = self._run(*values)
        except UnexpectedTracerError as error:  # among the tensors that were captured
            raise _inaccessible(error) from error
        except (IndexBoundsError, LinAlgError) as error:
            raise InvalidArgumentError.at(error.what, error.remedy, error.line) from error
        for variable, v in zip(assigned, outs[self._count :], strict=True):
            variable._store(v)
        if self._count == 1 and not self._nested:
            return wrap(outs[0], self._leaves[0])
        given = iter(outs)
        results = [
            wrap(next(given), kept) if isinstance(kept, np.dtype) else kept for kept in self._leaves
        ]
        if not self._nested:
            return results[0]
        return nest.pack_sequence_as(self._out, results, expand_composites=True)

    def _for(self, thing: Any, variables: Sequence[WatchedVariable]) -> Any:
        place = self._arguments.get(id(thing))
        return thing if place is None else variables[place]


def _inaccessible(error: UnexpectedTracerError) -> InaccessibleTensorError:
    return InaccessibleTensorError(
        "The tensor cannot be accessed from here, because it was defined in another function, "
        "branch or loop body, which is out of scope.",
        "Give a variable a value before the branch or loop, and assign the tensor to it; collect "
        "the rows of a loop in a tf.TensorArray.",
        error.line,
    )


def _is_tensor(x: Any) -> bool:
    """Whether this is an input of the program. Strings are not: they are known while tracing."""
    if isinstance(x, Tensor):
        return x._dtype != STRING
    if isinstance(x, np.ndarray | np.generic):
        return x.dtype.kind not in "OSU"
    return is_traced(x)


def _texts(structure: Any) -> list[Any]:
    """The string tensors in a structure, as comparable values."""
    return [
        (leaf._v.shape, leaf._v.ravel().tolist())
        for leaf in nest.flatten(structure)
        if isinstance(leaf, Tensor) and leaf._dtype == STRING
    ]


def _listed(types: Sequence[tuple[Any, NumpyDtype]]) -> str:
    """Tensors' types in words."""
    return ", ".join(f"a {type_name(d)} tensor of shape {s}" for s, d in types) or "no tensors"


# --- signatures ----------------------------------------------------------------------------------


class Call:
    """The arguments of a call, taken apart: tensors as leaves, and a hashable rest."""

    __slots__ = ("args", "key", "kwargs", "leaves", "variables")

    def __init__(self, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self.args = args
        self.kwargs = kwargs
        self.leaves: list[Tensor] = []
        self.variables: list[WatchedVariable] = []
        parts = [self._part(a) for a in args]
        if kwargs:
            parts.append(tuple((k, self._part(kwargs[k])) for k in sorted(kwargs)))
        self.key = tuple(parts)

    def _part(self, x: Any) -> Any:
        kind = type(x)
        if kind is Tensor and x._dtype == STRING:
            return Tensor, x._v.shape, tuple(x._v.ravel().tolist())
        if kind is Tensor:
            self.leaves.append(x)
            return x._v.shape, x._dtype
        if _is_tensor(x):
            return self._part(as_tensor(x))
        if isinstance(x, TensorSpec):
            return self._part(_example(x))
        if isinstance(x, WatchedVariable):
            return self._variable_part(x)
        if kind is dict:
            return dict, tuple((k, self._part(x[k])) for k in sorted(x))
        if nest.is_nested(x):
            items = x.items() if hasattr(x, "items") else x
            return kind, tuple(self._part(item) for item in items)
        try:
            hash(x)
        except TypeError as error:
            raise InvalidTypeError(
                f"Could not generate a generic TraceType for {x!r:.200}.Please verify that it is "
                "immutable/hashable. Otherwise, consider implementing the Tracing Protocol for it.",
                "Pass tensors, numbers, strings, lists, tuples, dicts or hashable objects.",
            ) from error
        return kind, x

    def _variable_part(self, variable: WatchedVariable) -> Any:
        """Variables of one type share a program; which arguments are the same one matters."""
        places = [i for i, v in enumerate(self.variables) if v is variable]
        place = places[0] if places else len(self.variables)
        self.variables.append(variable)
        return WatchedVariable, place, tuple(variable.shape), variable.dtype, variable.trainable

    def specs(self) -> tuple[Any, dict[str, Any]]:
        """The signature: specs of the tensors, other values as they are."""

        def spec(x: Any) -> Any:
            is_tensor = isinstance(x, Tensor) or _is_tensor(x)
            return TensorSpec.from_tensor(as_tensor(x)) if is_tensor else x

        return (
            tuple(nest.map_structure(spec, a) for a in self.args),
            {k: nest.map_structure(spec, a) for k, a in self.kwargs.items()},
        )


def rebuilt(
    args: Sequence[Any], kwargs: dict[str, Any], leaves: Sequence[Tensor]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments with other tensors in the place of their own, or of the specs that stand there."""
    given = iter(leaves)

    def filled(x: Any) -> Any:
        if _is_tensor(x) or isinstance(x, TensorSpec):
            return next(given)
        if not nest.is_nested(x):
            return x
        return nest.pack_sequence_as(x, [filled(a) for a in nest.flatten(x)])

    return tuple(map(filled, args)), {k: filled(kwargs[k]) for k in sorted(kwargs)}


def _example(spec: TensorSpec) -> Tensor:
    """A tensor of a spec's type, for tracing alone."""
    if spec.dtype.np == STRING:
        raise InvalidValueError(
            f"{spec!r} leaves a string open, and strings here are known while tracing.",
            "Call the function, or get_concrete_function, with the string.",
        )
    shape = [] if spec.shape.rank is None else [n for n in spec.shape.as_list() if n is not None]
    if len(shape) != spec.shape.rank:
        raise InvalidValueError(
            f"{spec!r} leaves sizes open, and programs here are compiled for known shapes.",
            "Give all sizes, or call the function with a tensor.",
        )
    return wrap(np.broadcast_to(spec.dtype.np.type(0), tuple(shape))[()])


# --- the polymorphic function --------------------------------------------------------------------


P = ParamSpec("P")
R = TypeVar("R")


class Function(Generic[P, R]):
    """A Python function compiled for each signature it is called with; made by ``tf.function``."""

    def __init__(
        self,
        python_function: Callable[P, R],
        input_signature: Any = None,
        autograph: bool = True,
    ) -> None:
        self._python_function = python_function
        self._signature = inspect.signature(python_function)
        self._plain = all(
            p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty
            for p in self._signature.parameters.values()
        )
        self._arity = len(self._signature.parameters)
        self._input_signature = None if input_signature is None else tuple(input_signature)
        self._autograph = autograph
        self._cache: dict[Any, ConcreteFunction] = {}
        self._traced = 0
        self._may_create = True
        self._attribute = f"_bound_function_{id(self)}"
        update_wrapper(self, python_function)

    def __set_name__(self, owner: type, name: str) -> None:
        # The same in every process, for objects that are pickled.
        self._attribute = f"_bound_function_{owner.__module__}.{owner.__qualname__}.{name}"

    def __reduce__(self) -> Any:
        """By name where its module has it, as Python's functions; without programs otherwise."""
        name = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is self:
            return name
        return _restored, (self._python_function, self._input_signature, self._autograph)

    @property
    def python_function(self) -> Callable[P, R]:
        """The function as it was written."""
        return self._python_function

    @property
    def input_signature(self) -> Any:
        """The specs given with ``input_signature``, or None."""
        return self._input_signature

    def experimental_get_tracing_count(self) -> int:
        """How often the function has been traced.

        >>> import functrans.tf as tf
        >>> f = tf.function(lambda x: x + 1.0)
        >>> _ = f(tf.constant(1.0)), f(tf.constant(2.0)), f(tf.constant([1.0]))
        >>> f.experimental_get_tracing_count()
        2
        """
        return self._traced

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the program for these arguments' types, traced first if they are new."""
        if _Mode.eager:
            return self._python_function(*args, **kwargs)
        call = self._call(args, kwargs)
        concrete = self._cache.get(call.key)
        if concrete is None:
            concrete = self._trace(call)
        result: R = concrete.run(call.leaves, call.variables)
        return result

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The program for arguments of these types, given as values or as TensorSpecs."""
        if not args and not kwargs and self._input_signature is not None:
            args = self._input_signature
        call = self._call(args, kwargs)
        return self._cache.get(call.key) or self._trace(call)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        if kwargs or not self._plain or len(args) != self._arity:
            bound = self._signature.bind(*args, **kwargs)  # TypeError as Python words it
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        if self._input_signature is not None:
            args = self._checked(args)
        return Call(args, kwargs)

    def _checked(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments as tensors of the declared signature."""
        signature = self._input_signature
        assert signature is not None
        result = []
        for spec, arg in zip(signature, args, strict=False):
            leaves = []
            for s, a in zip(
                nest.flatten(spec),
                nest.flatten(arg) if nest.is_nested(spec) else [arg],
                strict=True,
            ):
                leaves.append(self._fitting(s, a, args))
            result.append(
                nest.pack_sequence_as(spec, leaves) if nest.is_nested(spec) else leaves[0]
            )
        return (*result, *args[len(signature) :])

    def _fitting(self, spec: Any, arg: Any, args: Any) -> Any:
        if isinstance(arg, TensorSpec):
            return arg
        try:
            tensor = as_tensor(arg, spec.dtype.np)
        except (InvalidTypeError, InvalidValueError) as error:
            raise self._refused(spec, arg) from error
        if not spec.shape.is_compatible_with(tensor.shape):
            raise self._refused(spec, arg)
        return tensor

    def _refused(self, spec: Any, arg: Any) -> InvalidTypeError:
        return InvalidTypeError(
            f"Binding inputs to tf.function failed due to `Can not cast {arg!r} to {spec!r}.`",
            "Pass what the input_signature declares.",
        )

    def _trace(self, call: Call) -> ConcreteFunction:
        with one_trace:
            # Another thread may have traced it while this one waited.
            return self._cache.get(call.key) or self._traced_now(call)

    def _traced_now(self, call: Call) -> ConcreteFunction:
        python_function = self._python_function
        if self._autograph:
            # The source transformation is needed where something is traced, and only there.
            from functrans.tf.autograph.convert import converted

            python_function = converted(python_function, asked=True)
        concrete = ConcreteFunction(self, python_function, call, self._may_create)
        self._traced += 1
        if concrete.created:  # variables are made in a first trace, and used in the second
            self._may_create = False
            concrete = ConcreteFunction(self, python_function, call, False)
            self._traced += 1
        self._may_create = False
        self._cache[call.key] = concrete
        return concrete

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        bound = instance.__dict__.get(self._attribute)
        if bound is None:
            bound = Function(
                self._python_function.__get__(instance, owner),
                self._input_signature,
                self._autograph,
            )
            instance.__dict__[self._attribute] = bound
        return bound

    def __repr__(self) -> str:
        return f"<tf.function {getattr(self, '__name__', 'function')}>"


def _restored(python_function: Any, input_signature: Any, autograph: bool) -> Function[..., Any]:
    if isinstance(python_function, Function):  # a method is found by its name, decorated already
        return python_function
    return Function(python_function, input_signature, autograph)


@overload
def function(
    func: Callable[P, R],
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Function[P, R]: ...
@overload
def function(
    *,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Callable[[Callable[P, R]], Function[P, R]]: ...
def function(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Compile a function of tensors: traced once for each signature, then run as native code.

    Parameters
    ----------
    func: the function; without it, a decorator is returned.
    input_signature: TensorSpecs that the arguments are converted to and checked against.
    autograph: let ``if``, ``while`` and ``for`` depend on tensors.
    Other options are accepted: every function is compiled here.

    Python side effects happen while tracing. Variables may be read and assigned inside.

    >>> import functrans.tf as tf
    >>> @tf.function
    ... def slope(x):
    ...     with tf.GradientTape() as tape:
    ...         tape.watch(x)
    ...         y = x * x
    ...     return tape.gradient(y, x)
    >>> slope(tf.constant(3.0)).numpy()
    np.float32(6.0)
    """
    if func is None:
        return lambda f: function(f, input_signature, autograph)
    return Function(func, input_signature, autograph)
