"""The stubs of the rooms whose functions are made from tables, which no checker follows.

A stub has the imports of its room, and in the place of each function of a table its signature and
the first paragraph of its docstring. What is made from ufuncs has NumPy's options, and a class of
its own: numbers give a scalar, arrays and lists an array.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from textwrap import indent
from types import ModuleType
from typing import Any

import numpy as np

ROOMS = "functrans.numpy", "functrans.scipy.special", "functrans.lax"

HEAD = '''"""Written by ``python docs/make_stubs.py``; do not edit."""

import builtins
from typing import Any, TypedDict, Unpack, overload

from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike, Elementwise, Number
from functrans.typing import Operand

'''
OPTIONS = """class _Options(TypedDict, total=False):
    where: ArrayLike
    dtype: DTypeLike | None
    casting: str
    order: str
    subok: builtins.bool

"""
CLASSES = {
    "_Unary": """class _Unary(Elementwise):
    @overload
    def __call__(
        self, x: Number, /, out: None = None, **options: Unpack[_Options]
    ) -> ArrayOrScalar: ...
    @overload
    def __call__(
        self, x: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]
    ) -> Array: ...

""",
    "_Binary": """class _Binary(Elementwise):
    @overload
    def __call__(
        self, x: Number, y: Number, /, out: None = None, **options: Unpack[_Options]
    ) -> ArrayOrScalar: ...
    @overload
    def __call__(
        self, x: ArrayLike, y: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]
    ) -> Array: ...

""",
    "_Folding": """class _Folding(_Binary):
    def reduce(
        self, array: ArrayLike, axis: Axes = 0, dtype: DTypeLike | None = None,
        out: Array | None = None, keepdims: builtins.bool = False, initial: ArrayLike = ...,
        where: ArrayLike = True,
    ) -> ArrayOrScalar: ...
    def accumulate(
        self, array: ArrayLike, axis: int = 0, dtype: DTypeLike | None = None,
        out: Array | None = None,
    ) -> Array: ...
    def outer(self, A: ArrayLike, B: ArrayLike, /, **options: Unpack[_Options]) -> Array: ...
    def at(self, a: Array, indices: Any, b: ArrayLike | None = None, /) -> None: ...

""",
}


def stubs() -> dict[Path, str]:
    """The text of each stub, by its file."""
    rooms = [importlib.import_module(name) for name in ROOMS]
    return {Path(str(room.__file__)).with_suffix(".pyi"): text(room) for room in rooms}


def text(room: ModuleType) -> str:
    """The stub of a room: imports, then the functions of tables, then the public names."""
    homes = imports(room)
    made = {
        name: getattr(room, name)
        for name in sorted(room.__all__)
        if name not in homes or is_ufunc(room, name) or is_made(*homes[name])
    }
    lines = [
        f"from {module} import {own} as {name}\n"
        for name, (module, own) in sorted(homes.items(), key=lambda item: item[1])
        if name in room.__all__ and name not in made
    ]
    functions = [
        ufunc(name, function) if is_ufunc(room, name) else plain(name, function)
        for name, function in made.items()
    ]
    listed = "".join(f'    "{name}",\n' for name in sorted(room.__all__))
    body = "".join([*lines, "\n", *(f"{function}\n" for function in functions)])
    classes = "".join([OPTIONS, *CLASSES.values()]) if "_Unary" in body else ""
    return f"{HEAD}{classes}{body}__all__ = [\n{listed}]\n"


@cache
def parsed(module: str) -> ast.Module:
    """The source of a module."""
    return ast.parse(Path(str(importlib.import_module(module).__file__)).read_text("utf-8"))


def imports(room: ModuleType) -> dict[str, tuple[str, str]]:
    """Where each name of a room comes from: a module, and the name there."""
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in ast.walk(parsed(room.__name__))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def is_ufunc(room: ModuleType, name: str) -> bool:
    """Whether a function is made of a ufunc."""
    if room.__name__ == "functrans.numpy":
        return isinstance(getattr(np, name, None), np.ufunc)
    return room.__name__ == "functrans.scipy.special" and name in room.UFUNCS


def is_made(module: str, own: str) -> bool:
    """Whether a name is that of a function which its module does not define but assigns."""
    if not module.startswith("functrans"):
        return False
    called = [
        target
        for node in parsed(module).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    assigned = any(isinstance(target, ast.Name) and target.id == own for target in called)
    return assigned and inspect.isfunction(getattr(importlib.import_module(module), own))


def plain(name: str, function: Callable[..., Any]) -> str:
    """A function with the signature that it has."""
    signature = inspect.signature(function)
    given = ", ".join(parameters(signature))
    return f"def {name}({given}) -> {signature.return_annotation}:\n{docstring(function)}\n"


def ufunc(name: str, function: Callable[..., Any]) -> str:
    """A function made from a ufunc, as checkers see it: of numbers a scalar, of arrays an array."""
    signature = inspect.signature(function)
    simple = signature.return_annotation == "ArrayOrScalar" and not core_axes(name)
    kinds = [f"{p.annotation}" for p in signature.parameters.values()]
    kind = {1: "_Unary", 2: "_Binary"}.get(len(kinds) if set(kinds) == {"ArrayLike"} else 0)
    if simple and kind:
        kind = "_Folding" if hasattr(function, "reduce") else kind
        return f"{name}: {kind}\n{docstring(function, '')}\n"
    given = [*parameters(signature), "out: Any = None", "**options: Unpack[_Options]"]
    result = signature.return_annotation
    return f"def {name}({', '.join(given)}) -> {result}:\n{docstring(function)}\n"


def core_axes(name: str) -> str | None:
    """Of a ufunc of vectors or matrices, their axes."""
    axes: str | None = getattr(getattr(np, name, None), "signature", None)
    return axes


def docstring(function: Callable[..., Any], margin: str = "    ") -> str:
    """The first paragraph of a function's docstring, as it stands in a stub."""
    first = (inspect.getdoc(function) or "").partition("\n\n")[0]
    return indent(f'"""{first}"""', margin)


def parameters(signature: inspect.Signature) -> Iterator[str]:
    """The parameters of a function."""
    positional = by_name = False
    for parameter in signature.parameters.values():
        if positional and parameter.kind != parameter.POSITIONAL_ONLY:
            yield "/"
        if parameter.kind == parameter.KEYWORD_ONLY and not by_name:
            yield "*"
        positional = parameter.kind == parameter.POSITIONAL_ONLY
        by_name = parameter.kind == parameter.KEYWORD_ONLY
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        yield f"{parameter.name}: {parameter.annotation}{default}"
    if positional:
        yield "/"
