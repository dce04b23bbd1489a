"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.generators import Algorithm as Algorithm
from functrans.tf.generators import Generator as Generator
from functrans.tf.generators import create_rng_state as create_rng_state
from functrans.tf.generators import get_global_generator as get_global_generator
from functrans.tf.generators import set_global_generator as set_global_generator
from functrans.tf.stateless import fold_in as stateless_fold_in
from functrans.tf.stateless import stateless_shuffle as stateless_shuffle
from functrans.tf.stateless import split as stateless_split

__all__ = [
    "Algorithm",
    "Generator",
    "create_rng_state",
    "get_global_generator",
    "set_global_generator",
    "stateless_fold_in",
    "stateless_shuffle",
    "stateless_split",
]
