"""Writes docs/rules.md, the table of primitives and their rules, from the code.

Run ``python docs/make_rules.py`` after adding a primitive; with ``--check`` nothing is written and
the exit status is 1 where the page is out of date.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules.md"
sys.path.insert(0, str(ROOT))

from functrans.core.primitive import SLOTS, Absent, Primitive  # noqa: E402  (found by the path)

INTRODUCTION = """\
# Primitives and their rules

Written by `python docs/make_rules.py`; do not edit. One line for each primitive, one column for
each slot of its record:

| slot | what it is for |
|---|---|
| abstract | the type of the result |
| impl | its value, by NumPy |
| linearize | derivatives, forward and reverse |
| transpose | reverse mode through a linear operation |
| batch | `vmap` |
| lower | `jit`: the word that tells the compiler what to do |

● is a rule; a number is the reason why there is none, given at the end. A function that is
piecewise constant needs no derivative rule, one that is not linear no transpose.
`+ jvp` marks a forward-mode rule of its own, `+ effects` a primitive that may do something besides
computing.
"""


def modules() -> Iterator[ModuleType]:
    """The modules that define primitives; first those that the others build on."""
    yield importlib.import_module("functrans.primitives.layout")
    yield importlib.import_module("functrans.primitives.linear")
    for room in ("functrans.primitives", "functrans.control"):
        for found in pkgutil.iter_modules(importlib.import_module(room).__path__):
            yield importlib.import_module(f"{room}.{found.name}")


def primitives() -> list[tuple[ModuleType, list[Primitive]]]:
    """Every primitive once, under the first module that holds it."""
    seen: set[Primitive] = set()
    result = []
    for module in modules():
        held = (v for v in vars(module).values() if isinstance(v, Primitive))
        own = [p for p in dict.fromkeys(held) if p not in seen]
        seen.update(own)
        if own:
            result.append((module, own))
    return result


def page() -> str:
    """The text of docs/rules.md."""
    reasons: dict[str, int] = {}
    lines = [INTRODUCTION]
    for module, own in primitives():
        idea = (module.__doc__ or "").partition("\n")[0]
        lines += [f"## {module.__name__.removeprefix('functrans.')}", "", idea, ""]
        lines += [f"| primitive | {' | '.join(SLOTS)} |", "|---" * (len(SLOTS) + 1) + "|"]
        lines += [_row(p, reasons) for p in sorted(own, key=lambda p: p.name)]
        lines.append("")
    lines += ["## Reasons", ""]
    lines += [f"{number}. {reason}" for reason, number in reasons.items()]
    return "\n".join(lines) + "\n"


def _row(primitive: Primitive, reasons: dict[str, int]) -> str:
    cells = []
    for slot in SLOTS:
        rule = getattr(primitive, slot)
        if isinstance(rule, Absent):
            cells.append(str(reasons.setdefault(rule.reason, len(reasons) + 1)))
        else:
            forward = slot == "linearize" and primitive.jvp is not None
            acting = slot == "impl" and primitive.effects is not None
            cells.append("● + jvp" if forward else "● + effects" if acting else "●")
    return f"| `{primitive.name}` | {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description="write docs/rules.md from the code")
    parser.add_argument("--check", action="store_true", help="only say whether it is current")
    text = page()
    if not parser.parse_args().check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print("docs/rules.md is out of date: run python docs/make_rules.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
