"""SciPy's interface for traced and plain arrays; SciPy itself is imported on first need."""

from importlib import import_module
from typing import TYPE_CHECKING

from functrans.scipy import special

if TYPE_CHECKING:
    from functrans.scipy import (
        cluster,
        fft,
        integrate,
        interpolate,
        linalg,
        ndimage,
        optimize,
        signal,
        sparse,
        spatial,
        stats,
    )

__all__ = [
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
    "special",
    "stats",
]


if not TYPE_CHECKING:  # which see the names above, and miss what is not there

    def __getattr__(name: str) -> object:
        if name in __all__:  # what few programs need is loaded when it is named
            return import_module(f"functrans.scipy.{name}")
        raise AttributeError(f"module 'functrans.scipy' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return list(__all__)
