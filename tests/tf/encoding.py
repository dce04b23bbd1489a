"""What a program returned, as JSON: written from TensorFlow's results, compared with ours."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

TOLERANCE = {"float16": 4e-3, "float32": 1e-5, "complex64": 1e-5}
PLAIN = (type(None), bool, str, int, float)
FINE = 1e-9  # the tolerance of float64, of complex128 and of Python's own numbers


_NOISE = re.compile(r"0x[0-9a-f]+|{{function_node [^}]*}} |__inference_\w+ ")


@dataclass(frozen=True)
class Raised:
    """An error as a result; ``says`` is the part of its message that must be there."""

    error: BaseException
    says: str = ""


def encode(tf: Any, value: Any) -> Any:
    """The value as JSON. Lists and Python's plain values stand for themselves."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, list) and type(value).__name__ in ("list", "ListWrapper"):
        return [encode(tf, v) for v in value]
    if isinstance(value, Raised):
        return _error(value)
    if tf.is_tensor(value):
        return _tensor(tf, value)
    for kind, encoder in OTHERS.items():
        if isinstance(value, kind):
            return encoder(tf, value)
    return _named(tf, value)


def _tensor(tf: Any, value: Any) -> Any:
    if isinstance(value, tf.Variable):
        return _array("variable", value.numpy()) | {"name": value.name}
    if not isinstance(value, tf.Tensor):
        return _slices(tf, value)
    if not hasattr(value, "numpy"):  # TensorFlow's tensors inside a tf.function
        return {"symbolic": f"{value.dtype.name}{value.shape}"}
    return _array("tensor", value.numpy())


def _slices(tf: Any, value: Any) -> Any:
    """Sparse gradients, also as the dense tensor that they stand for."""
    assert isinstance(value, tf.IndexedSlices), type(value)
    parts = (value.values, value.indices, value.dense_shape, tf.convert_to_tensor(value))
    names = ("slices", "indices", "dense_shape", "dense")
    return {name: encode(tf, part) for name, part in zip(names, parts, strict=True)}


def _array(kind: str, value: Any) -> dict[str, Any]:
    """``{"tensor": "float32[2]", "values": [0.5, 1.0]}``"""
    array = np.asarray(value)
    dtype = "string" if array.dtype.kind in "OSU" else array.dtype.name
    header = f"{dtype}[{','.join(map(str, array.shape))}]"
    return {kind: header, "values": [_number(v) for v in array.reshape(-1)]}


def _number(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, complex | np.complexfloating):
        return [_number(value.real), _number(value.imag)]
    if isinstance(value, np.floating):
        return float(str(value))  # the shortest digits that give this float16 or float32
    return value.item() if isinstance(value, np.generic) else value


def _tuple(tf: Any, value: tuple[Any, ...]) -> Any:
    items = [encode(tf, v) for v in value]
    if hasattr(value, "_fields"):
        return {"namedtuple": list(value._fields), "items": items}
    return {"tuple": items}


def _dict(tf: Any, value: Mapping[Any, Any]) -> Any:
    items = [[encode(tf, k), encode(tf, v)] for k, v in value.items()]
    return {"dict": items}


OTHERS = {
    tuple: _tuple,
    Mapping: _dict,
    bytes: lambda tf, value: {"bytes": value.decode(errors="backslashreplace")},
    complex: lambda tf, value: {"complex": [value.real, value.imag]},
    np.ndarray: lambda tf, value: _array("ndarray", value),
    np.generic: lambda tf, value: _array("numpy", value),
    np.dtype: lambda tf, value: {"numpy dtype": value.name},
    Enum: lambda tf, value: {"enum": f"{type(value).__name__}.{value.name}"},
    type: lambda tf, value: {"class": value.__name__},
}


def _named(tf: Any, value: Any) -> Any:
    """TensorFlow's small classes."""
    if isinstance(value, tf.TensorShape):
        return {"shape": None if value.rank is None else value.as_list()}
    if isinstance(value, tf.DType):
        return {"dtype": value.name}
    if isinstance(value, tf.TensorSpec):
        return {"spec": [encode(tf, value.shape), value.dtype.name, value.name]}
    raise TypeError(f"a {type(value).__name__} can't be recorded: return what it consists of")


def _error(raised: Raised) -> dict[str, Any]:
    """Its public classes, most special first. The message is there for readers, see ``says``."""
    error = raised.error
    names = list(dict.fromkeys(c.__name__ for c in type(error).__mro__ if _is_public(c)))
    found = {"raises": names, "message": _NOISE.sub("", str(error).split("\n")[0])[:100]}
    if raised.says:
        assert raised.says in str(error), f"no {raised.says!r} in: {error}"
        found["says"] = raised.says
    return found


def _is_public(cls: type) -> bool:
    if cls in (BaseException, object):
        return False
    return hasattr(builtins, cls.__name__) or "errors" in cls.__module__


def differences(found: Any, recorded: Any, rtol: float | None, at: str = "result") -> Iterator[str]:
    """Where what we found is not what TensorFlow gave, one line each."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        if "raises" in recorded and "raises" in found:
            yield from _other_error(found, recorded, at)
        elif "values" in recorded and "values" in found:
            yield from _other_array(found, recorded, rtol, at)
        elif list(found) != list(recorded):
            yield f"{at} is {found}, not {recorded}"
        else:
            for key in recorded:
                yield from differences(found[key], recorded[key], rtol, f"{at}.{key}")
    elif isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        for i, (f, r) in enumerate(zip(found, recorded, strict=True)):
            yield from differences(f, r, rtol, f"{at}[{i}]")
    elif not _same(found, recorded, rtol):
        yield f"{at} is {found!r}, not {recorded!r}"


def _same(found: Any, recorded: Any, rtol: float | None) -> bool:
    if type(found) is not type(recorded):
        return False
    if isinstance(found, float):  # Python's own, which mostly come out of a float32
        return bool(np.isclose(found, recorded, rtol or TOLERANCE["float32"], 1e-8, equal_nan=True))
    return bool(found == recorded)


def _other_error(found: Any, recorded: Any, at: str) -> Iterator[str]:
    """Ours has to be caught by the same ``except`` clauses, and by no more built-in ones."""
    ours, theirs = set(found["raises"]), set(recorded["raises"])
    more = {n for n in ours - theirs if hasattr(builtins, n)}
    if not theirs <= ours or more:
        yield f"{at} raises {found['raises']}, not {recorded['raises']}: {found['message']}"


def _other_array(found: Any, recorded: Any, rtol: float | None, at: str) -> Iterator[str]:
    for key in recorded:
        if key != "values" and found.get(key) != recorded[key]:
            yield f"{at} has {key} {found.get(key)}, not {recorded[key]}"
            return
    header = next(iter(recorded.values()))
    dtype = header.partition("[")[0]
    if dtype.startswith(("float", "complex")):
        agree = _close(found["values"], recorded["values"], rtol or TOLERANCE.get(dtype, FINE))
    else:
        agree = found["values"] == recorded["values"]
    if not agree:
        yield f"{at} ({header}) is {found['values']}, not {recorded['values']}"


def _close(found: Any, recorded: Any, rtol: float) -> bool:
    """Within ``rtol`` of each element or of the largest one."""
    a, b = np.asarray(found, dtype=float), np.asarray(recorded, dtype=float)
    finite = np.abs(b[np.isfinite(b)])
    largest = max(finite.max(initial=0.0), 1e-3)
    return bool(np.allclose(a, b, rtol=rtol, atol=rtol * largest, equal_nan=True))
