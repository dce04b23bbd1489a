"""Diagonals and bands of matrices: taken out, put in, kept, summed; transposes of matrices.

Several diagonals at once stand in the rows of one array, the uppermost first. Shorter ones are
padded, above and below the main diagonal on the side that ``align`` says.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from functrans import numpy as fnp
from functrans.tf.convert import as_tensor
from functrans.tf.errors import InvalidArgumentError, InvalidValueError
from functrans.tf.tensor import Tensor, value, wrap
from functrans.tf.words import operation

Range = tuple[int, int]
Ints = np.ndarray[Any, np.dtype[np.int64]]

_ALIGNMENTS = "LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"


def _matrices(op: str, x: Any) -> tuple[Tensor, Any]:
    """A tensor of two axes or more, and its value."""
    tensor = as_tensor(x)
    v = value(tensor)
    if len(v.shape) < 2:
        raise InvalidArgumentError.at(
            f"input must be at least 2-dim, received shape: {list(v.shape)} [Op:{op}] name: ",
            "The last two axes are those of matrices.",
        )
    return tensor, v


def _range(op: str, k: Any) -> Range:
    """The lowest and the highest diagonal."""
    found = np.atleast_1d(as_tensor(k).numpy()).tolist()
    low, high = int(found[0]), int(found[-1])
    if low > high:
        raise InvalidArgumentError.at(
            f"lower_diag_index must not be larger than upper_diag_index: {low} > {high} "
            f"[Op:{op}] name: ",
            "k is one diagonal or the pair (lowest, highest).",
        )
    return low, high


def _lengths(op: str, k: Range, rows: int, columns: int) -> dict[int, int]:
    """The lengths of the diagonals, from the uppermost down."""
    for d, word in zip(k, ("lower", "upper"), strict=True):
        if not -rows < d < columns and d:
            raise InvalidArgumentError.at(
                f"{word}_diag_index is out of bound: {d}. It must be between {-rows} and "
                f"{columns} [Op:{op}] name: ",
                f"The matrices have {rows} rows and {columns} columns.",
            )
    low, high = k
    return {d: min(rows + min(d, 0), columns - max(d, 0)) for d in range(high, low - 1, -1)}


def _offset(align: str, d: int, gap: int) -> int:
    """Where a diagonal starts in its row, which has ``gap`` elements more."""
    above, below = align.split("_")
    left = (above == "LEFT" and d >= 0) or (below == "LEFT" and d <= 0)
    return 0 if left else gap


def _checked_alignment(op: str, align: str) -> str:
    if align not in _ALIGNMENTS:
        listed = ", ".join(f'"{a}"' for a in _ALIGNMENTS)
        raise InvalidArgumentError.at(
            f"Value for attr 'align' of \"{align}\" is not in the list of allowed values: {listed} "
            f"[Op:{op}] name: ",
            "The first word is for diagonals above the main one, the second for those below.",
        )
    return align


def _padding(tensor: Tensor, number: Any) -> Any:
    return value(as_tensor(number, tensor._dtype))


# --- diagonals out -------------------------------------------------------------------------------


@operation("MatrixDiagPartV3")
def diag_part(
    input: Any,
    name: str = "diag_part",
    k: Any = 0,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Diagonal ``k`` of matrices, or all from ``k[0]`` to ``k[1]``, the uppermost first.

    >>> import functrans.tf as tf
    >>> tf.linalg.diag_part([[1.0, 2.0], [3.0, 4.0]]).numpy()
    array([1., 4.], dtype=float32)
    """
    op = "MatrixDiagPartV3"
    tensor, v = _matrices(op, input)
    _checked_alignment(op, align)
    rows, columns = v.shape[-2:]
    low, high = _range(op, k)
    lengths = _lengths(op, (low, high), rows, columns)
    longest = max(lengths.values())
    places = np.zeros((len(lengths), longest), np.int64)
    filled = np.zeros(places.shape, bool)
    for row, (d, length) in enumerate(lengths.items()):
        along = np.arange(length)
        start = _offset(align, d, longest - length)
        places[row, start : start + length] = (along + max(-d, 0)) * columns + along + max(d, 0)
        filled[row, start : start + length] = True
    if low == high:
        places, filled = places[0], filled[0]
    found = _taken(v, 2, places)
    if not filled.all():
        found = fnp.where(filled, found, _padding(tensor, padding_value))
    return wrap(found, tensor._dtype)


def _taken(v: Any, axes: int, places: Ints) -> Any:
    """Elements of the last axes, by their place in those."""
    lead = v.shape[: len(v.shape) - axes]
    flat = fnp.reshape(v, (*lead, math.prod(v.shape[len(lead) :])))
    return fnp.take(flat, places, axis=-1)


