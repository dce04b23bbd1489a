"""What may still change: callbacks with effects, checks as values, Taylor mode, solvers."""

from importlib import import_module

from functrans.control.callback import io_callback

__all__ = ["io_callback"]

_ROOMS = ("checkify", "jet", "ode")


def __getattr__(name: str) -> object:
    # What few programs need is loaded when it is named.
    if name in _ROOMS:
        return import_module(f"functrans.experimental.{name}")
    raise AttributeError(f"module 'functrans.experimental' has no attribute {name!r}")
