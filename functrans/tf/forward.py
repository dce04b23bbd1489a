"""tf.autodiff.ForwardAccumulator: derivatives along a direction, computed beside the values."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.extend import ForwardRecording
from functrans.tf import nest
from functrans.tf.convert import as_tensor
from functrans.tf.errors import AbsentNameError, InvalidValueError
from functrans.tf.tape import UnconnectedGradients, unconnected_kind
from functrans.tf.tensor import Tensor, TensorLike, Watcher, value, wrap


class _Direction:
    """A primal, its tangent, and its value as the accumulator traces it."""

    __slots__ = ("base", "primal", "tangent", "traced", "v")

    def __init__(self, primal: Any, tangent: Tensor) -> None:
        self.primal = primal  # held, so that its identity is not given to another
        self.tangent = tangent
        self.v: Any = None
        self.base: Any = None
        self.traced: Any = None


class _Pushing(Watcher, ForwardRecording):
    """A forward recording that knows its primals."""

    __slots__ = ("table",)

    def __init__(self) -> None:
        super().__init__()
        self.table: dict[int, _Direction] = {}

    def __enter__(self) -> Any:
        for direction in self.table.values():
            direction.v = value(direction.tangent)
        return super().__enter__()

    def watched_value(self, thing: Any, v: Any) -> Any:
        direction = self.table.get(id(thing))
        if direction is None:
            return v
        if direction.base is not v:
            direction.base, direction.traced = v, self.lift(v, direction.v)
        return direction.traced


class ForwardAccumulator:
    """Derivatives along ``tangents`` at ``primals`` of what runs in its ``with`` block.

    Parameters
    ----------
    primals: tensors and variables in a structure.
    tangents: a direction for each, in the same structure: of its shape, and a tensor of its dtype
        or a value that converts.

    Accumulators nest, and go together with tapes both ways: one around a tape gives products of
    the Hessian with a vector.

    Raises
    ------
    InvalidValueError: structures, shapes or dtypes that differ; a primal that is given twice.

    >>> import functrans.tf as tf
    >>> x = tf.constant([1.0, 2.0])
    >>> with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 0.0])) as accumulator:
    ...     y = x * x
    >>> accumulator.jvp(y).numpy()
    array([2., 0.], dtype=float32)
    """

    def __init__(self, primals: Any, tangents: Any) -> None:
        nest.assert_same_structure(primals, tangents)
        self._recording = _Pushing()
        for primal, given in zip(nest.flatten(primals), nest.flatten(tangents), strict=True):
            self._add(primal, given)

    def _add(self, primal: Any, given: Any) -> None:
        table = self._recording.table
        if id(primal) in table:
            raise InvalidValueError(
                f"Tensor {primal!r} was specified as a primal multiple times. This may indicate an "
                "error. If it was intended, please sum the corresponding tangents.",
                "Give each primal once.",
            )
        tangent = as_tensor(given, primal.dtype.np)
        if not primal.shape.is_compatible_with(tangent.shape):
            raise InvalidValueError(
                f"Dimensions must be equal: the tangent has shape {tangent.shape}, its primal "
                f"{primal.shape}.",
                "Give tangents of their primals' shapes.",
            )
        if tangent._dtype.kind not in "fc":
            return
        if isinstance(primal, Tensor):
            primal._watched = True
        table[id(primal)] = _Direction(primal, tangent)

    def __enter__(self) -> ForwardAccumulator:
        if self._recording.is_open:
            raise InvalidValueError("Accumulator is already recording.", "Leave its block first.")
        self._recording.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._recording.__exit__(*error)

    def jvp(self, primals: Any, unconnected_gradients: Any = UnconnectedGradients.NONE) -> Any:
        """The derivatives of results along the tangents, in the results' structure.

        ``unconnected_gradients`` says what stands for that of a result which does not depend on
        the primals: ``"none"`` (None) or ``"zero"``.
        """
        kind = unconnected_kind(unconnected_gradients)
        found = [self._tangent(x, kind) for x in nest.flatten(primals)]
        return nest.pack_sequence_as(primals, found) if nest.is_nested(primals) else found[0]

    def _tangent(self, result: Any, kind: UnconnectedGradients) -> Tensor | None:
        if not isinstance(result, Tensor | TensorLike):
            raise AbsentNameError(
                f"{type(result).__name__!r} object has no attribute '_id'",
                "Ask for the derivatives of tensors.",
            )
        direction = self._recording.table.get(id(result))
        if direction is not None:
            return direction.tangent
        v = self._recording.tangent_of(result._v) if isinstance(result, Tensor) else None
        if v is not None:
            return wrap(v)
        if kind is UnconnectedGradients.NONE:
            return None
        return wrap(np.zeros(as_tensor(result)._v.shape, result.dtype.np)[()])
