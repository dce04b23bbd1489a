"""tf.TensorArray: a list of tensors of one dtype that loops write into.

Where positions are known, it is a Python list. In compiled loops it is one tensor with the
elements as rows, which is what carries it from step to step.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np

from functrans import debug, lax
from functrans import numpy as fnp
from functrans.extend import known
from functrans.tf.convert import INT32, as_tensor, convert_to_tensor, sizes_of, type_name
from functrans.tf.dtypes import DType, as_dtype
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidIndexError,
    InvalidTypeError,
    InvalidValueError,
    OutOfRangeError,
)
from functrans.tf.shapes import TensorShape
from functrans.tf.tensor import Tensor, value, wrap


class _Elements:
    """What is known of the elements; an array and its copies share it."""

    __slots__ = ("shape",)

    def __init__(self, shape: tuple[int, ...] | None) -> None:
        self.shape = shape


class TensorArray:
    """A list of ``size`` tensors of one dtype, and of one shape unless ``infer_shape`` is False.

    Every method that writes returns the array to go on with: ``ta = ta.write(i, x)``. Elements
    that were never written are zeros. Reading an element clears it, unless ``clear_after_read``
    is False. In loops inside tf.function the size must be given: ``dynamic_size`` needs positions
    that Python knows.

    >>> import functrans.tf as tf
    >>> ta = tf.TensorArray(tf.float32, size=3)
    >>> for i in range(3):
    ...     ta = ta.write(i, float(i))
    >>> ta.stack().numpy()
    array([0., 1., 2.], dtype=float32)
    """

    __slots__ = (
        "_buffer",
        "_cells",
        "_cleared",
        "_clears",
        "_dtype",
        "_dynamic",
        "_elements",
        "_infer",
        "_used",
    )

    handle = None

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        if size is None:
            raise InvalidValueError(
                "Size must be declared for TensorArrays when eager execution is enabled.",
                "Write tf.TensorArray(dtype, size=n), or size=0, dynamic_size=True.",
            )
        self._dtype: np.dtype[Any] = as_dtype(dtype).np
        self._cells: list[Tensor | None] = [None] * _position(size, "size")
        self._cleared: set[int] = set()
        self._buffer: Tensor | None = None
        self._dynamic = bool(dynamic_size)
        self._clears = clear_after_read is None or bool(clear_after_read)
        self._infer = infer_shape
        self._used: Tensor | None = None
        shape = TensorShape(element_shape)
        self._elements = _Elements(sizes_of(shape) if shape.is_fully_defined() else None)

    # --- what it is

    @property
    def _of(self) -> tuple[int, ...] | None:
        """The shape of the elements, once it is known."""
        return self._elements.shape

    @_of.setter
    def _of(self, shape: tuple[int, ...] | None) -> None:
        self._elements.shape = shape

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return as_dtype(self._dtype)

    @property
    def dynamic_size(self) -> bool:
        """Whether it grows when it is written behind its end."""
        return self._dynamic

    @property
    def element_shape(self) -> TensorShape:
        """The shape of the elements, as far as it is known."""
        return TensorShape(self._of)

    @property
    def flow(self) -> Tensor:
        """A tensor that orders operations where TensorFlow builds graphs; nothing depends on it."""
        return wrap(INT32.type(0))

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements."""
        return wrap(INT32.type(self._count)) if self._used is None else self._used

    @property
    def _count(self) -> int:
        return len(self._cells) if self._buffer is None else int(self._buffer._v.shape[0])

    # --- single elements

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with ``value`` at a place.

        Raises
        ------
        OutOfRangeError: a place that the array does not have.
        InvalidArgumentError: a tensor of another dtype. InvalidValueError: of another shape.
        """
        tensor = self._checked(convert_to_tensor(value, dtype_hint=self._dtype))
        place = _known_position(index)
        if place is None:
            return self._written(_traced_position(index), tensor)
        if place < 0:
            raise OutOfRangeError.at(
                f"Writing to negative indices (index {place}) is not allowed.", "Count from 0."
            )
        if self._buffer is not None and self._dynamic and place >= self._count:
            raise _cannot_grow(self._count)
        if place >= self._count and not self._dynamic:
            raise OutOfRangeError.at(
                f"Tried to write to index {place} but array is not resizeable and size is: "
                f"{self._count} ",
                "Make the array larger, or with dynamic_size=True.",
            )
        if self._buffer is not None:
            return self._written(place, tensor)
        self._cells.extend([None] * (place + 1 - len(self._cells)))
        self._cells[place] = tensor
        self._cleared.discard(place)
        return self.identity()

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at a place, which is then cleared unless ``clear_after_read`` is False."""
        place = _known_position(index)
        if place is None or self._buffer is not None:
            at = _traced_position(index) if place is None else self._checked_place(place)
            rows = value(self._rows())
            return wrap(lax.dynamic_index_in_dim(rows, at, 0, keepdims=False), self._dtype)
        self._checked_place(place)
        if place in self._cleared:
            raise InvalidArgumentError.at(
                f"Could not read index {place} twice because it was cleared after a previous read "
                "(perhaps try setting clear_after_read = false?)",
                "Make the array with clear_after_read=False.",
            )
        found = self._cell(place)
        if self._clears:
            self._cells[place] = None
            self._cleared.add(place)
        return found

    # --- all elements

    def stack(self, name: str | None = None) -> Tensor:
        """All elements as the rows of one tensor."""
        return self._rows()

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at some places as the rows of one tensor."""
        places = value(as_tensor(indices))
        if self._buffer is None and known(places) is not None:
            for place in known(places):
                if not 0 <= place < self._count:
                    raise InvalidIndexError(
                        f"list index out of range: gather of place {place} from a TensorArray of "
                        f"{self._count} elements.",
                        "Places go from 0 to one less than the size.",
                    )
            cells = [self._cell(int(place)) for place in known(places)]
            return _stacked(cells, self._dtype, self._of)
        return wrap(fnp.take(value(self._rows()), places, axis=0), self._dtype)

    def concat(self, name: str | None = None) -> Tensor:
        """The elements one after the other, joined along their first axis."""
        if self._buffer is None:
            parts = [self._cell(i) for i in range(self._count)]
        else:
            parts = [self.read(i) for i in range(self._count)]
        if not parts:
            raise InvalidArgumentError.at(
                "OpKernel 'ConcatV2' has constraint on attr 'N' not in NodeDef: a TensorArray "
                "without elements has nothing to join.",
                "Write an element first.",
            )
        if any(not p._v.shape for p in parts):
            raise InvalidArgumentError.at(
                "Concat saw a scalar shape at index 0 but requires at least vectors.",
                "Use stack() for scalars.",
            )
        return wrap(fnp.concatenate([value(p) for p in parts]), self._dtype)

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """The array with the rows of a tensor as its elements."""
        rows = _rows_of(convert_to_tensor(value, dtype_hint=self._dtype))
        if len(rows) > self._count and not self._dynamic:
            raise InvalidValueError(
                f"Cannot unstack {len(rows)} tensors into a TensorArray of static size "
                f"{self._count}",
                "Make the array larger, or with dynamic_size=True.",
            )
        self._cells[:] = [self._checked(row) for row in rows]
        self._cleared.clear()
        new = self.identity()
        new._buffer = None
        return new

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with the rows of a tensor written to some places."""
        rows = _rows_of(convert_to_tensor(value, dtype_hint=self._dtype))
        array = self
        for i, row in zip(as_tensor(indices), rows, strict=True):
            array = array.write(i, row)
        return array

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """The array with consecutive pieces of a tensor, of the given lengths, as its elements."""
        tensor = convert_to_tensor(value, dtype_hint=self._dtype)
        array, start = self, 0
        for place, length in enumerate(sizes_of(lengths)):
            array = array.write(place, tensor[start : start + length])
            start += length
        return array

    def identity(self) -> TensorArray:
        """The same array in another object."""
        new = TensorArray.__new__(TensorArray)
        for name in self.__slots__:
            setattr(new, name, getattr(self, name))
        return new

    def close(self, name: str | None = None) -> None:
        """Give the elements back."""
        self._cells.clear()
        self._buffer = None

    # --- in compiled loops

    def _components(self) -> list[Tensor]:
        """What a loop carries: the rows, if their shape is known.

        They are made once, where the elements are at hand: the array may be asked again when a
        trace that wrote them is over.
        """
        if not self._has_rows():
            return []
        self._buffer = self._rows()
        return [self._buffer] if self._used is None else [self._buffer, self._used]

    def _rebuilt(self, components: Sequence[Tensor]) -> TensorArray:
        new = self._copy()  # what a trace writes stays in it
        if components:
            new._buffer, *used = components
            new._used = used[0] if used else None
        return new

    def _has_rows(self) -> bool:
        return self._buffer is not None or self._of is not None

    def _of_elements(self, like: TensorArray) -> TensorArray:
        """This array, knowing the shape of its elements from another one."""
        new = self.identity()
        new._elements = like._elements
        return new

    def _growing(self, most: int) -> TensorArray:
        """The array with room for so many elements, if it may grow: it counts those it has."""
        missing = most - self._count
        if not self._dynamic or self._used is not None or missing <= 0:
            return self
        new = self._copy()
        new._used = wrap(INT32.type(self._count))
        if self._buffer is None:
            new._cells.extend([None] * missing)
        else:
            rows = value(self._buffer)
            more = np.zeros((missing, *rows.shape[1:]), rows.dtype)
            new._buffer = wrap(fnp.concatenate([rows, more]))
        return new

    def _grown(self) -> TensorArray:
        """The array after it grew; when the program runs it must have as many elements as room."""
        if self._used is None:
            return self
        room = self._count
        error = InvalidArgumentError.at(
            f"A TensorArray has room for {room} elements in a loop of so many iterations, and not "
            "each of the places was written, or others too.",
            "Shapes are fixed in compiled code: write to place i in iteration i, or give the size.",
        )

        def check(used: Any) -> None:
            if used != room:
                raise copy(error)  # a new one each time, of the loop's own line

        debug.callback(check, value(self._used))
        new = self.identity()
        new._used = None
        return new

    def _copy(self) -> TensorArray:
        """An array to write to, which leaves this one as it is; both learn the elements' shape."""
        new = self.identity()
        new._cells = list(self._cells)
        new._cleared = set(self._cleared)
        return new

    def _written(self, at: Any, tensor: Tensor) -> TensorArray:
        """The array with a row replaced, at a place that may be traced."""
        if self._dynamic and not self._count:
            raise _cannot_grow(0)
        rows = lax.dynamic_update_index_in_dim(value(self._rows()), value(tensor), at, 0)
        new = self._rebuilt([wrap(rows, self._dtype)])
        if self._used is not None:
            new._used = wrap(fnp.maximum(value(self._used), fnp.astype(at, np.int32) + 1))
        return new

    # --- helpers

    def _rows(self) -> Tensor:
        if self._buffer is not None:
            return self._buffer
        cells = [self._cell(i) for i in range(len(self._cells))]
        return _stacked(cells, self._dtype, self._of)

    def _cell(self, place: int) -> Tensor:
        """An element; zeros if it was never written."""
        found = self._cells[place]
        if found is not None:
            return found
        if self._of is None:
            raise InvalidValueError(
                "Cannot convert a partially known TensorShape <unknown> to a Tensor.",
                "Write an element first, or give element_shape.",
            )
        if self._dtype.kind == "O":
            return wrap(np.full(self._of, b"", object))
        return wrap(np.zeros(self._of, self._dtype)[()])

    def _checked(self, tensor: Tensor) -> Tensor:
        """A tensor that may be an element; the first one says what shape they have."""
        if tensor._dtype != self._dtype:
            raise InvalidArgumentError.at(
                f"TensorArray dtype is {self.dtype.name} but Op is trying to write dtype "
                f"{tensor.dtype.name} ",
                f"Convert it: tf.cast(x, tf.{self.dtype.name}).",
            )
        shape = tuple(tensor._v.shape)
        if self._infer and self._of is None:
            self._of = shape
        if self._infer and self._of != shape:
            raise InvalidValueError(
                f"Incompatible shape for value ({shape}), expected ({self._of})",
                "Elements have one shape, or make the array with infer_shape=False.",
            )
        return tensor

    def _checked_place(self, place: int) -> int:
        if not 0 <= place < self._count:
            raise OutOfRangeError.at(
                f"Tried to read from index {place} but array size is: {self._count} ",
                "Places go from 0 to one less than the size.",
            )
        return place


