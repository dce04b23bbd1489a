"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.dropping import general_dropout as general_dropout
from functrans.tf.dropping import stateless_dropout as stateless_dropout

__all__ = [
    "general_dropout",
    "stateless_dropout",
]
