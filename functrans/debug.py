"""For finding out what the library did: counters of traces and compilations, memory that it keeps.

>>> import numpy as np
>>> import functrans as ft
>>> f = ft.jit(lambda x: x + 1.0)
>>> before = ft.debug.counters.traces
>>> _ = f(np.ones(3)), f(np.zeros(3))
>>> ft.debug.counters.traces - before
1
>>> ft.debug.clear_memory()
>>> ft.debug.memory().idle
0
"""

from functrans.codegen.pool import Memory, memory
from functrans.codegen.pool import clear as clear_memory
from functrans.codegen.pool import set_limit as set_memory_limit
from functrans.control.call import Counters, counters

__all__ = ["Counters", "Memory", "clear_memory", "counters", "memory", "set_memory_limit"]
