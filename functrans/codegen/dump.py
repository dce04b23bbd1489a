"""The stages of every compiled program on demand: ``FUNCTRANS_DUMP`` and ``FUNCTRANS_DUMP_DIR``.

``FUNCTRANS_DUMP`` names stages, separated by commas, or ``all``. They go to stderr, or each to a
file of its own in the folder that ``FUNCTRANS_DUMP_DIR`` names.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from functrans.core.jaxpr import Jaxpr
from functrans.errors import OptionError

_numbers = count()


def wanted(stages: Sequence[str]) -> list[str]:
    """Which of ``stages`` are to be shown, in their order.

    Raises
    ------
    OptionError: when the variable names something else.
    """
    names = {name.strip() for name in os.environ.get("FUNCTRANS_DUMP", "").split(",")} - {""}
    unknown = sorted(names - {*stages, "all"})
    if unknown:
        raise OptionError(
            f"FUNCTRANS_DUMP names {', '.join(map(repr, unknown))}, which is no stage.",
            f"Choose from {', '.join(stages)}, separated by commas, or all.",
        )
    return [stage for stage in stages if stage in names or "all" in names]


def dump(jaxpr: Jaxpr, stages: Sequence[str], as_text: Callable[[str], str]) -> None:
    """Show what the environment asks for of a program that is being compiled."""
    shown = wanted(stages)
    if not shown:
        return
    title = f"{next(_numbers)}-{_name(jaxpr)}"
    named = os.environ.get("FUNCTRANS_DUMP_DIR")
    folder = Path(named) if named else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for stage in shown:
        if folder is not None:  # processes may share it
            file = folder / f"{os.getpid()}-{title}.{stage}.txt"
            file.write_text(as_text(stage) + "\n", encoding="utf-8")
        elif stage != "passes":  # the program after each pass is there already
            print(f"--- {title}: {stage}\n{as_text(stage)}", file=sys.stderr)


def _name(jaxpr: Jaxpr) -> str:
    """The user's function that the program ends in."""
    for eqn in reversed(jaxpr.eqns):
        if eqn.source is not None:
            return re.sub(r"\W", "", eqn.source.function) or "program"
    return "program"
