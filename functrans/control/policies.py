"""What a checkpointed function stores beside its inputs.

A policy is called with a primitive, the types of its operands and its parameters, and says whether
the result is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functrans.core.primitive import Primitive
from functrans.primitives.contraction import dot_general_p
from functrans.primitives.marks import name_p

Policy = Callable[..., bool]


def everything_saveable(*_: Any, **__: Any) -> bool:
    """Store all that the derivative reads, as without checkpoint.

    >>> ft.checkpoint_policies.everything_saveable(None)
    True
    """
    return True


def nothing_saveable(*_: Any, **__: Any) -> bool:
    """Store the inputs alone.

    >>> ft.checkpoint_policies.nothing_saveable(None)
    False
    """
    return False


def dots_saveable(primitive: Primitive, *_: Any, **__: Any) -> bool:
    """Store the results of matrix products.

    >>> layer = lambda x, w: np.tanh(x @ w)
    >>> args = np.ones((5, 3)), np.ones((3, 3))
    >>> policy = ft.checkpoint_policies.dots_saveable
    >>> ft.ad_checkpoint.print_saved_residuals(ft.checkpoint(layer, policy=policy), *args)
    f64[5,3] from the argument [0]
    f64[3,3] from the argument [1]
    f64[5,3] output of dot_general
    """
    return primitive is dot_general_p


def dots_with_no_batch_dims_saveable(primitive: Primitive, *_: Any, **params: Any) -> bool:
    """Store the results of matrix products without batch axes: those with weights, mostly.

    >>> layer = ft.vmap(lambda x, y: np.tanh(x @ y))
    >>> args = np.ones((2, 5, 3)), np.ones((2, 3, 3))
    >>> policy = ft.checkpoint_policies.dots_with_no_batch_dims_saveable
    >>> ft.ad_checkpoint.print_saved_residuals(ft.checkpoint(layer, policy=policy), *args)
    f64[2,5,3] from the argument [0]
    f64[2,3,3] from the argument [1]
    """
    return primitive is dot_general_p and not any(params["dims"][1])


def save_only_these_names(*names: str) -> Policy:
    """Store what :func:`functrans.ad_checkpoint.checkpoint_name` gave one of these names.

    >>> name = ft.ad_checkpoint.checkpoint_name
    >>> f = lambda x: np.sin(name(np.sin(name(np.exp(x), "a")), "b"))
    >>> policy = ft.checkpoint_policies.save_only_these_names("b")
    >>> ft.ad_checkpoint.print_saved_residuals(ft.checkpoint(f, policy=policy), np.ones(3))
    f64[3] from the argument [0]
    f64[3] named 'b'
    """
    wanted = frozenset(names)

    def saves_names(primitive: Primitive, *_: Any, **params: Any) -> bool:
        return primitive is name_p and params["name"] in wanted

    return saves_names


def save_any_names_but_these(*names: str) -> Policy:
    """Store what has a name, other than these.

    >>> name = ft.ad_checkpoint.checkpoint_name
    >>> f = lambda x: np.sin(name(np.sin(name(np.exp(x), "a")), "b"))
    >>> policy = ft.checkpoint_policies.save_any_names_but_these("b")
    >>> ft.ad_checkpoint.print_saved_residuals(ft.checkpoint(f, policy=policy), np.ones(3))
    f64[3] from the argument [0]
    f64[3] named 'a'
    """
    unwanted = frozenset(names)

    def saves_other_names(primitive: Primitive, *_: Any, **params: Any) -> bool:
        return primitive is name_p and params["name"] not in unwanted

    return saves_other_names


def save_anything_except_these_names(*names: str) -> Policy:
    """Store all, other than what has one of these names.

    >>> name = ft.ad_checkpoint.checkpoint_name
    >>> f = lambda x: np.sin(name(np.sin(name(np.exp(x), "a")), "b"))
    >>> policy = ft.checkpoint_policies.save_anything_except_these_names("a")
    >>> ft.ad_checkpoint.print_saved_residuals(ft.checkpoint(f, policy=policy), np.ones(3))
    f64[3] output of cos
    f64[3] output of cos
    f64[3] output of exp
    """
    unwanted = frozenset(names)

    def saves_rest(primitive: Primitive, *_: Any, **params: Any) -> bool:
        return not (primitive is name_p and params["name"] in unwanted)

    return saves_rest


def save_from_both_policies(first: Policy, second: Policy) -> Policy:
    """Store what either policy stores.

    >>> names = ft.checkpoint_policies.save_only_these_names("hidden")
    >>> both = ft.checkpoint_policies.save_from_both_policies
    >>> policy = both(names, ft.checkpoint_policies.dots_saveable)
    >>> f = lambda x: np.sin(ft.ad_checkpoint.checkpoint_name(np.exp(x), "hidden"))
    >>> ft.ad_checkpoint.print_saved_residuals(ft.checkpoint(f, policy=policy), np.ones(3))
    f64[3] from the argument [0]
    f64[3] named 'hidden'
    """

    def saves_either(primitive: Primitive, *avals: Any, **params: Any) -> bool:
        return first(primitive, *avals, **params) or second(primitive, *avals, **params)

    return saves_either
