"""Memory that stays with the process between calls: blocks for large results and workspaces.

A fresh page costs a fault on first touch, which for a memory-bound kernel is more than the work. So
blocks that are given back are kept, most recent last, and the next request of about that size takes
one. A result's array owns such a block through NumPy's own hook (its ``mem_handler``): when the
array dies, NumPy gives the block back here.

The functions are machine code, compiled together with the call stub; this file has their text and
the table that they work on. They take a lock of their own and call nothing of Python.
``docs/design/calling.md`` draws the table.
"""

from __future__ import annotations

import ctypes
import importlib
import os
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any

import numpy as np

from functrans.codegen.sizes import size_of

_KEPT = 256  # idle blocks at most
_LIMIT = 256 << 20  # idle bytes at most, and more
_SHARE = 16  # where this part of the machine's memory is more

WORDS = ("lock", "limit", "idle", "used", "count", "malloc", "free", "context", "entries")
_ENTRY = ("capacity", "block")

OFFSETS = {
    **{f"pool.{name}": 8 * i for i, name in enumerate(WORDS)},
    **{f"entry.{name}": 8 * i for i, name in enumerate(_ENTRY)},
    "block.capacity": -16,  # in front of a block's first byte
    "block.raw": -8,
}
CONSTANTS = {"KEPT": _KEPT, "ENTRY": 8 * len(_ENTRY)}
HANDLER = ("malloc", "calloc", "realloc", "free")
"""The functions of NumPy's memory handler, in its order; in the code they have "pool." in front."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the pool holds, in bytes.

    Attributes
    ----------
    used: of blocks that belong to living results and running calls.
    idle: of blocks kept for later calls, ``blocks`` of them.
    limit: for ``idle``; the blocks that were idle for longest go first.

    >>> y = ft.jit(lambda x: x + 1.0)(np.ones(100_000))
    >>> ft.debug.memory().used >= y.nbytes
    True
    """

    used: int
    idle: int
    blocks: int
    limit: int


def memory() -> Memory:
    """What the pool holds now.

    >>> memory().idle <= memory().limit
    True
    """
    words = dict(zip(WORDS, table().tolist(), strict=False))
    return Memory(words["used"], words["idle"], words["count"], words["limit"])


def set_limit(limit: int) -> None:
    """Keep at most ``limit`` idle bytes, from now on; 0 keeps nothing.

    >>> before = memory().limit
    >>> set_limit(1 << 20)
    >>> memory().limit
    1048576
    >>> set_limit(before)
    """
    table()[WORDS.index("limit")] = max(limit, 0)
    _trim(max(limit, 0))


def clear() -> None:
    """Give all idle memory back to the system.

    >>> clear()
    >>> memory().idle
    0
    """
    _trim(0)


# --- the table -----------------------------------------------------------------------------------

_lock = RLock()
_made: list[np.ndarray[Any, Any]] = []
_code: list[Any] = []  # what trims, once something is compiled


def table() -> np.ndarray[Any, Any]:
    """The words of the pool, then its entries. Machine code holds its address: it is made once."""
    with _lock:
        if not _made:
            words = np.zeros(len(WORDS) - 1 + len(_ENTRY) * _KEPT, np.int64)
            context, malloc, _, _, free = _source()
            for name, value in (
                ("limit", size_of("FUNCTRANS_POOL_BYTES", usual_limit())),
                ("malloc", malloc),
                ("free", free),
                ("context", context),
            ):
                words[WORDS.index(name)] = value
            immortal(words)
            _made.append(words)
        return _made[0]


def usual_limit() -> int:
    """How many idle bytes are kept where nobody says otherwise."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not a POSIX system
        return _LIMIT
    return max(_LIMIT, memory // _SHARE)


_HANDLER_NAME = 128  # bytes in front of the functions: a name and a version


@cache
def numpy_api() -> int:
    """The address of the table of NumPy's C functions."""
    core = importlib.import_module("numpy._core._multiarray_umath")
    return _pointer_of(core._ARRAY_API, None)


def _pointer_of(capsule: Any, name: bytes | None) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return int(get(capsule, name))


_DEFAULT_HANDLER = 306  # its place in NumPy's table


def _source() -> tuple[int, ...]:
    """Context, malloc, calloc, realloc and free of NumPy's own handler: where blocks come from."""
    variable = ctypes.c_void_p.from_address(numpy_api() + 8 * _DEFAULT_HANDLER).value
    assert variable
    capsule = ctypes.py_object.from_address(variable).value
    functions = _pointer_of(capsule, b"mem_handler") + _HANDLER_NAME
    return tuple((ctypes.c_size_t * 5).from_address(functions))


class _Handler(ctypes.Structure):
    """NumPy's PyDataMem_Handler."""

    _fields_ = (
        ("name", ctypes.c_char * (_HANDLER_NAME - 1)),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_size_t),
        ("functions", ctypes.c_size_t * len(HANDLER)),
    )


