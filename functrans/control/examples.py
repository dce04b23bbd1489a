"""Examples that take no part in what is run for all of them, because others do."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.core.avals import shape_of
from functrans.primitives.indexing import gather
from functrans.primitives.layout import broadcast_in_dim, iota, spread
from functrans.primitives.linear import select_n
from functrans.primitives.marks import stop_gradient
from functrans.primitives.reductions import reduce_min


def wide(flags: Any, x: Any) -> Any:
    """One flag for each element of ``x``, which has examples first."""
    return broadcast_in_dim(flags, shape_of(x), (0,))


def guarded(x: Any, takes_part: Any) -> Any:
    """``x``; of examples that take no part no derivative comes back, not even a NaN."""
    return select_n(wide(takes_part, x), stop_gradient(x), x)


def following(x: Any, takes_part: Any, size: int) -> Any:
    """``x``, where examples that take no part do as the first one that does.

    So nothing runs on values on which it would never run: it may raise an error on them, loop for
    ever, or make NaNs.
    """
    if not size:
        return x
    places = iota(np.int64, (size,), 0)  # a minimum is found several times faster than an argmax
    first = reduce_min(select_n(takes_part, np.int64(size), places), (0,))
    leader = stop_gradient(gather(x, (first,), (0,), "clip"))
    return select_n(wide(takes_part, x), spread(leader, size), x)
