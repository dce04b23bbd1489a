"""The native call stub: from a Python call to the compiled entry without running Python code.

One machine-code function, compiled once a process, serves every program. It is the body of a
built-in function whose ``self`` is a *plan*: a table of words that says what the arguments must
be, how the results are built and where the program's entry is. A new signature therefore costs a
new table and no compilation. Whatever the plan does not describe exactly goes to ``miss``, which
may be the stub of another signature or the Python path. ``docs/design/calling.md`` draws the
tables; ``codegen.stub`` is the code that walks them.
"""

from __future__ import annotations

import ctypes
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType
from typing import Any, Self

import numpy as np

from functrans.codegen import host, pool, stub, stub_arguments, stub_results, stub_unlocked
from functrans.codegen.compile import Compiled, compile_ir
from functrans.codegen.host import once
from functrans.core.avals import Aval
from functrans.tree import LEAF, PyTreeDef, leaves

# --- what a call looks like ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Static:
    """An argument that must have this value, and is not passed on."""

    value: Any


Argument = PyTreeDef | Static


@dataclass(frozen=True, slots=True)
class Signature:
    """The arguments of a call and its result, as trees.

    Leaves are numbered through the positional arguments, then the keywords in order of their names.
    """

    positional: tuple[Argument, ...]
    keywords: Mapping[str, Argument]
    result: PyTreeDef

    @classmethod
    def flat(cls, inputs: int, outputs: int) -> Self:
        """Leaves in, the tuple of leaves out."""
        return cls((LEAF,) * inputs, {}, PyTreeDef(tuple, None, (LEAF,) * outputs, outputs))

    @property
    def is_native(self) -> bool:
        """Whether the stub can take such arguments apart."""
        arguments = (*self.positional, *self.keywords.values())
        return all(
            _is_native_static(a.value) if isinstance(a, Static) else _is_native_tree(a)
            for a in arguments
        )


def _is_native_tree(tree: PyTreeDef) -> bool:
    if tree.type is dict and not all(type(key) in (str, int) for key in tree.aux):
        return False  # other keys could run Python code when they are compared
    native = tree.type in (None, tuple, list, dict, type(None)) or _is_named_tuple(tree.type)
    return native and all(map(_is_native_tree, tree.children))


def _is_named_tuple(cls: Any) -> bool:
    """Whether a class is a named tuple whose leaves are its items, not registered as otherwise."""
    if not (issubclass(cls, tuple) and hasattr(cls, "_fields")):
        return False
    items = [object() for _ in cls._fields]
    return leaves(cls._make(items)) == items


def _is_native_static(value: Any) -> bool:
    if type(value) is tuple:
        return all(map(_is_native_static, value))
    if type(value) in (int, str, bytes, float, complex):
        return True
    # Told apart by identity, which must imply that they are as when they were traced.
    equality: Any = type(value).__eq__
    if isinstance(value, _IMMUTABLE) or equality is object.__eq__:
        return True
    return dataclasses.is_dataclass(value) and _is_frozen(type(value))


_IMMUTABLE = (bool, type(None), type, np.dtype, np.generic, FunctionType, BuiltinFunctionType)


def _is_frozen(cls: Any) -> bool:
    return bool(cls.__dataclass_params__.frozen)


# --- tables --------------------------------------------------------------------------------------

_PLAN = (
    "positional", "named", "names", "busy", "miss", "fail", "entry", "constants", "release_gil",
    "records", "roots", "node_count", "leaf_count", "leaf_sizes", "outputs", "output_count",
    "donated", "builds", "build_count", "result_count", "pooled",
    "frame", "data", "integers", "nodes", "outs", "results", "slots", "workspace",
)  # fmt: skip
_NODE = ("kind", "type", "descr", "count", "table", "place", "flags")
_OUTPUT = ("descr", "rank", "dims", "node", "pooled", "donor", "giver")
_BUILD = ("kind", "object", "table", "count", "inner", "node")

