"""Attention: weighted means of values, by the products of queries and keys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import functrans.numpy as fnp
from functrans.errors import ShapeError
from functrans.nn.normal import softmax
from functrans.typing import Array, ArrayLike


def dot_product_attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    bias: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    *,
    scale: float | None = None,
    is_causal: bool = False,
    query_seq_lengths: ArrayLike | None = None,
    key_value_seq_lengths: ArrayLike | None = None,
    local_window_size: int | tuple[int, int] | None = None,
) -> Array:
    """softmax(scale·Q·Kᵀ + bias)·V for each head (Vaswani et al., arXiv:1706.03762).

    Parameters
    ----------
    query: of shape (T, N, H) or with a batch axis (B, T, N, H): T positions, N heads of width H.
    key, value: of shape ([B,] S, K, H). K divides N: heads in groups of N/K share keys.
    bias: added to the products; broadcasts to ([B,] N, T, S).
    mask: boolean, broadcasts likewise; products where it is False do not count.
    scale: 1/√H unless given.
    is_causal: position t sees keys up to t alone.
    query_seq_lengths, key_value_seq_lengths: integers of shape (B,); what lies behind them is
        padding. Rows of padded queries are 0.
    local_window_size: how many keys before and after its own position a query sees.

    Returns
    -------
    An array of the query's shape and dtype.

    Raises
    ------
    ShapeError: shapes that do not go together.

    >>> q, k, v = np.zeros((1, 1, 2)), np.ones((4, 1, 2)), np.arange(8.0).reshape(4, 1, 2)
    >>> ft.nn.dot_product_attention(q, k, v)
    array([[[3., 4.]]])
    """
    query, key, value = (fnp.asarray(x) for x in (query, key, value))
    shape, dtype = query.shape, query.dtype
    if query.ndim not in (3, 4) or key.ndim != query.ndim or key.shape != value.shape:
        raise ShapeError(
            f"Attention got a query of shape {query.shape}, keys of {key.shape} and values of "
            f"{value.shape}.",
            "Give ([batch,] positions, heads, width), with equal shapes for keys and values.",
        )
    single = query.ndim == 3
    if single:
        query, key, value = (x[None] for x in (query, key, value))
    batch, t, heads, width = query.shape
    s, groups = key.shape[1:3]
    if key.shape[0] != batch or key.shape[3] != width or heads % groups:
        raise ShapeError(
            f"Attention got a query of shape {shape} and keys of shape {key.shape}.",
            "Batch and width must agree, and the heads of the keys divide those of the query.",
        )
    scale = 1.0 / math.sqrt(width) if scale is None else scale
    grouped = query.reshape(batch, t, groups, heads // groups, width)
    products = fnp.einsum("btkgh,bskh->bkgts", grouped, key).reshape(batch, heads, t, s) * scale
    if bias is not None:
        products = products + _with_batch(bias, single)
    seen = _seen(t, s, is_causal, local_window_size)
    if mask is not None:
        seen = seen & _with_batch(mask, single)
    if query_seq_lengths is not None:
        rows = np.arange(t)[:, None] < fnp.asarray(query_seq_lengths)[:, None, None, None]
        seen = seen & rows
    if key_value_seq_lengths is not None:
        seen = seen & (np.arange(s) < fnp.asarray(key_value_seq_lengths)[:, None, None, None])
    low = np.finfo(dtype).min * 0.7
    weights = softmax(fnp.where(seen, products, low).astype(dtype))
    shares = weights.reshape(batch, groups, heads // groups, t, s)
    found = fnp.einsum("bkgts,bskh->btkgh", shares, value)
    if query_seq_lengths is not None:
        found = fnp.where(rows.reshape(batch, t, 1, 1, 1), found, 0.0)
    return found.reshape(shape).astype(dtype)


def _with_batch(x: Any, single: bool) -> Any:
    """A bias or mask with a batch axis, where the query came without."""
    x = fnp.asarray(x)
    return x[None] if single else x


def _seen(t: int, s: int, is_causal: bool, window: int | tuple[int, int] | None) -> Any:
    """Which keys each position sees."""
    rows, columns = np.arange(t)[:, None], np.arange(s)
    seen = np.ones((1, 1, t, s), bool)
    if is_causal:
        seen &= rows >= columns
    if window is not None:
        before, after = (window, window) if isinstance(window, int) else window
        seen &= (columns >= rows - before) & (columns <= rows + after)
    return seen


__all__ = ["dot_product_attention"]
