"""tf.errors: the classes, their attributes, and which operations raise them."""

from __future__ import annotations

from typing import Any

from tests.tf.oracle import Group
from tests.tf.shorthand import lines

GROUP = Group("errors")
case = GROUP.case

CODED = """
AbortedError AlreadyExistsError CancelledError DataLossError DeadlineExceededError
FailedPreconditionError InternalError InvalidArgumentError NotFoundError OutOfRangeError
PermissionDeniedError ResourceExhaustedError UnauthenticatedError UnavailableError
UnimplementedError UnknownError
""".split()


@case
def codes(tf: Any) -> Any:
    return {n: getattr(tf.errors, n) for n in sorted(dir(tf.errors)) if n.isupper()}


@case
def what_each_error_holds(tf: Any) -> Any:
    found = {}
    for name in CODED:
        error = getattr(tf.errors, name)(None, None, "what happened")
        shown = [str(error).startswith("what happened"), error.message, error.error_code]
        rest = [error.op, error.node_def, error.experimental_payloads]
        found[name] = [*shown, *rest, isinstance(error, tf.errors.OpError)]
    return found


@case
def an_error_of_no_class_has_the_code_given(tf: Any) -> Any:
    error = tf.errors.OpError(None, None, "odd", tf.errors.UNKNOWN)
    return [error.message, error.error_code]


@case
def payloads(tf: Any) -> Any:
    return tf.errors.InternalError(None, None, "m", {"a": "b"}).experimental_payloads


@case
def a_caught_error_says_what_happened(tf: Any) -> Any:
    try:
        tf.constant(1.0) + tf.constant(1.0, tf.float64)
    except tf.errors.OpError as error:
        return [error.message.split(" [Op")[0], error.error_code, error.op, error.node_def]


@case
def it_is_no_value_error(tf: Any) -> Any:
    kinds = (ValueError, TypeError, RuntimeError, ArithmeticError)
    return issubclass(tf.errors.InvalidArgumentError, kinds)


@case
def graph_errors_are_type_errors(tf: Any) -> Any:
    kind = tf.errors.OperatorNotAllowedInGraphError
    return [issubclass(kind, TypeError), issubclass(kind, tf.errors.OpError)]


lines(
    GROUP,
    """
tf.ones([2, 3]) @ tf.ones([2, 3])  # Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]
tf.ones([2, 3]) + tf.ones([2])  # Incompatible shapes: [2,3] vs. [2] [Op:AddV2]
tf.reshape(tf.ones(3), [2])  # Input to reshape is a tensor with 3 values, but
tf.ones(3)[5]  # slice index 5 of dimension 0 out of bounds.
tf.gather([1.0], [3])  # indices[0] = 3 is not in [0, 1)
c(1) // c(0)  # Integer division by zero
tf.sqrt(1)  # Value for attr 'T' of int32 is not in the list of allowed values
""",
)
