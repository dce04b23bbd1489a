"""jit: trace once for each kind of arguments, compile, and call natively."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from threading import RLock, get_ident
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, Self, overload

from functrans import kernel, tree
from functrans.control.entry import Entry, call_signature
from functrans.core.avals import Aval
from functrans.core.axes import bound_axes
from functrans.core.jaxpr import Jaxpr, evaluate, remember
from functrans.core.primitive import Accumulator, Primitive
from functrans.core.trace import Tracer, bind, busy, current_trace
from functrans.errors import ArgumentError, OptionError, StaticArgumentError, TreeError
from functrans.rich import Rich
from functrans.transforms.linearize import jvp_jaxpr, linearize_jaxpr
from functrans.transforms.stage import (
    P,
    R,
    ShapeDtypeStruct,
    behind,
    check_callable,
    name_of,
    stage,
    type_of,
)
from functrans.transforms.transpose import transpose_jaxpr
from functrans.transforms.vmap import batch_jaxpr

if TYPE_CHECKING:
    from functrans.codegen.call import Signature
    from functrans.codegen.executable import Executable
    from functrans.codegen.profile import Profile
    from functrans.control.aot import Lowered, Traced
    from functrans.typing import Ufunc


@dataclass(slots=True)
class Counters:
    """How often functions were traced and programs compiled in this process, for debugging.

    >>> before = ft.debug.counters.traces
    >>> _ = ft.jit(lambda x: x + 1.0)(2.0)
    >>> ft.debug.counters.traces - before
    1
    """

    traces: int = 0
    compilations: int = 0


counters = Counters()
jit_disabled: ContextVar[bool] = ContextVar("functrans_disable_jit", default=False)


@contextmanager
def disable_jit(disable: bool = True) -> Iterator[None]:
    """Within the block jitted functions run as plain Python, so that a debugger can step in.

    ``disable_jit(False)`` within such a block turns compilation on again.

    >>> with ft.disable_jit():
    ...     ft.jit(lambda x: type(x))(2.0)
    <class 'float'>
    """
    reason = object()
    token = jit_disabled.set(disable)
    try:
        busy.add(reason)
        yield
    finally:
        busy.remove(reason)
        jit_disabled.reset(token)


# --- the primitive -------------------------------------------------------------------------------


def executable_of(jaxpr: Jaxpr, donated: tuple[int, ...] = ()) -> Executable:
    """The compiled program of a Jaxpr, which may overwrite donated arguments; remembered."""

    def make() -> Executable:
        # The compiler's libraries are loaded when the first program is compiled.
        from functrans.codegen.executable import Executable

        counters.compilations += 1
        return Executable(jaxpr, donated)

    result: Executable = remember(jaxpr, ("executable", donated), make)
    return result


def _jit_abstract(*avals: Aval, jaxpr: Jaxpr, name: str) -> list[Aval]:
    return [a.strengthen() for a in jaxpr.out_avals]


def _jit_impl(*args: Any, jaxpr: Jaxpr, name: str) -> Sequence[Any]:
    if jit_disabled.get():
        return evaluate(jaxpr, *args)
    return executable_of(jaxpr).run(*args)


def jit_linearize(nonzero: Sequence[bool], *args: Any, jaxpr: Jaxpr, name: str) -> Any:
    split = linearize_jaxpr(jaxpr, tuple(nonzero))
    outs = bind(jit_p, *args, jaxpr=split.primal, name=name)
    n = len(jaxpr.outvars)
    residuals = [args[k] if kind == "in" else outs[k] for kind, k in split.residuals]
    if not any(split.out_nonzero):
        return outs[:n], None

    def jit_pushforward(*tangents: Any) -> list[Any]:
        live = [t for t in tangents if t is not None]
        found = iter(bind(jit_p, *residuals, *live, jaxpr=split.linear, name=f"{name}_tangent"))
        return [next(found) if on else None for on in split.out_nonzero]

    return outs[:n], jit_pushforward


def jit_jvp(primals: Sequence[Any], tangents: Sequence[Any], *, jaxpr: Jaxpr, name: str) -> Any:
    program, out_nonzero = jvp_jaxpr(jaxpr, tuple(t is not None for t in tangents))
    live = [t for t in tangents if t is not None]
    found = bind(jit_p, *primals, *live, jaxpr=program, name=f"{name}_jvp")
    n = len(jaxpr.outvars)
    dots = iter(found[n:])
    return found[:n], [next(dots) if on else None for on in out_nonzero]


def _jit_transpose(cotangents: Sequence[Any], *args: Any, jaxpr: Jaxpr, name: str) -> None:
    linear = tuple(isinstance(a, Accumulator) for a in args)
    nonzero = tuple(ct is not None for ct in cotangents)
    transposed = transpose_jaxpr(jaxpr, linear, nonzero)
    known = [a for a in args if not isinstance(a, Accumulator)]
    given = [ct for ct in cotangents if ct is not None]
    found = bind(jit_p, *known, *given, jaxpr=transposed, name=f"{name}_transpose")
    targets = [a for a in args if isinstance(a, Accumulator)]
    for target, ct in zip(targets, found, strict=True):
        target.add(ct)


def _jit_batch(size: int, args: Any, dims: Any, *, jaxpr: Jaxpr, name: str) -> Any:
    batched, out_dims = batch_jaxpr(jaxpr, size, tuple(dims))
    return bind(jit_p, *args, jaxpr=batched, name=name), out_dims


def _jit_lower(avals: Sequence[Aval], out: Any, *, jaxpr: Jaxpr, name: str) -> kernel.Word:
    return kernel.Call()


jit_p: Primitive = Primitive(
    "jit",
    _jit_abstract,
    _jit_impl,
    jit_linearize,
    _jit_transpose,
    _jit_batch,
    _jit_lower,
    jvp=jit_jvp,
    multiple=True,
)


# --- the transform -------------------------------------------------------------------------------


class Static:
    """A static argument as a part of a key: equal where a program cannot tell the values apart.

    Python's own equality is too wide for that (1 == True, 0.0 == -0.0, inside tuples too) and in
    one case too narrow (NaN).
    """

    __slots__ = ("_identity", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._identity = _identity(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Static) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)


def _identity(value: Any) -> Any:
    if isinstance(value, float):
        return type(value), value.hex()
    if isinstance(value, complex):
        return type(value), value.real.hex(), value.imag.hex()
    if isinstance(value, tuple):
        return type(value), *map(_identity, value)
    return type(value), value


def _refuse(*_: Any) -> None:
    """What a stub on leaves answers when they are not of its types."""


_PROGRAMS = 1024  # kept for one function; the oldest go first
_CHAIN = 16  # native signatures tried one after the other before the Python path, up to twice that


class JitFunction(Rich, Generic[P, R]):
    """A function that is traced and compiled once for each kind of arguments.

    ``trace_count`` says how often it was traced; ``clear_cache()`` forgets its programs.
    Each is the only instance of a class of its own: a class's ``__call__`` may be a native stub,
    which spares the Python frame that an instance's attribute would need.

    >>> double = ft.jit(lambda x: 2.0 * x)
    >>> _ = double(np.ones(3)), double(np.zeros(3)), double(np.ones(4))
    >>> double.trace_count
    2
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        own_class = type(cls.__name__, (cls,), {"__doc__": cls.__doc__})
        return super().__new__(own_class)

    def __init__(
        self,
        function: Callable[P, R],
        static_argnums: tuple[int, ...],
        static_argnames: tuple[str, ...],
        donate_argnums: tuple[int, ...] = (),
        donate_argnames: tuple[str, ...] = (),
    ) -> None:
        self.__wrapped__ = function
        inner = behind(function)
        self.__name__ = name_of(function)
        self.__qualname__ = getattr(inner, "__qualname__", self.__name__)
        self.__doc__ = inner.__doc__
        self.__module__ = getattr(function, "__module__", __name__)
        self._static_argnums = static_argnums
        self._static_argnames = static_argnames
        self._donate_argnums = donate_argnums
        self._donate_argnames = donate_argnames
        self.trace_count = 0
        self._lock = RLock()  # a destructor that runs within may call this function
        self.clear_cache()

    def clear_cache(self) -> None:
        """Forget all programs."""
        self._entries: dict[Any, Entry] = {}
        self._native: list[tuple[Entry, Signature]] = []
        self._tree_stubs: list[tuple[tree.PyTreeDef, tree.PyTreeDef, Callable[..., Any]]] = []
        self._answer_with(self._tree_call)

    def _answer_with(self, call: Callable[..., Any]) -> None:
        self._first = call
        type(self).__call__ = call  # type: ignore[method-assign]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        raise NotImplementedError  # every instance's own class has its call

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<jit {self.__qualname__}>"

    def __reduce__(self) -> Any:
        """Pickled without programs; a function that was decorated goes by its name."""
        found: Any = sys.modules.get(self.__module__)
        for part in self.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is self:
            return self.__qualname__
        return JitFunction, (
            self.__wrapped__,
            self._static_argnums,
            self._static_argnames,
            self._donate_argnums,
            self._donate_argnames,
        )

    # It may become __call__, whose docstring help would show.
    def _tree_call(self, *args: Any, **kwargs: Any) -> Any:
        # Flatten, and try the native stubs on the leaves before types are looked at.
        if not self._tree_stubs:
            return self._python_call(*args, **kwargs)
        leaves, in_tree = tree.flatten((args, kwargs))
        for known_tree, out_tree, stub in self._tree_stubs:
            if known_tree == in_tree:
                outs = stub(*leaves)
                if outs is not None:
                    return tree.unflatten(out_tree, outs)
        return self._python_call(*args, **kwargs)

    def _python_call(self, *args: Any, **kwargs: Any) -> Any:
        if jit_disabled.get():
            return self.__wrapped__(*args, **kwargs)
        leaves, key = self._signature(args, kwargs)
        entry = self._entry(key, args, kwargs)
        if current_trace() is not None or any(isinstance(x, Tracer) for x in leaves):
            outs = bind(jit_p, *entry.lifted, *leaves, jaxpr=entry.jaxpr, name=self.__name__)
            return tree.unflatten(entry.out_tree, outs)
        if busy:  # an interrupt may have kept this thread from saying that its traces are closed
            busy.remove(get_ident())
        outs = executable_of(entry.jaxpr, entry.donated).run(*leaves)
        if not entry.shortened:
            self._shortcut(entry, key)
        return tree.unflatten(entry.out_tree, outs)

    def _signature(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[list[Any], tuple[Any, ...]]:
        """The dynamic leaves, and the key.

        It holds structure, types, static values with their types, and the named axes around.
        """
        axes = tuple(bound_axes().items())
        if not (self._static_argnums or self._static_argnames):
            leaves, in_tree = tree.flatten((args, kwargs))
            return leaves, (in_tree, tuple([type_of(x) for x in leaves]), (), axes)
        numbers = {i % len(args) for i in self._static_argnums if -len(args) <= i < len(args)}
        statics: list[tuple[int | str, Any]] = [(i, args[i]) for i in sorted(numbers)]
        statics += [(k, kwargs[k]) for k in self._static_argnames if k in kwargs]
        for place, value in statics:
            try:
                hash(value)
            except TypeError:
                raise StaticArgumentError(
                    f"The static argument {place!r} of {self.__name__} is {value!r:.60}, of "
                    f"unhashable type {type(value).__name__}.",
                    "Static arguments are keys of the compilation cache: pass a tuple instead of "
                    "a list, or make the argument dynamic.",
                ) from None
        dynamic = tuple(a for i, a in enumerate(args) if i not in numbers)
        keywords = {k: v for k, v in kwargs.items() if k not in self._static_argnames}
        leaves, in_tree = tree.flatten((dynamic, keywords))
        static_key = tuple((place, Static(value)) for place, value in statics)
        return leaves, (in_tree, tuple([type_of(x) for x in leaves]), static_key, axes)

    def _entry(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        """The program for arguments of this kind, traced if they are the first."""
        try:
            known = self._entries.get(key)
        except TypeError:
            raise TreeError(
                f"The arguments of {self.__name__} have a structure that cannot be hashed: "
                f"{key[0]!s:.200}",
                "The auxiliary data of a registered pytree class is part of the compilation key: "
                "make it hashable, for example a tuple instead of a list.",
            ) from None
        return self._traced(key, args, kwargs) if known is None else known

    def _traced(self, key: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Entry:
        in_tree, avals, statics, _ = key
        fixed = {place: static.value for place, static in statics}
        count = len(args)
        out_tree: list[tree.PyTreeDef] = []

        def flat_function(*leaves: Any) -> list[Any]:
            dynamic, keywords = tree.unflatten(in_tree, leaves)
            rest = iter(dynamic)
            merged = [fixed[i] if i in fixed else next(rest) for i in range(count)]
            names = {k: v for k, v in fixed.items() if isinstance(k, str)}
            outs, structure = tree.flatten(self.__wrapped__(*merged, **keywords, **names))
            out_tree.append(structure)
            return outs

        self.trace_count += 1
        counters.traces += 1
        start = time.perf_counter()
        jaxpr = stage(flat_function, avals)
        seconds = time.perf_counter() - start
        outer = [i for i, c in enumerate(jaxpr.consts) if isinstance(c, Tracer)]
        if not outer:
            donated = self._donated(in_tree, fixed, count)
            entry = Entry(jaxpr, (), in_tree, out_tree[0], donated, seconds)
            self._entries[key] = entry
            if len(self._entries) > _PROGRAMS:
                self._entries.pop(next(iter(self._entries)), None)
            return entry
        # Tracers of the transforms around become arguments; such a program serves this call only.
        lifted = [jaxpr.consts[i] for i in outer]
        inner = [i for i in range(len(jaxpr.consts)) if i not in outer]
        closed = Jaxpr(
            [jaxpr.constvars[i] for i in inner],
            [jaxpr.consts[i] for i in inner],
            [*(jaxpr.constvars[i] for i in outer), *jaxpr.invars],
            jaxpr.eqns,
            jaxpr.outvars,
        )
        return Entry(closed, lifted, in_tree, out_tree[0], seconds=seconds)

    def _donated(
        self, in_tree: tree.PyTreeDef, fixed: Mapping[int | str, Any], count: int
    ) -> tuple[int, ...]:
        """The leaves of donated arguments."""
        if not (self._donate_argnums or self._donate_argnames):
            return ()
        numbers = {i % count for i in self._donate_argnums if -count <= i < count}
        places = [i for i in range(count) if i not in fixed]
        positional, keywords = in_tree.children
        arguments = [
            *((i in numbers, c) for i, c in zip(places, positional.children, strict=True)),
            *(
                (k in self._donate_argnames, c)
                for k, c in zip(keywords.aux, keywords.children, strict=True)
            ),
        ]
        leaves = [donated for donated, c in arguments for _ in range(c.num_leaves)]
        return tuple(i for i, donated in enumerate(leaves) if donated)

    def _shortcut(self, entry: Entry, key: Any) -> None:
        """Put a native stub in front of the Python path.

        Trees of tuples, lists and dicts need no Python code at all; others are flattened in Python.
        Each program comes once: with more kinds of arguments than the chain holds, the oldest
        stay on the Python path instead of taking turns in chains made anew for every call.
        """
        in_tree, _, statics, _ = key
        signature = call_signature(
            in_tree, entry.out_tree, {place: static.value for place, static in statics}
        )
        with self._lock:
            if entry.shortened:
                return
            entry.shortened = True
            if signature.is_native:
                self._lengthen(entry, signature)
            elif not statics:
                stub = executable_of(entry.jaxpr, entry.donated).stub(_refuse, guarded=True)
                known = self._tree_stubs[: _CHAIN - 1]
                self._tree_stubs = [(in_tree, entry.out_tree, stub), *known]

    def _lengthen(self, entry: Entry, signature: Signature) -> None:
        """A native stub in front of those that are there."""
        added = [(entry, signature)]
        call: Callable[..., Any] = self._first
        if len(self._native) == 2 * _CHAIN:  # start again from the newest
            added = [*self._native[-(_CHAIN - 1) :], *added]
            self._native = []
            call = self._tree_call
        for known, form in added:
            call = executable_of(known.jaxpr, known.donated).stub(call, form, guarded=True)
        self._native = [*self._native, *added]
        self._answer_with(call)

    def trace(self, *args: P.args, **kwargs: P.kwargs) -> Traced:
        """The program for these arguments (arrays, or anything with shape and dtype)."""
        from functrans.control.aot import Traced  # few programs are made ahead of time

        _, key = self._signature(args, kwargs)
        entry = self._entry(key, args, kwargs)
        return Traced(entry, self.__name__, partial(executable_of, entry.jaxpr, entry.donated))

    def lower(self, *args: P.args, **kwargs: P.kwargs) -> Lowered:
        """The program for these arguments on its way to machine code: ``trace(…).lower()``."""
        return self.trace(*args, **kwargs).lower()

    def profile(self, *args: P.args, **kwargs: P.kwargs) -> Profile:
        """Where the time of a call with these arguments goes: kernel by kernel, with your lines.

        The program is compiled a second time with a clock around every kernel, and both run for
        about 0.3 s. Donated arguments are copied. The result prints as a table.

        Raises
        ------
        ArgumentError: for arguments without values, or within a transform or another jit.

        >>> profile = ft.jit(lambda x: np.sum(np.sort(x))).profile(np.ones(1000))
        >>> len(profile.rows), round(sum(row.share for row in profile.rows), 6)
        (2, 1.0)
        """
        from functrans.codegen import profile as profiling  # heavy: with the compiler

        leaves, key = self._signature(args, kwargs)
        abstract = any(isinstance(x, Tracer | ShapeDtypeStruct) for x in leaves)
        if abstract or current_trace() is not None:
            raise ArgumentError(
                f"Only a call with values can be measured, not one of types: {self!r}.",
                "Call profile() on arrays, outside of functions that are traced.",
            )
        entry = self._entry(key, args, kwargs)
        executable = executable_of(entry.jaxpr, entry.donated)
        return profiling.profile(executable, leaves, self.__name__)


@overload
def jit(
    function: Ufunc,
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] = (),
    donate_argnames: str | Sequence[str] = (),
    keep_unused: bool = False,
    inline: bool = False,
) -> JitFunction[..., Any]: ...


@overload
def jit(
    function: Callable[P, R],
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] = (),
    donate_argnames: str | Sequence[str] = (),
    keep_unused: bool = False,
    inline: bool = False,
) -> JitFunction[P, R]: ...


@overload
def jit(
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] = (),
    donate_argnames: str | Sequence[str] = (),
    keep_unused: bool = False,
    inline: bool = False,
) -> Callable[[Callable[P, R]], JitFunction[P, R]]: ...


