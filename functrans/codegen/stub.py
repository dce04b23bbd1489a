"""The machine code of the call stub, as text: IR with a few words of its own for table fields.

::

    %x = get T, %base, field        the field of a table or object, by the name of its offset
    put T %x, %base, field
    %p = at %base, field            its address
    %p = record %table, %i, SIZE    the address of record i
    %p = part name                  the address of a part of the call's %frame

The tables are those of ``codegen.call`` and ``codegen.pool``; ``docs/design/calling.md`` draws
them. The code holds no address: all come through the plan, and through the table that it is bound
to when it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping


def expand(text: str, offsets: Mapping[str, int], constants: Mapping[str, int]) -> str:
    """The text in LLVM's own words; words in capitals are constants.

    >>> print(expand("  %x = get i64, %t, table.size", {"table.size": 8}, {}))
      %x.field = getelementptr i8, ptr %t, i64 8
      %x = load i64, ptr %x.field
    """
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        match line.replace(",", "").split():
            case [name, "=", "get", type_, base, field]:
                lines.append(f"  {name}.field = getelementptr i8, ptr {base}, i64 {offsets[field]}")
                lines.append(f"  {name} = load {type_}, ptr {name}.field")
            case ["put", type_, value, base, field]:
                lines.append(
                    f"  %put.{number} = getelementptr i8, ptr {base}, i64 {offsets[field]}"
                )
                lines.append(f"  store {type_} {value}, ptr %put.{number}")
            case [name, "=", "at", base, field]:
                lines.append(f"  {name} = getelementptr i8, ptr {base}, i64 {offsets[field]}")
            case [name, "=", "record", table, index, size]:
                lines.append(f"  {name}.place = mul i64 {index}, {constants[size]}")
                lines.append(f"  {name} = getelementptr i8, ptr {table}, i64 {name}.place")
            case [name, "=", "part", part]:
                word = offsets[f"plan.{part}"]
                lines.append(f"  {name}.word = getelementptr i8, ptr %plan, i64 {word}")
                lines.append(f"  {name}.offset = load i64, ptr {name}.word")
                lines.append(f"  {name} = getelementptr i8, ptr %frame, i64 {name}.offset")
            case _:
                lines.append(line)
    return _CONSTANT.sub(lambda match: str(constants[match.group()]), "\n".join(lines))


_CONSTANT = re.compile(r"\b[A-Z][A-Z_]+\b")

CODE = """
; The table of addresses, set once.
@api = internal global ptr null

define void @bind(ptr %api) nounwind {
  store ptr %api, ptr @api
  ret void
}

declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)

