"""Every error a user can meet: its class, what happened, on which line of theirs, what to do.

Each class derives from the built-in exception that NumPy or Python users would catch, and carries
``line``: the line of the user's own code that led here.

>>> import functrans as ft
>>> try:
...     ft.grad(lambda x: x)(1)
... except ft.errors.IntegerInputError as error:
...     print(type(error).__mro__[1].__name__)
DtypeError
"""

from __future__ import annotations

import linecache
import os
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

import numpy as np

_PACKAGE = os.path.dirname(__file__) + os.sep  # not made absolute: as in the names of code
_USER_FILES = (os.path.join(_PACKAGE, "demo", "demo.py"),)  # shipped programs that are users


@dataclass(frozen=True, slots=True)
class Source:
    """A place in the user's code."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{os.path.basename(self.place)} ({self.function})"

    @property
    def place(self) -> str:
        """The file and the line; in a notebook, whose files have numbers as names, "cell"."""
        in_notebook = os.path.basename(os.path.dirname(self.file)).startswith("ipykernel_")
        return f"{'cell' if in_notebook else self.file}:{self.line}"

    @property
    def text(self) -> str:
        """The line's text, or the empty string where the file cannot be read."""
        return linecache.getline(self.file, self.line).strip()


def _is_ours(file: str) -> bool:
    return file.startswith(_PACKAGE) and file not in _USER_FILES


current_line: ContextVar[Source | None] = ContextVar("functrans_line", default=None)
"""The line whose equation is being interpreted again, when programs rather than functions run."""


def user_source() -> Source | None:
    """The user's own line: that of the running equation, or of the innermost frame not ours."""
    line = current_line.get()
    if line is not None:
        return line
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (
        _is_ours(frame.f_code.co_filename)
        or frame.f_globals.get("__name__", "").startswith(("numpy.", "scipy."))
    ):
        frame = frame.f_back
    if frame is None:
        return None
    code = frame.f_code
    return Source(code.co_filename, frame.f_lineno, code.co_name)


class FunctransError(Exception):
    """Base of all errors that functrans raises on purpose.

    Parameters
    ----------
    what: what happened, in one sentence.
    remedy: what the reader should do; without one, what usually helps with this class.
    line: the user's line; found from the call stack when not given.
    """

    usual_remedy = ""

    def __init__(self, what: str, remedy: str = "", line: Source | None = None) -> None:
        self.what = what
        self.remedy = remedy = remedy or self.usual_remedy
        self.line = line or user_source()
        parts = [what]
        if self.line is not None:
            parts.append(f"  at {self.line.place}, in {self.line.function}")
            if self.line.text:
                parts.append(f"    {self.line.text}")
        if remedy:
            parts.append(f"  What to do: {remedy}")
        parts.append(f"  Documentation: errors#{type(self).__name__.lower()}")
        super().__init__("\n".join(parts))

    def __reduce__(self) -> Any:
        return type(self), (self.what, self.remedy, self.line)

    def _render_traceback_(self) -> list[str]:
        """What IPython and Jupyter show: the user's frames, and the message."""
        shell = sys.modules["IPython"].get_ipython()
        tb = _without_ours(self.__traceback__)
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, tb)
        return lines


