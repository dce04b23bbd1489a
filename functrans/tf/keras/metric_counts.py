"""Counts of examples by label and prediction, and what is computed from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.errors import InvalidValueError
from functrans.tf.keras.loss_functions import alike_ranks, in_dtype
from functrans.tf.keras.metric_classes import Metric
from functrans.tf.tensor import Tensor, value, wrap


class _Confusion(Metric):
    """Counts of examples by label and by prediction, above each of some thresholds or not."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.thresholds = [0.5] if thresholds is None else list(np.atleast_1d(thresholds))
        if any(not 0 <= t <= 1 for t in self.thresholds):
            raise InvalidValueError(
                f"Threshold values must be in [0, 1]. Received: {self.thresholds}",
                "Predictions are probabilities.",
            )
        self._shape = (len(self.thresholds),)

    def _counts(self, y_true: Any, y_pred: Any, sample_weight: Any) -> dict[str, Any]:
        predicted = in_dtype(y_pred, self._dtype)
        true, predicted = alike_ranks(in_dtype(y_true, self._dtype), predicted)
        y, p = (fnp.ravel(value(x)) for x in (true, predicted))
        weights = fnp.ones_like(p)
        if sample_weight is not None:
            w = value(in_dtype(sample_weight, self._dtype))
            shape = w.shape + (1,) * (predicted.ndim - len(w.shape))
            weights = fnp.ravel(fnp.broadcast_to(fnp.reshape(w, shape), predicted._v.shape))
        above = fnp.expand_dims(p, 0) > fnp.asarray(self.thresholds, p.dtype)[:, None]
        right = fnp.expand_dims(y != 0, 0)
        kinds = {
            "true_positives": above & right,
            "false_positives": above & ~right,
            "true_negatives": ~above & ~right,
            "false_negatives": ~above & right,
        }
        return {k: fnp.sum(fnp.where(found, weights, 0.0), axis=1) for k, found in kinds.items()}

    def _given(self, per_threshold: Any) -> Tensor:
        return wrap(per_threshold[0] if len(self.thresholds) == 1 else per_threshold)


class _Count(_Confusion):
    kind = ""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, name, dtype)
        self.accumulator = self.add_weight(self._shape, name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels 0 and 1, predicted probabilities, and weights of a batch."""
        self._add(self.accumulator, self._counts(y_true, y_pred, sample_weight)[self.kind])

    def result(self) -> Any:
        """The count so far, for each threshold if there are several."""
        return self._given(self.accumulator._current())


class TruePositives(_Count):
    """How many examples are predicted and labelled 1.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.TruePositives()([1, 0, 1, 1], [0.9, 0.8, 0.1, 0.0]).numpy()
    np.float32(1.0)
    """

    kind = "true_positives"


class FalsePositives(_Count):
    """How many examples are predicted, but not labelled 1.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.FalsePositives()([1, 0, 1, 1], [0.9, 0.8, 0.1, 0.0]).numpy()
    np.float32(1.0)
    """

    kind = "false_positives"


class TrueNegatives(_Count):
    """How many examples are neither predicted nor labelled 1.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.TrueNegatives()([1, 0, 1, 1], [0.9, 0.8, 0.1, 0.0]).numpy()
    np.float32(0.0)
    """

    kind = "true_negatives"


class FalseNegatives(_Count):
    """How many examples are labelled 1, but not predicted.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.FalseNegatives()([1, 0, 1, 1], [0.9, 0.8, 0.1, 0.0]).numpy()
    np.float32(2.0)
    """

    kind = "false_negatives"


class _Share(_Confusion):
    """The share of true positives among all of another kind."""

    other = ""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if top_k is not None or class_id is not None:
            raise InvalidValueError(
                "`top_k` and `class_id` are not supported here.",
                "Pass the labels and predictions of the class alone.",
            )
        super().__init__(thresholds, name, dtype)
        self.true_positives = self.add_weight(self._shape, name="true_positives")
        self._others = self.add_weight(self._shape, name=self.other)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take labels 0 and 1, predicted probabilities, and weights of a batch."""
        counts = self._counts(y_true, y_pred, sample_weight)
        self._add(self.true_positives, counts["true_positives"])
        self._add(self._others, counts[self.other])

    def result(self) -> Any:
        """The share so far, 0 where there is nothing yet; for each threshold if several."""
        right = self.true_positives._current()
        total = right + self._others._current()
        share = fnp.where(total == 0, 0.0, right / fnp.where(total == 0, 1.0, total))
        return self._given(share.astype(right.dtype))


class Precision(_Share):
    """The share of right ones among those predicted.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.Precision()([1, 0, 1], [0.9, 0.8, 0.1]).numpy()
    np.float32(0.5)
    """

    other = "false_positives"


class Recall(_Share):
    """The share of predicted ones among those that should have been.

    >>> import functrans.tf as tf
    >>> tf.keras.metrics.Recall()([1, 0, 1, 1], [0.9, 0.8, 0.1, 0.0]).numpy()
    np.float32(0.33333334)
    """

    other = "false_negatives"