def install(code: Any) -> Any:
    """The handler that results carry, once the pool's functions are compiled.

    ``code.address_of(symbol)`` finds them. Arrays may outlive every module, so that code, table
    and handler are never freed.
    """
    functions = (ctypes.c_size_t * len(HANDLER))(
        *(code.address_of(f"pool.{name}") for name in HANDLER)
    )
    handler = _Handler(b"functrans_pool", 1, table().ctypes.data, functions)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    capsule = new(ctypes.addressof(handler), _CAPSULE_NAME, None)
    for thing in (code, handler, capsule, _CAPSULE_NAME):
        immortal(thing)
    _code.append(code)
    return capsule


_CAPSULE_NAME = b"mem_handler"  # a capsule keeps the address of its name


def immortal(thing: Any) -> None:
    """Keep an object to the end of the process: machine code holds its address."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _trim(limit: int) -> None:
    for code in _code:  # none before the first compilation, and then nothing is idle
        trim = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
        trim(code.address_of("pool.trim"))(table().ctypes.data, limit, _KEPT)


# --- the code ------------------------------------------------------------------------------------

CODE = """
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare { i64, i1 } @llvm.umul.with.overflow.i64(i64, i64)

; A block of at least so many bytes, aligned to 64, or null.
define ptr @pool.take(ptr %pool, i64 %size) nounwind {
start:
  %quarter = lshr i64 %size, 2
  %most = add i64 %size, %quarter
  call void @pool.lock(ptr %pool)
  %count = get i64, %pool, pool.count
  %first = at %pool, pool.entries
  br label %look

look:
  %above = phi i64 [%count, %start], [%k, %try]
  %none.left = icmp eq i64 %above, 0
  br i1 %none.left, label %fresh, label %try

try:
  %k = sub i64 %above, 1
  %entry = record %first, %k, ENTRY
  %kept.capacity = get i64, %entry, entry.capacity
  %large = icmp uge i64 %kept.capacity, %size
  %tight = icmp ule i64 %kept.capacity, %most
  %fits = and i1 %large, %tight
  br i1 %fits, label %found, label %look

found:
  %kept = call ptr @pool.remove(ptr %pool, i64 %k)
  call void @pool.use(ptr %pool, i64 %kept.capacity)
  call void @pool.unlock(ptr %pool)
  ret ptr %kept

fresh:
  call void @pool.unlock(ptr %pool)
  %up = add i64 %size, 63
  %capacity = and i64 %up, -64
  %raw.size = add i64 %capacity, 128
  %malloc = get ptr, %pool, pool.malloc
  %context = get ptr, %pool, pool.context
  %raw = call ptr %malloc(ptr %context, i64 %raw.size)
  %failed = icmp eq ptr %raw, null
  br i1 %failed, label %no.memory, label %made

made:
  %raw.word = ptrtoint ptr %raw to i64
  %raw.up = add i64 %raw.word, 127
  %aligned = and i64 %raw.up, -64
  %block = inttoptr i64 %aligned to ptr
  put i64 %capacity, %block, block.capacity
  put ptr %raw, %block, block.raw
  call void @pool.lock(ptr %pool)
  call void @pool.use(ptr %pool, i64 %capacity)
  call void @pool.unlock(ptr %pool)
  ret ptr %block

no.memory:
  ret ptr null
}

; Keep a block for later, or free it where it alone is over the limit.
define void @pool.give(ptr %pool, ptr %block) nounwind {
start:
  %capacity = get i64, %block, block.capacity
  %limit = get i64, %pool, pool.limit
  %room = sub i64 %limit, %capacity
  %negative = sub i64 0, %capacity
  %too.large = icmp ugt i64 %capacity, %limit
  br i1 %too.large, label %free, label %make.room

free:
  call void @pool.lock(ptr %pool)
  call void @pool.use(ptr %pool, i64 %negative)
  call void @pool.unlock(ptr %pool)
  call void @pool.release(ptr %pool, ptr %block)
  ret void

make.room:
  %one.less = sub i64 KEPT, 1
  call void @pool.trim(ptr %pool, i64 %room, i64 %one.less)
  call void @pool.lock(ptr %pool)
  %count = get i64, %pool, pool.count
  %full = icmp eq i64 %count, KEPT
  br i1 %full, label %again, label %push

again:
  call void @pool.unlock(ptr %pool)
  br label %make.room

push:
  %first = at %pool, pool.entries
  %entry = record %first, %count, ENTRY
  put i64 %capacity, %entry, entry.capacity
  put ptr %block, %entry, entry.block
  %count.more = add i64 %count, 1
  put i64 %count.more, %pool, pool.count
  %idle = get i64, %pool, pool.idle
  %idle.more = add i64 %idle, %capacity
  put i64 %idle.more, %pool, pool.idle
  call void @pool.use(ptr %pool, i64 %negative)
  call void @pool.unlock(ptr %pool)
  ret void
}

