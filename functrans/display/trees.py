"""Trees of arrays as text: their structure, with types in the places of arrays.

Lines are broken by the package wadler-lindig (Wadler's and Lindig's algorithm), which knows
dictionaries, sequences, named tuples and dataclasses; arrays and registered classes are ours.
"""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pprint import pformat
from typing import TYPE_CHECKING, Any

import numpy as np

from functrans import tree
from functrans.core.avals import Aval, array_behind
from functrans.errors import MissingPackageError

if TYPE_CHECKING:
    from wadler_lindig import AbstractDoc


def show(pytree: Any, *, width: int = 88, plain: bool = False) -> None:
    """Print a tree with ``f64[3,4]`` in the place of each array.

    Parameters
    ----------
    width: letters in a line.
    plain: print by Python's own ``pprint``, which breaks lines less well and shows neither
        dataclasses nor registered classes from inside.

    Raises
    ------
    MissingPackageError: the package wadler-lindig is not installed, and not ``plain``.

    >>> layer = {"weights": np.ones((3, 4)), "bias": np.zeros(4), "name": "first"}
    >>> ft.display.show([layer, None], width=50)
    [
      {
        'weights': f64[3,4],
        'bias': f64[4],
        'name': 'first'
      },
      None
    ]
    """
    if plain:
        print(pformat(tree.map_(_typed, pytree), width=width))
        return
    if find_spec("wadler_lindig") is None:
        raise MissingPackageError(
            "trees are printed by wadler-lindig, which is not installed.",
            "Run pip install wadler-lindig, or print by Python's own means: plain=True.",
        )
    # An optional package, and not needed for anything else.
    from wadler_lindig import pformat as broken

    print(broken(pytree, width=width, custom=_document))


@dataclasses.dataclass(frozen=True, slots=True)
class _Typed:
    """An array's type, which prints as it is."""

    aval: Aval

    def __repr__(self) -> str:
        return str(self.aval)


def _typed(leaf: Any) -> Any:
    aval = _aval(leaf)
    return leaf if aval is None else _Typed(aval)


def _aval(leaf: Any) -> Aval | None:
    """The type of an array, a traced value, a tensor or a description of them; None of others."""
    leaf = array_behind(leaf)
    dtype, shape = getattr(leaf, "dtype", None), getattr(leaf, "shape", None)
    if isinstance(leaf, np.generic) or not isinstance(dtype, np.dtype):
        return None
    return Aval(tuple(shape or ()), dtype)


def _document(x: Any) -> AbstractDoc | None:
    """What wadler-lindig is told of arrays and of classes that are registered as containers."""
    from wadler_lindig import TextDoc, bracketed, comma, pdoc  # optional, as above

    aval = None if isinstance(x, type) else _aval(x)
    if aval is not None:
        return TextDoc(str(aval))
    kind = type(x)
    if kind.__module__ in ("builtins", "collections") or isinstance(x, tuple):
        return None
    if dataclasses.is_dataclass(x) or tree.structure(x).type is not kind:
        return None
    pairs, _ = tree.flatten_with_path(x, is_leaf=lambda node: node is not x)
    docs = []
    for (key, *_), child in pairs:
        name = f"{key.name}=" if isinstance(key, tree.GetAttrKey) else ""
        docs.append(TextDoc(name) + pdoc(child, custom=_document))
    return bracketed(TextDoc(f"{kind.__name__}("), docs, comma, TextDoc(")"), 2)
