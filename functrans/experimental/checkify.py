"""Checks as values: what went wrong in a program that cannot raise where it goes wrong.

>>> from functrans.experimental import checkify
>>> def f(x, i):
...     checkify.check(i >= 0, "the index is {}", i)
...     return x[i]
>>> error, _ = ft.jit(checkify.checkify(f, checkify.all_checks))(np.ones(3), 7)
>>> print(error.get().splitlines()[0])
out-of-bounds indexing for array of shape (3,): index 7 is out of bounds for axis 0 with size 3.
"""

from functrans.control.checkify import (
    all_checks,
    automatic_checks,
    checkify,
    div_checks,
    float_checks,
    index_checks,
    nan_checks,
    user_checks,
)
from functrans.control.checks import Error, check, check_error, debug_check

__all__ = [
    "Error",
    "all_checks",
    "automatic_checks",
    "check",
    "check_error",
    "checkify",
    "debug_check",
    "div_checks",
    "float_checks",
    "index_checks",
    "nan_checks",
    "user_checks",
]
