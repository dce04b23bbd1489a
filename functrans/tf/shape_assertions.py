"""Assertions about ranks and shapes, which are known while functions are traced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from functrans.tf.convert import as_tensor
from functrans.tf.errors import InvalidTypeError, InvalidValueError
from functrans.tf.tensor import Tensor

_REMEDY = "The assertion is yours: look at where the shape comes from, or use tf.reshape."


def prefix(message: str | None) -> str:
    """What stands before an assertion's own text."""
    return f"{message}.  " if message else ""


def _rank(given: Any) -> int:
    tensor = as_tensor(given)
    if tensor._dtype.kind not in "iu":
        raise InvalidTypeError(
            f"tensor must be of type tf.int32; got {tensor.dtype!r}", "Give an integer."
        )
    if tensor._v.shape:
        raise InvalidValueError("Rank must be a scalar.", "Give one integer.")
    return int(tensor)


def _of_rank(x: Tensor, holds: bool, wanted: str, message: str | None) -> None:
    if not holds:
        raise InvalidValueError(
            f"{prefix(message)}Tensor  must have rank {wanted}.  Received rank {x.ndim}, "
            f"shape {x.shape}",
            _REMEDY,
        )


def assert_rank(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """ValueError unless the tensor has this number of axes.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_rank([1.0, 2.0], 1)
    """
    tensor, wanted = as_tensor(x), _rank(rank)
    _of_rank(tensor, tensor.ndim == wanted, str(wanted), message)


def assert_rank_at_least(
    x: Any, rank: Any, message: str | None = None, name: str | None = None
) -> None:
    """ValueError unless the tensor has this number of axes or more.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_rank_at_least([1.0, 2.0], 0)
    """
    tensor, wanted = as_tensor(x), _rank(rank)
    _of_rank(tensor, tensor.ndim >= wanted, f"at least {wanted}", message)


def assert_rank_in(x: Any, ranks: Any, message: str | None = None, name: str | None = None) -> None:
    """ValueError unless the number of the tensor's axes is one of these.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_rank_in([1.0, 2.0], (1, 2))
    """
    if not isinstance(ranks, Iterable):
        raise InvalidTypeError(
            f"{type(ranks).__name__!r} object is not iterable", "Give a list of ranks."
        )
    tensor, wanted = as_tensor(x), tuple(_rank(r) for r in ranks)
    _of_rank(tensor, tensor.ndim in wanted, f"in {wanted}", message)


def assert_scalar(tensor: Any, message: str | None = None, name: str | None = None) -> None:
    """ValueError unless the tensor has no axes.

    >>> import functrans.tf as tf
    >>> tf.debugging.assert_scalar(1.0)
    """
    found = as_tensor(tensor)
    if found.ndim:
        raise InvalidValueError(
            f"{prefix(message)}Expected scalar shape, saw shape: {found.shape}.", _REMEDY
        )


# --- several shapes ------------------------------------------------------------------------------


@dataclass
class _Size:
    """The size that a symbol stands for, and who said so."""

    size: int
    said_by: str


def assert_shapes(
    shapes: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> None:
    """ValueError unless tensors have the shapes given for them, in which equal symbols agree.

    ``shapes`` is a list of pairs (tensor, shape) or a dict. A shape's items are sizes, None or
    ``"."`` for any size, and symbols, which stand for one size throughout; a first item ``...``
    (or ``"*"``) stands for any number of axes. Text gives one symbol a letter.

    >>> import functrans.tf as tf
    >>> x, y = tf.ones([3, 2]), tf.ones([3])
    >>> tf.debugging.assert_shapes([(x, ("N", 2)), (y, ("N",))])
    """
    sizes: dict[Any, _Size] = {}
    pairs = list(shapes.items()) if isinstance(shapes, dict) else list(shapes)
    for x, wanted in pairs:
        if wanted is not None:
            _check_shape(as_tensor(x), wanted, sizes, message)


def _check_shape(x: Tensor, wanted: Any, sizes: dict[Any, _Size], message: str | None) -> None:
    described = f"shape={x.shape} dtype={x.dtype.name}"
    if not hasattr(wanted, "__iter__") and not hasattr(wanted, "__getitem__"):
        raise InvalidValueError(
            f"{prefix(message)}Tensor {described}.  Specified shape must be an iterable.  An "
            "iterable has the attribute `__iter__` or `__getitem__`.  Received specified shape: "
            f"{wanted}",
            "Give a tuple.",
        )
    items = list(wanted)
    for place, item in enumerate(items):
        if place and _is_rest(item):
            raise InvalidValueError(
                f"{prefix(message)}Tensor {described} specified shape index {place}.  Symbol `...` "
                "or `*` for a variable number of unspecified dimensions is only allowed as the "
                "first entry",
                "Put it first.",
            )
    actual = tuple(x._v.shape)
    if items and _is_rest(items[0]):
        items = items[1:]
        actual = actual or (1,) * len(items[:1])
        _of_rank(x, len(actual) >= len(items), f"at least {len(items)}", message)
        places = range(-len(items), 0)
        actual = actual[len(actual) - len(items) :]
    else:
        if len(items) <= 1:  # a scalar passes for a vector of one
            _of_rank(x, x.ndim <= 1, "in (0, 1)", message)
            items, actual = items or [1], actual or (1,)
        _of_rank(x, len(actual) == len(items), str(len(items)), message)
        places = range(len(items))
    for place, size, item in zip(places, actual, items, strict=True):
        _check_size(x, place, size, item, sizes, message)


def _is_rest(item: Any) -> bool:
    return item is Ellipsis or (isinstance(item, str) and item == "*")


def _check_size(
    x: Tensor, place: int, size: int, wanted: Any, sizes: dict[Any, _Size], message: str | None
) -> None:
    if wanted is None or wanted == ".":
        return
    described = f"shape={x.shape} dtype={x.dtype.name}"
    try:
        known = _Size(int(wanted), "Specified explicitly")
    except ValueError:
        by = f"Specified by tensor {described} dimension {place}"
        known = sizes.setdefault(wanted, _Size(size, by))
    if size != known.size:
        raise InvalidValueError(
            f"{prefix(message)}{known.said_by}.  Tensor {described} dimension {place} must have "
            f"size {known.size}.  Received size {size}, shape {x.shape}",
            _REMEDY,
        )
