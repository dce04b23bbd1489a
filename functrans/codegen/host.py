"""The machine we compile for: its target, its vectors and the libraries of this process."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import cache, wraps
from threading import RLock
from typing import Any, TypeVar

import llvmlite.binding as llvm

T = TypeVar("T")


def once(make: Callable[..., T]) -> Callable[..., T]:
    """``functools.cache`` for what must exist once in a process: threads wait for the first.

    ``cache`` lets two threads make a thing twice and drops one of them, though machine code may
    hold its address by then.

    >>> @once
    ... def table():
    ...     return [1, 2, 3]
    >>> table() is table()
    True
    """
    lock = RLock()
    known: dict[tuple[Any, ...], T] = {}

    @wraps(make)
    def made(*args: Any) -> T:
        if args not in known:
            with lock:
                if args not in known:
                    known[args] = make(*args)
        return known[args]

    return made


@once
def target() -> tuple[llvm.Target, str, str]:
    """LLVM's target of this machine, the processor's name and its features."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM cannot tell on some ARM machines
        features = ""
    cpu = llvm.get_host_cpu_name()
    if cpu.startswith("znver"):  # a gather or scatter takes longer than eight scalar instructions
        features += ",+prefer-no-gather,+prefer-no-scatter"
    return llvm.Target.from_default_triple(), cpu, features


def has_symbol(name: str) -> bool:
    """Whether compiled code could call this function of the process."""
    target()
    return llvm.address_of_symbol(name) is not None


def clock() -> int:
    """The address of POSIX' ``clock_gettime``, or 0 on systems without it."""
    if not hasattr(time, "clock_gettime"):
        return 0
    return ctypes.cast(ctypes.CDLL(None).clock_gettime, ctypes.c_void_p).value or 0


def python_function(name: str) -> int:
    """The address of a function of Python's C API."""
    value = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    assert value is not None
    return value


@cache
def vector_bits() -> int:
    """The width of this processor's vectors."""
    _, _, features = target()
    on = set(features.split(","))
    return 512 if "+avx512dq" in on else 256 if "+avx2" in on else 128
