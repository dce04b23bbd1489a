"""Blocks that name or place what is made in them: name_scope, device, control_dependencies, …"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar, Token
from typing import Any

import functrans
from functrans.extend import open_recordings
from functrans.tf.errors import InvalidValueError
from functrans.tf.tensor import frame

_scope: ContextVar[str] = ContextVar("functrans_tf_name_scope", default="")
"""The prefix of names made here: empty, or ending in a slash."""


def scoped(name: str) -> str:
    """A name with the open scopes' before it."""
    return _scope.get() + name


_WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """A class's name as the names of its objects begin.

    >>> snake_case("RMSprop")
    'rm_sprop'
    """
    return _WORD_EDGE.sub("_", name).lower()


class name_scope:  # noqa: N801  # TensorFlow's name
    """A block in which the names of variables begin with ``name/``; it gives the whole prefix.

    A name that ends in a slash is the whole prefix itself, as an outer block gave it.

    >>> import functrans.tf as tf
    >>> with tf.name_scope("layer") as scope:
    ...     print(scope, tf.Variable(1.0, name="w").name)
    layer/ layer/w:0
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise InvalidValueError("name for name_scope must be a string.", "Give it a name.")
        self._name = name
        self._tokens: list[Token[str]] = []

    @property
    def name(self) -> str:
        """The name it was made with."""
        return self._name

    def __enter__(self) -> str:
        whole = self._name if self._name.endswith("/") or not self._name else None
        prefix = scoped(f"{self._name}/") if whole is None else whole
        self._tokens.append(_scope.set(prefix))
        return prefix

    def __exit__(self, *error: object) -> None:
        _scope.reset(self._tokens.pop())


_DEVICE_PART = re.compile(
    r"(job:\w+|replica:\d+|task:\d+|(device:)?(cpu|gpu|tpu|xla_cpu|xla_gpu):(\d+|\*))$", re.I
)


@contextmanager
def device(device_name: Any) -> Iterator[None]:
    """A block for a device: names are checked, and everything runs on the processor.

    >>> import functrans.tf as tf
    >>> with tf.device("/CPU:0"):
    ...     x = tf.constant(1.0)
    >>> x.device
    '/job:localhost/replica:0/task:0/device:CPU:0'
    """
    for part in str(device_name or "").strip("/").split("/"):
        if part and not _DEVICE_PART.match(part):
            raise InvalidValueError(
                f"Unknown attribute {part!r} is encountered while parsing the device spec: "
                f"{str(device_name)!r}.",
                "Devices are named as '/CPU:0'.",
            )
    yield


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """A block that comes after some operations; operations run in the order written anyway.

    >>> import functrans.tf as tf
    >>> v = tf.Variable(1.0)
    >>> with tf.control_dependencies([v.assign(2.0)]):
    ...     print(float(v))
    2.0
    """
    yield


@contextmanager
def init_scope() -> Iterator[None]:
    """A block whose operations run at once: no open tape records them, no function traces them.

    >>> import functrans.tf as tf
    >>> x = tf.constant(1.0)
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     with tf.init_scope():
    ...         y = x * x
    >>> tape.gradient(y, x) is None
    True
    """
    recordings = open_recordings()
    for recording in recordings:
        recording.pause()
    traced = frame.get()
    outside = nullcontext() if traced is None else functrans.ensure_compile_time_eval()
    token = frame.set(None)
    try:
        with outside:
            yield
    finally:
        frame.reset(token)
        for recording in recordings:
            recording.resume()


def executing_eagerly() -> bool:
    """Whether operations run at once: not while a ``tf.function`` is traced.

    >>> import functrans.tf as tf
    >>> tf.executing_eagerly()
    True
    """
    return frame.get() is None


def inside_function() -> bool:
    """Whether a ``tf.function`` is being traced.

    >>> import functrans.tf as tf
    >>> tf.inside_function()
    False
    """
    return frame.get() is not None


def get_current_name_scope() -> str:
    """The names of the open scopes, or the empty string.

    >>> import functrans.tf as tf
    >>> with tf.name_scope("model"), tf.name_scope("layer"):
    ...     tf.get_current_name_scope()
    'model/layer'
    """
    return _scope.get().removesuffix("/")
