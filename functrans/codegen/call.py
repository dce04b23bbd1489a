"""The native call stub: from a Python call to the compiled entry without running Python code.

One machine-code function, compiled once a process, serves every program. It is the body of a
built-in function whose ``self`` is a *plan*: a table of words that says what the arguments must
be, what the outputs are and where the program's entry is. A new signature therefore costs a new
table and no compilation. Whatever the plan does not describe exactly goes to ``miss``, which may
be the stub of another signature or the Python path. ``docs/design/calling.md`` draws the tables.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans.codegen import host
from functrans.codegen.compile import Compiled, compile_ir
from functrans.codegen.host import once
from functrans.core.avals import Aval

# Words of a plan, of an argument's record and of an output's record.
_PLAN = (
    "argument_count", "output_count", "entry", "constants", "workspace", "miss", "fail", "busy",
    "single", "release_gil", "frame", "arguments", "outputs", "pooled", "api",
)  # fmt: skip
_ARGUMENT = ("kind", "type", "descr", "rank", "dims")
_OUTPUT = ("descr", "rank", "dims")

# How an argument is recognised.
_ARRAY, _SCALAR, _PYTHON_NUMBER, _PYTHON_INT, _BOOL = range(5)

_SLOT = 32  # bytes that hold any one scalar
_STACK_LIMIT = 16 * 1024  # a larger workspace comes from the pool
_POOL_LIMIT = 1 << 28  # a larger one is given back after the call
_ARRAY_READY = 0x1 | 0x100  # C-contiguous, aligned
_USER_DTYPES = 256  # the type numbers of dtypes that are not NumPy's own

_HEADER = object.__basicsize__  # of every object; its last word is the type
_WEAK_TYPES: dict[str, tuple[type, int]] = {
    "f": (float, _PYTHON_NUMBER),
    "c": (complex, _PYTHON_NUMBER),
    "i": (int, _PYTHON_INT),
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
    single_output: bool,
    miss: Callable[..., Any],
    fail: Callable[[int], Any],
    busy_address: int = 0,
    release_gil: bool = False,
    keep: Sequence[Any] = (),
) -> Callable[..., Any]:
    """A built-in function that runs a compiled program on exactly these arguments.

    Parameters
    ----------
    entry_address: ``i32 entry(ptr args, ptr outs, ptr consts, ptr workspace)``.
    in_specs: the positional arguments. An array must be an exact ndarray of this shape and
        dtype, C-contiguous and aligned; for a rank-0 one a NumPy scalar of the dtype will do,
        for a weak one only a Python number.
    out_specs: the outputs; arrays, and NumPy scalars where the rank is 0.
    single_output: return the one output itself instead of a tuple of all.
    miss: called with the same arguments whenever they are not as described.
    fail: called with the status when the entry returns a positive one; it should raise. A
        negative status says that a Python exception is set.
    busy_address: of an int64; while that is not 0, every call goes to ``miss``.
    release_gil: let other threads run while the entry runs.
    keep: objects that must live as long as the function, such as the compiled code.
    """
    if not all(_is_describable(spec) for spec in in_specs):
        return miss
    words = _Words()
    arguments = words.table([_argument_record(words, spec) for spec in in_specs])
    outputs = words.table(
        [(id(words.hold(s.dtype)), s.ndim, words.dims(s.shape)) for s in out_specs]
    )
    pooled = workspace_bytes > _STACK_LIMIT
    frame = 16 * len(in_specs) + (16 + _SLOT) * len(out_specs)
    code = _code()
    values = {
        "argument_count": len(in_specs),
        "output_count": len(out_specs),
        "entry": entry_address,
        "constants": consts_address,
        "workspace": workspace_bytes,
        "miss": id(words.hold(miss)),
        "fail": id(words.hold(fail)),
        "busy": busy_address or _never_busy().ctypes.data,
        "single": int(single_output),
        "release_gil": int(release_gil),
        "frame": frame + 64 + (0 if pooled else workspace_bytes),
        "arguments": arguments,
        "outputs": outputs,
        "pooled": int(pooled),
        "api": _api().ctypes.data,
    }
    plan = np.array([values[name] for name in _PLAN], np.int64).view(_Plan)
    plan.kept = (words.kept, code, *keep)
    return _new_builtin(_method_definition(), plan, None)


class _Words:
    """Tables under construction, and the objects whose addresses they hold."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def hold(self, thing: Any) -> Any:
        self.kept.append(thing)
        return thing

    def table(self, records: Sequence[Sequence[int]]) -> int:
        return int(self.hold(np.array(records, np.int64)).ctypes.data)

    def dims(self, shape: tuple[int, ...]) -> int:
        return self.table([shape]) if shape else 0


