"""Functions that vmap maps by rules of the user's own, or one example after the other.

>>> import numpy as np
>>> import functrans as ft
>>> counted = ft.custom_batching.sequential_vmap(lambda x: 2.0 * x)
>>> ft.vmap(counted)(np.ones(3))
array([2., 2., 2.])
"""

from functrans.control.custom_vmap import custom_vmap, sequential_vmap

__all__ = ["custom_vmap", "sequential_vmap"]
