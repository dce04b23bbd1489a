"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.keras.loss_classes import BinaryCrossentropy as BinaryCrossentropy
from functrans.tf.keras.loss_classes import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from functrans.tf.keras.loss_classes import CategoricalCrossentropy as CategoricalCrossentropy
from functrans.tf.keras.loss_classes import CategoricalHinge as CategoricalHinge
from functrans.tf.keras.loss_classes import CosineSimilarity as CosineSimilarity
from functrans.tf.keras.loss_classes import Hinge as Hinge
from functrans.tf.keras.loss_classes import Huber as Huber
from functrans.tf.keras.loss_functions import kl_divergence as KLD
from functrans.tf.keras.loss_classes import KLDivergence as KLDivergence
from functrans.tf.keras.loss_classes import LogCosh as LogCosh
from functrans.tf.keras.loss_classes import Loss as Loss
from functrans.tf.keras.loss_functions import mean_absolute_error as MAE
from functrans.tf.keras.loss_functions import mean_absolute_percentage_error as MAPE
from functrans.tf.keras.loss_functions import mean_squared_error as MSE
from functrans.tf.keras.loss_functions import mean_squared_logarithmic_error as MSLE
from functrans.tf.keras.loss_classes import MeanAbsoluteError as MeanAbsoluteError
from functrans.tf.keras.loss_classes import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from functrans.tf.keras.loss_classes import MeanSquaredError as MeanSquaredError
from functrans.tf.keras.loss_classes import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from functrans.tf.keras.loss_classes import Poisson as Poisson
from functrans.tf.keras.loss_classes import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from functrans.tf.keras.loss_classes import SquaredHinge as SquaredHinge
from functrans.tf.keras.loss_functions import binary_crossentropy as binary_crossentropy
from functrans.tf.keras.loss_functions import binary_focal_crossentropy as binary_focal_crossentropy
from functrans.tf.keras.loss_functions import categorical_crossentropy as categorical_crossentropy
from functrans.tf.keras.loss_functions import categorical_focal_crossentropy as categorical_focal_crossentropy
from functrans.tf.keras.loss_functions import categorical_hinge as categorical_hinge
from functrans.tf.keras.loss_functions import cosine_similarity as cosine_similarity
from functrans.tf.keras.loss_classes import deserialize as deserialize
from functrans.tf.keras.loss_functions import dice as dice
from functrans.tf.keras.loss_classes import get as get
from functrans.tf.keras.loss_functions import hinge as hinge
from functrans.tf.keras.loss_functions import huber as huber
from functrans.tf.keras.loss_functions import kl_divergence as kld
from functrans.tf.keras.loss_functions import kl_divergence as kullback_leibler_divergence
from functrans.tf.keras.loss_functions import log_cosh as logcosh
from functrans.tf.keras.loss_functions import mean_absolute_error as mae
from functrans.tf.keras.loss_functions import mean_absolute_percentage_error as mape
from functrans.tf.keras.loss_functions import mean_squared_error as mse
from functrans.tf.keras.loss_functions import mean_squared_logarithmic_error as msle
from functrans.tf.keras.loss_functions import poisson as poisson
from functrans.tf.keras.loss_classes import serialize as serialize
from functrans.tf.keras.loss_functions import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from functrans.tf.keras.loss_functions import squared_hinge as squared_hinge
from functrans.tf.keras.loss_functions import tversky as tversky

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLD",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kld",
    "kullback_leibler_divergence",
    "logcosh",
    "mae",
    "mape",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]
