"""The house stands: rooms import downwards, every slot is filled, the rules page is current."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from functrans.core.primitive import SLOTS, Absent, Primitive

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "functrans"
ROOMS = ("leaves", "core", "primitives", "passes", "codegen", "transforms", "control", "doors")
LEAVES = ("errors", "tree", "typing", "kernel", "rich")


@dataclass(frozen=True)
class Import:
    """One import of a module of ours, and where it stands."""

    module: str
    target: str
    line: int
    local: bool
    explained: bool
    checkers_only: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


@cache
def sources() -> dict[str, Path]:
    """The modules of the package by name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_of(module: str) -> int:
    """The number of a module's room; what has no room of its own is a door."""
    part = module.partition(".")[2].partition(".")[0]
    room = "leaves" if part in LEAVES else part
    return ROOMS.index(room) if room in ROOMS else ROOMS.index("doors")


@cache
def imports() -> tuple[Import, ...]:
    return tuple(i for module in sources() for i in imports_of(module))


def imports_of(module: str) -> Iterator[Import]:
    text = sources()[module].read_text(encoding="utf-8")
    lines, tree = text.splitlines(), ast.parse(text)
    local = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(outer)
    }
    unread = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING"
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        around = lines[max(node.lineno - 2, 0) : node.end_lineno]
        explained = any("#" in line for line in around)
        for target in targets(node):
            yield Import(
                module, target, node.lineno, id(node) in local, explained, id(node) in unread
            )


def targets(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The modules of ours that a statement imports."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        base = node.module or ""
        full = [f"{base}.{alias.name}" for alias in node.names]
        names = [name if name in sources() else base for name in full]
    yield from dict.fromkeys(n for n in names if n.split(".")[0] == "functrans")


def test_rooms_import_downwards_only() -> None:
    upward = [str(i) for i in imports() if room_of(i.target) > room_of(i.module)]
    assert not upward


def test_modules_import_without_cycles() -> None:
    graph: dict[str, set[str]] = {module: set() for module in sources()}
    for i in imports():
        shown = i.checkers_only and i.target.startswith(f"{i.module}.")  # a package's lazy names
        if not i.local and not shown and i.target != i.module:
            graph[i.module].add(i.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports in a circle: {' → '.join(error.args[1])}")


def test_imports_inside_functions_say_why() -> None:
    silent = [str(i) for i in imports() if i.local and not i.explained]
    assert not silent


def test_the_tensorflow_layer_stands_on_public_doors() -> None:
    inner = ("core", "primitives", "passes", "codegen", "transforms", "control")
    private = [
        str(i)
        for i in imports()
        if i.module.startswith("functrans.tf") and i.target.split(".")[1:2] in [[r] for r in inner]
    ]
    assert not private


def test_importing_functrans_loads_numpy_and_nothing_heavier() -> None:
    code = "import sys, functrans; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"numba", "llvmlite", "scipy"} & set(done.stdout.split())


def primitives() -> list[Primitive]:
    found: dict[Primitive, None] = {}
    for room in ("functrans.primitives", "functrans.control"):
        for module in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}."):
            held = vars(importlib.import_module(module.name)).values()
            found.update((v, None) for v in held if isinstance(v, Primitive))
    return list(found)


@pytest.mark.parametrize("primitive", primitives(), ids=lambda p: p.name)
def test_every_slot_holds_a_rule_or_says_why_not(primitive: Primitive) -> None:
    for slot in SLOTS:
        rule = getattr(primitive, slot)
        assert callable(rule)
        if isinstance(rule, Absent):
            assert slot not in ("abstract", "impl", "lower")
            assert len(rule.reason) > 10


def test_names_of_primitives_are_unique() -> None:
    names = [p.name for p in primitives()]
    assert len(names) == len(set(names))


def test_the_rules_page_is_current() -> None:
    command = [sys.executable, "docs/make_rules.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
