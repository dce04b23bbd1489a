"""tf.autograph.experimental: leaving functions as they are, and options of loops."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from functrans.tf.autograph.convert import leave_as_it_is


class Feature(Enum):
    """Names of optional conversions, which are accepted and change nothing here.

    >>> import functrans.tf as tf
    >>> tf.autograph.experimental.Feature.ALL.value
    'ALL'
    """

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"


def do_not_convert(func: Callable[..., Any] | None = None) -> Any:
    """Leave a function as it is, also where converted code calls it; a decorator.

    >>> import functrans.tf as tf
    >>> @tf.autograph.experimental.do_not_convert
    ... def double(x):
    ...     return 2 * x
    >>> double(3)
    6
    """
    if func is None:
        return do_not_convert
    return leave_as_it_is(func)


def set_loop_options(
    parallel_iterations: Any = None,
    swap_memory: Any = None,
    maximum_iterations: Any = None,
    shape_invariants: Any = None,
) -> None:
    """Options of the loop in whose body this is the first statement; elsewhere it does nothing.

    ``maximum_iterations`` limits a loop that a tensor decides. Shapes are static here, so shape
    invariants allow nothing more; the other options concern devices.

    >>> import functrans.tf as tf
    >>> tf.autograph.experimental.set_loop_options(maximum_iterations=10)
    """
