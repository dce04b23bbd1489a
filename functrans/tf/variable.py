"""tf.Variable: state that tapes watch when it is read.

A variable holds an immutable value and exchanges it for another: tensors read from it stay what
they were. State has no derivative, so that values are assigned without what tapes know of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from typing import Any, NoReturn

import numpy as np

from functrans import numpy as fnp
from functrans import tree_util
from functrans.extend import detached
from functrans.tf import scattered_updates
from functrans.tf import tensor as tensors
from functrans.tf.convert import NumpyDtype, as_tensor, numpy_dtype
from functrans.tf.dtypes import DType, of
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidUseError,
    InvalidValueError,
    UnsupportedError,
)
from functrans.tf.indexing import is_mask, positions
from functrans.tf.layouts import own
from functrans.tf.operators import attach
from functrans.tf.scopes import scoped
from functrans.tf.shapes import TensorShape, as_shape
from functrans.tf.tensor import (
    DEVICE,
    Reference,
    Tensor,
    WatchedVariable,
    one_update,
    seen,
    value,
    wrap,
)
from functrans.tf.words import check_kind, operation


class VariableSynchronization(Enum):
    """When copies of a variable on several devices meet; there is one device here.

    >>> import functrans.tf as tf
    >>> tf.VariableSynchronization.AUTO
    <VariableSynchronization.AUTO: 0>
    """

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(Enum):
    """How copies of a variable on several devices are put together; there is one device here.

    >>> import functrans.tf as tf
    >>> tf.VariableAggregation.MEAN.value
    2
    """

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


_numbers = itertools.count()


def _in_place(sign: str, instead: str, name: str) -> Callable[[Any, Any], NoReturn]:
    """The method of ``variable += value`` and its like."""

    def refuse(variable: Any, other: Any) -> NoReturn:
        raise InvalidUseError(
            f"`{name} {sign}= value` with `tf.Variable`s is not supported. Use "
            f"`{name}.{instead}` to modify the variable, or `out = {name} {sign} value` if you "
            "need to get a new output Tensor.",
            f"Write v.{instead}.",
        )

    return refuse


class Variable(WatchedVariable):
    """State of a fixed dtype and shape, read like a tensor and changed by ``assign``.

    Parameters
    ----------
    initial_value: what a tensor can be made of, or a function without arguments that gives it.
    trainable: whether tapes watch the variable when it is read; True by default.
    name: shown with ``:0`` behind it, and with the prefix of open name scopes.
    dtype: the dtype, by default that of the initial value.
    constraint: a function that optimizers apply to the value after each step.
    shape: the shape, where it shall allow other values than the initial one's.

    Raises
    ------
    InvalidValueError: no initial value, or one that does not fit the shape or dtype.

    >>> import functrans.tf as tf
    >>> w = tf.Variable([1.0, 2.0], name="w")
    >>> w.assign_add([0.5, 0.5])
    <tf.Variable 'UnreadVariable' shape=(2,) dtype=float32, numpy=array([1.5, 2.5], dtype=float32)>
    """

    __array_priority__ = 100

    _v: Any
    _dtype: NumpyDtype
    _shape: TensorShape
    _name: str

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: Any = None,
        experimental_enable_variable_lifting: bool = True,
    ) -> None:
        if initial_value is None:
            raise InvalidValueError(
                "The `initial_value` arg to `tf.Variable` must be specified except when you are "
                "not providing a `variable_def`. You provided neither.",
                "Give the value to start from: tf.Variable(tf.zeros([2])).",
            )
        if constraint is not None and not callable(constraint):
            raise InvalidValueError(
                "Argument `constraint` must be None or a callable. a callable. Got a "
                f"{type(constraint)}:  {constraint}",
                "Give a function of the value.",
            )
        if name is not None and not isinstance(name, str):
            raise InvalidValueError("name for name_scope must be a string.", "Give it a name.")
        initial = initial_value() if callable(initial_value) else initial_value
        held = as_tensor(initial, numpy_dtype(dtype))
        self._v = detached(value(held))
        around = tensors.frame.get()
        if around is not None:
            self._v = around.creating(self._v)
        self._dtype = held._dtype
        self._shape = held.shape if shape is None else as_shape(shape)
        if not self._shape.is_compatible_with(held.shape):
            raise InvalidValueError(
                f"In this `tf.Variable` creation, the initial value's shape ({held.shape}) is not "
                f"compatible with the explicitly supplied `shape` argument ({shape}).",
                "Leave `shape` out, or give sizes that the initial value has.",
            )
        self._name = scoped("Variable" if name is None else name)
        self._number = next(_numbers)
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation
        on_read = synchronization is VariableSynchronization.ON_READ
        self._trainable = not on_read if trainable is None else bool(trainable)

    # --- what it is

    @property
    def name(self) -> str:
        """The name, ``:0`` behind it."""
        return f"{self._name}:0"

    @property
    def trainable(self) -> bool:
        """Whether tapes watch it when it is read."""
        return self._trainable

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return of(self._dtype)

    @property
    def shape(self) -> TensorShape:
        """The shape, unknown sizes where it was made with such."""
        return self._shape

    @property
    def device(self) -> str:
        """Where the values are: always the processor."""
        return DEVICE

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """The function that optimizers apply after each step, or None."""
        return self._constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """As it was made with."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """As it was made with."""
        return self._aggregation

    def get_shape(self) -> TensorShape:
        """As ``.shape``."""
        return self._shape

    def set_shape(self, shape: Any) -> None:
        """Take over what another shape says of the sizes; ValueError where they differ."""
        self._shape = self._shape.merge_with(shape)

    def is_initialized(self, name: str | None = None) -> Tensor:
        """True: variables are made with their value."""
        return wrap(np.bool_(True))

    def initialized_value(self) -> NoReturn:
        """Absent in TensorFlow 2."""
        raise UnsupportedError(
            "Variables have no initialized_value in TensorFlow 2.", "Read the variable itself."
        )

    def eval(self, session: Any = None) -> NoReturn:
        """Absent in eager code."""
        raise InvalidUseError(
            "This operation is not supported when eager execution is enabled.",
            "Read the value with .numpy().",
        )

    def ref(self) -> Reference:
        """A hashable stand-in, equal to other references to this variable."""
        return Reference(self)

    experimental_ref = ref

    # --- reading

    def _as_tensor(self) -> Tensor:
        return wrap(seen(self, self._v, True), self._dtype)

    def value(self) -> Tensor:
        """The value now, as a tensor that gradients can be taken with respect to."""
        return self.read_value()

    def read_value(self) -> Tensor:
        """The value now, as a tensor that gradients can be taken with respect to."""
        read = self._as_tensor()
        return wrap(own(read._v, read._v), self._dtype)

    def numpy(self) -> Any:
        """A copy of the value: an ndarray, or a NumPy scalar."""
        return self._as_tensor().numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return self._as_tensor().__array__(dtype, copy)

    def __bool__(self) -> bool:
        return bool(self._as_tensor())

    def __int__(self) -> int:
        return int(self._as_tensor())

    def __float__(self) -> float:
        return float(self._as_tensor())

    def __complex__(self) -> complex:
        return complex(self._as_tensor())

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._as_tensor())

    def __getitem__(self, key: Any) -> Tensor:
        """A part, which has the method ``assign`` if it was no mask that chose it."""
        part = self._as_tensor()[key]
        if not is_mask(key):
            part._assign = partial(self._assign_part, key)
        return part

    def __hash__(self) -> NoReturn:
        raise InvalidTypeError(
            f"Variable is unhashable. Instead, use variable.ref() as the key. (Variable: {self!r})",
            "Write {v.ref(): …}, and v.ref().deref() to get it back.",
        )

    def __repr__(self) -> str:
        shown = repr(self._as_tensor())
        text = shown[shown.index(", numpy=") : -1] if ", numpy=" in shown else ""
        return f"<tf.Variable {self.name!r} shape={self._shape} dtype={self.dtype.name}{text}>"

    def _current(self) -> Any:
        """The value now where no tape shall see it read."""
        return seen(self, self._v, False)

    def _root(self) -> Variable:
        """The variable itself, of what stands for one."""
        return self

    # --- writing

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Exchange the value for another of the same shape; it is converted to the dtype.

        Returns what reads as this variable does, or None without ``read_value``.

        Raises
        ------
        InvalidValueError: a value of another shape, a tensor of another dtype.
        """
        new = as_tensor(value, self._dtype)
        if not self._shape.is_compatible_with(new.shape):
            raise InvalidValueError(
                f"Cannot assign value to variable '{self.name}': Shape mismatch.The variable "
                f"shape {self._shape}, and the assigned value shape {new.shape} are incompatible.",
                "Assign a value of the variable's shape: tf.broadcast_to makes one.",
            )
        self._store(tensors.value(new))
        return self._after(read_value)

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Add to the value what has the same shape, and return as :meth:`assign` does.

        Raises
        ------
        InvalidArgumentError: an operand of another shape.
        """
        self._update("AssignAddVariableOp", fnp.add, delta)
        return self._after(read_value)

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtract from the value what has the same shape, and return as :meth:`assign` does.

        Raises
        ------
        InvalidArgumentError: an operand of another shape.
        """
        self._update("AssignSubVariableOp", fnp.subtract, delta)
        return self._after(read_value)

    def _assign_part(self, key: Any, value: Any, name: str | None = None) -> Any:
        part = tensors.value(as_tensor(value, self._dtype))
        with one_update:
            self._store(_with_part(self._current(), positions(key), part))
        return self._after(read_value=True)

    def _update(self, op: str, function: Callable[[Any, Any], Any], delta: Any) -> None:
        d = value(as_tensor(delta, self._dtype))
        check_kind(op, self._dtype, "fciu")
        with one_update, np.errstate(all="ignore"):
            v = self._current()
            check_update(op, v, d)
            self._store(function(v, d))

    def _store(self, v: Any) -> None:
        """Make ``v`` the value: in a ``tf.function``'s frame, the value there."""
        v = detached(v)
        if tensors.tracing.count:
            around = tensors.frame.get()
            if around is not None and around.assigned(self, v):
                return
        if type(v) is np.ndarray:
            v.flags.writeable = False
            v = v if v.shape or v.dtype == object else v[()]
        self._v = v

    def _after(self, read_value: bool) -> Any:
        return _Unread(self) if read_value else None

    # --- copies

    def __copy__(self) -> Variable:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        twin = _restored(self._as_tensor(), self.trainable, self._name, self._constraint)
        memo[id(self)] = twin
        return twin

    def __reduce__(self) -> Any:
        return _restored, (self.numpy(), self.trainable, self._name, self._constraint)

    # --- what Python would do by itself and TensorFlow refuses

    __iadd__ = _in_place("+", "assign_add(value)", "variable")
    __isub__ = _in_place("-", "assign_sub(value)", "variable")
    __imul__ = _in_place("*", "assign(var * value)", "var")
    __itruediv__ = _in_place("/", "assign(var / value)", "var")
    __ipow__ = _in_place("**", "assign(var ** value)", "var")


