"""A Jaxpr as a callable: passes, pipeline, machine code and call stub in one object."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from functrans.codegen import cache, link
from functrans.codegen.call import Signature, make_stub
from functrans.codegen.compile import Compiled, assembly, compile_ir, load_kept, optimised_ir
from functrans.codegen.dump import dump
from functrans.codegen.key import program_key
from functrans.codegen.work import is_long
from functrans.core.avals import Aval, float0
from functrans.core.jaxpr import Jaxpr
from functrans.core.trace import busy
from functrans.errors import ArgumentError, CheckError, OptionError

if TYPE_CHECKING:
    from functrans.codegen.pipeline import Program
    from functrans.codegen.report import Report

STAGES = (
    "jaxpr", "passes", "statements", "clusters", "loops", "buffers", "llvm", "optimised",
    "assembly",
)  # fmt: skip
"""What :meth:`Executable.as_text` can show, in the order of the pipeline."""


T = TypeVar("T")


class MadeOnce(Generic[T]):
    """A cached property that threads wait for: ``functools.cached_property`` has no lock.

    Were a stage made twice, the machine code behind a stub could be freed with the copy that lost.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> T:
        if instance is None:
            return self  # type: ignore[return-value]  # the class' attribute, for help()
        with instance.lock:
            if self._name not in instance.__dict__:
                instance.__dict__[self._name] = self._make(instance)
            made: T = instance.__dict__[self._name]
            return made


@dataclass(frozen=True, slots=True)
class Loaded:
    """Machine code, the workspace of a call in bytes, and what the table of constants points to."""

    compiled: Compiled
    workspace: int
    constants: Sequence[Any]
    donors: Mapping[int, int] = field(default_factory=dict)  # output -> argument it overwrites


class Native:
    """Machine code for arguments of certain types, and the ways to call it.

    ``loaded`` is the code. ``is_long`` says whether other threads get their turn while it runs.
    """

    loaded: Loaded

    def __init__(self, in_avals: Sequence[Aval], out_avals: Sequence[Aval]) -> None:
        self.in_avals = in_avals
        self.out_avals = out_avals
        self.lock = RLock()

    @property
    def is_long(self) -> bool:
        raise NotImplementedError

    def error(self, status: int) -> BaseException:
        """The exception behind a status that the code returned."""
        raise NotImplementedError

    def as_text(self, stage: str) -> str:
        """The program as text at a stage."""
        raise NotImplementedError

    def costs(self) -> dict[str, float]:
        """The work of one call."""
        raise NotImplementedError

    def memory(self) -> dict[str, int]:
        """The memory of one call and of the code, in bytes."""
        raise NotImplementedError

    @MadeOnce
    def constants(self) -> Any:
        """The table of addresses that the code reads its constants through."""
        return link.table(self.loaded.constants)

    @MadeOnce
    def run(self) -> Callable[..., tuple[Any, ...]]:
        """The native function from flat arguments to the tuple of results."""
        stub: Callable[..., tuple[Any, ...]] = self.stub(self._normalised)
        return stub

    def stub(
        self,
        miss: Callable[..., Any],
        signature: Signature | None = None,
        guarded: bool = False,
    ) -> Callable[..., Any]:
        """A native function for these types; other arguments go to ``miss``.

        Without a signature it takes the leaves and returns their tuple. A guarded one also goes to
        ``miss`` while any trace is open.
        """
        if any(a.dtype == float0 for a in self.in_avals):
            return miss
        return make_stub(
            self.loaded.compiled.address,
            self.in_avals,
            self.out_avals,
            self.constants.ctypes.data,
            self.loaded.workspace,
            signature or Signature.flat(len(self.in_avals), len(self.out_avals)),
            miss,
            self._fail,
            busy_address=busy.cell.ctypes.data if guarded else 0,
            release_gil=self.is_long,
            donors=self.loaded.donors,
            keep=(self,),
        )

    def _fail(self, status: int) -> Any:
        raise self.error(status)

    def _normalised(self, *args: Any) -> tuple[Any, ...]:
        """The call with arguments brought into the form that the native code reads."""
        fixed = [normal(x, a) for x, a in zip(args, self.in_avals, strict=True)]
        if all(x is y for x, y in zip(fixed, args, strict=True)):
            for x in args:
                if isinstance(x, int) and not -(2**63) <= x < 2**63:
                    raise ArgumentError(
                        f"The Python integer {x} does not fit into int64.",
                        "Pass a float, or an array of a dtype that holds it.",
                    )
            raise AssertionError(f"the call stub refused {self.in_avals}")
        return self.run(*fixed)


