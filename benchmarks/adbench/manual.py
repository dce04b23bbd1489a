"""ADBench's hand-derived C++, built elsewhere (docs/design/benchmarks.md), called by ctypes."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Handle:
    """A prepared problem: ``sizes`` are how many numbers its value and its derivative have."""

    def __init__(self, library: ctypes.CDLL, pointer: int, sizes: tuple[int, int]) -> None:
        self.library, self.pointer, self.sizes = library, ctypes.c_void_p(pointer), sizes

    def objective(self) -> None:
        self.library.manual_run(self.pointer, 0, 1)

    def derivative(self) -> None:
        self.library.manual_run(self.pointer, 1, 1)

    def result(self) -> tuple[Array, Array]:
        """The value and the derivative of the latest run."""
        value, derivative = (np.empty(size) for size in self.sizes)
        self.library.manual_result(self.pointer, _pointer(value), _pointer(derivative))
        return value, derivative

    def __del__(self) -> None:
        self.library.manual_free(self.pointer)


class Manual:
    """The shared library. Arrays are copied: float64 and int32, in the layouts of ADBench."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path.resolve()))
        for name in ("gmm", "ba", "hand", "lstm"):
            getattr(self.library, f"manual_{name}").restype = ctypes.c_void_p
        self.library.manual_run.restype = ctypes.c_double

    def gmm(
        self, alphas: Array, means: Array, icf: Array, x: Array, gamma: float, m: int
    ) -> Handle:
        (k, d), n = means.shape, len(x)
        numbers = _floats(alphas, means, icf, x)
        arguments = (d, k, n, *numbers.pointers, ctypes.c_double(gamma), m)
        return self._prepared("gmm", arguments, (1, k * (d + 1) * (d + 2) // 2))

    def ba(self, cams: Array, points: Array, w: Array, obs: Array, feats: Array) -> Handle:
        p = len(w)
        numbers, indices = _floats(cams, points, w, feats), _ints(obs)
        arrays = (*numbers.pointers[:3], *indices.pointers, numbers.pointers[3])
        return self._prepared("ba", (len(cams), len(points), p, *arrays), (3 * p, 31 * p))

    def hand(
        self, model: dict[str, Array], theta: Array, corr: Array, points: Array, us: Array | None
    ) -> Handle:
        tables = ("base_rel", "inv_abs", "base_pos", "weights")
        numbers = _floats(*(model[name] for name in tables), theta, points)
        indices = _ints(model["parents"], model["triangles"], corr)
        extra = _floats() if us is None else _floats(us)
        (vertices, bones), triangles, n = model["weights"].shape, len(model["triangles"]), len(corr)
        parents, corners, where = indices.pointers
        *tables_at, theta_at, points_at = numbers.pointers
        arrays = (parents, *tables_at, corners, theta_at, where, points_at)
        us_at = extra.pointers[0] if extra.pointers else ctypes.c_void_p()
        sizes = (3 * n, 3 * n * (26 if us is None else 28))
        return self._prepared("hand", (bones, vertices, triangles, n, *arrays, us_at), sizes)

    def lstm(self, main: Array, extra: Array, state: Array, seq: Array) -> Handle:
        (c, b), layers = seq.shape, len(state) // 2
        numbers = _floats(main, extra, state, seq)
        sizes = (1, main.size + extra.size)
        return self._prepared("lstm", (layers, c, b, *numbers.pointers), sizes)

    def _prepared(self, name: str, arguments: tuple[Any, ...], sizes: tuple[int, int]) -> Handle:
        pointer = getattr(self.library, f"manual_{name}")(*arguments)
        return Handle(self.library, pointer, sizes)


class _Arrays:
    """Contiguous copies, kept alive while the library reads them."""

    def __init__(self, arrays: tuple[Array, ...], dtype: type) -> None:
        self.arrays: list[Array] = [np.ascontiguousarray(a, dtype) for a in arrays]

    @property
    def pointers(self) -> list[ctypes.c_void_p]:
        return [_pointer(a) for a in self.arrays]


def _floats(*arrays: Array) -> _Arrays:
    return _Arrays(arrays, np.float64)


def _ints(*arrays: Array) -> _Arrays:
    return _Arrays(arrays, np.int32)


def _pointer(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
