"""SciPy's interface for traced and plain arrays; SciPy itself is imported on first need."""

from importlib import import_module

from functrans.scipy import special

# What few programs need is loaded when it is named.
_ROOMS = (
    "cluster",
    "fft",
    "integrate",
    "interpolate",
    "linalg",
    "ndimage",
    "optimize",
    "signal",
    "sparse",
    "spatial",
    "stats",
)

__all__ = [*_ROOMS, "special"]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return import_module(f"functrans.scipy.{name}")
    raise AttributeError(f"module 'functrans.scipy' has no attribute {name!r}")
