"""For finding out what a program does: its values while it runs, traces, compilations, memory.

>>> import numpy as np
>>> import functrans as ft
>>> f = ft.jit(lambda x: x + 1.0)
>>> before = ft.debug.counters.traces
>>> _ = f(np.ones(3)), f(np.zeros(3))
>>> ft.debug.counters.traces - before
1
>>> ft.debug.clear_memory()
>>> ft.debug.memory().idle
0
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functrans.codegen.pool import Memory, memory
from functrans.codegen.pool import clear as clear_memory
from functrans.codegen.pool import set_limit as set_memory_limit
from functrans.control.call import Counters, counters
from functrans.control.callback import call_back, check_format
from functrans.transforms.stage import check_callable

__all__ = [
    "Counters",
    "Memory",
    "callback",
    "clear_memory",
    "counters",
    "memory",
    "print",
    "set_memory_limit",
]


def callback(
    callback: Callable[..., Any], *args: Any, ordered: bool = False, **kwargs: Any
) -> None:
    """Call a Python function with values of the program, whenever it gets there.

    It runs in compiled programs and loops too, once for each example under :func:`vmap`, and with
    the values, not the tangents, under derivatives. Calls come in the program's order. What the
    function returns is ignored; what it raises arrives as it is at the caller of the program.

    Parameters
    ----------
    callback: gets copies of the arrays, NumPy scalars for rank 0, and all else as it was given.
    ordered: accepted for compatibility; calls are ordered either way.

    Raises
    ------
    ArgumentError: ``callback`` is no function.

    >>> seen = []
    >>> @ft.jit
    ... def f(x):
    ...     ft.debug.callback(lambda y: seen.append(float(y)), x * 2.0)
    ...     return x
    >>> _ = f(1.0), f(4.0)
    >>> seen
    [2.0, 8.0]
    """
    check_callable("debug.callback", callback)
    call_back("debug.callback", _Ignored(callback), None, args, kwargs, has_statics=True)


def print(fmt: str, *args: Any, ordered: bool = False, **kwargs: Any) -> None:
    """Print values of the program whenever it gets there: ``print(fmt.format(*args, **kwargs))``.

    As :func:`callback` it works in compiled programs, loops and derivatives; under :func:`vmap`
    it prints one line for each example.

    Parameters
    ----------
    fmt: a format string as of ``str.format``, not an f-string, whose values are not known yet.
    ordered: accepted for compatibility; lines are in the program's order either way.

    Raises
    ------
    OptionError: an argument that ``fmt`` does not use. IndexError, KeyError: one that it lacks.

    >>> @ft.jit
    ... def f(x):
    ...     ft.debug.print("x = {:.2f}, x² = {square}", x, square=x * x)
    ...     return x
    >>> _ = f(1.5)
    x = 1.50, x² = 2.25
    """
    check_format("debug.print", fmt, args, kwargs)
    call_back("debug.print", _Printed(fmt), None, args, kwargs, has_statics=True)


@dataclass(frozen=True, slots=True)
class _Ignored:
    """A function whose results do not matter."""

    function: Callable[..., Any]

    def __str__(self) -> str:
        return str(getattr(self.function, "__name__", self.function))

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self.function(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class _Printed:
    """Prints in a format; equal for equal formats, so that programs with it are known again."""

    fmt: str

    def __str__(self) -> str:
        return repr(self.fmt)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        builtins.print(self.fmt.format(*args, **kwargs))
