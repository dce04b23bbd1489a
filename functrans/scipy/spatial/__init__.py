"""Space, as in ``scipy.spatial``."""

from functrans.scipy.spatial import transform

__all__ = ["transform"]
