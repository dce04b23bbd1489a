"""For finding out what the library did: counters of traces and compilations.

>>> import numpy as np
>>> import functrans as ft
>>> f = ft.jit(lambda x: x + 1.0)
>>> before = ft.debug.counters.traces
>>> _ = f(np.ones(3)), f(np.zeros(3))
>>> ft.debug.counters.traces - before
1
"""

from functrans.control.call import Counters, counters

__all__ = ["Counters", "counters"]
