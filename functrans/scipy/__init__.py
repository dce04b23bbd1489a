"""SciPy's interface for traced and plain arrays; SciPy itself is imported on first need."""

from functrans.scipy import special

__all__ = ["special"]
