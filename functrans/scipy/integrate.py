"""Integrals of ``scipy.integrate`` that are sums of samples."""

from functrans.numpy import trapezoid

__all__ = ["trapezoid"]
