"""What may still change: callbacks with effects, checks as values, Taylor mode, solvers."""

from importlib import import_module
from typing import TYPE_CHECKING

from functrans.control.callback import io_callback

if TYPE_CHECKING:
    from functrans.experimental import checkify, jet, ode

__all__ = ["checkify", "io_callback", "jet", "ode"]


if not TYPE_CHECKING:  # which see the names above, and miss what is not there

    def __getattr__(name: str) -> object:
        # What few programs need is loaded when it is named.
        if name in __all__:
            return import_module(f"functrans.experimental.{name}")
        raise AttributeError(f"module 'functrans.experimental' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return list(__all__)
