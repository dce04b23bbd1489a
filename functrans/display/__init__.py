"""How programs show themselves: HTML and drawings for notebooks, and trees of arrays as text.

>>> import numpy as np
>>> import functrans as ft
>>> jaxpr = ft.make_jaxpr(np.sin)(1.0)
>>> "sin" in ft.display.html(jaxpr)
True
"""

from importlib import import_module
from typing import TYPE_CHECKING

from functrans.display.document import html
from functrans.display.trees import show

if TYPE_CHECKING:
    from functrans.display.drawing import Graph, graph
    from functrans.display.explanation import Explanation, explain

__all__ = ["Explanation", "Graph", "explain", "graph", "html", "show"]

# What needs SciPy or the compiler is loaded when it is named.
_LATER = {
    "Explanation": "functrans.display.explanation",
    "explain": "functrans.display.explanation",
    "Graph": "functrans.display.drawing",
    "graph": "functrans.display.drawing",
}


if not TYPE_CHECKING:  # which see the names above, and miss what is not there

    def __getattr__(name: str) -> object:
        if name in _LATER:
            value: object = getattr(import_module(_LATER[name]), name)
            return value
        raise AttributeError(f"module 'functrans.display' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return list(__all__)
