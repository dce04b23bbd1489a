"""Hints: what users say about how a loop is to run, checked."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any

import numpy as np

from functrans.errors import MissingPackageError, OptionError
from functrans.kernel import Hints, Progress


def hints_of(unroll: Any, progress: Any, steps: int | None = None) -> Hints | None:
    """What a loop is told, of so many iterations if that is known; None if that is nothing."""
    if not isinstance(unroll, bool | int | np.integer) or (unroll < 1 and unroll is not False):
        raise OptionError(
            f"unroll is {unroll!r}, which is no positive number of iterations.",
            "Leave it out, or give a positive int or a bool.",
        )
    most = 1 if steps is None else steps
    times = max(min(most if unroll is True else int(unroll), most), 1)
    shown = _progress_of(progress)
    return None if times == 1 and shown is None else Hints(times, shown)


def told(hints: Hints | None) -> dict[str, Any]:
    """Hints as a parameter of the operation, which has none where it is told nothing."""
    return {} if hints is None else {"hints": hints}


def in_role(hints: Hints | None, role: str) -> Hints | None:
    """The hints of a loop that computes another part of a derivative."""
    return None if hints is None else hints.of(role)


def watched(hints: Hints | None, total: int | None) -> AbstractContextManager[Any]:
    """A function to be called after every iteration of a loop in Python."""
    if hints is None or hints.progress is None:
        return nullcontext(lambda: None)
    from functrans.codegen import progress  # the compiler's, which a loop in Python needs only here

    return progress.watched(hints.progress, total)


def _progress_of(given: Any) -> Progress | None:
    if given is None or given is False:
        return None
    if callable(given):
        return Progress(function=given)
    if given is True:
        given = {}
    elif isinstance(given, str):
        given = {"desc": given}
    if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
        raise OptionError(
            f"progress is {given!r:.60}, which says nothing about a bar.",
            "Give True, a title, a dict of tqdm's keywords, or a function of (done, total).",
        )
    for name, value in given.items():
        if not isinstance(value, Hashable):
            raise OptionError(
                f"progress has {name}={value!r:.60}, which cannot be hashed.",
                "Programs are remembered by what they show: give values that can be hashed.",
            )
    if find_spec("tqdm") is None:
        raise MissingPackageError(
            "progress bars are drawn by tqdm, which is not installed.",
            "Run pip install tqdm, or give a function: progress=lambda done, total: …",
        )
    return Progress(tuple(sorted(given.items())))