@operation("MatrixDiagPartV3")
def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the main diagonal of matrices.

    >>> import functrans.tf as tf
    >>> tf.linalg.trace([[1.0, 2.0], [3.0, 4.0]]).numpy()
    np.float32(5.0)
    """
    tensor, v = _matrices("MatrixDiagPartV3", x)
    return wrap(fnp.trace(v, 0, -2, -1, tensor._dtype), tensor._dtype)


@operation("DiagPart")
def tensor_diag_part(input: Any, name: str | None = None) -> Tensor:
    """The elements whose first half of indices is the second half, of a tensor of even rank.

    >>> import functrans.tf as tf
    >>> tf.linalg.tensor_diag_part([[1, 2], [3, 4]]).numpy()
    array([1, 4], dtype=int32)
    """
    tensor = as_tensor(input)
    v = value(tensor)
    half, odd = divmod(len(v.shape), 2)
    if odd or not half:
        raise InvalidArgumentError.at(
            "The rank of the tensor should be even and positive, got shape "
            f"{list(v.shape)} [Op:DiagPart] name: ",
            "tf.linalg.diag_part takes diagonals of matrices.",
        )
    sizes = v.shape[:half]
    for i, (m, n) in enumerate(zip(sizes, v.shape[half:], strict=True)):
        if m != n:
            raise InvalidArgumentError.at(
                f"Invalid shape {list(v.shape)}: dimensions {i} and {i + half} do not match. "
                "[Op:DiagPart] name: ",
                "The shape must be twice the same sizes.",
            )
    count = math.prod(sizes)
    return wrap(fnp.reshape(fnp.diagonal(fnp.reshape(v, (count, count))), sizes), tensor._dtype)


# --- diagonals in --------------------------------------------------------------------------------


@operation("MatrixDiagV3")
def diag(
    diagonal: Any,
    name: str = "diag",
    k: Any = 0,
    num_rows: int = -1,
    num_cols: int = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Tensor:
    """Matrices with the given diagonals, ``k`` or those from ``k[1]`` down to ``k[0]``.

    They are as small as the diagonals allow unless ``num_rows`` or ``num_cols`` is given.

    >>> import functrans.tf as tf
    >>> tf.linalg.diag([1.0, 2.0]).numpy()
    array([[1., 0.],
           [0., 2.]], dtype=float32)
    """
    op = "MatrixDiagV3"
    tensor = as_tensor(diagonal)
    v = value(tensor)
    _checked_alignment(op, align)
    low, high = _range(op, k)
    axes = 1 if low == high else 2
    if len(v.shape) < axes:
        raise InvalidArgumentError.at(
            f"diagonal must be at least {axes}-dim, received shape: {list(v.shape)} [Op:{op}] "
            "name: ",
            "The last axis is that of a diagonal; several diagonals stand in rows.",
        )
    _check_count(op, v.shape, (low, high))
    rows, columns = _sizes(v.shape[-1], (low, high), int(num_rows), int(num_cols))
    places, filled = _band(op, (low, high), rows, columns, v.shape[-1], align)
    found = fnp.where(filled, _taken(v, axes, places), _padding(tensor, padding_value))
    return wrap(found, tensor._dtype)


def _check_count(op: str, shape: tuple[int, ...], k: Range) -> None:
    low, high = k
    if low != high and shape[-2] != high - low + 1:
        raise InvalidArgumentError.at(
            "The number of diagonals provided in the input does not match the lower_diag_index "
            f"and upper_diag_index range. [Op:{op}] name: ",
            f"k = {k} are {high - low + 1} diagonals, and {shape[-2]} rows were given.",
        )


def _sizes(longest: int, k: Range, rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns of matrices with a longest diagonal; −1 for those not given."""
    least = longest - min(k[1], 0), longest + max(k[0], 0)
    if rows == columns == -1:
        return max(least), max(least)
    given = rows, columns
    for word, size, needed in zip(("rows", "columns"), given, least, strict=True):
        if size != -1 and size < needed:
            raise InvalidArgumentError.at(
                f"The number of {word} is too small. [Op:MatrixDiagV3] name: ",
                f"The diagonals need {needed}.",
            )
    found = tuple(n if size == -1 else size for size, n in zip(given, least, strict=True))
    if all(size != n for size, n in zip(found, least, strict=True)):
        raise InvalidArgumentError.at(
            "The number of rows or columns is not consistent with the specified d_lower, d_upper, "
            "and diagonal. [Op:MatrixDiagV3] name: ",
            f"Give num_rows={least[0]} or num_cols={least[1]}.",
        )
    return found[0], found[1]


def _band(
    op: str, k: Range, rows: int, columns: int, longest: int, align: str
) -> tuple[Ints, np.ndarray[Any, Any]]:
    """Where in the rows of diagonals each element of a matrix stands, and which ones do."""
    places = np.zeros((rows, columns), np.int64)
    filled = np.zeros((rows, columns), bool)
    for row, (d, length) in enumerate(_lengths(op, k, rows, columns).items()):
        along = np.arange(length)
        at = along + max(-d, 0), along + max(d, 0)
        places[at] = row * longest + along + _offset(align, d, longest - length)
        filled[at] = True
    return places, filled


