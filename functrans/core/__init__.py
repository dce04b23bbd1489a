"""What a program is: avals, primitives, Jaxprs, traces, the checker and the printer."""

import time

__version__ = "0.1.0"
"""Of the package."""

loaded_at = time.time()
"""When this process began to read the package; sources changed since then are not what runs."""
