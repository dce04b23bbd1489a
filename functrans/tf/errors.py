"""TensorFlow's errors under TensorFlow's names, each of them a FunctransError too.

The text starts with TensorFlow's own message, which is what people search for; the user's line and
what to do follow it. The layer raises with ``InvalidArgumentError.at(message, remedy)``.
"""

from __future__ import annotations

from typing import Any, Self

from functrans.errors import AbsentNameError as AbsentNameError
from functrans.errors import FunctransError, Source
from functrans.tf.rooms import names, public

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(FunctransError):
    """An operation that failed: ``message`` is TensorFlow's text, ``error_code`` its number.

    >>> import functrans.tf as tf
    >>> tf.errors.OpError(None, None, "no", tf.errors.UNKNOWN).error_code
    2
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int, *args: Any) -> None:
        self._hold(message, error_code, node_def, op, args)

    def _hold(
        self,
        message: str,
        code: int,
        node_def: Any = None,
        op: Any = None,
        args: tuple[Any, ...] = (),
        remedy: str = "",
        line: Source | None = None,
    ) -> None:
        FunctransError.__init__(self, message, remedy, line)
        self.message = message
        self.error_code = code
        self.node_def = node_def
        self.op = op
        payloads = args[0] if args else None
        self.experimental_payloads: dict[str, Any] = payloads if isinstance(payloads, dict) else {}

    def __reduce__(self) -> Any:
        return _restored, (type(self), self.message, self.error_code, self.remedy, self.line)


def _restored(
    kind: type[OpError], message: str, code: int, remedy: str, line: Source | None
) -> OpError:
    error = kind.__new__(kind)
    error._hold(message, code, remedy=remedy, line=line)
    return error


class _CodedError(OpError):
    """An OpError whose class names its code."""

    code = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str, *args: Any) -> None:
        self._hold(message, self.code, node_def, op, args)

    @classmethod
    def at(cls, message: str, remedy: str = "", line: Source | None = None) -> Self:
        """The error for the user's running line, or for another one."""
        error = cls.__new__(cls)
        error._hold(message, cls.code, remedy=remedy, line=line)
        return error


class CancelledError(_CodedError):
    """An operation was cancelled.

    >>> import functrans.tf as tf
    >>> tf.errors.CancelledError(None, None, "stopped").error_code
    1
    """

    code = CANCELLED


class UnknownError(_CodedError):
    """An error of no other class.

    >>> import functrans.tf as tf
    >>> tf.errors.UnknownError(None, None, "odd").message
    'odd'
    """

    code = UNKNOWN


class InvalidArgumentError(_CodedError):
    """Arguments whose dtypes, shapes or values the operation cannot take.

    >>> import functrans.tf as tf
    >>> try:
    ...     tf.constant(1.0) + tf.constant(1.0, tf.float64)
    ... except tf.errors.InvalidArgumentError as error:
    ...     print(error.message[:46])
    cannot compute AddV2 as input #1(zero-based) w
    """

    code = INVALID_ARGUMENT


class DeadlineExceededError(_CodedError):
    """An operation did not end in time.

    >>> import functrans.tf as tf
    >>> tf.errors.DeadlineExceededError(None, None, "late").error_code
    4
    """

    code = DEADLINE_EXCEEDED


class NotFoundError(_CodedError):
    """A file or another thing that was asked for does not exist.

    >>> import functrans.tf as tf
    >>> tf.errors.NotFoundError(None, None, "no file").error_code
    5
    """

    code = NOT_FOUND


class AlreadyExistsError(_CodedError):
    """A thing that was to be made exists already.

    >>> import functrans.tf as tf
    >>> tf.errors.AlreadyExistsError(None, None, "file is there").error_code
    6
    """

    code = ALREADY_EXISTS


class PermissionDeniedError(_CodedError):
    """The caller may not do this.

    >>> import functrans.tf as tf
    >>> tf.errors.PermissionDeniedError(None, None, "read only").error_code
    7
    """

    code = PERMISSION_DENIED


class ResourceExhaustedError(_CodedError):
    """Memory or another resource is used up.

    >>> import functrans.tf as tf
    >>> tf.errors.ResourceExhaustedError(None, None, "OOM").error_code
    8
    """

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(_CodedError):
    """The state is not one in which the operation can run.

    >>> import functrans.tf as tf
    >>> tf.errors.FailedPreconditionError(None, None, "not ready").error_code
    9
    """

    code = FAILED_PRECONDITION


class AbortedError(_CodedError):
    """An operation was given up while it ran.

    >>> import functrans.tf as tf
    >>> tf.errors.AbortedError(None, None, "given up").error_code
    10
    """

    code = ABORTED


class OutOfRangeError(_CodedError):
    """An iteration or an index went past the end.

    >>> import functrans.tf as tf
    >>> tf.errors.OutOfRangeError(None, None, "end").error_code
    11
    """

    code = OUT_OF_RANGE


class UnimplementedError(_CodedError):
    """An operation that does not exist for these arguments.

    >>> import functrans.tf as tf
    >>> tf.errors.UnimplementedError(None, None, "not there").error_code
    12
    """

    code = UNIMPLEMENTED


class InternalError(_CodedError):
    """Something that must not happen has happened.

    >>> import functrans.tf as tf
    >>> tf.errors.InternalError(None, None, "broken").error_code
    13
    """

    code = INTERNAL


class UnavailableError(_CodedError):
    """A service cannot be reached now.

    >>> import functrans.tf as tf
    >>> tf.errors.UnavailableError(None, None, "away").error_code
    14
    """

    code = UNAVAILABLE


class DataLossError(_CodedError):
    """Data were lost or damaged.

    >>> import functrans.tf as tf
    >>> tf.errors.DataLossError(None, None, "damaged").error_code
    15
    """

    code = DATA_LOSS


class UnauthenticatedError(_CodedError):
    """The caller has not said who it is.

    >>> import functrans.tf as tf
    >>> tf.errors.UnauthenticatedError(None, None, "who").error_code
    16
    """

    code = UNAUTHENTICATED


class OperatorNotAllowedInGraphError(FunctransError, TypeError):
    """Python asked for the value of a tensor that is only traced: ``if``, ``for``, ``bool``.

    >>> import functrans.tf as tf
    >>> issubclass(tf.errors.OperatorNotAllowedInGraphError, TypeError)
    True
    """


class InvalidTypeError(FunctransError, TypeError):
    """A value of a type that TensorFlow refuses with a TypeError."""


class InvalidValueError(FunctransError, ValueError):
    """A value, shape or structure that TensorFlow refuses with a ValueError."""


class InvalidUseError(FunctransError, RuntimeError):
    """An object used when it cannot be: a spent tape, a function of graphs in eager code."""


class InvalidIndexError(FunctransError, IndexError):
    """A position that a shape or a list does not have."""


class InaccessibleTensorError(FunctransError, ValueError):
    """A tensor of a branch, of a loop's body or of a tf.function, used outside of it."""


class NoGradientError(FunctransError, LookupError):
    """A gradient through an operation that has none."""


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)


class UnsupportedError(FunctransError, NotImplementedError):
    """What TensorFlow refuses with a NotImplementedError."""
