"""Clusters, as in ``scipy.cluster``."""

from functrans.scipy.cluster import vq

__all__ = ["vq"]
