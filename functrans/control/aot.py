"""Ahead of time: trace, lower and compile a jitted function, save what was compiled, and load it.

>>> traced = ft.jit(lambda x: np.sum(np.sin(x) ** 2)).trace(ft.ShapeDtypeStruct((3,), float))
>>> compiled = traced.lower().compile()
>>> float(compiled(np.zeros(3)))
0.0
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, Self

from functrans import tree
from functrans.control.entry import Entry, call_signature
from functrans.core.avals import Aval, aval_of
from functrans.core.jaxpr import Jaxpr
from functrans.core.trace import Tracer, current_trace
from functrans.errors import ArgumentError, ExportError, ProgramFileError
from functrans.rich import Rich
from functrans.transforms.stage import ShapeDtypeStruct

if TYPE_CHECKING:
    from functrans.codegen.executable import Executable, Native
    from functrans.codegen.report import Report


def _shapes(avals: Sequence[Aval]) -> list[ShapeDtypeStruct]:
    return [ShapeDtypeStruct(a.shape, a.dtype) for a in avals]


class _Described(Rich):
    """The types of a program's arguments and results. ``in_tree`` is that of (args, kwargs)."""

    in_tree: tree.PyTreeDef
    out_tree: tree.PyTreeDef
    in_avals: Sequence[Aval]
    out_avals: Sequence[Aval]
    fun_name: str

    @property
    def args_info(self) -> Any:
        """Shapes and dtypes of the arguments, as (args, kwargs); static ones are left out."""
        return tree.unflatten(self.in_tree, _shapes(self.in_avals))

    @property
    def out_info(self) -> Any:
        """Shapes and dtypes of the result."""
        return tree.unflatten(self.out_tree, _shapes(self.out_avals))


class _Staged(_Described):
    """A traced program."""

    def __init__(self, entry: Entry, fun_name: str, executable: Callable[[], Executable]) -> None:
        self._entry = entry
        self._executable = executable
        self.fun_name = fun_name
        self.in_tree = entry.in_tree
        self.out_tree = entry.out_tree
        self.in_avals = entry.jaxpr.in_avals[len(entry.lifted) :]
        self.out_avals = entry.jaxpr.out_avals

    @property
    def jaxpr(self) -> Jaxpr:
        """The program as it was traced."""
        return self._entry.jaxpr


class Traced(_Staged):
    """A jitted function traced for one kind of arguments.

    ``jaxpr`` is the program, ``fun_name`` the function's name, ``args_info`` and ``out_info`` are
    shapes and dtypes, ``lower()`` goes on to code.

    >>> traced = ft.jit(lambda x: x * 2.0).trace(np.ones(3))
    >>> traced.out_info
    ShapeDtypeStruct(shape=(3,), dtype=float64)
    """

    def lower(self) -> Lowered:
        """The program on its way to machine code."""
        return Lowered(self._entry, self.fun_name, self._executable)


class Lowered(_Staged):
    """A jitted function for one kind of arguments, on its way to machine code.

    ``as_text(stage)`` shows the program at each stage, ``report()`` what it consists of and the
    time that making it took, ``compile()`` finishes it.

    >>> lowered = ft.jit(lambda x: x * 2.0).lower(ft.ShapeDtypeStruct((3,), float))
    >>> print(lowered.as_text("jaxpr"))
    { lambda ; a:f64[3]. let
        b:f64[3] = mul a 2.0:f64[]
      in (b,) }
    >>> lowered.compile()(np.ones(3))
    array([2., 2., 2.])
    """

    @property
    def executable(self) -> Executable:
        """What the jitted function calls: it may overwrite donated arguments."""
        return self._executable()

    def as_text(self, stage: str = "llvm") -> str:
        """The program as text at a stage of :data:`functrans.codegen.executable.STAGES`."""
        return self.executable.as_text(stage)

    def report(self) -> Report:
        """Kernels, loops, library calls and fallbacks with their work, and times; compiles.

        See :class:`functrans.codegen.report.Report`, whose text is a table.
        """
        report = self.executable.report()
        report.times = dataclasses.replace(report.times, trace=self._entry.seconds)
        return report

    def cost_analysis(self) -> dict[str, float]:
        """The work of one call: see :meth:`Compiled.cost_analysis`; compiles."""
        return self.executable.costs()

    def compile(self) -> Compiled:
        """The machine code, made now.

        Raises
        ------
        ArgumentError: a function that closes over traced values of a transform around.
        """
        if self._entry.lifted:
            raise ArgumentError(
                f"{self.fun_name} closes over traced values of a transform around, which a "
                "compiled program cannot hold.",
                "Pass them as arguments, or call the jitted function itself.",
            )
        self.executable.compile()
        return Compiled(self.executable, self.in_tree, self.out_tree, self.fun_name)

    @property
    def compile_seconds(self) -> float:
        """Time LLVM took; compiles if that has not happened."""
        return self.executable.compiled.seconds


