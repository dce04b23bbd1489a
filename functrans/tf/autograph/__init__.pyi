"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.autograph import experimental as experimental
from functrans.tf.autograph.api import set_verbosity as set_verbosity
from functrans.tf.autograph.api import to_code as to_code
from functrans.tf.autograph.api import to_graph as to_graph
from functrans.tf.autograph.api import trace as trace

__all__ = [
    "experimental",
    "set_verbosity",
    "to_code",
    "to_graph",
    "trace",
]
