"""tf.Module: an object that knows the variables it and its attributes hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar

from functrans.tf.errors import InvalidValueError
from functrans.tf.scopes import name_scope, snake_case
from functrans.tf.variable import Variable

R = TypeVar("R")


class Module:
    """Base class of what holds variables: in attributes, in lists and dicts, in other modules.

    Variables come in the order of their attributes' names, the module's own before those of the
    modules it holds, each once. ``super().__init__`` is needed only for a name.

    >>> import functrans.tf as tf
    >>> class Line(tf.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.w = tf.Variable(2.0, name="w")
    ...         self.b = tf.Variable(1.0, name="b")
    >>> [v.name for v in Line().trainable_variables]
    ['b:0', 'w:0']
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = snake_case(type(self).__name__)
        elif not (isinstance(name, str) and re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)):
            raise InvalidValueError(
                f"{name!r} is not a valid module name. Module names must be valid Python "
                "identifiers (e.g. a valid class name).",
                "Use letters, digits and underscores.",
            )
        self._name = name
        with name_scope(name) as prefix:
            self._prefix = prefix

    @property
    def name(self) -> str:
        """The name, of the class in snake_case where none was given."""
        return self._name

    @property
    def name_scope(self) -> name_scope:
        """The block in which the module's variables get names that begin with its own."""
        return name_scope(self._prefix)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables."""
        return tuple(_held(self, Variable))

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """The variables that tapes watch by themselves."""
        return tuple(v for v in _held(self, Variable) if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Variable, ...]:
        """The variables that tapes do not watch by themselves."""
        return tuple(v for v in _held(self, Variable) if not v.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """The modules held, and those that they hold."""
        return tuple(_held(self, Module))

    @classmethod
    def with_name_scope(cls, method: Callable[..., R]) -> Callable[..., R]:
        """Decorator of a method that shall run in the module's name scope."""

        @wraps(method)
        def in_scope(self: Module, *args: Any, **kwargs: Any) -> R:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return in_scope


H = TypeVar("H", Variable, Module)


def _held(module: Module, kind: type[H]) -> Iterator[H]:
    """The variables or modules that a module holds, each once."""
    return _found(module, kind, {id(module)})


def _found(module: Module, kind: type[H], seen: set[int]) -> Iterator[H]:
    leaves = [leaf for _, attribute in sorted(vars(module).items()) for leaf in _leaves(attribute)]
    inner = []
    for leaf in leaves:
        if isinstance(leaf, Module) and id(leaf) not in seen:
            inner.append(leaf)
        if isinstance(leaf, kind) and id(leaf) not in seen:
            seen.add(id(leaf))
            yield leaf
    for part in inner:
        seen.add(id(part))
        yield from _found(part, kind, seen)


def _leaves(x: Any) -> Iterator[Any]:
    """What nested lists, tuples and dicts hold, dicts by sorted keys."""
    if isinstance(x, Mapping):
        try:
            keys = sorted(x)
        except TypeError:
            keys = list(x)
        for key in keys:
            yield from _leaves(x[key])
    elif isinstance(x, list | tuple):
        for item in x:
            yield from _leaves(item)
    else:
        yield x
