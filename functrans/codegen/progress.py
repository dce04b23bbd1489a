"""What a loop shows of itself while it runs: bars of tqdm's, and calls of the user's functions.

A compiled loop calls a C function at its begin and end, and about ten times a second in between. A
loop in Python goes through ``watched``.
"""

from __future__ import annotations

import ctypes
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from functrans.codegen.fallback import DONE, Pending
from functrans.core.trace import running
from functrans.kernel import Progress

OPEN, SHOW, CLOSE, DROP = range(4)
"""What a compiled loop asks for: a bar for so many iterations (−1: nobody knows), to show so many,
to show them for the last time, or to drop the bar because of an error."""

SECONDS = 0.1  # between two calls

_Callback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def _bars() -> Any:
    """tqdm's class of bars for this terminal or notebook."""
    from tqdm import TqdmWarning  # optional, and only loops with a bar need it

    with warnings.catch_warnings():
        # A notebook without ipywidgets shows a bar of text, which serves as well.
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.auto import tqdm
    return tqdm


class Shown:
    """A loop that is being shown; ``total`` is None where nobody knows it."""

    def __init__(self, progress: Progress, total: int | None) -> None:
        self.function = progress.function
        self.total = total
        self.bar: Any = None
        if self.function is None:
            tqdm = _bars()
            options = dict(progress.options)
            words = [options.pop("desc", None), f"({progress.role})" if progress.role else None]
            self.bar = tqdm(total=total, desc=" ".join(filter(None, words)) or None, **options)

    def show(self, done: int) -> None:
        if self.function is not None:
            self.function(done, self.total)
        else:
            self.bar.update(done - self.bar.n)

    def close(self, done: int) -> None:
        """Show the last number, whenever the one before was shown."""
        self.show(done)
        self.drop()

    def drop(self) -> None:
        if self.bar is not None:
            self.bar.close()


def callback(progress: Progress, pending: Pending) -> Any:
    """The C function for a loop; it must be kept alive as long as the program.

    Loops that run at one time, in threads or one in the other, are told apart by an address.
    """
    shown: dict[int, Shown] = {}

    def run(loop: int, event: int, number: int) -> int:
        try:
            with running(None):
                if event == OPEN:
                    shown[loop] = Shown(progress, None if number < 0 else number)
                elif event == SHOW:
                    shown[loop].show(number)
                elif event == CLOSE:
                    shown.pop(loop).close(number)
                elif loop in shown:
                    with suppress(Exception):  # another one is on its way
                        shown.pop(loop).drop()
        except BaseException as error:  # C code lies between here and the caller: keep it for them
            pending.keep(error)
            return 0
        return DONE

    return _Callback(run)


@contextmanager
def watched(progress: Progress, total: int | None) -> Iterator[Any]:
    """A function to be called after every iteration of a loop in Python; shows it now and then."""
    shown = Shown(progress, total)
    done = 0
    due = 0.0

    def tick() -> None:
        nonlocal done, due
        done += 1
        now = time.monotonic()
        if now >= due:
            due = now + SECONDS
            shown.show(done)

    try:
        yield tick
        shown.show(done)
    finally:
        shown.drop()