# --- compiled ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """Bytes of memory of one call, and of the code.

    ``alias_size_in_bytes`` counts results in the place of donated arguments; they are no part of
    ``output_size_in_bytes``. ``temp_size_in_bytes`` is the workspace.

    >>> ft.jit(np.sin).lower(np.ones(4)).compile().memory_analysis().argument_size_in_bytes
    32
    """

    argument_size_in_bytes: int
    output_size_in_bytes: int
    alias_size_in_bytes: int
    constant_size_in_bytes: int
    temp_size_in_bytes: int
    generated_code_size_in_bytes: int

    @property
    def peak_memory_in_bytes(self) -> int:
        """All that a call needs at once, without the code."""
        return (
            self.argument_size_in_bytes
            + self.output_size_in_bytes
            + self.constant_size_in_bytes
            + self.temp_size_in_bytes
        )


class Compiled(_Described):
    """Machine code for one kind of arguments; static arguments are left out.

    A call goes from Python straight to the code. It takes arguments of its own types alone, and no
    transform goes through it: ArgumentError, a TypeError, says what to call instead.

    Each is the only instance of a class of its own, whose ``__call__`` is a native stub, as that of
    a jitted function.

    >>> compiled = ft.jit(lambda x: np.sum(x * 2.0)).lower(np.ones(3)).compile()
    >>> float(compiled(np.ones(3))), compiled.cost_analysis()["flops"]
    (6.0, 6.0)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        own_class = type(cls.__name__, (cls,), {"__doc__": cls.__doc__})
        return super().__new__(own_class)

    def __init__(
        self,
        native: Native,
        in_tree: tree.PyTreeDef,
        out_tree: tree.PyTreeDef,
        fun_name: str,
    ) -> None:
        self._native = native
        self.in_tree = in_tree
        self.out_tree = out_tree
        self.in_avals = native.in_avals
        self.out_avals = native.out_avals
        self.fun_name = fun_name
        signature = call_signature(in_tree, out_tree, {})
        call = (
            native.stub(self._python_call, signature, guarded=True) if signature.is_native else None
        )
        type(self).__call__ = call or type(self)._python_call  # type: ignore[method-assign]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError  # every instance's own class has its call

    def __repr__(self) -> str:
        types = ", ".join(map(str, self.in_avals))
        return f"<compiled {self.fun_name}({types})>"

    # It may become __call__, whose docstring help would show.
    def _python_call(self, *args: Any, **kwargs: Any) -> Any:
        # The call with arguments that the native stub does not take as they are.
        leaves, in_tree = tree.flatten((args, kwargs))
        if in_tree != self.in_tree:
            self._refuse(f"arguments {self.in_tree}", str(in_tree))
        for x, aval in zip(leaves, self.in_avals, strict=True):
            if isinstance(x, Tracer):
                raise ArgumentError(
                    f"The compiled {self.fun_name} was called with a traced value of type {x.aval} "
                    f"within {x.made_by}; transforms do not go through compiled programs.",
                    "Call the jitted function itself, which can be transformed.",
                )
            if not aval_of(x).same_type(aval):
                self._refuse(f"an argument of type {aval}", str(aval_of(x)))
        outs = self._native.run(*leaves)
        trace = current_trace()
        if trace is not None:
            trace.shown(self.fun_name, leaves, outs)
        return tree.unflatten(self.out_tree, outs)

    def _refuse(self, wanted: str, given: str) -> NoReturn:
        raise ArgumentError(
            f"{self.fun_name} was compiled for {wanted}, and called with {given}.",
            "Leave static arguments out; or call the jitted function itself, which compiles for "
            "new kinds of arguments.",
        )

    def as_text(self, stage: str = "assembly") -> str:
        """The program as text at a stage; one that was loaded has "jaxpr" alone."""
        return self._native.as_text(stage)

    def cost_analysis(self) -> dict[str, float]:
        """The work of one call, as the compiler counts it.

        ``"flops"`` are operations on numbers, ``"bytes accessed"`` what is read from memory and
        written, as if caches held what one kernel reads twice; a while loop counts as if it ran
        once. ``"kernels"``, ``"library calls"`` and ``"python calls"`` say what runs.

        >>> ft.jit(lambda x: x @ x).lower(np.ones((8, 8))).compile().cost_analysis()["flops"]
        1024.0
        """
        return self._native.costs()

    def memory_analysis(self) -> MemoryStats:
        """What one call needs in memory.

        >>> ft.jit(lambda x: x + 1.0).lower(np.ones(4)).compile().memory_analysis()
        MemoryStats(argument_size_in_bytes=32, output_size_in_bytes=32, alias_size_in_bytes=0, \
constant_size_in_bytes=0, temp_size_in_bytes=0, generated_code_size_in_bytes=...)
        """
        return MemoryStats(**self._native.memory())

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the program to a file, for :func:`functrans.load`; returns its checksum.

        The file holds machine code for this kind of processor and this version of functrans, and
        the constants. Donation is not kept: a loaded program overwrites nothing.

        Raises
        ------
        ExportError: programs with callbacks or primitives of your own; dicts with keys, or
            registered classes with auxiliary data, that are no numbers, strings or tuples.

        >>> import os, tempfile
        >>> compiled = ft.jit(lambda x: {"double": x + x}).lower(1.0).compile()
        >>> path = os.path.join(tempfile.mkdtemp(), "double.ftp")
        >>> digest = compiled.save(path)
        >>> ft.load(path, sha256=digest)(2.0)
        {'double': np.float64(4.0)}
        """
        from functrans.codegen import program_file  # heavy: with the compiler
        from functrans.codegen.executable import Executable  # as that

        if not isinstance(self._native, Executable):
            raise ExportError(
                f"{self!r} was loaded from a file.", "Copy that file; it is the whole program."
            )
        about = {
            "name": self.fun_name,
            "in_tree": _written_tree(self.in_tree),
            "out_tree": _written_tree(self.out_tree),
        }
        plain = self._native.keeping if self._native.donated else self._native
        return program_file.write(path, plain, about)


def load(
    path: str | os.PathLike[str], *, sha256: str | None = None, types: Iterable[type] = ()
) -> Compiled:
    """The program that :meth:`Compiled.save` wrote, ready to run: nothing is traced or compiled.

    Loading a program and calling it runs the machine code in the file, as importing an extension
    module does: load only files from those whose code you would run. The checksum in the file tells
    damage, not forgery; ``sha256``, the checksum that ``save`` returned, tells both.

    Parameters
    ----------
    sha256: the checksum that the file must have.
    types: the named tuples and registered classes among arguments and results; a file names classes
        and holds none.

    Raises
    ------
    ProgramFileError: a file that is damaged, or of another kind, version or machine; a class that
        is not among ``types``. OSError: a file that cannot be read.

    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "sine.ftp")
    >>> _ = ft.jit(np.sin).lower(np.zeros(2)).compile().save(path)
    >>> ft.load(path)(np.zeros(2))
    array([0., 0.])
    """
    from functrans.codegen import program_file  # heavy: with the compiler

    native, about = program_file.read(path, sha256)
    known = {_class_name(cls): cls for cls in types}
    in_tree = _read_tree(about["in_tree"], known)
    return Compiled(native, in_tree, _read_tree(about["out_tree"], known), about["name"])


# --- trees on file -------------------------------------------------------------------------------

_PLAIN: dict[str, type] = {"tuple": tuple, "list": list, "dict": dict, "None": type(None)}
_NAMES = {cls: name for name, cls in _PLAIN.items()}


def _written_tree(structure: tree.PyTreeDef) -> Any:
    """A tree as JSON: None for a leaf, else name of the class, what it keeps, children."""
    from functrans.codegen.program_file import to_json  # heavy: with the compiler

    cls = structure.type
    if cls is None:
        return None
    try:
        kept = to_json(structure.aux)
    except TypeError:
        raise ExportError(
            f"A program with a {cls.__name__} that keeps {structure.aux!r:.80} cannot be saved.",
            "Keys of dicts and what registered classes keep must be numbers, strings or tuples.",
        ) from None
    children = [_written_tree(child) for child in structure.children]
    return [_NAMES.get(cls) or _class_name(cls), kept, children]


def _read_tree(written: Any, known: Mapping[str, type]) -> tree.PyTreeDef:
    from functrans.codegen.program_file import from_json  # heavy: with the compiler

    if written is None:
        return tree.LEAF
    name, kept, below = written
    cls = _PLAIN.get(name) or known.get(name) or _own_class(name)
    if cls is None:
        raise ProgramFileError(
            f"The program takes or returns a {name}, which is not among types.",
            f"Write load(path, types=[{name.rpartition('.')[2]}]).",
        )
    children = tuple([_read_tree(child, known) for child in below])
    return tree.PyTreeDef(cls, from_json(kept), children, sum(c.num_leaves for c in children))


def _own_class(name: str) -> type | None:
    """A class of this package, such as that of random keys."""
    module, _, attribute = name.rpartition(".")
    if module.partition(".")[0] != __name__.partition(".")[0]:
        return None
    found = getattr(import_module(module), attribute, None)
    return found if isinstance(found, type) else None


def _class_name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
