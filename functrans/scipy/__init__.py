"""SciPy's interface for traced and plain arrays; SciPy itself is imported on first need."""

from importlib import import_module

from functrans.scipy import special

__all__ = ["sparse", "special"]


def __getattr__(name: str) -> object:
    if name == "sparse":  # what few programs need is loaded when it is named
        return import_module("functrans.scipy.sparse")
    raise AttributeError(f"module 'functrans.scipy' has no attribute {name!r}")
