"""Minimisation, as in ``scipy.optimize``, inside compiled, batched and differentiated programs."""

from functrans.scipy.optimize.minimize import OptimizeResults, minimize

__all__ = ["OptimizeResults", "minimize"]