def _is_describable(spec: Aval) -> bool:
    if spec.weak:
        return spec.dtype in (np.dtype(np.int64), np.dtype(np.float64), np.dtype(np.complex128))
    return spec.dtype.kind in "biufc" and spec.dtype.isnative


def _argument_record(words: _Words, spec: Aval) -> tuple[int, ...]:
    if spec.weak:
        python_type, kind = _WEAK_TYPES[spec.dtype.kind]
        return kind, id(python_type), 0, 0, 0
    kind = _ARRAY if spec.ndim else _BOOL if spec.dtype.kind == "b" else _SCALAR
    type_ = np.ndarray if spec.ndim else spec.dtype.type
    return kind, id(type_), id(words.hold(spec.dtype)), spec.ndim, words.dims(spec.shape)


# --- Addresses ------------------------------------------------------------------------------

_PYTHON_API = (
    "Py_IncRef", "Py_DecRef", "PyTuple_New", "PyTuple_SetItem", "PyObject_Vectorcall",
    "PyLong_FromLong", "PyLong_AsLongLongAndOverflow", "PyObject_CallFunctionObjArgs",
    "PyEval_SaveThread", "PyEval_RestoreThread", "PyMem_RawMalloc", "PyMem_RawFree",
    "PyErr_NoMemory",
)  # fmt: skip
_NUMPY_API = {"PyArray_Scalar": 60, "PyArray_NewFromDescr": 94}  # places in NumPy's C table
_OBJECTS: dict[str, Any] = {"ndarray": np.ndarray, "true": True, "false": False}
_API = (*_PYTHON_API, *_NUMPY_API, *_OBJECTS, "pool")


@once
def _api() -> np.ndarray[Any, Any]:
    """The addresses the stub calls, in the order of ``_API``; then the pool's one cell."""
    core = importlib.import_module("numpy._core._multiarray_umath")
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    numpy_table = get_pointer(core._ARRAY_API, None)
    python = [host.python_function(name) for name in _PYTHON_API]
    numpy = [ctypes.c_int64.from_address(numpy_table + 8 * i).value for i in _NUMPY_API.values()]
    objects = [id(thing) for thing in _OBJECTS.values()]
    return np.array([*python, *numpy, *objects, 0], np.int64)


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


@once
def _code() -> Compiled:
    return compile_ir(stub_ir(), "functrans_call", tier="stub")


# --- The code -------------------------------------------------------------------------------