def check_update(op: str, v: Any, delta: Any) -> None:
    """Raise TensorFlow's error of an update of another shape than the value's."""
    if v.shape != delta.shape:
        ours, theirs = (str(list(s)).replace(" ", "") for s in (v.shape, delta.shape))
        raise InvalidArgumentError.at(
            f"Cannot update variable with shape {ours} using a Tensor with shape {theirs}, shapes "
            f"must be equal. [Op:{op}] name: ",
            "Give a value of the variable's shape: tf.broadcast_to makes one.",
        )


@operation("ResourceStridedSliceAssign")
def _with_part(v: Any, key: tuple[Any, ...], part: Any) -> Any:
    return fnp.at(v)[key].set(part)


class _Unread(Variable):
    """What ``assign`` returns: it reads, and is written, as the variable itself."""

    def __init__(self, variable: Variable) -> None:
        self._variable = variable

    def _root(self) -> Variable:
        return self._variable

    def __getattr__(self, name: str) -> Any:
        return getattr(self._variable, name)

    def _as_tensor(self) -> Tensor:
        return self._variable._as_tensor()

    def _update(self, op: str, function: Callable[[Any, Any], Any], delta: Any) -> None:
        self._variable._update(op, function, delta)

    def _store(self, v: Any) -> None:
        self._variable._store(v)

    def __getitem__(self, key: Any) -> Tensor:
        return self._variable[key]

    def _after(self, read_value: bool) -> Any:
        return self._variable._after(read_value)

    @property
    def name(self) -> str:
        """It has no name of its own."""
        return "UnreadVariable"


def _restored(
    value: Any, trainable: bool, name: str, constraint: Callable[[Any], Any] | None
) -> Variable:
    variable = Variable(value, trainable, constraint=constraint)
    variable._name = name
    return variable


def _refusing_none(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A comparison for which None is no value, as it is for tensors."""

    def compared(variable: Variable, other: Any) -> Any:
        return compare(variable, as_tensor(other) if other is None else other)

    return compared


attach(Variable)
Variable.__eq__ = _refusing_none(Variable.__eq__)  # type: ignore[method-assign]  # elementwise
Variable.__ne__ = _refusing_none(Variable.__ne__)  # type: ignore[method-assign]  # elementwise
scattered_updates.attach(Variable)


def _flatten(variable: Variable) -> tuple[tuple[Any], None]:
    return (value(variable._as_tensor()),), None


for _kind in (Variable, _Unread):
    tree_util.register_pytree_node(_kind, _flatten, tensors.unflatten)
