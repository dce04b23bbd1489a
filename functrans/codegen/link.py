"""The table of constants: what compiled code finds through it, and where that is in this process.

An entry is an array, the name of a library's routine, or an equation for NumPy. Names can be
written down, so that a program that is kept on disk finds its routines again (``Image``).
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

from functrans.codegen import call, library
from functrans.core.avals import is_inexact
from functrans.kernel import Progress


@dataclass(frozen=True, slots=True)
class RoutineAddress:
    """A table entry: the address of a BLAS routine."""

    routine: str


@dataclass(frozen=True, slots=True)
class PythonAddress:
    """A table entry: the address of a function of Python's C API."""

    function: str


@dataclass(frozen=True, slots=True)
class LoopAddress:
    """A table entry: a record of the inner loop of a ufunc, the addresses of code and data."""

    routine: str
    types: str


@dataclass(frozen=True, slots=True)
class PoolAddress:
    """A table entry: the address of a function of the pool of memory, or of its table."""

    function: str


ENTRY = "functrans_entry"
"""The function of a module that runs the program."""

Routine = RoutineAddress | LoopAddress | PythonAddress | PoolAddress | Progress


def linked(entry: Any) -> Any:
    """What a table entry is in this process: an array, an address or a C callback."""
    match entry:
        case RoutineAddress():
            return library.blas_routine(entry.routine)
        case PythonAddress():
            return call.unlocked(entry.function)
        case PoolAddress():
            return call.pool_address(entry.function)
        case LoopAddress():
            return np.array(library.special_loop(entry.routine, entry.types), np.uintp)
        case np.ndarray() | np.generic():
            return np.require(entry, entry.dtype.newbyteorder("="), ["C", "A"])
    raise TypeError(f"{entry!r:.60} is nothing that compiled code can read")


def table(things: Sequence[Any]) -> np.ndarray[Any, Any]:
    """The addresses of linked entries. Whoever holds the table must hold them too."""
    return np.array([_address(thing) for thing in things] or [0], np.uintp)


def _address(thing: Any) -> int:
    if isinstance(thing, int):
        return thing
    if isinstance(thing, np.ndarray):
        return thing.ctypes.data
    return ctypes.cast(thing, ctypes.c_void_p).value or 0


# --- on disk -------------------------------------------------------------------------------------

_LARGEST_TABLE = 1 << 16  # bytes

_ROUTINES: dict[str, type[Routine]] = {
    "blas": RoutineAddress,
    "python": PythonAddress,
    "loop": LoopAddress,
    "pool": PoolAddress,
}


@dataclass(frozen=True, slots=True)
class Image:
    """What a program needs to run, without how it was made.

    Attributes
    ----------
    code: the key of its machine code in the cache.
    workspace: bytes of memory, aligned to 64, that each call needs.
    entries: of its table of constants.
    """

    code: bytes
    workspace: int
    entries: tuple[Any, ...]

    def to_bytes(self, arrays: Sequence[Any]) -> bytes | None:
        """The image as text; None if an entry has neither a name nor content that can be kept.

        ``arrays`` are those that the Jaxpr holds. They are written as their number.
        """
        numbers = {id(array): i for i, array in enumerate(arrays)}
        try:
            entries = [written(entry, numbers) for entry in self.entries]
        except TypeError:
            return None
        return json.dumps([self.code.hex(), self.workspace, entries]).encode()

    @classmethod
    def from_bytes(cls, data: bytes, arrays: Sequence[Any]) -> Image:
        """The image as it was written, of a program that holds these arrays."""
        code, workspace, entries = json.loads(data)
        return cls(bytes.fromhex(code), workspace, tuple(read(e, arrays) for e in entries))


def written(entry: Any, numbers: dict[int, int]) -> list[Any]:
    """An entry as JSON; arrays with a number, by ``id``, as that number.

    Raises TypeError for what has neither a name nor content that can be kept.
    """
    if id(entry) in numbers:
        return ["array", numbers[id(entry)]]
    if isinstance(entry, np.ndarray) and _is_made_of_the_key(entry):
        return ["table", entry.dtype.str, entry.shape, entry.tobytes().hex()]
    for kind, record in _ROUTINES.items():
        if isinstance(entry, record):
            return [kind, *astuple(entry)]
    raise TypeError(f"{entry!r:.60} cannot be written down")


def read(entry: Sequence[Any], arrays: Sequence[Any]) -> Any:
    """The entry that ``written`` wrote."""
    kind, *rest = entry
    if kind == "array":
        return arrays[rest[0]]
    if kind == "table":
        dtype, shape, data = rest
        return np.frombuffer(bytes.fromhex(data), dtype).reshape(shape)
    return _ROUTINES[kind](*rest)


def _is_made_of_the_key(array: np.ndarray[Any, Any]) -> bool:
    """Whether the compiler can have made an array from what a program's key holds.

    Numbers and tables of integers it can; values of larger floating arrays are in no key.
    """
    return array.nbytes <= _LARGEST_TABLE and (array.ndim == 0 or not is_inexact(array.dtype))
