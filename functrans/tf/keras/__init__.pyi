"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.keras.layers import Model as Model
from functrans.tf.keras.layers import Sequential as Sequential
from functrans.tf.keras import activations as activations
from functrans.tf.keras import initializers as initializers
from functrans.tf.keras import layers as layers
from functrans.tf.keras import losses as losses
from functrans.tf.keras import metrics as metrics
from functrans.tf.keras import optimizers as optimizers
from functrans.tf.keras import utils as utils

__all__ = [
    "Model",
    "Sequential",
    "activations",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "utils",
]
