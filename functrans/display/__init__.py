"""How programs show themselves: HTML and drawings for notebooks, and trees of arrays as text.

>>> import numpy as np
>>> import functrans as ft
>>> jaxpr = ft.make_jaxpr(np.sin)(1.0)
>>> "sin" in ft.display.html(jaxpr)
True
"""

from functrans.display.document import html
from functrans.display.tape import tape_html

__all__ = ["html", "tape_html"]
