"""What Keras' classes have in common: arguments from a table, and names by counting."""

from __future__ import annotations

import inspect
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from functrans.tf.scopes import snake_case

_counts: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)


def name_of(kind: type) -> str:
    """``sgd``, ``sgd_1``, … as objects of a class are made that were given no name."""
    name = snake_case(kind.__name__)
    number = next(_counts[name])
    return f"{name}_{number}" if number else name


def signature(defaults: dict[str, Any]) -> inspect.Signature:
    """The signature of arguments that have these names and defaults.

    >>> signature({"rho": 0.9, "name": None})
    <Signature (rho=0.9, name=None)>
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [inspect.Parameter(name, kind, default=default) for name, default in defaults.items()]
    )
