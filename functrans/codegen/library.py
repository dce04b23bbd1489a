"""Functions of SciPy by address: its BLAS routines and the inner loops of its ufuncs.

Each extension is loaded by itself where that works: the packages around them take 0.1 s more to
import, which is a third of the time from a fresh process to its first compiled result.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from functrans.codegen.host import once


class InnerLoop(NamedTuple):
    """Addresses of ``void loop(char **arrays, long *count, long *steps, void *data)`` and data."""

    loop: int
    data: int


@once
def blas_routine(name: str) -> int:
    """The address of a BLAS routine, from the library that SciPy carries or was built with."""
    found = _symbol(name)
    if found is not None:
        return found
    module = _alone("linalg", "cython_blas") or importlib.import_module("scipy.linalg.cython_blas")
    capsule = module.__pyx_capi__[name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer: int = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    return pointer


def _symbol(name: str) -> int | None:
    """The routine that SciPy's extension is linked to, found without running any of its code."""
    file = _file("linalg", "cython_blas")
    if file is None:
        return None
    try:
        extension = _shared_library(file)
    except OSError:
        return None
    for symbol in (f"scipy_{name}_", f"{name}_"):  # as SciPy's own builds call it, and as others do
        if hasattr(extension, symbol):
            return ctypes.cast(getattr(extension, symbol), ctypes.c_void_p).value
    return None


@once
def _shared_library(file: str) -> ctypes.CDLL:
    return ctypes.CDLL(file)


def signature(in_dtypes: Sequence[np.dtype[Any]], out_dtype: np.dtype[Any]) -> str:
    """Types as a ufunc lists them.

    >>> signature([np.dtype(float)] * 2, np.dtype(float))
    'dd->d'
    """
    return "".join(d.char for d in in_dtypes) + "->" + out_dtype.char


_FOURIER = frozenset({"fft", "ifft", "irfft", "rfft_n_even", "rfft_n_odd"})
_INNER_NAMES = {"zeta": "_zeta"}  # public functions that are Python around a ufunc


@once
def special_loop(name: str, types: str) -> InnerLoop | None:
    """The inner loop of a ufunc of scipy.special or numpy.fft, None if it has none of these types.

    >>> special_loop("psi", "l->l") is None
    True
    """
    ufunc = _special_ufunc(_INNER_NAMES.get(name, name))
    if ufunc is None or types not in ufunc.types:
        return None
    record = _UfuncRecord.from_address(id(ufunc))
    assert (record.nin, record.ntypes) == (ufunc.nin, ufunc.ntypes)
    index = ufunc.types.index(types)
    return InnerLoop(record.functions[index], (record.data[index] or 0) if record.data else 0)


class _UfuncRecord(ctypes.Structure):
    """The first fields of NumPy's PyUFuncObject; they are part of its binary interface."""

    _fields_ = (
        ("head", ctypes.c_char * object.__basicsize__),
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
    )


@once
def _special_ufunc(name: str) -> np.ufunc | None:
    if name in _FOURIER:
        try:
            found = getattr(importlib.import_module("numpy.fft._pocketfft_umath"), name, None)
        except ImportError:  # it is no public module
            return None
        return found if isinstance(found, np.ufunc) else None
    if "scipy.special" not in sys.modules:
        found = getattr(_alone("special", "_special_ufuncs"), name, None)
        if found is not None:
            return found  # type: ignore[no-any-return]
    found = getattr(importlib.import_module("scipy.special._ufuncs"), name, None)
    return found if isinstance(found, np.ufunc) else None


@once
def _alone(package: str, name: str) -> Any:
    """An extension of a package of SciPy without that package, or None where that does not work.

    SciPy itself is not imported either, which would take as long as calling all that is here.
    """
    file = _file(package, name)
    spec = spec_from_file_location(name, file) if file else None
    if spec is None or spec.loader is None:
        return None
    try:
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError:  # its libraries are found only once SciPy has said where they are
        return None
    return module


@once
def _file(package: str, name: str) -> str | None:
    """Where an extension of SciPy lies."""
    scipy = find_spec("scipy")
    for folder in (scipy and scipy.submodule_search_locations) or ():
        for suffix in EXTENSION_SUFFIXES:
            file = Path(folder, package, name + suffix)
            if file.exists():
                return str(file)
    return None
