"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.keras.optimizers.rules import Adadelta as Adadelta
from functrans.tf.keras.optimizers.rules import Adagrad as Adagrad
from functrans.tf.keras.optimizers.rules import Adam as Adam
from functrans.tf.keras.optimizers.rules import AdamW as AdamW
from functrans.tf.keras.optimizers.rules import Adamax as Adamax
from functrans.tf.keras.optimizers.rules import Ftrl as Ftrl
from functrans.tf.keras.optimizers.rules import Lion as Lion
from functrans.tf.keras.optimizers.rules import Nadam as Nadam
from functrans.tf.keras.optimizers.base import Optimizer as Optimizer
from functrans.tf.keras.optimizers.rules import RMSprop as RMSprop
from functrans.tf.keras.optimizers.rules import SGD as SGD
from functrans.tf.keras.optimizers.finding import deserialize as deserialize
from functrans.tf.keras.optimizers.finding import get as get
from functrans.tf.keras.optimizers import schedules as schedules
from functrans.tf.keras.optimizers.finding import serialize as serialize

__all__ = [
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "SGD",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
