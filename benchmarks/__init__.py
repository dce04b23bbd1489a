"""Measured against NumPy, autograd and JAX in the same run: ``python -m benchmarks``."""