def jit(
    function: Callable[..., Any] | None = None,
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: int | Sequence[int] = (),
    donate_argnames: str | Sequence[str] = (),
    keep_unused: bool = False,
    inline: bool = False,
) -> Any:
    """``function`` compiled to native code, once for each kind of arguments.

    The function is run once on types only, so that Python conditions on values raise
    TracerBoolConversionError. Arrays that it closes over are copied into the program when it is
    traced. The cache is keyed by the tree, shapes, dtypes and weakness of the arguments and by
    value and type of the static ones.

    Parameters
    ----------
    static_argnums, static_argnames: arguments that are Python values and not traced; they must
        be hashable. Each is inferred from the other where the signature allows.
    donate_argnums, donate_argnames: arguments that the caller needs no more. A result of the same
        shape and dtype may then *be* the argument: its contents are overwritten and the same
        array is returned. Only arrays that own their memory, may be written to and share it with
        no other argument are; whatever views of them see the new contents.
    keep_unused, inline: accepted for compatibility; they change nothing here.

    Raises
    ------
    StaticArgumentError: a static argument that cannot be hashed.

    >>> import numpy as np
    >>> @jit
    ... def norm(x):
    ...     return np.sqrt(np.sum(x * x))
    >>> float(norm(np.array([3.0, 4.0])))
    5.0
    """
    if function is None:

        def decorate(f: Callable[..., Any]) -> Any:
            return jit(
                f,
                static_argnums=static_argnums,
                static_argnames=static_argnames,
                donate_argnums=donate_argnums,
                donate_argnames=donate_argnames,
                keep_unused=keep_unused,
                inline=inline,
            )

        return decorate
    check_callable("jit", function)
    statics = _inferred(function, "static", static_argnums, static_argnames)
    donated = _inferred(
        function,
        "donate",
        None if donate_argnums == () else donate_argnums,
        None if donate_argnames == () else donate_argnames,
    )
    for kept, given in zip(statics, donated, strict=True):
        if set(kept) & set(given):
            raise OptionError("An argument cannot be both static and donated.")
    return JitFunction(function, *statics, *donated)


def _inferred(
    function: Callable[..., Any],
    option: str,
    argnums: int | Sequence[int] | None,
    argnames: str | Sequence[str] | None,
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Positions and names of an option, each completed from the other by the signature."""
    numbers = () if argnums is None else (argnums,) if isinstance(argnums, int) else tuple(argnums)
    names = (
        () if argnames is None else (argnames,) if isinstance(argnames, str) else tuple(argnames)
    )
    if not (numbers or names):
        return (), ()
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return numbers, names
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    keywords = {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY}
    for i in numbers:
        if not variadic and not -len(positional) <= i < len(positional):
            raise OptionError(
                f"{option}_argnums names argument {i}, but {function!r:.60} has {len(positional)}."
            )
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for name in names:
            if name not in keywords:
                raise OptionError(f"{option}_argnames names {name!r}, which is no argument.")
    if argnames is None:
        names = tuple(positional[i] for i in numbers if -len(positional) <= i < len(positional))
    if argnums is None:
        numbers = tuple(positional.index(n) for n in names if n in positional)
    return numbers, names