def _stacked(cells: Sequence[Tensor], dtype: np.dtype[Any], of: tuple[int, ...] | None) -> Tensor:
    if not cells:
        return wrap(np.zeros((0, *(of or ())), dtype))
    shapes = [c._v.shape for c in cells]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            a, b = (f"[{','.join(map(str, s))}]" for s in (shapes[0], shape))
            raise InvalidArgumentError.at(
                f"Shapes of all inputs must match: values[0].shape = {a} != values[{i}].shape = "
                f"{b} [Op:Pack] name: packed",
                "Use concat() for elements of several lengths.",
            )
    return wrap(fnp.stack([value(c) for c in cells]), dtype)


def _rows_of(tensor: Tensor) -> list[Tensor]:
    if not tensor._v.shape:
        raise InvalidValueError("Argument `axis` = 0 not in range [0, 0)", "Give rows.")
    return [tensor[i] for i in range(int(tensor._v.shape[0]))]


def _cannot_grow(count: int) -> InvalidValueError:
    return InvalidValueError(
        f"A TensorArray of {count} elements was written behind its end in a compiled loop, where "
        "it cannot grow.",
        "Give the number of elements: tf.TensorArray(dtype, size=n); or loop over tf.range(n).",
    )


def _known_position(index: Any) -> int | None:
    """A place that Python knows, or None."""
    if type(index) is int:
        return index
    tensor = as_tensor(index)
    if tensor._dtype.kind not in "iu":
        raise InvalidTypeError(
            f"{type_name(tensor._dtype)!r} object cannot be interpreted as an integer",
            "Places are integers: use tf.cast.",
        )
    found = known(value(tensor))
    return None if found is None else int(found)


def _position(index: Any, what: str) -> int:
    found = _known_position(index)
    if found is None:
        raise InvalidValueError(
            f"The {what} of a TensorArray depends on values that are not known while tracing.",
            "Shapes are fixed in compiled code: give a Python number.",
        )
    return found


def _traced_position(index: Any) -> Any:
    return value(as_tensor(index))