def _without_ours(tb: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames of this package."""
    entries = []
    while tb is not None:
        if not _is_ours(tb.tb_frame.f_code.co_filename):
            entries.append(tb)
        tb = tb.tb_next
    rest = None
    for entry in reversed(entries):
        rest = TracebackType(rest, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return rest


class ShapeError(FunctransError, ValueError):
    """Shapes that do not fit together, or a shape that an operation cannot take."""

    usual_remedy = "Look at the shapes on that line, for example with print(x.shape)."


class DtypeError(FunctransError, TypeError):
    """A dtype that an operation or a transform cannot take."""

    usual_remedy = "Convert the value with x.astype(dtype), or use an operation for its dtype."


class IntegerInputError(DtypeError):
    """``grad`` and its kin were asked for a derivative with respect to integers or booleans."""


class ComplexInputError(DtypeError):
    """A complex value where ``holomorphic=True`` was needed, or a real one where it was given."""

    usual_remedy = "Give complex values, or leave out holomorphic=True."


class ScalarOutputError(FunctransError, TypeError):
    """``grad`` of a function whose output is not one real scalar."""


class ArgumentError(FunctransError, TypeError):
    """A value that is no array: strings, objects, ragged lists, wrong argument numbers."""

    usual_remedy = "Pass arrays or numbers, as many as the function's documentation says."


class OptionError(FunctransError, ValueError):
    """An option (argnums, in_axes, mode, …) with a value that it cannot take."""

    usual_remedy = "Give the option a value that the function's documentation names."


class TreeError(FunctransError, ValueError):
    """Two trees (arguments, tangents, axes) whose structures differ."""

    usual_remedy = "Give both the same containers with the same keys."


class TypeMismatchError(FunctransError, TypeError):
    """Values whose structure, shape or dtype is not that of others: tangents, carries, branches."""

    usual_remedy = "Give both the same containers, shapes and dtypes; convert with x.astype(dtype)."


class VmapError(FunctransError, ValueError):
    """Sizes or axes that ``vmap`` cannot map over."""

    usual_remedy = "Choose in_axes and out_axes that the shapes have."


class UnboundAxisError(FunctransError, NameError):
    """A collective across an axis whose name no ``vmap`` around has given."""

    usual_remedy = "Name the axis in the vmap around: vmap(f, axis_name=…)."


class StaticArgumentError(FunctransError, ValueError):
    """A static argument of ``jit`` that cannot be hashed."""


class MissingRuleError(FunctransError, NotImplementedError):
    """A primitive has no rule for this transform; the message carries the reason."""


class LinearityError(MissingRuleError):
    """A function that must be linear, as a derivative rule is in its tangents, is not."""


class CustomRuleError(FunctransError, TypeError):
    """A derivative or batch rule of the user's own is missing, or returned what it must not."""

    usual_remedy = "Look at the rule's documentation for what it is given and must return."


class ConcretizationTypeError(FunctransError, TypeError):
    """Python needed the value of an array that is only traced."""


class TracerBoolConversionError(ConcretizationTypeError):
    """``if``, ``while``, ``and``, ``or`` or ``bool`` on a traced value."""


class TracerIntegerConversionError(ConcretizationTypeError):
    """A traced value used as a Python integer, or as an index into a NumPy array or list."""


class TracerArrayConversionError(ConcretizationTypeError):
    """A traced value where NumPy wants a real array."""


class NonConcreteBooleanIndexError(FunctransError, IndexError):
    """A boolean mask, whose number of true elements is unknown, as an index under jit or vmap."""


class TracerItemAssignmentError(FunctransError, TypeError):
    """``x[i] = v`` on a traced value."""


class UnexpectedTracerError(FunctransError, RuntimeError):
    """A traced value outlived the transform that made it."""


class RecordingError(FunctransError, RuntimeError):
    """A recording or a tape that is open, closed or used up where it should not be."""


class IndexBoundsError(FunctransError, IndexError):
    """An index out of bounds."""


class LinAlgError(FunctransError, np.linalg.LinAlgError):
    """A matrix without the factorisation, inverse or solution that was asked for."""

    usual_remedy = "Look at the matrix on that line, for example with np.linalg.cond(a)."


class NonFiniteError(FunctransError, FloatingPointError):
    """An operation gave a NaN or an infinite number under debug_nans or debug_infs."""

    usual_remedy = (
        "Look at the operands on that line; numpy.where on them keeps derivatives finite."
    )


class FailedCheckError(FunctransError, ValueError):
    """A condition of ``checkify.check`` did not hold, or a check that ``checkify`` put in."""


class AbsentNameError(FunctransError, AttributeError):
    """A name of JAX's or TensorFlow's that functrans leaves out, or that they have not either."""


class MissingPackageError(FunctransError, ImportError):
    """Something needs a package that is optional and not installed."""


class CheckError(FunctransError, AssertionError):
    """A Jaxpr broke a rule of its grammar, or a test law failed."""


class CompileError(FunctransError, RuntimeError):
    """Native compilation failed."""

    usual_remedy = "Please report it with the program that jit(f).lower(x).as_text() shows."


class ExportError(FunctransError, ValueError):
    """A compiled program that cannot be written to a file."""


class ProgramFileError(FunctransError, ValueError):
    """A file that holds no program for this process: damaged, foreign, or no such file at all."""

    usual_remedy = "Save the program again, on a machine and with a functrans like these."