class Executable(Native):
    """The compiled program of one Jaxpr.

    Calling it with flat arguments returns the tuple of results. Each stage is made on first need;
    of a program that the cache on disk has, only machine code and tables are.

    >>> executable = ft.jit(lambda x: x + 1.0).lower(np.ones(2)).executable
    >>> executable(np.ones(2))
    (array([2., 2.]),)
    """

    def __init__(self, jaxpr: Jaxpr, donated: Collection[int] = ()) -> None:
        """``donated`` are the arguments that results may overwrite."""
        super().__init__(jaxpr.in_avals, jaxpr.out_avals)
        self.jaxpr = jaxpr
        self.donated = donated
        self._passes_seconds = self._build_seconds = 0.0

    @MadeOnce
    def program(self) -> Program:
        """The pipeline's stages up to LLVM's text."""
        # Imported here: a process whose programs are all in the cache does without.
        from functrans.codegen.pipeline import build
        from functrans.passes.run import run  # and without this

        start = time.perf_counter()
        simple = run(self.jaxpr)
        middle = time.perf_counter()
        program = build(simple, donors=_donors(self.jaxpr, self.donated))
        self._passes_seconds = middle - start
        self._build_seconds = time.perf_counter() - middle
        return program

    @MadeOnce
    def loaded(self) -> Loaded:
        """What runs, from the cache on disk or made now."""
        dump(self.jaxpr, STAGES, self.as_text)
        unkept = self.donated or os.environ.get("FUNCTRANS_DUMP")
        named = None if unkept else program_key(self.jaxpr)
        if named is None:
            return self._made()
        key, arrays = named
        kept = cache.get(key)
        found = None if kept is None else _from_cache(kept, arrays)
        if found is not None and os.environ.get("FUNCTRANS_CHECK") != "1":
            return found
        made = self._made()
        image = self._image(made.compiled).to_bytes(arrays)
        if found is not None and image != kept:
            raise CheckError(f"The cache has another program under the key {key.hex()}.")
        if image is not None and image != kept:
            cache.put(key, image)
        return found or made

    def _made(self) -> Loaded:
        program = self.program
        if program.workspace > sys.maxsize:
            raise MemoryError(f"The program needs a workspace of {program.workspace} bytes.")
        compiled = compile_ir(program.ir, program.entry)
        return Loaded(compiled, program.workspace, program.constants, program.buffers.donors)

    def _image(self, compiled: Compiled) -> link.Image:
        assert compiled.key is not None, "a program has a key only where texts have"
        return link.Image(compiled.key, self.program.workspace, tuple(self.program.entries))

    @MadeOnce
    def compiled(self) -> Compiled:
        """The machine code, from LLVM."""
        return self.loaded.compiled

    @MadeOnce
    def run(self) -> Callable[..., tuple[Any, ...]]:
        """The native function from flat arguments to the tuple of results."""
        places = [i for i, a in enumerate(self.jaxpr.in_avals) if a.dtype != float0]
        if len(places) < len(self.jaxpr.invars):
            dense = Executable(without_float0(self.jaxpr)).run
            return lambda *args: dense(*(args[i] for i in places))
        stub: Callable[..., tuple[Any, ...]] = self.stub(self._normalised)
        return stub

    @MadeOnce
    def keeping(self) -> Executable:
        """The same program, overwriting nothing."""
        return Executable(self.jaxpr)

    def compile(self) -> float:
        """Make everything; returns the seconds it took."""
        start = time.perf_counter()
        self.run  # noqa: B018  (a cached property)
        return time.perf_counter() - start

    def __call__(self, *args: Any) -> tuple[Any, ...]:
        return self.run(*args)

    @property
    def is_long(self) -> bool:
        return is_long(self.jaxpr)

    def error(self, status: int) -> BaseException:
        return self.program.error(status)

    def _normalised(self, *args: Any) -> tuple[Any, ...]:
        if self.donated:  # and not one to be overwritten: read-only, or used twice
            return self.keeping.run(*args)
        return super()._normalised(*args)

    def report(self) -> Report:
        """What the program consists of, and the time that making it took; compiles it."""
        from functrans.codegen.report import Times  # a process may do without, as above

        report = self.program.report()
        compiled = self.compiled
        report.times = Times(
            passes=self._passes_seconds,
            build=self._build_seconds,
            llvm=compiled.seconds,
            cached=compiled.cached,
        )
        return report

    def costs(self) -> dict[str, float]:
        report = self.program.report()
        return {
            "flops": float(report.flops),
            "bytes accessed": float(report.bytes),
            "kernels": float(len(report.kernels)),
            "library calls": float(len(report.library_calls)),
            "python calls": float(len(report.fallbacks)),
        }

    def memory(self) -> dict[str, int]:
        memory = self.program.report().memory
        return {
            "argument_size_in_bytes": memory.arguments,
            "output_size_in_bytes": memory.results,
            "alias_size_in_bytes": sum(self.out_avals[i].nbytes for i in self.loaded.donors),
            "constant_size_in_bytes": memory.constants,
            "temp_size_in_bytes": memory.workspace,
            "generated_code_size_in_bytes": len(self.loaded.compiled.object_code),
        }

    def as_text(self, stage: str = "llvm") -> str:
        """The program at one of :data:`STAGES`."""
        if stage == "optimised":
            return optimised_ir(self.program.ir)
        if stage == "assembly":
            return assembly(self.program.ir)
        if stage == "jaxpr":
            return str(self.jaxpr)
        if stage not in STAGES:
            raise OptionError(f"There is no stage {stage!r}.", f"Choose from {', '.join(STAGES)}.")
        return self.program.as_text("jaxpr" if stage == "passes" else stage)


