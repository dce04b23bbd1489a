"""A Jaxpr as a callable: passes, pipeline, machine code and call stub in one object."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar

import numpy as np

from functrans.codegen.call import make_stub
from functrans.codegen.compile import Compiled, compile_ir
from functrans.codegen.pipeline import Program, build
from functrans.core.avals import Aval, float0
from functrans.core.jaxpr import Jaxpr
from functrans.core.trace import busy
from functrans.errors import ArgumentError, OptionError
from functrans.passes.run import run

STAGES = ("jaxpr", "passes", "clusters", "loops", "buffers", "llvm", "optimised", "assembly")
"""What :meth:`Executable.as_text` can show, in the order of the pipeline."""


T = TypeVar("T")


class _MadeOnce(Generic[T]):
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


class Executable:
    """The compiled program of one Jaxpr.

    Calling it with flat arguments returns the tuple of results. Each stage is made on first need.

    >>> executable = ft.jit(lambda x: x + 1.0).lower(np.ones(2)).executable
    >>> executable(np.ones(2))
    (array([2., 2.]),)
    """

    def __init__(self, jaxpr: Jaxpr) -> None:
        self.jaxpr = jaxpr
        self.lock = RLock()

    @_MadeOnce
    def program(self) -> Program:
        """The pipeline's stages up to LLVM's text."""
        return build(run(self.jaxpr))

    @_MadeOnce
    def compiled(self) -> Compiled:
        """The machine code, from LLVM."""
        if self.program.workspace > sys.maxsize:
            raise MemoryError(f"The program needs a workspace of {self.program.workspace} bytes.")
        return compile_ir(self.program.ir, self.program.entry)

    @_MadeOnce
    def constants(self) -> Any:
        """The table of addresses that the code reads its constants through."""
        return self.program.constant_table()

    @_MadeOnce
    def run(self) -> Callable[..., tuple[Any, ...]]:
        """The native function from flat arguments to the tuple of results."""
        places = [i for i, a in enumerate(self.jaxpr.in_avals) if a.dtype != float0]
        if len(places) < len(self.jaxpr.invars):
            dense = Executable(_without_float0(self.jaxpr)).run
            return lambda *args: dense(*(args[i] for i in places))
        stub: Callable[..., tuple[Any, ...]] = self.stub(self._normalised, single=False)
        return stub

    def compile(self) -> float:
        """Make everything; returns the seconds it took."""
        start = time.perf_counter()
        self.run  # noqa: B018  (a cached property)
        return time.perf_counter() - start

    def __call__(self, *args: Any) -> tuple[Any, ...]:
        return self.run(*args)

    def stub(
        self, miss: Callable[..., Any], single: bool, guarded: bool = False
    ) -> Callable[..., Any]:
        """A native function for these types; other arguments go to ``miss``.

        A guarded one also goes there while any trace is open.
        """
        program = self.program
        if any(a.dtype == float0 for a in program.in_avals):
            return miss
        return make_stub(
            self.compiled.address,
            program.in_avals,
            program.out_avals,
            self.constants.ctypes.data,
            program.workspace,
            single,
            miss,
            self._fail,
            busy_address=busy.cell.ctypes.data if guarded else 0,
            keep=(self,),
        )

    def _fail(self, status: int) -> Any:
        raise self.program.error(status)

    def _normalised(self, *args: Any) -> tuple[Any, ...]:
        """The call with arguments brought into the form that the native code reads."""
        fixed = [_normal(x, a) for x, a in zip(args, self.program.in_avals, strict=True)]
        if all(x is y for x, y in zip(fixed, args, strict=True)):
            for x in args:
                if isinstance(x, int) and not -(2**63) <= x < 2**63:
                    raise ArgumentError(
                        f"The Python integer {x} does not fit into int64.",
                        "Pass a float, or an array of a dtype that holds it.",
                    )
            raise AssertionError(f"the call stub refused {self.program.in_avals}")
        return self.run(*fixed)

    def as_text(self, stage: str = "llvm") -> str:
        """The program at one of :data:`STAGES`."""
        if stage == "optimised":
            return self.compiled.optimised_ir()
        if stage == "assembly":
            return self.compiled.assembly()
        if stage == "jaxpr":
            return str(self.jaxpr)
        if stage not in STAGES:
            raise OptionError(f"There is no stage {stage!r}.", f"Choose from {', '.join(STAGES)}.")
        return self.program.as_text("jaxpr" if stage == "passes" else stage)


def _without_float0(jaxpr: Jaxpr) -> Jaxpr:
    """Inputs of dtype float0 hold no information: they become constants."""
    empty = [v for v in jaxpr.invars if v.aval.dtype == float0]
    return Jaxpr(
        [*jaxpr.constvars, *empty],
        [*jaxpr.consts, *(np.zeros(v.aval.shape, float0) for v in empty)],
        [v for v in jaxpr.invars if v.aval.dtype != float0],
        jaxpr.eqns,
        jaxpr.outvars,
    )


def _normal(x: Any, aval: Aval) -> Any:
    """A contiguous, aligned array in native byte order; a scalar for rank 0."""
    if aval.weak:
        return {"f": float, "i": int, "c": complex, "b": bool}[aval.dtype.kind](x)
    if aval.shape == ():
        return np.asarray(x, aval.dtype)[()] if not isinstance(x, aval.dtype.type) else x
    return np.require(np.asarray(x), aval.dtype, ["C", "A"])