define ptr @functrans_call(ptr %self, ptr %args, i64 %nargs, ptr %kwnames) nounwind {
start:
  %plan = get ptr, %self, array.data
  %api = load ptr, ptr @api
  %busy = get ptr, %plan, plan.busy
  %positional = get i64, %plan, plan.positional
  %busy.value = load atomic i64, ptr %busy monotonic, align 8
  %idle = icmp eq i64 %busy.value, 0
  %right.count = icmp eq i64 %nargs, %positional
  %possible = and i1 %idle, %right.count
  br i1 %possible, label %look, label %missing

look:
  %frame.size = get i64, %plan, plan.frame
  %pool = get ptr, %api, api.pool
  %stack = call ptr @llvm.stacksave.p0()
  %is.large = icmp ugt i64 %frame.size, STACK_MOST
  br i1 %is.large, label %take.frame, label %stack.frame

take.frame:
  %frame.block = call ptr @pool.take(ptr %pool, i64 %frame.size)
  %no.frame = icmp eq ptr %frame.block, null
  br i1 %no.frame, label %no.memory, label %framed

stack.frame:
  %frame.stack = alloca i8, i64 %frame.size, align 64
  br label %framed

framed:
  %frame = phi ptr [%frame.block, %take.frame], [%frame.stack, %stack.frame]
  %matches = call i1 @match(ptr %plan, ptr %api, ptr %frame, ptr %args, i64 %nargs, ptr %kwnames)
  br i1 %matches, label %hold, label %unlike

unlike:
  br i1 %is.large, label %unlike.large, label %unlike.stack

unlike.large:
  call void @pool.give(ptr %pool, ptr %frame)
  br label %again

unlike.stack:
  call void @llvm.stackrestore.p0(ptr %stack)
  br label %again

again:
  %others = call ptr @copied(ptr %api, ptr %args, i64 %nargs, ptr %kwnames)
  %none.copied = icmp eq ptr %others, null
  br i1 %none.copied, label %missing, label %once.more

once.more:
  ; A tuple holds them; what it holds is contiguous, so that there is no third time.
  %other.args = at %others, tuple.items
  %of.others = call ptr @functrans_call(ptr %self, ptr %other.args, i64 %nargs, ptr %kwnames)
  %Py_DecRef = get ptr, %api, api.Py_DecRef
  call void %Py_DecRef(ptr %others)
  ret ptr %of.others

missing:
  %miss = get ptr, %plan, plan.miss
  %vectorcall = get ptr, %api, api.PyObject_Vectorcall
  %missed = call ptr %vectorcall(ptr %miss, ptr %args, i64 %nargs, ptr %kwnames)
  ret ptr %missed

hold:
  ; What lies inside the arguments' containers might be taken out of them while the entry runs.
  %nodes = part nodes
  %roots = get i64, %plan, plan.roots
  %node.count = get i64, %plan, plan.node_count
  %has.inner = icmp ult i64 %roots, %node.count
  br i1 %has.inner, label %hold.inner, label %take.workspace

hold.inner:
  call void @hold(ptr %api, ptr %nodes, i64 %roots, i64 %node.count)
  br label %take.workspace

take.workspace:
  %results = part results
  %result.count = get i64, %plan, plan.result_count
  %pooled = get i64, %plan, plan.pooled
  %stack.workspace = part workspace
  %is.pooled = icmp ne i64 %pooled, 0
  br i1 %is.pooled, label %take.block, label %allocate

take.block:
  %block = call ptr @pool.take(ptr %pool, i64 %pooled)
  %no.block = icmp eq ptr %block, null
  br i1 %no.block, label %no.workspace, label %allocate

no.workspace:
  call void @no_memory(ptr %api)
  br label %let.go

allocate:
  %workspace = phi ptr [%stack.workspace, %take.workspace], [%block, %take.block]
  %allocated = call i1 @allocate(ptr %plan, ptr %api, ptr %frame)
  br i1 %allocated, label %run, label %give.block

run:
  %data = part data
  %outs = part outs
  %entry = get ptr, %plan, plan.entry
  %constants = get ptr, %plan, plan.constants
  %release = get i64, %plan, plan.release_gil
  %is.released = icmp ne i64 %release, 0
  br i1 %is.released, label %run.released, label %run.held

run.held:
  %held.status = call i32 %entry(ptr %data, ptr %outs, ptr %constants, ptr %workspace)
  br label %ran

run.released:
  %PyEval_SaveThread = get ptr, %api, api.PyEval_SaveThread
  %thread = call ptr %PyEval_SaveThread()
  %free.status = call i32 %entry(ptr %data, ptr %outs, ptr %constants, ptr %workspace)
  %PyEval_RestoreThread = get ptr, %api, api.PyEval_RestoreThread
  call void %PyEval_RestoreThread(ptr %thread)
  br label %ran

ran:
  %status = phi i32 [%held.status, %run.held], [%free.status, %run.released]
  %good = icmp eq i32 %status, 0
  br i1 %good, label %box, label %failed

box:
  %built = call i1 @build(ptr %plan, ptr %api, ptr %frame)
  %root = load ptr, ptr %results
  br i1 %built, label %give.block, label %discard

failed:
  ; A negative status says that an exception is set already.
  %says = icmp sgt i32 %status, 0
  br i1 %says, label %say, label %discard

say:
  call void @fail(ptr %plan, ptr %api, i32 %status)
  br label %discard

discard:
  call void @drop(ptr %api, ptr %results, i64 0, i64 %result.count)
  br label %give.block

give.block:
  %result = phi ptr [null, %allocate], [%root, %box], [null, %discard]
  br i1 %is.pooled, label %give, label %let.go

give:
  call void @pool.give(ptr %pool, ptr %workspace)
  br label %let.go

let.go:
  %returned = phi ptr [null, %no.workspace], [%result, %give.block], [%result, %give]
  br i1 %has.inner, label %drop.inner, label %done

drop.inner:
  call void @drop(ptr %api, ptr %nodes, i64 %roots, i64 %node.count)
  br label %done

done:
  br i1 %is.large, label %done.large, label %done.stack

done.large:
  call void @pool.give(ptr %pool, ptr %frame)
  ret ptr %returned

done.stack:
  ret ptr %returned

no.memory:
  call void @no_memory(ptr %api)
  ret ptr null
}

; --- tables of objects -----------------------------------------------------------------------

define internal void @spread(ptr %from, ptr %into, i64 %count) nounwind {
start:
  %empty = icmp eq i64 %count, 0
  br i1 %empty, label %done, label %each.item

each.item:
  %i = phi i64 [0, %start], [%i.next, %each.item]
  %from.at = getelementptr ptr, ptr %from, i64 %i
  %object = load ptr, ptr %from.at
  %into.at = getelementptr ptr, ptr %into, i64 %i
  store ptr %object, ptr %into.at
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %count
  br i1 %end, label %done, label %each.item

done:
  ret void
}

define internal void @hold(ptr %api, ptr %objects, i64 %from, i64 %to) nounwind {
start:
  %Py_IncRef = get ptr, %api, api.Py_IncRef
  br label %each.object

each.object:
  %i = phi i64 [%from, %start], [%i.next, %each.object]
  %object.at = getelementptr ptr, ptr %objects, i64 %i
  %object = load ptr, ptr %object.at
  call void %Py_IncRef(ptr %object)
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %to
  br i1 %end, label %done, label %each.object

done:
  ret void
}

; Drop the references that are not null.
define internal void @drop(ptr %api, ptr %objects, i64 %from, i64 %to) nounwind {
start:
  %Py_DecRef = get ptr, %api, api.Py_DecRef
  br label %each.object

each.object:
  %i = phi i64 [%from, %start], [%i.next, %next]
  %object.at = getelementptr ptr, ptr %objects, i64 %i
  %object = load ptr, ptr %object.at
  %none = icmp eq ptr %object, null
  br i1 %none, label %next, label %drop

drop:
  call void %Py_DecRef(ptr %object)
  br label %next

next:
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %to
  br i1 %end, label %done, label %each.object

done:
  ret void
}
"""
