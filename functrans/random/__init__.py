"""Random numbers from explicit keys; equal keys give JAX's numbers.

A key is a value like any other: the functions of this module are pure, so they differentiate, map
and compile, and the same key always gives the same numbers. Make one with :func:`key`, get
independent ones with :func:`split` or :func:`fold_in`, and use each once. Every sampler takes one
key, typed or legacy; ``vmap`` maps it over many.

``dtype`` is float64 or int64 unless given. Parameters are converted to it and broadcast together,
and ``shape``, where it is given, must be a shape to which they broadcast. Results are computed from
the bits in the order of JAX's functions: equal to the bit where the formula is exact arithmetic, to
a few roundings where it has logarithms and the like.

Raises ArgumentError for what is no key, OptionError for a dtype that a distribution does not have,
ShapeError for shapes that do not fit.

>>> import functrans as ft
>>> first, second = ft.random.split(ft.random.key(0))
>>> ft.random.uniform(first, (2,))
array([0.969948  , 0.31518186])
"""

from functrans.random.choices import (
    categorical,
    choice,
    permutation,
)
from functrans.random.continuous import (
    cauchy,
    double_sided_maxwell,
    exponential,
    gumbel,
    laplace,
    logistic,
    lognormal,
    maxwell,
    normal,
    pareto,
    rayleigh,
    triangular,
    truncated_normal,
    wald,
    weibull_min,
)
from functrans.random.counts import (
    binomial,
    geometric,
    multinomial,
    poisson,
)
from functrans.random.gamma import (
    ball,
    beta,
    chisquare,
    dirichlet,
    f,
    gamma,
    generalized_normal,
    loggamma,
    t,
)
from functrans.random.keys import (
    KeyType,
    PRNGKey,
    PRNGKeyArray,
    clone,
    fold_in,
    key,
    key_data,
    key_dtype,
    key_impl,
    split,
    wrap_key_data,
)
from functrans.random.matrices import (
    multivariate_normal,
    orthogonal,
)
from functrans.random.uniform import (
    bernoulli,
    bits,
    rademacher,
    randint,
    uniform,
)

__all__ = [
    "KeyType",
    "PRNGKey",
    "PRNGKeyArray",
    "ball",
    "bernoulli",
    "beta",
    "binomial",
    "bits",
    "categorical",
    "cauchy",
    "chisquare",
    "choice",
    "clone",
    "dirichlet",
    "double_sided_maxwell",
    "exponential",
    "f",
    "fold_in",
    "gamma",
    "generalized_normal",
    "geometric",
    "gumbel",
    "key",
    "key_data",
    "key_dtype",
    "key_impl",
    "laplace",
    "loggamma",
    "logistic",
    "lognormal",
    "maxwell",
    "multinomial",
    "multivariate_normal",
    "normal",
    "orthogonal",
    "pareto",
    "permutation",
    "poisson",
    "rademacher",
    "randint",
    "rayleigh",
    "split",
    "t",
    "triangular",
    "truncated_normal",
    "uniform",
    "wald",
    "weibull_min",
    "wrap_key_data",
]
