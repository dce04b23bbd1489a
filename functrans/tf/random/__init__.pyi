"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.generators import Algorithm as Algorithm
from functrans.tf.generators import Generator as Generator
from functrans.tf.drawing import categorical as categorical
from functrans.tf.generators import create_rng_state as create_rng_state
from functrans.tf.random import experimental as experimental
from functrans.tf.stateless import fold_in as fold_in
from functrans.tf.drawing import gamma as gamma
from functrans.tf.generators import get_global_generator as get_global_generator
from functrans.tf.drawing import normal as normal
from functrans.tf.drawing import poisson as poisson
from functrans.tf.generators import set_global_generator as set_global_generator
from functrans.tf.streams import set_seed as set_seed
from functrans.tf.drawing import shuffle as shuffle
from functrans.tf.stateless import split as split
from functrans.tf.stateless import stateless_binomial as stateless_binomial
from functrans.tf.stateless import stateless_categorical as stateless_categorical
from functrans.tf.stateless import stateless_gamma as stateless_gamma
from functrans.tf.stateless import stateless_normal as stateless_normal
from functrans.tf.stateless import stateless_parameterized_truncated_normal as stateless_parameterized_truncated_normal
from functrans.tf.stateless import stateless_poisson as stateless_poisson
from functrans.tf.stateless import stateless_truncated_normal as stateless_truncated_normal
from functrans.tf.stateless import stateless_uniform as stateless_uniform
from functrans.tf.drawing import truncated_normal as truncated_normal
from functrans.tf.drawing import uniform as uniform

__all__ = [
    "Algorithm",
    "Generator",
    "categorical",
    "create_rng_state",
    "experimental",
    "fold_in",
    "gamma",
    "get_global_generator",
    "normal",
    "poisson",
    "set_global_generator",
    "set_seed",
    "shuffle",
    "split",
    "stateless_binomial",
    "stateless_categorical",
    "stateless_gamma",
    "stateless_normal",
    "stateless_parameterized_truncated_normal",
    "stateless_poisson",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
