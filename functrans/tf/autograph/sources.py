"""A function's syntax tree, found in its file by the line and position of its code."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType

Function = ast.FunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Found:
    """A function in a file, and the name of the class whose body it is in, which mangles names."""

    node: Function
    owner: str | None


class NoSourceError(Exception):
    """There is no source, or none that can be converted; the text says why."""


def source_of(function: FunctionType) -> Found:
    """The syntax tree of a function; a shared object, not to be changed.

    Raises
    ------
    NoSourceError: the file is not there or has other lines; a generator or a coroutine.
    """
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    if not text:
        raise NoSourceError(f"the source of {code.co_filename} cannot be read")
    try:
        places = _functions(text)
    except SyntaxError:
        raise NoSourceError(f"{code.co_filename} is no Python") from None
    lambdas = code.co_name == "<lambda>"
    here = [
        f
        for f in places.get(code.co_firstlineno, ())
        if (isinstance(f.node, ast.Lambda) if lambdas else _name(f.node) == code.co_name)
    ]
    if len(here) > 1:
        here = [f for f in here if _position(f.node) in _positions(code)]
    if len(here) != 1:
        raise NoSourceError(f"line {code.co_firstlineno} of {code.co_filename} is another one")
    return here[0]


@lru_cache(maxsize=64)
def _functions(text: str) -> dict[int, list[Found]]:
    """The functions of a text by the line on which their code begins."""
    found: dict[int, list[Found]] = {}
    for place in _walk(ast.parse(text), None):
        node = place.node
        lines = [d.lineno for d in node.decorator_list] if isinstance(node, ast.FunctionDef) else []
        found.setdefault(min([node.lineno, *lines]), []).append(place)
    return found


def _walk(node: ast.AST, owner: str | None) -> Iterator[Found]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.Lambda):
            yield Found(child, owner)
        yield from _walk(child, child.name if isinstance(child, ast.ClassDef) else owner)


def _name(node: Function) -> str | None:
    return node.name if isinstance(node, ast.FunctionDef) else None


def _position(node: Function) -> tuple[int | None, ...]:
    """Where the function's last expression is: that of a lambda, or of a def's last statement."""
    last = node.body if isinstance(node, ast.Lambda) else node.body[-1]
    return last.lineno, last.end_lineno, last.col_offset, last.end_col_offset


def _positions(code: CodeType) -> set[tuple[int | None, ...]]:
    return set(code.co_positions())
