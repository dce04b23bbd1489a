"""What is drawn for an object of each kind, and the style sheet around it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from functrans.display.style import sheet
from functrans.errors import ArgumentError

_DRAWN_BY = {
    "functrans.core.jaxpr.Jaxpr": "program.program",
    "functrans.codegen.profile.Profile": "compiled.profile",
    "functrans.codegen.report.Report": "compiled.report",
    "functrans.control.aot.Compiled": "compiled.compiled",
    "functrans.control.aot.Lowered": "compiled.lowered",
    "functrans.control.aot.Traced": "compiled.traced",
    "functrans.control.call.JitFunction": "compiled.jitted",
    "functrans.display.explanation.Explanation": "explanation.explanation",
    "functrans.tf.tape.GradientTape": "tape.gradient_tape",
    "functrans.transforms.recording.Recording": "tape.recording",
}
"""Classes by name: of the compiler, no more is loaded than made the object."""


def html(thing: Any) -> str:
    """What Jupyter shows for a program, a compiled function, a report, a profile or a recording.

    One ``<div>`` with its own style sheet: it needs no script and nothing from elsewhere.

    Raises
    ------
    ArgumentError: an object of another kind.

    >>> text = ft.display.html(ft.make_jaxpr(np.tanh)(1.0))
    >>> text.startswith('<div class="ft">'), "<script" in text
    (True, False)
    """
    for cls in type(thing).__mro__:
        drawn_by = _DRAWN_BY.get(f"{cls.__module__}.{cls.__qualname__}")
        if drawn_by is not None:
            module, _, name = drawn_by.partition(".")
            # The modules know the classes that they draw: they are loaded with the first of them.
            draw = getattr(import_module(f"functrans.display.{module}"), name)
            return page(draw(thing))
    raise ArgumentError(
        f"There is no picture of a {type(thing).__name__}.",
        "Show a program (make_jaxpr), what jit, lower or compile return, a report or a recording.",
    )


def page(body: str) -> str:
    """A picture with the style sheet that it needs."""
    return f'<div class="ft">{sheet()}{body}</div>'
