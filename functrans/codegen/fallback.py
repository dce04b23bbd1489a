"""What compiled code calls for an equation without native code: its NumPy implementation.

The call gets two tables of data pointers, wraps them as arrays and copies the results into the
outputs. An exception is kept for the thread that met it, and the program ends with a status.
An interrupt can come before Python code can keep it; then the callback's result is never set.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from functrans.core.avals import Aval
from functrans.core.primitive import Primitive
from functrans.core.trace import running
from functrans.errors import Source, current_line

if TYPE_CHECKING:  # a process whose programs come from files does without
    from functrans.codegen.statements import NumpyCall

DONE = 0x600D
"""What a callback returns when all went well: nothing that an unset result could be by chance."""

FAILED = 0x7FFF_FFFF
"""The status of a program one of whose callbacks did not return :data:`DONE`."""

NO_MEMORY = FAILED - 1
"""The status of a program that was refused the memory for the rows of a loop."""

_Callback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)


class Pending:
    """The exceptions that callbacks met, one for each thread until it is taken."""

    def __init__(self) -> None:
        self._errors: dict[int, BaseException] = {}

    def keep(self, error: BaseException) -> None:
        self._errors[threading.get_ident()] = error

    def take(self) -> BaseException | None:
        return self._errors.pop(threading.get_ident(), None)

    def error(self, status: int) -> BaseException | None:
        """The exception behind a status that stands for no equation of the program."""
        kept = self.take()
        if kept is not None:
            return kept
        if status == FAILED:  # no Python code of the callback ran: only an interrupt does that
            return KeyboardInterrupt()
        if status == NO_MEMORY:
            return MemoryError(
                "There is no memory for what a loop keeps of every iteration for its derivative; "
                "give it a budget with checkpoint=."
            )
        return None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a callback needs to know of its equation.

    ``operands`` are types, and the values of literals.
    """

    primitive: Primitive
    params: dict[str, Any]
    operands: tuple[Any, ...]
    results: tuple[Aval, ...]
    source: Source | None

    @classmethod
    def of(cls, call: NumpyCall) -> Self:
        eqn = call.eqn
        operands = tuple(
            region.value.literal if region.value.kind == "literal" else atom.aval
            for region, atom in zip(call.reads, eqn.invars, strict=True)
        )
        results = tuple(v.aval for v in eqn.outvars)
        return cls(eqn.primitive, eqn.params, operands, results, eqn.source)


def callback(call: Evaluation, pending: Pending) -> Any:
    """A C function that runs the equation; it must be kept alive as long as the program."""
    function, params = call.primitive.impl, call.params
    readers: list[Callable[[Any], Any]] = []
    position = 0
    for operand in call.operands:
        if isinstance(operand, Aval):
            readers.append(_reader(position, operand))
            position += 1
        else:
            readers.append(_constant(operand))
    avals = call.results
    multiple = call.primitive.multiple

    def run(reads: int, writes: int) -> int:
        line = current_line.set(call.source)
        try:
            sources = (ctypes.c_void_p * max(position, 1)).from_address(reads)
            targets = (ctypes.c_void_p * max(len(avals), 1)).from_address(writes)
            with running(None):
                result = function(*[read(sources) for read in readers], **params)
            results = result if multiple else [result]
            for i, (aval, value) in enumerate(zip(avals, results, strict=True)):
                if aval.nbytes:
                    np.copyto(_array(targets[i], aval), value)
        except BaseException as error:  # C code lies between here and the caller: keep it for them
            pending.keep(error)
            return 0
        finally:
            current_line.reset(line)
        return DONE

    return _Callback(run)


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda sources: value


def _reader(position: int, aval: Aval) -> Callable[[Any], Any]:
    def read(sources: Any) -> Any:
        array = _array(sources[position], aval)
        if aval.shape == ():
            return array.item() if aval.weak else array[()]
        array.flags.writeable = False
        return array

    return read


def _array(address: int | None, aval: Aval) -> Any:
    if not aval.nbytes or address is None:
        return np.zeros(aval.shape, aval.dtype)
    buffer: Any = (ctypes.c_char * aval.nbytes).from_address(address)
    return np.ndarray(aval.shape, aval.dtype, buffer)