; Free the blocks that were idle for longest, until so many bytes and blocks are left at most.
define void @pool.trim(ptr %pool, i64 %bytes, i64 %blocks) nounwind {
start:
  br label %look

look:
  call void @pool.lock(ptr %pool)
  %idle = get i64, %pool, pool.idle
  %count = get i64, %pool, pool.count
  %few.bytes = icmp sle i64 %idle, %bytes
  %few.blocks = icmp sle i64 %count, %blocks
  %few = and i1 %few.bytes, %few.blocks
  %none = icmp eq i64 %count, 0
  %done = or i1 %few, %none
  br i1 %done, label %end, label %oldest

oldest:
  %block = call ptr @pool.remove(ptr %pool, i64 0)
  call void @pool.unlock(ptr %pool)
  call void @pool.release(ptr %pool, ptr %block)
  br label %look

end:
  call void @pool.unlock(ptr %pool)
  ret void
}

; Take entry k out of the list of idle blocks. The lock is held.
define internal ptr @pool.remove(ptr %pool, i64 %k) nounwind {
  %first = at %pool, pool.entries
  %entry = record %first, %k, ENTRY
  %capacity = get i64, %entry, entry.capacity
  %block = get ptr, %entry, entry.block
  %idle = get i64, %pool, pool.idle
  %idle.less = sub i64 %idle, %capacity
  put i64 %idle.less, %pool, pool.idle
  %count = get i64, %pool, pool.count
  %count.less = sub i64 %count, 1
  put i64 %count.less, %pool, pool.count
  %behind = sub i64 %count.less, %k
  %behind.bytes = mul i64 %behind, ENTRY
  %next = getelementptr i8, ptr %entry, i64 ENTRY
  call void @llvm.memmove.p0.p0.i64(ptr %entry, ptr %next, i64 %behind.bytes, i1 false)
  ret ptr %block
}

define internal void @pool.use(ptr %pool, i64 %bytes) nounwind {
  %used = get i64, %pool, pool.used
  %used.now = add i64 %used, %bytes
  put i64 %used.now, %pool, pool.used
  ret void
}

define internal void @pool.release(ptr %pool, ptr %block) nounwind {
  %capacity = get i64, %block, block.capacity
  %raw = get ptr, %block, block.raw
  %raw.size = add i64 %capacity, 128
  %free = get ptr, %pool, pool.free
  %context = get ptr, %pool, pool.context
  call void %free(ptr %context, ptr %raw, i64 %raw.size)
  ret void
}

define internal void @pool.lock(ptr %pool) nounwind {
start:
  br label %try

try:
  %was = atomicrmw xchg ptr %pool, i64 1 acquire
  %free = icmp eq i64 %was, 0
  br i1 %free, label %taken, label %try

taken:
  ret void
}

define internal void @pool.unlock(ptr %pool) nounwind {
  store atomic i64 0, ptr %pool release, align 8
  ret void
}

; NumPy's handler: what happens to the memory of an array that carries it.
define ptr @pool.malloc(ptr %pool, i64 %size) nounwind {
  %block = call ptr @pool.take(ptr %pool, i64 %size)
  ret ptr %block
}

define ptr @pool.calloc(ptr %pool, i64 %count, i64 %size) nounwind {
start:
  %product = call { i64, i1 } @llvm.umul.with.overflow.i64(i64 %count, i64 %size)
  %bytes = extractvalue { i64, i1 } %product, 0
  %overflow = extractvalue { i64, i1 } %product, 1
  br i1 %overflow, label %no.memory, label %take

take:
  %block = call ptr @pool.take(ptr %pool, i64 %bytes)
  %failed = icmp eq ptr %block, null
  br i1 %failed, label %no.memory, label %clear

clear:
  call void @llvm.memset.p0.i64(ptr %block, i8 0, i64 %bytes, i1 false)
  ret ptr %block

no.memory:
  ret ptr null
}

define ptr @pool.realloc(ptr %pool, ptr %old, i64 %size) nounwind {
start:
  %is.new = icmp eq ptr %old, null
  br i1 %is.new, label %take, label %check

check:
  %capacity = get i64, %old, block.capacity
  %half = lshr i64 %capacity, 1
  %enough = icmp uge i64 %capacity, %size
  %not.much = icmp uge i64 %size, %half
  %stays = and i1 %enough, %not.much
  br i1 %stays, label %same, label %take

same:
  ret ptr %old

take:
  %block = call ptr @pool.take(ptr %pool, i64 %size)
  %failed = icmp eq ptr %block, null
  %keep = or i1 %is.new, %failed
  br i1 %keep, label %end, label %move

move:
  %moved.all = get i64, %old, block.capacity
  %shrinks = icmp ult i64 %size, %moved.all
  %moved = select i1 %shrinks, i64 %size, i64 %moved.all
  call void @llvm.memcpy.p0.p0.i64(ptr %block, ptr %old, i64 %moved, i1 false)
  call void @pool.give(ptr %pool, ptr %old)
  br label %end

end:
  ret ptr %block
}

define void @pool.free(ptr %pool, ptr %block, i64 %size) nounwind {
start:
  %nothing = icmp eq ptr %block, null
  br i1 %nothing, label %end, label %give

give:
  call void @pool.give(ptr %pool, ptr %block)
  br label %end

end:
  ret void
}
"""
