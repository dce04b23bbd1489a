"""Writes down TensorFlow's public names and signatures: ``python -m tests.tf.record_names``.

It needs the dependency group ``tensorflow``. The record says what the table of names in the docs
and the hints about absent names are made of.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
from enum import EnumType
from types import ModuleType
from typing import Any

from tests.tf.oracle import RECORDS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOMS = """
audio autodiff autograph autograph.experimental bitwise compat.v1 config config.experimental
config.optimizer config.threading data debugging distribute dtypes errors experimental
feature_column image initializers io io.gfile keras keras.activations keras.constraints
keras.initializers keras.layers keras.losses keras.metrics keras.ops keras.optimizers
keras.optimizers.schedules keras.random keras.regularizers keras.utils linalg linalg.experimental
lookup losses math math.special metrics mlir nest nn nn.experimental optimizers
optimizers.schedules quantization queue ragged random random.experimental saved_model
saved_model.experimental sets signal sparse strings summary sysconfig test tpu train types
types.experimental version xla
""".split()
"""The rooms whose names are listed; of other rooms only the room itself is."""


def main() -> None:
    """Write tests/data/tf/names.json."""
    import tensorflow as tf  # late, so that reading this file doesn't need it

    rooms = {"": _names(tf)}
    for room in ROOMS:
        rooms[room] = _names(_at(tf, room))
    lines = [
        f"{json.dumps(room)}: {{\n"
        + ",\n".join(f"{json.dumps(n)}: {json.dumps(s)}" for n, s in names.items())
        + "\n}"
        for room, names in rooms.items()
    ]
    text = f'{{"tensorflow": "{tf.__version__}", "rooms": {{\n' + ",\n".join(lines) + "\n}}\n"
    (RECORDS / "names.json").write_text(text, encoding="utf-8")
    print(f"{sum(map(len, rooms.values()))} names in {len(rooms)} rooms")


def _at(tf: Any, room: str) -> Any:
    for part in room.split("."):
        tf = getattr(tf, part)
    return tf


def _names(room: Any) -> dict[str, str]:
    """The public names of a room, each with its signature, or what else it is."""
    names = [n for n in dir(room) if not n.startswith("_")]
    return {name: _text(getattr(room, name)) for name in sorted(names)}


def _text(value: Any) -> str:
    if isinstance(value, ModuleType) or type(value).__name__.endswith("LazyLoader"):
        return "module"
    if not callable(value):
        return type(value).__name__
    if isinstance(value, EnumType):
        return "class"
    try:
        return ("class " if isinstance(value, type) else "") + _signature(value)
    except (TypeError, ValueError):
        return "class" if isinstance(value, type) else "function"


def _signature(value: Any) -> str:
    """The arguments and their defaults, without annotations, which TensorFlow's tools need."""
    signature = inspect.signature(value)
    if str(signature) == "(*args, **kwargs)" and isinstance(value, type):
        signature = inspect.signature(value.__init__)  # behind a metaclass
    bare = [_bare(p) for p in signature.parameters.values() if p.name != "self"]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _bare(parameter: inspect.Parameter) -> inspect.Parameter:
    default = parameter.default
    shown = default if default is parameter.empty else _Shown(default)
    return parameter.replace(annotation=parameter.empty, default=shown)


class _Shown:
    """A default as it is shown: an object by its type's name, not by where in memory it lies."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        text = re.sub(r"<(function|class) '?([\w.]+)'?[^>]*>", r"\2", repr(self.value))
        return f"<{type(self.value).__name__}>" if " at 0x" in text else text


if __name__ == "__main__":
    sys.exit(main())
