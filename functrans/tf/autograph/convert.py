"""The converted form of functions: rewritten, compiled once for each code object, and put together.

What converted code calls is converted when it is called. Libraries are left as they are.
"""

from __future__ import annotations
import __future__

import ast
import copy
import functools
import inspect
import logging
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from functrans.tf.autograph.rewrite import LATER, PREFIX, is_convertible, rewritten
from functrans.tf.autograph.sources import Found, NoSourceError, source_of

_LIBRARIES = sys.stdlib_module_names | set(
    "numpy scipy matplotlib pandas jax tensorflow torch sklearn tqdm pytest hypothesis IPython "
    "PIL llvmlite numba".split()
)
"""Packages that are not converted, beside functrans."""
_OURS = str(Path(__file__).parents[2])
_AS_IT_IS = "_functrans_not_converted"
"""The attribute of functions that do_not_convert marked."""

logger = logging.getLogger("functrans.tf.autograph")
"""What cannot be converted is said here."""

_converted: WeakKeyDictionary[types.CodeType, types.CodeType | None] = WeakKeyDictionary()
"""The new code of a function's code, or None where it stays as it is."""
_generated: WeakSet[types.CodeType] = WeakSet()
"""Code that came out of a conversion."""


def converted(called: Any, *, asked: bool = False) -> Any:
    """What to call in the place of ``called``: its converted form, or itself.

    Parameters
    ----------
    asked: the user named this function, so it is converted even if it is a library's.
    """
    if isinstance(called, types.FunctionType):
        return _function(called, asked)
    if isinstance(called, types.MethodType):
        return _method(called.__func__, called.__self__, called, asked)
    if isinstance(called, types.BuiltinFunctionType | type):
        return _overloads().get(called, called)
    if isinstance(called, functools.partial):
        return functools.partial(
            converted(called.func, asked=asked), *called.args, **called.keywords
        )
    method = getattr(type(called), "__call__", None)  # noqa: B004  # the method is wanted
    return _method(method, called, called, asked)


def _method(function: Any, owner: Any, whole: Any, asked: bool) -> Any:
    if not isinstance(function, types.FunctionType):
        return whole
    new = _function(function, asked)
    return whole if new is function else types.MethodType(new, owner)


def leave_as_it_is(called: Callable[..., Any]) -> Callable[..., Any]:
    """The same thing to call, but not to be converted."""
    if isinstance(called, types.FunctionType):
        setattr(called, _AS_IT_IS, True)
        return called

    def as_it_is(*args: Any, **kwargs: Any) -> Any:
        return called(*args, **kwargs)

    return functools.wraps(called)(as_it_is)


def _function(function: types.FunctionType, asked: bool) -> types.FunctionType:
    code = function.__code__
    if code in _generated or _AS_IT_IS in function.__dict__:
        return function
    if not asked and _is_library(function):
        return function
    if code not in _converted:
        _converted[code] = _new_code(function)
    new = _converted[code]
    if new is None:
        return function
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    cells[_OPERATORS] = _operators_cell()
    made = types.FunctionType(
        new,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        tuple([cells[name] for name in new.co_freevars]),
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(function.__dict__)
    made.__doc__, made.__qualname__ = function.__doc__, function.__qualname__
    made.__module__ = function.__module__
    return made


_OPERATORS = "ag__"


# These import late: the operators need this file.
@functools.cache
def _operators_cell() -> types.CellType:
    from functrans.tf.autograph import operators  # late, as said above

    return types.CellType(operators)


@functools.cache
def _overloads() -> dict[Any, Callable[..., Any]]:
    from functrans.tf.autograph.overloads import OVERLOADS  # late, as said above

    return OVERLOADS


def _is_library(function: types.FunctionType) -> bool:
    if function.__code__.co_filename.startswith(_OURS):
        return True
    module = function.__globals__.get("__name__") or ""
    return module.partition(".")[0] in _LIBRARIES


def _new_code(function: types.FunctionType) -> types.CodeType | None:
    """The code of the converted function; None, after a warning, where there can be none."""
    code = function.__code__
    try:
        tree = converted_tree(function)
    except NoSourceError as error:
        logger.warning(
            "AutoGraph could not be applied to %r and will run as-is.\nCause: %s\nTo silence this "
            "warning, decorate the function with @tf.autograph.experimental.do_not_convert",
            function,
            error,
        )
        return None
    if tree is None:
        return None
    whole = compile(
        tree,
        code.co_filename,
        "exec",
        flags=code.co_flags & __future__.annotations.compiler_flag,
        dont_inherit=True,
    )
    new = next(c for c in _codes(whole) if c.co_name == code.co_name)
    new = _as_the_users(new, code.co_name, code.co_qualname)
    _generated.add(new)
    _generated.update(_codes(new, in_classes=False))
    return new


def converted_tree(function: types.FunctionType) -> ast.Module | None:
    """A module with the converted function in it; None of a generator or coroutine.

    Raises
    ------
    NoSourceError: its source is not to be had.
    """
    found = source_of(function)
    if not is_convertible(found.node):
        return None
    node = copy.deepcopy(found.node)
    rewritten(node)
    return _around(Found(node, found.owner), function.__code__.co_freevars)


def _around(found: Found, free: tuple[str, ...]) -> ast.Module:
    """A module that compiles the function with names of the code around it."""
    node = found.node
    node.args.defaults = []
    node.args.kw_defaults = [None] * len(node.args.kwonlyargs)
    inner: ast.stmt
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = []
        inner = node
    else:
        inner = ast.Expr(node)
    if found.owner is not None:  # mangles private names
        shell: Any = ast.parse(f"class {found.owner}: pass").body[0]
        shell.body = [inner]
        inner = shell
    parameters = ", ".join(dict.fromkeys([_OPERATORS, *free]))
    outer: Any = ast.parse(f"def ag__outer({parameters}): pass")
    body = [inner]
    name = getattr(inner, "name", None)  # a lambda has none
    if name is not None and name not in free:  # it may name itself, or its class, as a global
        body.insert(0, ast.Global([name]))
    outer.body[0].body = body
    module: ast.Module = ast.fix_missing_locations(outer)
    return module


def _codes(code: types.CodeType, in_classes: bool = True) -> Iterator[types.CodeType]:
    """The codes of nested functions, outer ones first.

    Methods of classes that are defined in a function stay as they are until they are called.
    """
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and (in_classes or _is_function(constant)):
            yield constant
            yield from _codes(constant, in_classes)


def _is_function(code: types.CodeType) -> bool:
    """Whether the code is a function's: that of a class's body is not."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)


def _as_the_users(code: types.CodeType, name: str, qualified: str) -> types.CodeType:
    """Nested functions that were generated are called as the user's function is."""

    def renamed(constant: Any) -> Any:
        if not isinstance(constant, types.CodeType):
            return constant
        if constant.co_name.startswith(PREFIX) or LATER in constant.co_varnames:
            return _as_the_users(constant, name, qualified)
        return _as_the_users(constant, constant.co_name, constant.co_qualname)

    constants = tuple(map(renamed, code.co_consts))
    return code.replace(co_name=name, co_qualname=qualified, co_consts=constants)