@operation("MatrixSetDiagV3")
def set_diag(
    input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT"
) -> Tensor:
    """Matrices with diagonals ``k`` replaced by those given, as ``diag`` takes them.

    >>> import functrans.tf as tf
    >>> tf.linalg.set_diag([[1.0, 2.0], [3.0, 4.0]], [8.0, 9.0]).numpy()
    array([[8., 2.],
           [3., 9.]], dtype=float32)
    """
    op = "MatrixSetDiagV3"
    tensor, v = _matrices(op, input)
    new = value(as_tensor(diagonal, tensor._dtype))
    _checked_alignment(op, align)
    k = _range(op, k)
    rows, columns = v.shape[-2:]
    longest = max(_lengths(op, k, rows, columns).values())
    axes = 1 if k[0] == k[1] else 2
    wanted = (*v.shape[:-2], *((k[1] - k[0] + 1,) if axes == 2 else ()), longest)
    if new.shape != wanted:
        raise InvalidArgumentError.at(
            "Either first dimensions of diagonal don't match input.shape[:-2], or "
            "diagonal.shape[:-1] is not equal to the longests diagonal in range "
            f"[lower_diag_index:upper_diag_index]. [Op:{op}] name: ",
            f"The diagonals need the shape {list(wanted)}, and have {list(new.shape)}.",
        )
    places, filled = _band(op, k, rows, columns, longest, align)
    return wrap(fnp.where(filled, _taken(new, axes, places), v), tensor._dtype)


@operation("Diag")
def tensor_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """A tensor of twice the rank: zeros, but where both halves of the indices are equal.

    >>> import functrans.tf as tf
    >>> tf.linalg.tensor_diag([1, 2]).numpy()
    array([[1, 0],
           [0, 2]], dtype=int32)
    """
    tensor = as_tensor(diagonal)
    v = value(tensor)
    if not v.shape:
        raise InvalidArgumentError.at(
            "Input must be at least rank 1, got 0 [Op:Diag] name: ", "Give a vector."
        )
    found = fnp.diag(fnp.reshape(v, (math.prod(v.shape),)))
    return wrap(fnp.reshape(found, (*v.shape, *v.shape)), tensor._dtype)


# --- bands and transposes ------------------------------------------------------------------------


@operation("MatrixBandPart")
def band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """Matrices with zeros beyond so many diagonals below and above the main one; −1 keeps all.

    >>> import functrans.tf as tf
    >>> tf.linalg.band_part([[1.0, 2.0], [3.0, 4.0]], -1, 0).numpy()
    array([[1., 0.],
           [3., 4.]], dtype=float32)
    """
    tensor, v = _matrices("MatrixBandPart", input)
    rows, columns = v.shape[-2:]
    lower, upper = (int(as_tensor(n)) for n in (num_lower, num_upper))
    for word, count, side, size in (
        ("num_lower", lower, "rows", rows),
        ("num_upper", upper, "columns", columns),
    ):
        if count > size:
            raise InvalidArgumentError.at(
                f"{word} must be negative or less or equal to number of {side} ({size}) got: "
                f"{count} [Op:MatrixBandPart] name: ",
                "-1 keeps all diagonals on that side.",
            )
    below = np.arange(rows)[:, None] - np.arange(columns)
    kept = np.ones(below.shape, bool)
    if lower >= 0:
        kept &= below <= lower
    if upper >= 0:
        kept &= -below <= upper
    return wrap(fnp.where(kept, v, np.zeros((), tensor._dtype)), tensor._dtype)


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """The last two axes exchanged, and the elements conjugated if ``conjugate``.

    >>> import functrans.tf as tf
    >>> tf.linalg.matrix_transpose([[1.0, 2.0]]).numpy()
    array([[1.],
           [2.]], dtype=float32)
    """
    tensor = as_tensor(a)
    v = value(tensor)
    if len(v.shape) < 2:
        raise InvalidValueError(
            f"Argument `a` should be a (batch) matrix with rank >= 2.  Received `a` = {a} with "
            f"shape: {tensor.shape}",
            "tf.transpose takes tensors of any rank.",
        )
    turned = fnp.matrix_transpose(v)
    return wrap(fnp.conj(turned) if conjugate else turned, tensor._dtype)


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """The last two axes exchanged and the elements conjugated.

    >>> import functrans.tf as tf
    >>> tf.linalg.adjoint([[1j, 2.0]]).numpy()
    array([[0.-1.j],
           [2.-0.j]])
    """
    return matrix_transpose(matrix, conjugate=True)
