"""One call of every sampler, for the values that JAX gives: recorded ones and its own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

SEED = 42
FLOATS = ("float64", "float32")
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")


class Call(NamedTuple):
    """``name(key, *args, **options)``; ``exact`` where formulas round nothing differently."""

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    exact: bool

    @property
    def label(self) -> str:
        """What tells this call from others of its name."""
        options = "-".join(f"{k}={v}" for k, v in self.options.items())
        shapes = "-".join(str(np.shape(a)) if np.ndim(a) else repr(a) for a in self.args)
        return f"{self.name}-{shapes}-{options}".replace(" ", "")


def calls() -> list[Call]:
    found: list[Call] = []

    def add(name: str, *args: Any, exact: bool = False, **options: Any) -> None:
        found.append(Call(name, args, options, exact))

    for dtype in ("uint8", "uint16", "uint32", "uint64"):
        add("bits", (5,), dtype=dtype, exact=True)
    for dtype in INTEGERS:
        limits = np.iinfo(dtype)
        add("randint", (5,), 3, 100, dtype=dtype, exact=True)
        add("randint", (3,), limits.min, min(limits.max + 1, 2**63 - 1), dtype=dtype, exact=True)
        add("randint", (2, 3), np.array([0, 5, 9]), np.array([1, 3, 99]), dtype=dtype, exact=True)
    for dtype in (*FLOATS, "float16"):
        number = np.dtype(dtype).type
        add("uniform", (5,), dtype=dtype, exact=True)
        add("uniform", (2, 3), dtype=dtype, minval=-1.5, maxval=2.5, exact=True)
        add("bernoulli", number(0.3), (6,), exact=True)
        add("bernoulli", number(0.3), (6,), mode="high", exact=True)
        add("normal", (5,), dtype=dtype)
    for dtype in FLOATS:
        _add_continuous(add, dtype)
        _add_gamma(add, dtype)
    add("normal", (3,), dtype="complex128")
    add("normal", (3,), dtype="complex64")
    add("gumbel", (5,), dtype="float32", mode="highest")
    add("double_sided_maxwell", np.array([1.0, 2.0, 3.0]), 2.0)
    for dtype in ("int32", "int64"):
        add("poisson", np.array([0.0, 0.5, 3.0, 15.0, 200.0]), dtype=dtype, exact=True)
        add("geometric", np.array([0.1, 0.5, 0.9]), dtype=dtype, exact=True)
        add("rademacher", (6,), dtype=dtype, exact=True)
    _add_choices(add)
    _add_matrices(add)
    return found


def _add_continuous(add: Any, dtype: str) -> None:
    number = np.dtype(dtype).type
    rates = np.array([0.5, 1.0, 4.0], dtype)
    for name in ("exponential", "cauchy", "laplace", "logistic", "gumbel", "maxwell"):
        add(name, (5,), dtype=dtype)
    add("gumbel", (5,), dtype=dtype, mode="high")
    add("truncated_normal", -1.0, np.array([0.5, 1.0, 9.0]), dtype=dtype)
    add("lognormal", rates, dtype=dtype)
    add("pareto", rates, dtype=dtype)
    add("rayleigh", rates, dtype=dtype)
    add("wald", rates, (2, 3), dtype=dtype)
    add("triangular", number(-1), number(0), rates, dtype=dtype, exact=True)
    add("weibull_min", 1.5, 2.5, (4,), dtype=dtype)
    add("double_sided_maxwell", 1.0, 2.0, (4,), dtype=dtype)


def _add_gamma(add: Any, dtype: str) -> None:
    number = np.dtype(dtype).type
    shapes = np.array([0.02, 0.5, 1.0, 3.0, 50.0], dtype)
    for name in ("gamma", "loggamma", "chisquare", "t"):
        add(name, shapes, dtype=dtype)
    add("beta", shapes, number(2), dtype=dtype)
    add("f", shapes[1:], number(5), dtype=dtype)
    add("dirichlet", shapes[1:], dtype=dtype)
    add("generalized_normal", 3.0, (4,), dtype=dtype)
    add("ball", 3, 1.5, (2,), dtype=dtype)
    trials = np.array([5, 100, 1000, 20], dtype)
    add("binomial", trials, np.array([0.1, 0.6, 0.4, 0.95], dtype), dtype=dtype, exact=True)
    parts = np.array([[0.2, 0.3, 0.5], [0.1, 0.0, 0.9]], dtype)
    add("multinomial", trials[:2], parts, dtype=dtype, exact=True)


def _add_choices(add: Any) -> None:
    table = np.arange(12.0).reshape(3, 4)
    chances = np.array([0.1, 0.0, 0.6, 0.3])
    add("permutation", 10, exact=True)
    add("permutation", table, axis=1, exact=True)
    add("permutation", table, axis=1, independent=True, exact=True)
    add("permutation", 3000, exact=True)
    for replace in (True, False):
        add("choice", 10, (3, 2), replace, exact=True)
        add("choice", table, (3,), replace, axis=1, exact=True)
        add("choice", table, (3,), replace, p=chances, axis=1, exact=True)
    add("categorical", table / 5, exact=True)
    add("categorical", table / 5, 0, (5, 4), exact=True)
    add("categorical", table / 5, 1, (2, 3), replace=False, exact=True)


def _add_matrices(add: Any) -> None:
    root = np.array([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [0.3, -1.0, 0.7]])
    mean, cov = np.array([1.0, 2.0, 3.0]), root @ root.T
    for method in ("cholesky", "eigh", "svd"):
        add("multivariate_normal", mean, cov, (2,), method=method)
    add("multivariate_normal", mean.astype("f"), cov.astype("f"), dtype="float32")
    add("orthogonal", 3, (2,))
    add("orthogonal", 2, m=4, dtype="float32")
    add("orthogonal", 3, dtype="complex128")


CALLS = calls()
assert len({c.label for c in CALLS}) == len(CALLS)
