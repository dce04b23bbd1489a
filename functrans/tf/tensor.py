"""tf.Tensor: an immutable array, or what stands for one while a transform looks on.

A tensor holds a read-only ndarray or a NumPy scalar; under a tape, ``grad``, ``vmap`` or ``jit``
a traced value. :func:`value` is what operations compute with: it knows which open tapes watch the
tensor, and forgets the tapes that are closed. :func:`wrap` makes the tensor of a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from threading import RLock
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from functrans import tree_util
from functrans.errors import FunctransError
from functrans.extend import detached, known, open_recordings, settled
from functrans.tf.dtypes import DType, of
from functrans.tf.errors import (
    AbsentNameError,
    InvalidTypeError,
    InvalidValueError,
    OperatorNotAllowedInGraphError,
)
from functrans.tf.formatting import tensor_repr, tensor_str
from functrans.tf.shapes import TensorShape, shape_of

DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"

_NUMPY_METHODS = frozenset(
    "T astype ravel transpose reshape clip size tolist data item sum mean max min".split()
)
_GRAPH_ATTRIBUTES = frozenset("name op graph value_index".split())


if TYPE_CHECKING:

    class Signs:
        """The operators that ``operators.attach`` gives to tensors and variables."""

        __slots__ = ()

        def __add__(self, y: Any, /) -> Tensor: ...
        def __radd__(self, y: Any, /) -> Tensor: ...
        def __sub__(self, y: Any, /) -> Tensor: ...
        def __rsub__(self, y: Any, /) -> Tensor: ...
        def __mul__(self, y: Any, /) -> Tensor: ...
        def __rmul__(self, y: Any, /) -> Tensor: ...
        def __truediv__(self, y: Any, /) -> Tensor: ...
        def __rtruediv__(self, y: Any, /) -> Tensor: ...
        def __floordiv__(self, y: Any, /) -> Tensor: ...
        def __rfloordiv__(self, y: Any, /) -> Tensor: ...
        def __mod__(self, y: Any, /) -> Tensor: ...
        def __rmod__(self, y: Any, /) -> Tensor: ...
        def __pow__(self, y: Any, /) -> Tensor: ...
        def __rpow__(self, y: Any, /) -> Tensor: ...
        def __matmul__(self, y: Any, /) -> Tensor: ...
        def __rmatmul__(self, y: Any, /) -> Tensor: ...
        def __and__(self, y: Any, /) -> Tensor: ...
        def __rand__(self, y: Any, /) -> Tensor: ...
        def __or__(self, y: Any, /) -> Tensor: ...
        def __ror__(self, y: Any, /) -> Tensor: ...
        def __xor__(self, y: Any, /) -> Tensor: ...
        def __rxor__(self, y: Any, /) -> Tensor: ...
        def __lt__(self, y: Any, /) -> Tensor: ...
        def __le__(self, y: Any, /) -> Tensor: ...
        def __gt__(self, y: Any, /) -> Tensor: ...
        def __ge__(self, y: Any, /) -> Tensor: ...
        def __eq__(self, y: object, /) -> Any: ...
        def __ne__(self, y: object, /) -> Any: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
else:
    Signs = object


class Tensor(Signs):
    """An immutable array of one dtype; operations do not convert between dtypes.

    Tensors are made by :func:`tf.constant` and by operations. ``.numpy()`` copies the values
    out. Tensors do not hash: ``.ref()`` does.

    >>> import functrans.tf as tf
    >>> tf.constant([1.0, 2.0]) * 2.0
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([2., 4.], dtype=float32)>
    """

    __slots__ = ("__weakref__", "_assign", "_dtype", "_plain", "_v", "_watched")
    __array_priority__ = 100

    _v: Any
    _dtype: np.dtype[Any]
    _plain: bool
    """Whether ``_v`` is a real array or scalar rather than a traced value."""
    _assign: Callable[..., Any]
    """Assigns to the part of a variable that it was read from; else not set."""
    _watched: bool
    """Whether a tape has ever watched it, so that reading must ask the open ones."""

    def __init__(self, v: Any, dtype: np.dtype[Any] | None = None) -> None:
        self._v = v
        self._watched = False
        if type(v) is np.ndarray:
            if not v.shape and v.dtype != object:  # rank 0 is a scalar, as NumPy's own results are
                self._v = v = v[()]
            else:
                v.flags.writeable = False
            self._plain = True
        else:
            self._plain = isinstance(v, np.generic)
        self._dtype = v.dtype if dtype is None else dtype
        if self._plain and tracing.count:
            around = frame.get()
            if around is not None:
                around.made(self)

    # --- what it is

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return of(self._dtype)

    @property
    def shape(self) -> TensorShape:
        """The shape, with all sizes known."""
        return shape_of(self._v.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._v.shape)

    @property
    def device(self) -> str:
        """Where the values are: always the processor."""
        return DEVICE

    backing_device = device

    def get_shape(self) -> TensorShape:
        """As ``.shape``."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Check the shape against another."""
        if not self.shape.is_compatible_with(shape):
            raise InvalidValueError(
                f"Tensor's shape {self.shape} is not compatible with supplied shape {shape}",
                "A tensor's shape cannot be changed: use tf.reshape.",
            )

    def ref(self) -> Reference:
        """A hashable stand-in, equal to other references to this tensor."""
        return Reference(self)

    experimental_ref = ref

    def cpu(self) -> Tensor:
        """This tensor: it is there already."""
        return self

    # --- its values

    def numpy(self) -> Any:
        """A copy of the values: an ndarray, or a NumPy scalar (``bytes`` of a string scalar)."""
        v = self._known("numpy")
        if type(v) is not np.ndarray:
            return v
        return v.copy() if v.shape or v.dtype != object else v.item()

    def _known(self, wanted: str) -> Any:
        v = self._v if self._plain else self._without_tapes()
        if v is None:
            raise AbsentNameError(
                f"'SymbolicTensor' object has no attribute '{wanted}'",
                "Inside tf.function, jit or vmap only shapes and dtypes are known: print values "
                "with tf.print, and take .numpy() outside.",
            )
        return v if isinstance(v, np.ndarray | np.generic) else np.asarray(v)

    def _without_tapes(self) -> Any:
        """The value that tapes see through, or None where only its type is known.

        It is traced where ``functrans.grad`` differentiates it. Python and NumPy may ask such a
        value whether it is zero, but get no number out of it, which would lose the derivative.
        """
        return None if known(self._v) is None else detached(self._v)

    def _concrete(self, use: str) -> Any:
        """The values for Python's own protocols."""
        v = self._v if self._plain else self._without_tapes()
        if v is None:
            raise OperatorNotAllowedInGraphError(
                f"Using a symbolic `tf.Tensor` as a Python `{use}` is not allowed. You can attempt "
                "the following resolutions to the problem: If you are running in Graph mode, use "
                "Eager execution mode or decorate this function with @tf.function. If you are "
                "using AutoGraph, you can try decorating this function with @tf.function.",
                "Inside jit or vmap write tf.cond, tf.where or tf.while_loop.",
            )
        return np.asarray(v) if isinstance(v, np.ndarray | np.generic) else v

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        v = self._v if self._plain else self._without_tapes()
        if v is None:
            raise SymbolicArrayError(
                "Cannot convert a symbolic tf.Tensor to a numpy array. This error may indicate "
                "that you're trying to pass a Tensor to a NumPy call, which is not supported.",
                "Use the tf function, or functrans.numpy's, in the place of NumPy's.",
            )
        return np.array(v, dtype)

    def __functrans_array__(self) -> Any:
        return value(self)

    def __bool__(self) -> bool:
        return bool(self._concrete("bool"))

    def __int__(self) -> int:
        return int(self._concrete("int"))

    def __float__(self) -> float:
        return float(self._concrete("float"))

    def __complex__(self) -> complex:
        return complex(self._concrete("complex"))

    def __index__(self) -> int:
        return int(self._concrete("int").__index__())

    def __len__(self) -> int:
        if not self._v.shape:
            raise InvalidTypeError("Scalar tensor has no `len()`", "Ask for its .shape.")
        return int(self._v.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if frame.get() is not None and known(self._v) is None:
            raise OperatorNotAllowedInGraphError(
                "Iterating over a symbolic `tf.Tensor` is not allowed.",
                "Inside tf.function write a for statement over the tensor, or tf.unstack it.",
            )
        if not self._v.shape:
            raise InvalidTypeError("Cannot iterate over a scalar tensor.", "Use it as it is.")
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        v = known(self._v)
        return str(self) if v is None else format(self.numpy(), spec)

    def __repr__(self) -> str:
        return tensor_repr(known(self._v), self.dtype, self._v.shape)

    def __str__(self) -> str:
        return tensor_str(known(self._v), self.dtype, self._v.shape)

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return _unpickled(np.array(self._v)) if self._plain else wrap(self._v)

    def __reduce__(self) -> Any:
        return _unpickled, (np.asarray(self._known("numpy")),)

    def __hash__(self) -> NoReturn:
        raise InvalidTypeError(
            "Tensor is unhashable. Instead, use tensor.ref() as the key.",
            "Write {x.ref(): …}, and x.ref().deref() to get it back.",
        )

    def __setitem__(self, key: Any, new: Any) -> NoReturn:
        raise InvalidTypeError(
            "'tensorflow.python.framework.ops.EagerTensor' object does not support item assignment",
            "Write tf.tensor_scatter_nd_update(x, indices, updates), or use a tf.Variable, whose "
            "slices have .assign.",
        )

    def __delitem__(self, key: Any) -> NoReturn:
        raise InvalidTypeError(
            "'tensorflow.python.framework.ops.EagerTensor' object doesn't support item deletion",
            "Choose what stays with tf.gather or tf.boolean_mask.",
        )

    def __getattr__(self, name: str) -> Any:
        if name == "assign" and hasattr(self, "_assign"):
            return self._assign
        if name in _GRAPH_ATTRIBUTES:
            raise AbsentNameError(
                f"Tensor.{name} is undefined when eager execution is enabled.",
                "Name things in Python variables.",
            )
        if name in _NUMPY_METHODS:
            raise AbsentNameError(
                f"EagerTensor object has no attribute '{name}'.",
                f"Use the function of tf that does it, or NumPy's method: x.numpy().{name}.",
            )
        raise AbsentNameError(
            f"'tensorflow.python.framework.ops.EagerTensor' object has no attribute '{name}'",
            "See dir(x) for what tensors have.",
        )

    if TYPE_CHECKING:  # attached by functrans.tf.operators, as the signs are

        def __getitem__(self, key: Any) -> Tensor: ...


class SymbolicArrayError(FunctransError, NotImplementedError):
    """NumPy asked for the values of a tensor of which only the type is known."""


def _unpickled(v: np.ndarray[Any, Any]) -> Tensor:
    return wrap(v if v.shape or v.dtype == object else v[()])


class Reference:
    """A hashable stand-in for a tensor or a variable; ``deref()`` gives it back.

    >>> import functrans.tf as tf
    >>> x = tf.constant(1.0)
    >>> x.ref() == x.ref(), {x.ref(): "x"}[x.ref()], x.ref().deref() is x
    (True, 'x', True)
    """

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def deref(self) -> Any:
        """The object itself."""
        return self._wrapped

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


# --- values in and out ---------------------------------------------------------------------------


class TensorLike:
    """What has a tensor to give, and is accepted wherever a tensor is: variables, sparse rows."""

    __slots__ = ()

    _v: Any

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        raise NotImplementedError

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        raise NotImplementedError

    def _as_tensor(self) -> Tensor:
        raise NotImplementedError

    def _over(self, function: Callable[[Tensor], Tensor]) -> Any:
        """``function`` of what it has: of its tensor, or of the rows of sparse ones."""
        return function(self._as_tensor())

    def __functrans_array__(self) -> Any:
        return value(self._as_tensor())


class WatchedVariable(TensorLike, Signs):
    """A variable as tapes see it: watched when it is read, if it is trainable."""

    __slots__ = ()

    _number: int
    """Variables count up from the first that was made."""
    is_hidden = False
    """Whether it is state of the layer's own, which lists of variables leave out."""

    @property
    def trainable(self) -> bool:
        """Whether tapes watch it when it is read."""
        raise NotImplementedError

    def _store(self, v: Any) -> None:
        """Make ``v`` the value."""
        raise NotImplementedError

    def _root(self) -> WatchedVariable:
        """The variable itself, of what stands for one."""
        return self


one_update = RLock()
"""Held while a variable is read, changed and stored, so that no other thread's update is lost."""


class Watcher:
    """A recording that watches tensors and variables by their identity."""

    __slots__ = ()

    def watched_value(self, thing: Any, v: Any) -> Any:
        """``v``, the value of ``thing``, as a traced value if this recording watches it."""
        raise NotImplementedError


class Frame:
    """The tracing of a ``tf.function``: what stands there for tensors and variables from outside.

    This base makes nothing of them; ``functrans.tf.function`` has the one that does.
    """

    def captured(self, thing: Any, v: Any) -> Any:
        """What stands for the value ``v`` of a tensor or variable."""
        return v

    def made(self, tensor: Tensor) -> None:
        """Be told of a constant that was made while tracing."""

    def assigned(self, variable: WatchedVariable, v: Any) -> bool:
        """Take a new value of a variable; False leaves it to the variable."""
        return False

    def creating(self, initial: Any) -> Any:
        """The real initial value of a variable that is made while tracing."""
        return initial


frame: ContextVar[Frame | None] = ContextVar("functrans_tf_frame", default=None)

mapped_rows: ContextVar[tuple[Any, ...]] = ContextVar("functrans_tf_mapped_rows", default=())
"""The numbers of the rows that ``tf.vectorized_map`` maps here: each draws for itself."""


class _Tracing:
    """How many frames are open in all threads: none, usually, and then nobody asks for them."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


tracing = _Tracing()


def value(x: Tensor) -> Any:
    """What operations compute with in the place of ``x``."""
    if x._plain and not x._watched and not tracing.count:
        return x._v
    return seen(x, x._v, x._watched)


def seen(thing: Any, v: Any, watched: bool) -> Any:
    """The value ``v`` of a tensor or variable as frames and open tapes here see it."""
    v = settled(v)
    if tracing.count:
        around = frame.get()
        if around is not None:
            v = around.captured(thing, v)
    if watched:
        for recording in open_recordings():
            if isinstance(recording, Watcher):
                v = recording.watched_value(thing, v)
    return v


def wrap(v: Any, dtype: np.dtype[Any] | None = None) -> Tensor:
    """The tensor of a result; ``v`` is nobody else's, and ``dtype`` its dtype if it is known."""
    return Tensor(v, dtype)


def _flatten(x: Tensor) -> tuple[tuple[Any], None]:
    return (value(x),), None


def unflatten(_: None, children: Any) -> Tensor:
    """A tensor of one child: an array, a placeholder of the transforms, or, where structures of
    inputs and outputs are combined, a tensor."""
    (child,) = children
    if type(child) is Tensor:
        return child
    tensor = Tensor.__new__(Tensor)
    tensor._v = child
    tensor._dtype = getattr(child, "dtype", None)  # type: ignore[assignment]  # a placeholder has none, and nobody asks
    tensor._watched = False
    tensor._plain = isinstance(child, np.ndarray | np.generic)
    return tensor


tree_util.register_pytree_node(Tensor, _flatten, unflatten)