def _from_cache(content: bytes, arrays: Sequence[Any]) -> Loaded | None:
    """The program of an image, if the cache has its machine code too."""
    image = link.Image.from_bytes(content, arrays)
    compiled = load_kept(image.code, link.ENTRY)
    if compiled is None:
        return None
    return Loaded(compiled, image.workspace, [link.linked(entry) for entry in image.entries])


def _donors(jaxpr: Jaxpr, donated: Collection[int]) -> dict[int, list[int]]:
    """For each output the donated arguments of its type."""
    return {
        output: [i for i in donated if jaxpr.in_avals[i].same_type(aval)]
        for output, aval in enumerate(jaxpr.out_avals if donated else ())
        if aval.ndim
    }


def without_float0(jaxpr: Jaxpr) -> Jaxpr:
    """Inputs of dtype float0 hold no information: they become constants."""
    empty = [v for v in jaxpr.invars if v.aval.dtype == float0]
    return Jaxpr(
        [*jaxpr.constvars, *empty],
        [*jaxpr.consts, *(np.zeros(v.aval.shape, float0) for v in empty)],
        [v for v in jaxpr.invars if v.aval.dtype != float0],
        jaxpr.eqns,
        jaxpr.outvars,
    )


def normal(x: Any, aval: Aval) -> Any:
    """A contiguous, aligned array in native byte order; a scalar for rank 0."""
    if aval.weak:
        return {"f": float, "i": int, "c": complex, "b": bool}[aval.dtype.kind](x)
    if aval.shape == ():
        return np.asarray(x, aval.dtype)[()] if not isinstance(x, aval.dtype.type) else x
    return np.require(np.asarray(x), aval.dtype, ["C", "A"])
