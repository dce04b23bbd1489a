"""map: a function of one row, for all rows of arrays, in order or in chunks."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from functrans import tree
from functrans.control.loops import number_of_rows, scan
from functrans.errors import OptionError
from functrans.primitives.layout import concatenate, reshape, slice_axis
from functrans.transforms.stage import check_callable
from functrans.transforms.vmap import vmap


def map(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """``f`` of every row, stacked: a :func:`scan` that carries nothing.

    Unlike :func:`vmap` it computes one row after the other, and needs the memory of one.

    Parameters
    ----------
    f: a function of one row of ``xs``.
    xs: a tree of arrays with the same leading axis.
    batch_size: so many rows are computed at once, by ``vmap(f)``; those that are left over come
        last. A compromise between the time of ``vmap`` and the memory of a loop.

    Raises
    ------
    ShapeError: rows of different number, or no leading axis. OptionError: no arrays in ``xs``, or
    a ``batch_size`` that is no positive int.

    >>> import numpy as np
    >>> ft.lax.map(lambda x: x * x.sum(), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[ 3.,  6.],
           [21., 28.]])
    """
    check_callable("map", f)
    rows = tree.leaves(xs)
    if not rows:
        raise OptionError("map got no arrays in xs.", "scan takes the number of iterations.")
    count = number_of_rows("map", rows, None)
    size = _checked_size(batch_size, count)
    if size is None or not count:
        return scan(lambda _, x: ((), f(x)), (), xs)[1]
    chunks, left = divmod(count, size)
    parts = [_in_chunks(f, xs, 0, chunks, size)]
    if left:
        parts.append(_in_chunks(f, xs, chunks * size, 1, left))
    return tree.map_(lambda *some: concatenate(some, 0), *parts)


def _checked_size(batch_size: Any, count: int) -> int | None:
    """The rows at once, no more than there are."""
    if batch_size is None:
        return None
    try:
        size = operator.index(batch_size)
    except TypeError:
        size = 0
    if size < 1:
        raise OptionError(
            f"batch_size is {batch_size!r:.60}, which is no positive number of rows.",
            "Give a positive int, or leave it out for one row at a time.",
        )
    return min(size, count)


def _in_chunks(f: Callable[[Any], Any], xs: Any, start: int, chunks: int, size: int) -> Any:
    """The results of ``chunks`` times ``size`` rows from ``start`` on."""
    stop = start + chunks * size

    def cut(x: Any) -> Any:
        return reshape(slice_axis(x, 0, start, stop), (chunks, size, *x.shape[1:]))

    done = scan(lambda _, x: ((), vmap(f)(x)), (), tree.map_(cut, xs))[1]
    return tree.map_(lambda y: reshape(y, (chunks * size, *y.shape[2:])), done)
