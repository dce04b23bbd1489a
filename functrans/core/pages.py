"""Memory pages that stay with the process between eager derivatives."""

from __future__ import annotations

from functools import cache

import numpy as np

_BLOCK = (32 << 20) - (64 << 10)  # bytes; glibc learns from blocks below 32 MB


@cache
def keep_pages() -> None:
    """Have the C library keep up to 64 MB of freed memory for what is asked for next.

    A derivative holds an array for each operation and frees them together. glibc then gives the top
    of its heap back to the system, and the next derivative pays a page fault, which zeroes the
    page, for every 4 KB: several times what the arithmetic costs. Its thresholds follow the largest
    block that was mapped on its own and freed (``M_MMAP_THRESHOLD`` in mallopt(3)), so one such
    block teaches it. Nobody touches the block, so it never has pages; other C libraries ignore it.
    """
    np.empty(_BLOCK, np.uint8)