# How an argument is recognised, and how a part of the result is made.
_KINDS = (
    "ARRAY", "SCALAR", "NUMBER", "INTEGER", "BOOL", "TUPLE", "LIST", "DICT", "SAME", "EQUAL",
    "BITS", "CALLED",
)  # fmt: skip
_KIND = {name: i for i, name in enumerate(_KINDS)}

_SLOT = 32  # bytes that hold any one scalar
_STACK_LIMIT = 16 * 1024  # a larger workspace comes from the pool
_FRAME_LIMIT = 64 * 1024  # and so does a larger frame, of thousands of leaves
_POOL_LEAST = 128 * 1024  # and the memory of a result that is larger or as large
_ARRAY_READY = 0x1 | 0x100  # C-contiguous, aligned
_ARRAY_OWNS, _ARRAY_WRITEABLE = 0x4, 0x400

_HEADER = object.__basicsize__  # of every object; its last word is the type
_WEAK_TYPES: dict[str, tuple[type, str]] = {
    "f": (float, "NUMBER"),
    "c": (complex, "NUMBER"),
    "i": (int, "INTEGER"),
}


class _Plan(np.ndarray[Any, Any]):
    """The table a built-in function carries as ``self``, with what it points to kept alive."""

    kept: tuple[Any, ...]


def make_stub(
    entry_address: int,
    in_specs: Sequence[Aval],
    out_specs: Sequence[Aval],
    consts_address: int,
    workspace_bytes: int,
    signature: Signature,
    miss: Callable[..., Any],
    fail: Callable[[int], Any],
    busy_address: int = 0,
    release_gil: bool = False,
    donors: Mapping[int, int] | None = None,
    keep: Sequence[Any] = (),
) -> Callable[..., Any]:
    """A built-in function that runs a compiled program on exactly these arguments.

    Parameters
    ----------
    entry_address: ``i32 entry(ptr args, ptr outs, ptr consts, ptr workspace)``.
    in_specs: the leaves of the arguments. An array must be an exact ndarray of this shape and
        dtype, C-contiguous and aligned; for a rank-0 one a NumPy scalar of the dtype will do,
        for a weak one only a Python number.
    out_specs: the leaves of the result; arrays, and NumPy scalars where the rank is 0.
    signature: the trees around the leaves.
    miss: called with the same arguments whenever they are not as described.
    fail: called with the status when the entry returns a positive one; it must raise. A
        negative status says that a Python exception is set.
    busy_address: of an int64; while that is not 0, every call goes to ``miss``.
    release_gil: let other threads run while the entry runs.
    donors: output -> argument leaf whose array it is; the entry writes into the argument.
    keep: objects that must live as long as the function, such as the compiled code.
    """
    if not (signature.is_native and all(_is_describable(spec) for spec in in_specs)):
        return miss
    donors = donors or {}
    words = _Words()
    nodes = _argument_nodes(words, signature, in_specs, frozenset(donors.values()))
    outputs, builds, result_count = _result_tables(words, signature.result, out_specs)
    giver = {nodes[i][_NODE.index("place")]: i for i in range(len(nodes)) if _is_leaf(nodes[i])}
    for number, output in enumerate(outputs):
        donor = donors.get(number, -1)
        output += [donor, giver.get(donor, 0)]
    roots = len(signature.positional) + len(signature.keywords)
    pooled = workspace_bytes if workspace_bytes > _STACK_LIMIT else 0
    code = _code()
    values = {
        "positional": len(signature.positional),
        "named": len(signature.keywords),
        "names": words.objects(sorted(signature.keywords)),
        "busy": busy_address or _never_busy().ctypes.data,
        "miss": id(words.hold(miss)),
        "fail": id(words.hold(fail)),
        "entry": entry_address,
        "constants": consts_address,
        "release_gil": int(release_gil),
        "records": words.table(nodes),
        "roots": roots,
        "node_count": len(nodes),
        "leaf_count": len(in_specs),
        "leaf_sizes": words.table([[spec.nbytes for spec in in_specs]]),
        "outputs": words.table(outputs),
        "output_count": len(out_specs),
        "donated": len(donors),
        "builds": words.table(builds),
        "build_count": len(builds),
        "result_count": result_count,
        "pooled": pooled,
    }
    values |= _frame(
        data=8 * len(in_specs),
        integers=8 * len(in_specs),
        nodes=8 * len(nodes),
        outs=8 * len(out_specs),
        results=8 * result_count,
        slots=_SLOT * len(out_specs),
        workspace=0 if pooled else workspace_bytes,
    )
    plan = np.array([values[name] for name in _PLAN], np.int64).view(_Plan)
    plan.kept = (words.kept, code, *keep)
    return _new_builtin(_method_definition(), plan, None)


