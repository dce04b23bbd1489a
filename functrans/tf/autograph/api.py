"""What tf.autograph offers: converted functions, their code, and how much is said of it."""

from __future__ import annotations

import ast
import logging
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from functrans.tf.autograph.convert import converted, converted_tree, logger
from functrans.tf.autograph.sources import NoSourceError
from functrans.tf.errors import InvalidValueError

_FUNCTIONS = (ast.FunctionDef, ast.Lambda)


class ConversionError(InvalidValueError):
    """Something that has no source to convert."""


def to_graph(
    entity: Any, recursive: bool = True, experimental_optional_features: Any = None
) -> Callable[..., Any]:
    """The function with control flow that tensors may decide, as ``tf.function`` traces it.

    Python values go Python's way in it. ``recursive`` and the features are accepted: what the
    function calls is converted when it is called.

    Raises
    ------
    ConversionError: (a ValueError) what is no Python function, or has no source.

    >>> import functrans.tf as tf
    >>> tf.autograph.to_graph(len)
    Traceback (most recent call last):
    ...
    functrans.tf.autograph.api.ConversionError: converting <built-in function len>: ...
    """
    _tree(entity)
    function: Callable[..., Any] = converted(entity, asked=True)
    return function


def to_code(entity: Any, recursive: bool = True, experimental_optional_features: Any = None) -> str:
    """The source of the function as :func:`to_graph` runs it; ``ag__`` are the operators.

    >>> import functrans.tf as tf
    >>> tf.autograph.to_code(len)
    Traceback (most recent call last):
    ...
    functrans.tf.autograph.api.ConversionError: converting <built-in function len>: ...
    """
    return ast.unparse(_tree(entity))


def _tree(entity: Any) -> ast.AST:
    function = entity.__func__ if isinstance(entity, MethodType) else entity
    if not isinstance(function, FunctionType):
        function = getattr(type(entity), "__call__", None)  # noqa: B004  # the method is wanted
    if not isinstance(function, FunctionType):
        raise ConversionError(
            f"converting {entity!r}: Cannot apply autograph to a function that doesn't expose a "
            "__code__ object.",
            "If this is a tf.function, pass f.python_function instead.",
        )
    try:
        tree = converted_tree(function)
    except NoSourceError as error:
        raise ConversionError(
            f"converting {entity!r}: {error}", "Define the function in a file."
        ) from error
    if tree is None:
        raise ConversionError(
            f"converting {entity!r}: generators and coroutines are not converted.",
            "Write a function that returns.",
        )
    whole = next(ast.iter_child_nodes(tree))
    return next(n for n in ast.walk(whole) if n is not whole and isinstance(n, _FUNCTIONS))


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """How much is said of conversions: 0 only warnings, more says what is converted.

    >>> import functrans.tf as tf
    >>> tf.autograph.set_verbosity(0)
    """
    logger.setLevel(logging.DEBUG if level else logging.WARNING)
    for handler in [h for h in logger.handlers if isinstance(h, _Printed)]:
        logger.removeHandler(handler)
    if alsologtostdout:
        logger.addHandler(_Printed())


class _Printed(logging.Handler):
    """Prints messages, wherever standard output leads at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record))


def trace(*args: Any) -> None:
    """Print values when the function is traced.

    >>> import functrans.tf as tf
    >>> tf.autograph.trace("size", 3)
    size 3
    """
    print(*args)
