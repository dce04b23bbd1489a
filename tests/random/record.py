"""Write ``tests/data/random.json``: what JAX gives for every call of ``calls.py``.

python -m tests.random.record
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.random.calls import CALLS, SEED, Call

DATA = Path(__file__).parent.parent / "data" / "random.json"
MOST = 24  # numbers kept of one call


def jax_value(call: Call) -> Any:
    """JAX's result with 64-bit types, in the dtype NumPy would give for indices."""
    import jax

    with jax.enable_x64(True):
        value = getattr(jax.random, call.name)(jax.random.key(SEED), *call.args, **call.options)
        return np.asarray(value)


def written(value: Any) -> dict[str, Any]:
    """An array as text that loses nothing: floats print so that they read back."""
    kept = value.ravel()[:MOST]
    flat = kept.view(kept.real.dtype) if kept.dtype.kind == "c" else kept
    return {
        "dtype": str(value.dtype),
        "shape": list(value.shape),
        "values": [float(x) if flat.dtype.kind == "f" else int(x) for x in flat],
    }


def main() -> None:
    rows = {call.label: written(jax_value(call)) for call in CALLS}
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items())
    DATA.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