def _frame(**sizes: int) -> dict[str, int]:
    """Where the parts of a call's frame start, and its size."""
    starts = {}
    end = 0
    for name, size in sizes.items():
        if name == "workspace":
            end = -(-end // 64) * 64
        starts[name] = end
        end += size
    return starts | {"frame": max(end, 8)}


class _Words:
    """Tables under construction, and the objects whose addresses they hold."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def hold(self, thing: Any) -> Any:
        self.kept.append(thing)
        return thing

    def table(self, records: Sequence[Sequence[int]]) -> int:
        return int(self.hold(np.array(records, np.int64)).ctypes.data)

    def objects(self, things: Sequence[Any]) -> int:
        self.hold(things)
        return self.table([[id(thing) for thing in things]]) if things else 0


def _is_describable(spec: Aval) -> bool:
    if spec.weak:
        return spec.dtype in (np.dtype(np.int64), np.dtype(np.float64), np.dtype(np.complex128))
    return spec.dtype.kind in "biufc" and spec.dtype.isnative


def _argument_nodes(
    words: _Words, signature: Signature, specs: Sequence[Aval], donated: frozenset[int]
) -> list[list[int]]:
    """A record for each node of the arguments' trees, level by level: children stand together."""
    named = (signature.keywords[name] for name in sorted(signature.keywords))
    level: list[tuple[Argument, int]] = []  # with the number of the first leaf
    leaf = 0
    for argument in (*signature.positional, *named):
        level.append((argument, leaf))
        leaf += 0 if isinstance(argument, Static) else argument.num_leaves
    records: list[list[int]] = []
    placed = len(level)
    while level:
        below: list[tuple[Argument, int]] = []
        for argument, leaf in level:
            if isinstance(argument, Static):
                children: list[tuple[Argument, int]] = (
                    [(Static(v), 0) for v in argument.value]
                    if type(argument.value) is tuple
                    else []
                )
                record = _static_record(words, argument.value)
            elif argument.type is None:
                children = []
                record = _leaf_record(words, specs[leaf], leaf, leaf in donated)
            else:
                children = []
                for child in argument.children:
                    children.append((child, leaf))
                    leaf += child.num_leaves
                record = _container_record(words, argument)
            if children:
                record[_NODE.index("place")] = placed
                placed += len(children)
                below += children
            records.append(record)
        level = below
    return records


def _record(kind: str, type_: type, descr: int, count: int, table: int, place: int) -> list[int]:
    return [_KIND[kind], id(type_), descr, count, table, place, _ARRAY_READY]


def _static_record(words: _Words, value: Any) -> list[int]:
    cls = type(value)
    if cls is tuple:
        return _record("TUPLE", cls, 0, len(value), 0, 0)
    kind = "EQUAL" if cls in (int, str, bytes) else "BITS" if cls is float else "SAME"
    return _record(kind, cls, id(words.hold(value)), 0, 0, 0)


def _container_record(words: _Words, tree: PyTreeDef) -> list[int]:
    count = len(tree.children)
    if tree.type is type(None):
        return _record("SAME", type(None), id(None), 0, 0, 0)
    if tree.type is dict:
        return _record("DICT", dict, 0, count, words.objects(tree.aux), 0)
    assert tree.type is not None
    return _record("LIST" if tree.type is list else "TUPLE", tree.type, 0, count, 0, 0)


def _leaf_record(words: _Words, spec: Aval, leaf: int, donated: bool) -> list[int]:
    if spec.weak:
        python_type, kind = _WEAK_TYPES[spec.dtype.kind]
        return _record(kind, python_type, 0, 0, 0, leaf)
    kind = "ARRAY" if spec.ndim else "BOOL" if spec.dtype.kind == "b" else "SCALAR"
    type_ = np.ndarray if spec.ndim else spec.dtype.type
    dims = words.table([spec.shape]) if spec.ndim else 0
    record = _record(kind, type_, id(words.hold(spec.dtype)), spec.ndim, dims, leaf)
    if donated:
        record[_NODE.index("flags")] |= _ARRAY_OWNS | _ARRAY_WRITEABLE
    return record


def _is_leaf(record: Sequence[int]) -> bool:
    return record[0] <= _KIND["BOOL"]


def _result_tables(
    words: _Words, tree: PyTreeDef, specs: Sequence[Aval]
) -> tuple[list[list[int]], list[list[int]], int]:
    """Records of the outputs and of the containers around them, inner ones first; all nodes."""
    outputs: list[list[int]] = [[] for _ in specs]
    builds: list[list[int]] = []
    level = [(tree, 0)]
    node, placed = 0, 1
    while level:
        below = []
        for part, leaf in level:
            if part.type is None:
                spec = specs[leaf]
                dims = words.table([spec.shape]) if spec.ndim else 0
                pooled = spec.nbytes if spec.ndim and spec.nbytes >= _POOL_LEAST else 0
                outputs[leaf] = [id(words.hold(spec.dtype)), spec.ndim, dims, node, pooled]
            else:
                builds.append([*_build_record(words, part), placed, node])
                placed += len(part.children)
            for child in part.children:
                below.append((child, leaf))
                leaf += child.num_leaves
            node += 1
        level = below
    return outputs, builds[::-1], placed


def _build_record(words: _Words, tree: PyTreeDef) -> list[int]:
    """Kind, object, table and count."""
    count = len(tree.children)
    if tree.type is tuple or tree.type is list:
        return [_KIND["TUPLE" if tree.type is tuple else "LIST"], 0, 0, count]
    if tree.type is type(None):
        return [_KIND["SAME"], id(None), 0, 0]
    if tree.type is dict:
        copied = words.hold(dict.fromkeys(tree.aux))
        return [_KIND["DICT"], id(copied), words.objects(tree.aux), count]
    shallow = PyTreeDef(tree.type, tree.aux, (LEAF,) * count, count)
    return [_KIND["CALLED"], id(words.hold(shallow.unflatten)), 0, count]


# --- addresses -----------------------------------------------------------------------------------

_PYTHON_API = (
    "Py_IncRef", "Py_DecRef", "PyTuple_New", "PyTuple_SetItem", "PyList_New", "PyList_SetItem",
    "PyDict_Copy", "PyDict_Size", "PyDict_SetItem", "PyDict_GetItemWithError", "PyUnicode_Compare",
    "PyObject_RichCompareBool", "PyObject_Vectorcall", "PyObject_CallFunctionObjArgs",
    "PyLong_FromLong", "PyLong_AsLongLongAndOverflow", "PyErr_NoMemory", "PyErr_Occurred",
    "PyErr_CheckSignals", "PyErr_Clear", "PyErr_Fetch", "PyErr_Restore",
    "PyEval_SaveThread", "PyEval_RestoreThread", "PyGILState_Ensure", "PyGILState_Release",
    "PyTraceMalloc_Track",
)  # fmt: skip
# Places in NumPy's C table.
_NUMPY_API = {"PyArray_Scalar": 60, "PyArray_NewCopy": 85, "PyArray_NewFromDescr": 94}
_OBJECTS: dict[str, Any] = {"ndarray": np.ndarray, "true": True, "false": False}
_API = (*_PYTHON_API, *_NUMPY_API, *_OBJECTS, "pool", "handler", "clock_gettime")


@once
def _never_busy() -> np.ndarray[Any, Any]:
    return np.zeros(1, np.int64)


class _MethodDefinition(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_METH_KEYWORDS, _METH_FASTCALL = 0x2, 0x80


@once
def _method_definition() -> _MethodDefinition:
    """The one method record that all stubs share; it lives as long as the process."""
    return _MethodDefinition(
        b"compiled", _code().address, _METH_FASTCALL | _METH_KEYWORDS, b"A compiled program."
    )


def _new_builtin(definition: _MethodDefinition, self: Any, module: Any) -> Callable[..., Any]:
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.py_object)
    function: Callable[..., Any] = new(ctypes.addressof(definition), self, module)
    return function


# --- the code ------------------------------------------------------------------------------------


@once
def _code() -> Compiled:
    """The stub and the pool, bound to the addresses that they use."""
    code = compile_ir(stub_ir(), "functrans_call", tier="stub")
    numpy_api = pool.numpy_api()
    addresses = np.array(
        [
            *(host.python_function(name) for name in _PYTHON_API),
            *(ctypes.c_int64.from_address(numpy_api + 8 * i).value for i in _NUMPY_API.values()),
            *(id(thing) for thing in _OBJECTS.values()),
            pool.table().ctypes.data,
            id(pool.install(code)),
            host.clock(),
        ],
        np.int64,
    )
    pool.immortal(addresses)
    ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(code.address_of("bind"))(addresses.ctypes.data)
    return code


def unlocked(name: str) -> int:
    """A function of Python's C API, for code that may run without the interpreter's lock."""
    return _code().address_of(f"unlocked.{name}")


def pool_address(name: str) -> int:
    """A function of the pool of memory, which needs no lock of Python's, or its ``table``."""
    return pool.table().ctypes.data if name == "table" else _code().address_of(name)


def stub_ir() -> str:
    """The text of the stub and of the pool."""
    parts = (stub, stub_arguments, stub_results, stub_unlocked, pool)
    return stub.expand("\n".join(part.CODE for part in parts), _OFFSETS, _CONSTANTS)


def _fields(prefix: str, names: Sequence[str]) -> dict[str, int]:
    return {f"{prefix}.{name}": 8 * i for i, name in enumerate(names)}


_OFFSETS = {
    **_fields("plan", _PLAN),
    **_fields("node", _NODE),
    **_fields("output", _OUTPUT),
    **_fields("build", _BUILD),
    **_fields("api", _API),
    **pool.OFFSETS,
    "object.type": _HEADER - 8,
    "scalar.value": _HEADER,
    "tuple.size": _HEADER,
    "tuple.items": tuple.__basicsize__,
    "list.items": _HEADER + 8,
    "array.data": _HEADER,
    "array.rank": _HEADER + 8,
    "array.dims": _HEADER + 16,
    "array.descr": _HEADER + 40,
    "array.flags": _HEADER + 48,
    "array.handler": _HEADER + 72,
    "descr.kind": _HEADER + 8,
    "descr.order": _HEADER + 10,
    "descr.number": _HEADER + 12,
    "descr.size": _HEADER + 24,
}
_CONSTANTS = {
    **_KIND,
    **pool.CONSTANTS,
    "NODE": 8 * len(_NODE),
    "OUTPUT": 8 * len(_OUTPUT),
    "BUILD": 8 * len(_BUILD),
    "SLOT": _SLOT,
    "STACK_MOST": _FRAME_LIMIT,
    "EQUAL_ORDER": ord("="),
    "NO_ORDER": ord("|"),
    "USER_DTYPES": 256,  # the type numbers of dtypes that are not NumPy's own
    "PY_EQ": 2,
    "ARRAY_NEW": 0x1 | 0x100 | 0x400,  # C-contiguous, aligned, writeable
    "ARRAY_READY": _ARRAY_READY,
    "ARRAY_OWNS": _ARRAY_OWNS,
    "C_ORDER": 0,  # NumPy's NPY_CORDER
    "CLOCK": getattr(time, "CLOCK_MONOTONIC", 0),
    "PATIENCE": 50_000_000,  # nanoseconds between two looks at signals
    "TRACE_DOMAIN": 389047,  # NumPy's own, for tracemalloc
}
