"""The stubs of the rooms whose functions are made from tables of ufuncs, which no checker follows.

A stub has the imports of its room, and in the place of each ufunc a function with NumPy's options:
numbers give a scalar, arrays and lists an array.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent
from types import ModuleType
from typing import Any

import numpy as np

ROOMS = "functrans.numpy", "functrans.scipy.special"

HEAD = '''"""Written by ``python docs/make_stubs.py``; do not edit."""

import builtins
from typing import Any, Protocol, TypedDict, Unpack, overload

from functrans.typing import Array, ArrayLike, ArrayOrScalar, Axes, DTypeLike, Number

class _Options(TypedDict, total=False):
    where: ArrayLike
    dtype: DTypeLike | None
    casting: str
    order: str
    subok: builtins.bool

'''
OPTIONS = "**options: Unpack[_Options]"
BINARY = """class _Binary(Protocol):
    __name__: str
    @overload
    def __call__(
        self, x: Number, y: Number, /, out: None = None, **options: Unpack[_Options]
    ) -> ArrayOrScalar: ...
    @overload
    def __call__(
        self, x: ArrayLike, y: ArrayLike, /, out: Array | None = None, **options: Unpack[_Options]
    ) -> Array: ...
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

"""


def stubs() -> dict[Path, str]:
    """The text of each stub, by its file."""
    rooms = [importlib.import_module(name) for name in ROOMS]
    return {Path(str(room.__file__)).with_suffix(".pyi"): text(room) for room in rooms}


def text(room: ModuleType) -> str:
    """The stub of a room: imports, then the functions of its table, then the public names."""
    made = {name: getattr(room, name) for name in room.__all__ if is_made(room, name)}
    lines = [
        f"from {module} import {own} as {name}"
        for name, (module, own) in sorted(imports(room).items(), key=lambda item: item[1])
        if name in room.__all__ and name not in made
    ]
    functions = [definition(name, function) for name, function in made.items()]
    listed = [f"    {name!r}," for name in sorted(room.__all__)]
    listing = "\n".join(["__all__ = [", *listed, "]"]).replace("'", '"')
    binary = BINARY if any(": _Binary" in f for f in functions) else ""
    return HEAD + "\n".join(lines) + "\n\n" + binary + "\n".join(functions) + "\n" + listing + "\n"


def imports(room: ModuleType) -> dict[str, tuple[str, str]]:
    """Where each name of a room comes from: a module, and the name there."""
    source = ast.parse(Path(str(room.__file__)).read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def is_made(room: ModuleType, name: str) -> bool:
    """Whether a function is made from a table."""
    if room.__name__ == "functrans.numpy":
        return isinstance(getattr(np, name, None), np.ufunc)
    return name in room.UFUNCS


def definition(name: str, function: Callable[..., Any]) -> str:
    """A ufunc as checkers see it, with the first paragraph of its docstring."""
    doc = f'"""{(inspect.getdoc(function) or "").partition(chr(10) * 2)[0]}"""'
    if hasattr(function, "reduce"):
        return f"{name}: _Binary\n{doc}\n"
    signature = inspect.signature(function)
    result = str(signature.return_annotation)
    core = getattr(getattr(np, name, None), "signature", None)  # of what takes vectors, matrices
    body = indent(doc, "    ")
    if core is not None:
        return f"def {name}({parameters(signature, 'Array | None')}) -> {result}:\n{body}\n"
    return "".join(
        f"@overload\ndef {name}({parameters(signature, out, accepted)}) -> {given}:\n{body}\n"
        for accepted, out, given in (
            ("Number", "None", result),
            ("ArrayLike", "Array | None", result.replace("ArrayOrScalar", "Array")),
        )
    )


def parameters(signature: inspect.Signature, out: str, accepted: str = "ArrayLike") -> str:
    """The parameters of a ufunc, whose operands are ``accepted``, and its options."""
    return ", ".join([*operands(signature, accepted), f"out: {out} = None", OPTIONS])


def operands(signature: inspect.Signature, accepted: str) -> Iterator[str]:
    positional = False
    for parameter in signature.parameters.values():
        if positional and parameter.kind != parameter.POSITIONAL_ONLY:
            yield "/"
        positional = parameter.kind == parameter.POSITIONAL_ONLY
        kind = str(parameter.annotation).replace("ArrayLike", accepted)
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        yield f"{parameter.name}: {kind}{default}"
    if positional:
        yield "/"