def stub_ir() -> str:
    """The text of the stub. It holds no addresses: all come through the plan."""
    api = {name: i for i, name in enumerate(_API)}
    plan = {name: i for i, name in enumerate(_PLAN)}

    def word(result: str, table: str, index: int, type_: str = "ptr") -> str:
        """Load one word of a table."""
        return (
            f"  %{result}.at = getelementptr i64, ptr {table}, i64 {index}\n"
            f"  %{result} = load {type_}, ptr %{result}.at\n"
        )

    def of_plan(name: str, type_: str = "ptr", suffix: str = "") -> str:
        return word(f"{name}{suffix}", "%plan", plan[name], type_)

    def of_api(name: str, suffix: str = "") -> str:
        return word(f"{name}{suffix}", "%api", api[name])

    def field(result: str, base: str, offset: int, type_: str = "ptr") -> str:
        """Load one field of an object, by its byte offset."""
        return (
            f"  %{result}.at = getelementptr i8, ptr {base}, i64 {offset}\n"
            f"  %{result} = load {type_}, ptr %{result}.at\n"
        )

    data, rank, dims, descr, flags = (_HEADER + o for o in (0, 8, 16, 40, 48))
    descr_kind, descr_order, descr_number, descr_size = (_HEADER + o for o in (8, 10, 12, 24))
    return f"""
define ptr @functrans_call(ptr %self, ptr %args, i64 %nargs, ptr %kwnames) nounwind {{
start:
{field("plan", "%self", data)}{of_plan("argument_count", "i64")}{of_plan("busy")}\
{of_plan("api")}
  %busy.value = load atomic i64, ptr %busy monotonic, align 8
  %no.keywords = icmp eq ptr %kwnames, null
  %right.count = icmp eq i64 %nargs, %argument_count
  %idle = icmp eq i64 %busy.value, 0
  %fits.0 = and i1 %no.keywords, %right.count
  %fits = and i1 %fits.0, %idle
  br i1 %fits, label %prepare, label %missing

prepare:
{of_plan("frame", "i64")}{of_plan("arguments")}{of_plan("outputs")}{of_plan("output_count", "i64")}\
{of_api("ndarray")}
  %frame.at0 = alloca i8, i64 %frame, align 64
  %in.slots = getelementptr ptr, ptr %frame.at0, i64 %nargs
  %outs = getelementptr i64, ptr %in.slots, i64 %nargs
  %objects = getelementptr ptr, ptr %outs, i64 %output_count
  %out.slots = getelementptr ptr, ptr %objects, i64 %output_count
  %slots.bytes = mul i64 %output_count, {_SLOT}
  %frame.end = getelementptr i8, ptr %out.slots, i64 %slots.bytes
  %no.arguments = icmp eq i64 %nargs, 0
  br i1 %no.arguments, label %take.workspace, label %argument

argument:
  %i = phi i64 [0, %prepare], [%i.next, %argument.done]
  %record.place = mul i64 %i, {len(_ARGUMENT)}
  %record = getelementptr i64, ptr %arguments, i64 %record.place
  %object.at = getelementptr ptr, ptr %args, i64 %i
  %object = load ptr, ptr %object.at
{field("type", "%object", _HEADER - 8)}{word("kind", "%record", 0, "i64")}\
{word("wanted.type", "%record", 1)}
  %type.fits = icmp eq ptr %type, %wanted.type
  %slot = getelementptr i64, ptr %in.slots, i64 %i
  %is.array = icmp eq i64 %kind, {_ARRAY}
  br i1 %is.array, label %want.array, label %want.number

want.array:
  br i1 %type.fits, label %array, label %missing

array:
{word("wanted.descr", "%record", 2)}{word("wanted.rank", "%record", 3, "i64")}\
{word("wanted.dims", "%record", 4)}{field("array.descr", "%object", descr)}\
{field("array.rank", "%object", rank, "i32")}{field("array.flags", "%object", flags, "i32")}
  %rank.wide = sext i32 %array.rank to i64
  %descr.fits = icmp eq ptr %array.descr, %wanted.descr
  %rank.fits = icmp eq i64 %rank.wide, %wanted.rank
  %ready = and i32 %array.flags, {_ARRAY_READY}
  %flags.fit = icmp eq i32 %ready, {_ARRAY_READY}
  %array.fits = and i1 %rank.fits, %flags.fit
  br i1 %array.fits, label %array.descr.check, label %missing

array.descr.check:
  br i1 %descr.fits, label %array.dims, label %other.descr

other.descr:
  ; An equal dtype in another object: unpickled, or long long beside long.
{field("kind.wanted", "%wanted.descr", descr_kind, "i8")}\
{field("kind.given", "%array.descr", descr_kind, "i8")}\
{field("order.given", "%array.descr", descr_order, "i8")}\
{field("number.given", "%array.descr", descr_number, "i32")}\
{field("size.wanted", "%wanted.descr", descr_size, "i64")}\
{field("size.given", "%array.descr", descr_size, "i64")}
  %same.kind = icmp eq i8 %kind.wanted, %kind.given
  %same.size = icmp eq i64 %size.wanted, %size.given
  %equal.order = icmp eq i8 %order.given, {ord("=")}
  %no.order = icmp eq i8 %order.given, {ord("|")}
  %native.order = or i1 %equal.order, %no.order
  %built.in = icmp ult i32 %number.given, {_USER_DTYPES}
  %same.0 = and i1 %same.kind, %same.size
  %same.1 = and i1 %native.order, %built.in
  %same.descr = and i1 %same.0, %same.1
  br i1 %same.descr, label %array.dims, label %missing

array.dims:
{field("dims", "%object", dims)}{field("array.data", "%object", data)}
  %no.dims = icmp eq i64 %wanted.rank, 0
  br i1 %no.dims, label %argument.done, label %dim

dim:
  %d = phi i64 [0, %array.dims], [%d.next, %dim.fits]
  %dim.at = getelementptr i64, ptr %dims, i64 %d
  %dim.value = load i64, ptr %dim.at
  %wanted.dim.at = getelementptr i64, ptr %wanted.dims, i64 %d
  %wanted.dim = load i64, ptr %wanted.dim.at
  %same.dim = icmp eq i64 %dim.value, %wanted.dim
  br i1 %same.dim, label %dim.fits, label %missing

dim.fits:
  %d.next = add i64 %d, 1
  %dims.end = icmp eq i64 %d.next, %wanted.rank
  br i1 %dims.end, label %argument.done, label %dim

want.number:
  %number.data = getelementptr i8, ptr %object, i64 {_HEADER}
  br i1 %type.fits, label %number, label %other.number

number:
  %is.int = icmp eq i64 %kind, {_PYTHON_INT}
  br i1 %is.int, label %python.int, label %argument.done

python.int:
{of_api("PyLong_AsLongLongAndOverflow")}
  store i64 0, ptr %slot
  %int.value = call i64 %PyLong_AsLongLongAndOverflow(ptr %object, ptr %slot)
  %overflow = load i32, ptr %slot
  %int.fits = icmp eq i32 %overflow, 0
  store i64 %int.value, ptr %slot
  br i1 %int.fits, label %argument.done, label %missing

other.number:
  %strong.0 = icmp eq i64 %kind, {_SCALAR}
  %strong.1 = icmp eq i64 %kind, {_BOOL}
  %strong = or i1 %strong.0, %strong.1
  %is.ndarray = icmp eq ptr %type, %ndarray
  %is.array.0d = and i1 %strong, %is.ndarray
  br i1 %is.array.0d, label %array, label %python.bool

python.bool:
{of_api("true")}{of_api("false")}
  %is.true = icmp eq ptr %object, %true
  %is.false = icmp eq ptr %object, %false
  %is.bool = or i1 %is.true, %is.false
  %bool.fits = and i1 %is.bool, %strong.1
  %bool.value = zext i1 %is.true to i64
  store i64 %bool.value, ptr %slot
  br i1 %bool.fits, label %argument.done, label %missing

argument.done:
  %argument.data = phi ptr [%array.data, %array.dims], [%array.data, %dim.fits],
    [%number.data, %number], [%slot, %python.int], [%slot, %python.bool]
  %in.at = getelementptr ptr, ptr %frame.at0, i64 %i
  store ptr %argument.data, ptr %in.at
  %i.next = add i64 %i, 1
  %arguments.end = icmp eq i64 %i.next, %nargs
  br i1 %arguments.end, label %take.workspace, label %argument

take.workspace:
{of_plan("pooled", "i64")}{of_plan("workspace", "i64")}{of_plan("constants")}\
{word("pool", "%api", api["pool"], "i64")}
  %is.pooled = icmp ne i64 %pooled, 0
  br i1 %is.pooled, label %pool.take, label %stack.take

stack.take:
  %end.word = ptrtoint ptr %frame.end to i64
  %end.up = add i64 %end.word, 63
  %end.aligned = and i64 %end.up, -64
  %stack.workspace = inttoptr i64 %end.aligned to ptr
  br label %allocate

pool.take:
  %block = atomicrmw xchg ptr %pool.at, i64 0 acquire
  %block.ptr = inttoptr i64 %block to ptr
  %pool.empty = icmp eq i64 %block, 0
  br i1 %pool.empty, label %pool.new, label %pool.check

pool.check:
{field("block.size", "%block.ptr", -16, "i64")}{field("block.raw", "%block.ptr", -8)}
  %large.enough = icmp uge i64 %block.size, %workspace
  br i1 %large.enough, label %allocate, label %pool.drop

pool.drop:
{of_api("PyMem_RawFree", ".drop")}
  call void %PyMem_RawFree.drop(ptr %block.raw)
  br label %pool.new

pool.new:
{of_api("PyMem_RawMalloc")}
  %raw.size = add i64 %workspace, 128
  %raw = call ptr %PyMem_RawMalloc(i64 %raw.size)
  %raw.null = icmp eq ptr %raw, null
  br i1 %raw.null, label %no.memory, label %pool.made

no.memory:
{of_api("PyErr_NoMemory")}
  %nothing = call ptr %PyErr_NoMemory()
  ret ptr null

pool.made:
  %raw.word = ptrtoint ptr %raw to i64
  %raw.up = add i64 %raw.word, 127
  %raw.aligned = and i64 %raw.up, -64
  %new.block = inttoptr i64 %raw.aligned to ptr
  %new.size.at = getelementptr i8, ptr %new.block, i64 -16
  store i64 %workspace, ptr %new.size.at
  %new.raw.at = getelementptr i8, ptr %new.block, i64 -8
  store ptr %raw, ptr %new.raw.at
  br label %allocate

allocate:
  %workspace.ptr = phi ptr [%stack.workspace, %stack.take], [%block.ptr, %pool.check],
    [%new.block, %pool.made]
  %no.outputs = icmp eq i64 %output_count, 0
  br i1 %no.outputs, label %run, label %output

output:
  %o = phi i64 [0, %allocate], [%o.next, %output.done]
  %output.place = mul i64 %o, {len(_OUTPUT)}
  %output.record = getelementptr i64, ptr %outputs, i64 %output.place
{word("output.rank", "%output.record", 1, "i64")}
  %object.place = getelementptr ptr, ptr %objects, i64 %o
  %output.scalar = icmp eq i64 %output.rank, 0
  br i1 %output.scalar, label %output.slot, label %output.array

output.slot:
  %slot.offset = mul i64 %o, {_SLOT}
  %out.slot = getelementptr i8, ptr %out.slots, i64 %slot.offset
  store ptr null, ptr %object.place
  br label %output.done

output.array:
{word("output.descr", "%output.record", 0)}{word("output.dims", "%output.record", 2)}\
{of_api("Py_IncRef")}{of_api("PyArray_NewFromDescr")}
  call void %Py_IncRef(ptr %output.descr)
  %output.rank32 = trunc i64 %output.rank to i32
  %new.array = call ptr %PyArray_NewFromDescr(ptr %ndarray, ptr %output.descr,
    i32 %output.rank32, ptr %output.dims, ptr null, ptr null, i32 0, ptr null)
  store ptr %new.array, ptr %object.place
  %array.null = icmp eq ptr %new.array, null
  br i1 %array.null, label %output.failed, label %output.made

output.failed:
  br label %discard

output.made:
{field("new.data", "%new.array", data)}
  br label %output.done

output.done:
  %output.data = phi ptr [%out.slot, %output.slot], [%new.data, %output.made]
  %out.at = getelementptr ptr, ptr %outs, i64 %o
  store ptr %output.data, ptr %out.at
  %o.next = add i64 %o, 1
  %outputs.end = icmp eq i64 %o.next, %output_count
  br i1 %outputs.end, label %run, label %output

run:
{of_plan("entry")}{of_plan("release_gil", "i64")}
  %release = icmp ne i64 %release_gil, 0
  br i1 %release, label %run.released, label %run.held

run.held:
  %status.held = call i32 %entry(ptr %frame.at0, ptr %outs, ptr %constants, ptr %workspace.ptr)
  br label %ran

run.released:
{of_api("PyEval_SaveThread")}{of_api("PyEval_RestoreThread")}
  %thread = call ptr %PyEval_SaveThread()
  %status.free = call i32 %entry(ptr %frame.at0, ptr %outs, ptr %constants, ptr %workspace.ptr)
  call void %PyEval_RestoreThread(ptr %thread)
  br label %ran

ran:
  %status = phi i32 [%status.held, %run.held], [%status.free, %run.released]
  %good = icmp eq i32 %status, 0
  br i1 %good, label %box, label %discard

box:
  br i1 %no.outputs, label %boxed, label %box.next

box.next:
  %b = phi i64 [0, %box], [%b.next, %box.done]
  %box.at = getelementptr ptr, ptr %objects, i64 %b
  %box.object = load ptr, ptr %box.at
  %is.made = icmp ne ptr %box.object, null
  br i1 %is.made, label %box.done, label %box.scalar

box.scalar:
  %box.place = mul i64 %b, {len(_OUTPUT)}
  %box.record = getelementptr i64, ptr %outputs, i64 %box.place
{word("box.descr", "%box.record", 0)}{of_api("PyArray_Scalar")}
  %box.data.at = getelementptr ptr, ptr %outs, i64 %b
  %box.data = load ptr, ptr %box.data.at
  %scalar = call ptr %PyArray_Scalar(ptr %box.data, ptr %box.descr, ptr null)
  store ptr %scalar, ptr %box.at
  %scalar.null = icmp eq ptr %scalar, null
  br i1 %scalar.null, label %discard, label %box.done

box.done:
  %b.next = add i64 %b, 1
  %box.end = icmp eq i64 %b.next, %output_count
  br i1 %box.end, label %boxed, label %box.next

boxed:
{of_plan("single", "i64")}
  %is.single = icmp ne i64 %single, 0
  br i1 %is.single, label %return.single, label %return.tuple

return.single:
  %first = load ptr, ptr %objects
  br label %give.workspace

return.tuple:
{of_api("PyTuple_New")}{of_api("PyTuple_SetItem")}
  %tuple = call ptr %PyTuple_New(i64 %output_count)
  %tuple.null = icmp eq ptr %tuple, null
  br i1 %tuple.null, label %discard, label %fill

fill:
  br i1 %no.outputs, label %filled, label %fill.next

fill.next:
  %t = phi i64 [0, %fill], [%t.next, %fill.next]
  %fill.at = getelementptr ptr, ptr %objects, i64 %t
  %fill.object = load ptr, ptr %fill.at
  %set = call i32 %PyTuple_SetItem(ptr %tuple, i64 %t, ptr %fill.object)
  %t.next = add i64 %t, 1
  %fill.end = icmp eq i64 %t.next, %output_count
  br i1 %fill.end, label %filled, label %fill.next

filled:
  br label %give.workspace

discard:
  ; A status of 0 or -1 says that an exception is set already; %made counts the objects to drop.
  %made = phi i64 [%o, %output.failed], [%output_count, %ran], [%output_count, %box.scalar],
    [%output_count, %return.tuple]
  %discard.status = phi i32 [0, %output.failed], [%status, %ran], [0, %box.scalar],
    [0, %return.tuple]
{of_api("Py_DecRef")}
  %none.made = icmp eq i64 %made, 0
  br i1 %none.made, label %discarded, label %drop

drop:
  %k = phi i64 [0, %discard], [%k.next, %drop.done]
  %drop.at = getelementptr ptr, ptr %objects, i64 %k
  %drop.object = load ptr, ptr %drop.at
  %drop.null = icmp eq ptr %drop.object, null
  br i1 %drop.null, label %drop.done, label %drop.one

drop.one:
  call void %Py_DecRef(ptr %drop.object)
  br label %drop.done

drop.done:
  %k.next = add i64 %k, 1
  %drop.end = icmp eq i64 %k.next, %made
  br i1 %drop.end, label %discarded, label %drop

discarded:
  %is.status = icmp sgt i32 %discard.status, 0
  br i1 %is.status, label %failing, label %give.workspace

failing:
{of_plan("fail")}{of_api("PyLong_FromLong")}{of_api("PyObject_CallFunctionObjArgs")}
  %status.wide = sext i32 %discard.status to i64
  %status.object = call ptr %PyLong_FromLong(i64 %status.wide)
  %status.null = icmp eq ptr %status.object, null
  br i1 %status.null, label %give.workspace, label %call.fail

call.fail:
  %failed = call ptr (ptr, ptr, ...) %PyObject_CallFunctionObjArgs(ptr %fail,
    ptr %status.object, ptr null)
  call void %Py_DecRef(ptr %status.object)
  br label %give.workspace

give.workspace:
  %result = phi ptr [%first, %return.single], [%tuple, %filled], [null, %discarded],
    [null, %failing], [%failed, %call.fail]
  br i1 %is.pooled, label %pool.give, label %done

pool.give:
  %small = icmp ule i64 %workspace, {_POOL_LIMIT}
  br i1 %small, label %pool.put, label %pool.free

pool.put:
  %given = ptrtoint ptr %workspace.ptr to i64
  %exchange = cmpxchg ptr %pool.at, i64 0, i64 %given release monotonic
  %was.put = extractvalue {{ i64, i1 }} %exchange, 1
  br i1 %was.put, label %done, label %pool.free

pool.free:
{field("given.raw", "%workspace.ptr", -8)}{of_api("PyMem_RawFree", ".give")}
  call void %PyMem_RawFree.give(ptr %given.raw)
  br label %done

done:
  ret ptr %result

missing:
{of_plan("miss")}{of_api("PyObject_Vectorcall")}
  %missed = call ptr %PyObject_Vectorcall(ptr %miss, ptr %args, i64 %nargs, ptr %kwnames)
  ret ptr %missed
}}

"""
