"""Written by ``python docs/make_stubs.py`` from ``functrans/tf/rooms.py``; do not edit."""

from functrans.tf.keras.metric_classes import Accuracy as Accuracy
from functrans.tf.keras.metric_classes import BinaryAccuracy as BinaryAccuracy
from functrans.tf.keras.metric_classes import BinaryCrossentropy as BinaryCrossentropy
from functrans.tf.keras.metric_classes import CategoricalAccuracy as CategoricalAccuracy
from functrans.tf.keras.metric_classes import CategoricalCrossentropy as CategoricalCrossentropy
from functrans.tf.keras.metric_classes import CategoricalHinge as CategoricalHinge
from functrans.tf.keras.metric_classes import CosineSimilarity as CosineSimilarity
from functrans.tf.keras.metric_counts import FalseNegatives as FalseNegatives
from functrans.tf.keras.metric_counts import FalsePositives as FalsePositives
from functrans.tf.keras.metric_classes import Hinge as Hinge
from functrans.tf.keras.metric_classes import KLDivergence as KLDivergence
from functrans.tf.keras.metric_classes import LogCoshError as LogCoshError
from functrans.tf.keras.metric_classes import Mean as Mean
from functrans.tf.keras.metric_classes import MeanAbsoluteError as MeanAbsoluteError
from functrans.tf.keras.metric_classes import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from functrans.tf.keras.metric_classes import MeanMetricWrapper as MeanMetricWrapper
from functrans.tf.keras.metric_classes import MeanSquaredError as MeanSquaredError
from functrans.tf.keras.metric_classes import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from functrans.tf.keras.metric_classes import Metric as Metric
from functrans.tf.keras.metric_classes import Poisson as Poisson
from functrans.tf.keras.metric_counts import Precision as Precision
from functrans.tf.keras.metric_counts import Recall as Recall
from functrans.tf.keras.metric_classes import RootMeanSquaredError as RootMeanSquaredError
from functrans.tf.keras.metric_classes import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from functrans.tf.keras.metric_classes import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from functrans.tf.keras.metric_classes import SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy
from functrans.tf.keras.metric_classes import SquaredHinge as SquaredHinge
from functrans.tf.keras.metric_classes import Sum as Sum
from functrans.tf.keras.metric_classes import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from functrans.tf.keras.metric_counts import TrueNegatives as TrueNegatives
from functrans.tf.keras.metric_counts import TruePositives as TruePositives
from functrans.tf.keras.metric_functions import binary_accuracy as binary_accuracy
from functrans.tf.keras.loss_functions import binary_crossentropy as binary_crossentropy
from functrans.tf.keras.loss_functions import binary_focal_crossentropy as binary_focal_crossentropy
from functrans.tf.keras.metric_functions import categorical_accuracy as categorical_accuracy
from functrans.tf.keras.loss_functions import categorical_crossentropy as categorical_crossentropy
from functrans.tf.keras.loss_functions import categorical_focal_crossentropy as categorical_focal_crossentropy
from functrans.tf.keras.loss_functions import categorical_hinge as categorical_hinge
from functrans.tf.keras.metric_finding import deserialize as deserialize
from functrans.tf.keras.metric_finding import get as get
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
from functrans.tf.keras.metric_finding import serialize as serialize
from functrans.tf.keras.metric_functions import sparse_categorical_accuracy as sparse_categorical_accuracy
from functrans.tf.keras.loss_functions import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from functrans.tf.keras.metric_functions import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from functrans.tf.keras.loss_functions import squared_hinge as squared_hinge
from functrans.tf.keras.metric_functions import top_k_categorical_accuracy as top_k_categorical_accuracy

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Poisson",
    "Precision",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "deserialize",
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
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]
