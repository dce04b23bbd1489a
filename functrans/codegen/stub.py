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
  br label %missing

unlike.stack:
  call void @llvm.stackrestore.p0(ptr %stack)
  br label %missing

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

; --- arguments -------------------------------------------------------------------------------

; Whether the arguments are as the plan says. Fills in the nodes and the leaves' data pointers.
define internal i1 @match(ptr %plan, ptr %api, ptr %frame, ptr %args, i64 %nargs, ptr %kwnames)
    nounwind {
start:
  %nodes = part nodes
  %data = part data
  %integers = part integers
  %records = get ptr, %plan, plan.records
  %node.count = get i64, %plan, plan.node_count
  %named = get i64, %plan, plan.named
  call void @spread(ptr %args, ptr %nodes, i64 %nargs)
  %has.keywords = icmp ne ptr %kwnames, null
  br i1 %has.keywords, label %count.keywords, label %no.keywords

no.keywords:
  %none.named = icmp eq i64 %named, 0
  br i1 %none.named, label %walk, label %no

count.keywords:
  %given = get i64, %kwnames, tuple.size
  %same.names = icmp eq i64 %given, %named
  br i1 %same.names, label %keywords, label %no

keywords:
  %values = getelementptr ptr, ptr %args, i64 %nargs
  %value.nodes = getelementptr ptr, ptr %nodes, i64 %nargs
  %found = call i1 @keywords(ptr %plan, ptr %api, ptr %values, ptr %kwnames, ptr %value.nodes)
  br i1 %found, label %walk, label %no

no:
  ret i1 false

walk:
  %no.nodes = icmp eq i64 %node.count, 0
  br i1 %no.nodes, label %yes, label %node

node:
  %i = phi i64 [0, %walk], [%i.next, %next]
  %record = record %records, %i, NODE
  %object.at = getelementptr ptr, ptr %nodes, i64 %i
  %object = load ptr, ptr %object.at
  %type = get ptr, %object, object.type
  %wanted.type = get ptr, %record, node.type
  %kind = get i64, %record, node.kind
  %count = get i64, %record, node.count
  %place = get i64, %record, node.place
  %typed = icmp eq ptr %type, %wanted.type
  %inner = getelementptr ptr, ptr %nodes, i64 %place
  %slot = getelementptr i64, ptr %integers, i64 %place
  switch i64 %kind, label %no [
    i64 ARRAY, label %want.array
    i64 SCALAR, label %want.scalar
    i64 BOOL, label %want.scalar
    i64 NUMBER, label %want.number
    i64 INTEGER, label %want.integer
    i64 DICT, label %want.dict
    i64 TUPLE, label %want.tuple
    i64 LIST, label %want.list
    i64 SAME, label %want.same
    i64 EQUAL, label %want.equal
    i64 BITS, label %want.bits
  ]

want.array:
  br i1 %typed, label %array, label %no

array:
  %array.flags = get i32, %object, array.flags
  %wanted.flags = get i32, %record, node.flags
  %flags = and i32 %array.flags, %wanted.flags
  %array.rank = get i32, %object, array.rank
  %rank = sext i32 %array.rank to i64
  %descr = get ptr, %object, array.descr
  %wanted.descr = get ptr, %record, node.descr
  %same.flags = icmp eq i32 %flags, %wanted.flags
  %same.rank = icmp eq i64 %rank, %count
  %is.array = and i1 %same.flags, %same.rank
  %same.descr = icmp eq ptr %descr, %wanted.descr
  br i1 %is.array, label %dtype, label %no

dtype:
  br i1 %same.descr, label %dims, label %other.dtype

other.dtype:
  ; An equal dtype in another object: unpickled, or long long beside long.
  %kind.wanted = get i8, %wanted.descr, descr.kind
  %kind.given = get i8, %descr, descr.kind
  %order = get i8, %descr, descr.order
  %number.given = get i32, %descr, descr.number
  %size.wanted = get i64, %wanted.descr, descr.size
  %size.given = get i64, %descr, descr.size
  %same.kind = icmp eq i8 %kind.wanted, %kind.given
  %same.size = icmp eq i64 %size.wanted, %size.given
  %equal.order = icmp eq i8 %order, EQUAL_ORDER
  %no.order = icmp eq i8 %order, NO_ORDER
  %native.order = or i1 %equal.order, %no.order
  %built.in = icmp ult i32 %number.given, USER_DTYPES
  %same.0 = and i1 %same.kind, %same.size
  %same.1 = and i1 %native.order, %built.in
  %same.dtype = and i1 %same.0, %same.1
  br i1 %same.dtype, label %dims, label %no

dims:
  %given.dims = get ptr, %object, array.dims
  %wanted.dims = get ptr, %record, node.table
  %array.data = get ptr, %object, array.data
  %no.dims = icmp eq i64 %count, 0
  br i1 %no.dims, label %leaf, label %dim

dim:
  %d = phi i64 [0, %dims], [%d.next, %dim.fits]
  %given.dim.at = getelementptr i64, ptr %given.dims, i64 %d
  %given.dim = load i64, ptr %given.dim.at
  %wanted.dim.at = getelementptr i64, ptr %wanted.dims, i64 %d
  %wanted.dim = load i64, ptr %wanted.dim.at
  %same.dim = icmp eq i64 %given.dim, %wanted.dim
  br i1 %same.dim, label %dim.fits, label %no

dim.fits:
  %d.next = add i64 %d, 1
  %dims.end = icmp eq i64 %d.next, %count
  br i1 %dims.end, label %leaf, label %dim

want.scalar:
  ; A NumPy scalar, an array of rank 0, or for bool True and False.
  %scalar.data = at %object, scalar.value
  br i1 %typed, label %leaf, label %scalar.array

scalar.array:
  %ndarray = get ptr, %api, api.ndarray
  %is.ndarray = icmp eq ptr %type, %ndarray
  br i1 %is.ndarray, label %array, label %python.bool

python.bool:
  %true = get ptr, %api, api.true
  %false = get ptr, %api, api.false
  %is.true = icmp eq ptr %object, %true
  %is.false = icmp eq ptr %object, %false
  %is.bool = or i1 %is.true, %is.false
  %bool.wanted = icmp eq i64 %kind, BOOL
  %bool.fits = and i1 %is.bool, %bool.wanted
  %bool.value = zext i1 %is.true to i64
  store i64 %bool.value, ptr %slot
  br i1 %bool.fits, label %leaf, label %no

want.number:
  %number.data = at %object, scalar.value
  br i1 %typed, label %leaf, label %no

want.integer:
  br i1 %typed, label %integer, label %no

integer:
  %as.integer = get ptr, %api, api.PyLong_AsLongLongAndOverflow
  store i64 0, ptr %slot
  %value = call i64 %as.integer(ptr %object, ptr %slot)
  %overflow = load i32, ptr %slot
  %no.overflow = icmp eq i32 %overflow, 0
  store i64 %value, ptr %slot
  br i1 %no.overflow, label %leaf, label %no

leaf:
  %leaf.data = phi ptr [%array.data, %dims], [%array.data, %dim.fits],
    [%scalar.data, %want.scalar], [%slot, %python.bool], [%number.data, %want.number],
    [%slot, %integer]
  %leaf.at = getelementptr ptr, ptr %data, i64 %place
  store ptr %leaf.data, ptr %leaf.at
  br label %next

want.tuple:
  br i1 %typed, label %tuple, label %no

tuple:
  %tuple.size = get i64, %object, tuple.size
  %tuple.items = at %object, tuple.items
  %same.tuple = icmp eq i64 %tuple.size, %count
  br i1 %same.tuple, label %items, label %no

want.list:
  br i1 %typed, label %list, label %no

list:
  %list.size = get i64, %object, tuple.size
  %list.items = get ptr, %object, list.items
  %same.list = icmp eq i64 %list.size, %count
  br i1 %same.list, label %items, label %no

items:
  %items.from = phi ptr [%tuple.items, %tuple], [%list.items, %list]
  call void @spread(ptr %items.from, ptr %inner, i64 %count)
  br label %next

want.dict:
  br i1 %typed, label %dict, label %no

dict:
  %PyDict_Size = get ptr, %api, api.PyDict_Size
  %dict.size = call i64 %PyDict_Size(ptr %object)
  %same.dict = icmp eq i64 %dict.size, %count
  br i1 %same.dict, label %look.up, label %no

look.up:
  %keys = get ptr, %record, node.table
  %all.keys = call i1 @look_up(ptr %api, ptr %object, ptr %keys, i64 %count, ptr %inner)
  br i1 %all.keys, label %next, label %no

want.same:
  %wanted.object = get ptr, %record, node.descr
  %is.same = icmp eq ptr %object, %wanted.object
  br i1 %is.same, label %next, label %no

want.bits:
  br i1 %typed, label %bits, label %no

bits:
  %wanted.value = get ptr, %record, node.descr
  %given.bits = get i64, %object, scalar.value
  %wanted.bits = get i64, %wanted.value, scalar.value
  %same.bits = icmp eq i64 %given.bits, %wanted.bits
  br i1 %same.bits, label %next, label %no

want.equal:
  br i1 %typed, label %equal, label %no

equal:
  %wanted.equal = get ptr, %record, node.descr
  %PyObject_RichCompareBool = get ptr, %api, api.PyObject_RichCompareBool
  %compared = call i32 %PyObject_RichCompareBool(ptr %object, ptr %wanted.equal, i32 PY_EQ)
  %is.equal = icmp eq i32 %compared, 1
  br i1 %is.equal, label %next, label %no

next:
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %node.count
  br i1 %end, label %walked, label %node

walked:
  %donated = get i64, %plan, plan.donated
  %any.donated = icmp ne i64 %donated, 0
  br i1 %any.donated, label %donations, label %yes

donations:
  %apart = call i1 @apart(ptr %plan, ptr %data)
  ret i1 %apart

yes:
  ret i1 true
}

; The values of the keywords, in the plan's order of names.
define internal i1 @keywords(ptr %plan, ptr %api, ptr %values, ptr %kwnames, ptr %into) nounwind {
start:
  %count = get i64, %plan, plan.named
  %names = get ptr, %plan, plan.names
  %given = at %kwnames, tuple.items
  %PyUnicode_Compare = get ptr, %api, api.PyUnicode_Compare
  br label %each.name

each.name:
  %i = phi i64 [0, %start], [%i.next, %found]
  %name.at = getelementptr ptr, ptr %names, i64 %i
  %name = load ptr, ptr %name.at
  br label %look

look:
  %k = phi i64 [0, %each.name], [%k.next, %other]
  %given.at = getelementptr ptr, ptr %given, i64 %k
  %given.name = load ptr, ptr %given.at
  %same = icmp eq ptr %given.name, %name
  br i1 %same, label %found, label %compare

compare:
  %order = call i32 %PyUnicode_Compare(ptr %given.name, ptr %name)
  %equal = icmp eq i32 %order, 0
  br i1 %equal, label %found, label %other

other:
  %k.next = add i64 %k, 1
  %k.end = icmp eq i64 %k.next, %count
  br i1 %k.end, label %no, label %look

no:
  ret i1 false

found:
  %value.at = getelementptr ptr, ptr %values, i64 %k
  %value = load ptr, ptr %value.at
  %into.at = getelementptr ptr, ptr %into, i64 %i
  store ptr %value, ptr %into.at
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %count
  br i1 %end, label %yes, label %each.name

yes:
  ret i1 true
}

; The values of a dict at these keys.
define internal i1 @look_up(ptr %api, ptr %dict, ptr %keys, i64 %count, ptr %into) nounwind {
start:
  %find = get ptr, %api, api.PyDict_GetItemWithError
  %empty = icmp eq i64 %count, 0
  br i1 %empty, label %yes, label %each.key

each.key:
  %i = phi i64 [0, %start], [%i.next, %found]
  %key.at = getelementptr ptr, ptr %keys, i64 %i
  %key = load ptr, ptr %key.at
  %value = call ptr %find(ptr %dict, ptr %key)
  %missing = icmp eq ptr %value, null
  br i1 %missing, label %no, label %found

found:
  %into.at = getelementptr ptr, ptr %into, i64 %i
  store ptr %value, ptr %into.at
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %count
  br i1 %end, label %yes, label %each.key

no:
  ret i1 false

yes:
  ret i1 true
}

; Whether no donated leaf shares memory with another leaf.
define internal i1 @apart(ptr %plan, ptr %data) nounwind {
start:
  %leaf.count = get i64, %plan, plan.leaf_count
  %sizes = get ptr, %plan, plan.leaf_sizes
  %outputs = get ptr, %plan, plan.outputs
  %output.count = get i64, %plan, plan.output_count
  br label %output

output:
  %o = phi i64 [0, %start], [%o.next, %output.done]
  %record = record %outputs, %o, OUTPUT
  %donor = get i64, %record, output.donor
  %is.donated = icmp sge i64 %donor, 0
  br i1 %is.donated, label %range, label %output.done

range:
  %start.at = getelementptr ptr, ptr %data, i64 %donor
  %from = load i64, ptr %start.at
  %size.at = getelementptr i64, ptr %sizes, i64 %donor
  %size = load i64, ptr %size.at
  %to = add i64 %from, %size
  br label %leaf

leaf:
  %l = phi i64 [0, %range], [%l.next, %clear]
  %leaf.at = getelementptr ptr, ptr %data, i64 %l
  %leaf.from = load i64, ptr %leaf.at
  %leaf.size.at = getelementptr i64, ptr %sizes, i64 %l
  %leaf.size = load i64, ptr %leaf.size.at
  %leaf.to = add i64 %leaf.from, %leaf.size
  %itself = icmp eq i64 %l, %donor
  %below = icmp ule i64 %leaf.to, %from
  %above = icmp uge i64 %leaf.from, %to
  %outside = or i1 %below, %above
  %harmless = or i1 %outside, %itself
  br i1 %harmless, label %clear, label %no

clear:
  %l.next = add i64 %l, 1
  %leaves.end = icmp eq i64 %l.next, %leaf.count
  br i1 %leaves.end, label %output.done, label %leaf

output.done:
  %o.next = add i64 %o, 1
  %outputs.end = icmp eq i64 %o.next, %output.count
  br i1 %outputs.end, label %yes, label %output

no:
  ret i1 false

yes:
  ret i1 true
}

; --- results ---------------------------------------------------------------------------------

; Memory for the outputs: arrays as nodes of the result, slots for scalars. False with an exception
; set, and then nothing is left behind.
define internal i1 @allocate(ptr %plan, ptr %api, ptr %frame) nounwind {
start:
  %outs = part outs
  %slots = part slots
  %results = part results
  %nodes = part nodes
  %data = part data
  %outputs = get ptr, %plan, plan.outputs
  %output.count = get i64, %plan, plan.output_count
  %result.count = get i64, %plan, plan.result_count
  %result.bytes = mul i64 %result.count, 8
  call void @llvm.memset.p0.i64(ptr %results, i8 0, i64 %result.bytes, i1 false)
  %ndarray = get ptr, %api, api.ndarray
  %Py_IncRef = get ptr, %api, api.Py_IncRef
  %new.array = get ptr, %api, api.PyArray_NewFromDescr
  %pool = get ptr, %api, api.pool
  %no.outputs = icmp eq i64 %output.count, 0
  br i1 %no.outputs, label %yes, label %output

output:
  %o = phi i64 [0, %start], [%o.next, %placed]
  %record = record %outputs, %o, OUTPUT
  %node = get i64, %record, output.node
  %descr = get ptr, %record, output.descr
  %rank = get i64, %record, output.rank
  %dims = get ptr, %record, output.dims
  %pooled = get i64, %record, output.pooled
  %donor = get i64, %record, output.donor
  %into = getelementptr ptr, ptr %results, i64 %node
  %rank.32 = trunc i64 %rank to i32
  %is.donated = icmp sge i64 %donor, 0
  br i1 %is.donated, label %donated, label %own

donated:
  %giver = get i64, %record, output.giver
  %given.at = getelementptr ptr, ptr %nodes, i64 %giver
  %given = load ptr, ptr %given.at
  %given.data.at = getelementptr ptr, ptr %data, i64 %donor
  %given.data = load ptr, ptr %given.data.at
  call void %Py_IncRef(ptr %given)
  store ptr %given, ptr %into
  br label %placed

own:
  %is.scalar = icmp eq i64 %rank, 0
  br i1 %is.scalar, label %scalar, label %array

scalar:
  %slot = record %slots, %o, SLOT
  br label %placed

array:
  call void %Py_IncRef(ptr %descr)
  %is.pooled = icmp ne i64 %pooled, 0
  br i1 %is.pooled, label %take, label %plain

plain:
  %made = call ptr %new.array(ptr %ndarray, ptr %descr, i32 %rank.32, ptr %dims, ptr null,
    ptr null, i32 0, ptr null)
  %failed = icmp eq ptr %made, null
  br i1 %failed, label %no, label %plain.made

plain.made:
  store ptr %made, ptr %into
  %made.data = get ptr, %made, array.data
  br label %placed

take:
  %block = call ptr @pool.take(ptr %pool, i64 %pooled)
  %no.block = icmp eq ptr %block, null
  br i1 %no.block, label %no.memory, label %wrap

no.memory:
  call void @no_memory(ptr %api)
  %Py_DecRef = get ptr, %api, api.Py_DecRef
  call void %Py_DecRef(ptr %descr)
  br label %no

wrap:
  %wrapped = call ptr %new.array(ptr %ndarray, ptr %descr, i32 %rank.32, ptr %dims, ptr null,
    ptr %block, i32 ARRAY_NEW, ptr null)
  %no.array = icmp eq ptr %wrapped, null
  br i1 %no.array, label %give.back, label %own.block

give.back:
  call void @pool.give(ptr %pool, ptr %block)
  br label %no

own.block:
  ; The array owns the block: NumPy frees it through the handler.
  %handler = get ptr, %api, api.handler
  call void %Py_IncRef(ptr %handler)
  put ptr %handler, %wrapped, array.handler
  %flags = get i32, %wrapped, array.flags
  %owning = or i32 %flags, ARRAY_OWNS
  put i32 %owning, %wrapped, array.flags
  store ptr %wrapped, ptr %into
  %track = get ptr, %api, api.PyTraceMalloc_Track
  %tracked = call i32 %track(i32 TRACE_DOMAIN, ptr %block, i64 %pooled)
  br label %placed

placed:
  %memory = phi ptr [%given.data, %donated], [%slot, %scalar], [%made.data, %plain.made],
    [%block, %own.block]
  %out.at = getelementptr ptr, ptr %outs, i64 %o
  store ptr %memory, ptr %out.at
  %o.next = add i64 %o, 1
  %end = icmp eq i64 %o.next, %output.count
  br i1 %end, label %yes, label %output

no:
  call void @drop(ptr %api, ptr %results, i64 0, i64 %result.count)
  ret i1 false

yes:
  ret i1 true
}

; Scalars into objects, and all into the result's containers, inner ones first. False with an
; exception set; what is made by then are nodes of the result.
define internal i1 @build(ptr %plan, ptr %api, ptr %frame) nounwind {
start:
  %outs = part outs
  %results = part results
  %outputs = get ptr, %plan, plan.outputs
  %output.count = get i64, %plan, plan.output_count
  %builds = get ptr, %plan, plan.builds
  %build.count = get i64, %plan, plan.build_count
  %PyArray_Scalar = get ptr, %api, api.PyArray_Scalar
  %no.outputs = icmp eq i64 %output.count, 0
  br i1 %no.outputs, label %scalars.done, label %output

output:
  %o = phi i64 [0, %start], [%o.next, %boxed]
  %record = record %outputs, %o, OUTPUT
  %node = get i64, %record, output.node
  %node.at = getelementptr ptr, ptr %results, i64 %node
  %object = load ptr, ptr %node.at
  %is.made = icmp ne ptr %object, null
  br i1 %is.made, label %boxed, label %scalar

scalar:
  %descr = get ptr, %record, output.descr
  %slot.at = getelementptr ptr, ptr %outs, i64 %o
  %slot = load ptr, ptr %slot.at
  %boxed.scalar = call ptr %PyArray_Scalar(ptr %slot, ptr %descr, ptr null)
  store ptr %boxed.scalar, ptr %node.at
  %no.scalar = icmp eq ptr %boxed.scalar, null
  br i1 %no.scalar, label %no, label %boxed

boxed:
  %o.next = add i64 %o, 1
  %outputs.end = icmp eq i64 %o.next, %output.count
  br i1 %outputs.end, label %scalars.done, label %output

scalars.done:
  %no.builds = icmp eq i64 %build.count, 0
  br i1 %no.builds, label %yes, label %each.build

each.build:
  %b = phi i64 [0, %scalars.done], [%b.next, %next]
  %build = record %builds, %b, BUILD
  %kind = get i64, %build, build.kind
  %what = get ptr, %build, build.object
  %keys = get ptr, %build, build.table
  %count = get i64, %build, build.count
  %inner = get i64, %build, build.inner
  %target = get i64, %build, build.node
  %items = getelementptr ptr, ptr %results, i64 %inner
  %target.at = getelementptr ptr, ptr %results, i64 %target
  switch i64 %kind, label %no [
    i64 TUPLE, label %tuple
    i64 LIST, label %list
    i64 DICT, label %dict
    i64 SAME, label %same
    i64 CALLED, label %called
  ]

tuple:
  %PyTuple_New = get ptr, %api, api.PyTuple_New
  %tuple.set = get ptr, %api, api.PyTuple_SetItem
  %tuple.new = call ptr %PyTuple_New(i64 %count)
  br label %each.sequence

list:
  %PyList_New = get ptr, %api, api.PyList_New
  %list.set = get ptr, %api, api.PyList_SetItem
  %list.new = call ptr %PyList_New(i64 %count)
  br label %each.sequence

each.sequence:
  %sequence = phi ptr [%tuple.new, %tuple], [%list.new, %list]
  %set = phi ptr [%tuple.set, %tuple], [%list.set, %list]
  store ptr %sequence, ptr %target.at
  %no.sequence = icmp eq ptr %sequence, null
  br i1 %no.sequence, label %no, label %fill

fill:
  call void @fill(ptr %sequence, ptr %set, ptr %items, i64 %count)
  br label %next

dict:
  ; A copy of a dict with these keys has its final size from the start.
  %PyDict_Copy = get ptr, %api, api.PyDict_Copy
  %new.dict = call ptr %PyDict_Copy(ptr %what)
  store ptr %new.dict, ptr %target.at
  %no.dict = icmp eq ptr %new.dict, null
  br i1 %no.dict, label %no, label %fill.dict

fill.dict:
  %filled = call i1 @fill_dict(ptr %api, ptr %new.dict, ptr %keys, ptr %items, i64 %count)
  br i1 %filled, label %next, label %no

same:
  %Py_IncRef = get ptr, %api, api.Py_IncRef
  call void %Py_IncRef(ptr %what)
  store ptr %what, ptr %target.at
  br label %next

called:
  %made = call ptr @call(ptr %api, ptr %what, ptr %items, i64 %count)
  store ptr %made, ptr %target.at
  %not.made = icmp eq ptr %made, null
  br i1 %not.made, label %no, label %next

next:
  %b.next = add i64 %b, 1
  %builds.end = icmp eq i64 %b.next, %build.count
  br i1 %builds.end, label %yes, label %each.build

no:
  ret i1 false

yes:
  ret i1 true
}

; Move nodes into a new tuple or list, which takes over the references.
define internal void @fill(ptr %sequence, ptr %set, ptr %items, i64 %count) nounwind {
start:
  %empty = icmp eq i64 %count, 0
  br i1 %empty, label %done, label %each.item

each.item:
  %i = phi i64 [0, %start], [%i.next, %each.item]
  %item.at = getelementptr ptr, ptr %items, i64 %i
  %item = load ptr, ptr %item.at
  store ptr null, ptr %item.at
  %ignored = call i32 %set(ptr %sequence, i64 %i, ptr %item)
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %count
  br i1 %end, label %done, label %each.item

done:
  ret void
}

; Move nodes into a dict. False with an exception set.
define internal i1 @fill_dict(ptr %api, ptr %dict, ptr %keys, ptr %items, i64 %count) nounwind {
start:
  %PyDict_SetItem = get ptr, %api, api.PyDict_SetItem
  %Py_DecRef = get ptr, %api, api.Py_DecRef
  %empty = icmp eq i64 %count, 0
  br i1 %empty, label %yes, label %each.item

each.item:
  %i = phi i64 [0, %start], [%i.next, %set]
  %key.at = getelementptr ptr, ptr %keys, i64 %i
  %key = load ptr, ptr %key.at
  %item.at = getelementptr ptr, ptr %items, i64 %i
  %item = load ptr, ptr %item.at
  %status = call i32 %PyDict_SetItem(ptr %dict, ptr %key, ptr %item)
  %failed = icmp ne i32 %status, 0
  br i1 %failed, label %no, label %set

set:
  store ptr null, ptr %item.at
  call void %Py_DecRef(ptr %item)
  %i.next = add i64 %i, 1
  %end = icmp eq i64 %i.next, %count
  br i1 %end, label %yes, label %each.item

no:
  ret i1 false

yes:
  ret i1 true
}

; What a Python function makes of the tuple of some nodes, which it takes over.
define internal ptr @call(ptr %api, ptr %function, ptr %items, i64 %count) nounwind {
start:
  %PyTuple_New = get ptr, %api, api.PyTuple_New
  %set = get ptr, %api, api.PyTuple_SetItem
  %Py_DecRef = get ptr, %api, api.Py_DecRef
  %call.objects = get ptr, %api, api.PyObject_CallFunctionObjArgs
  %tuple = call ptr %PyTuple_New(i64 %count)
  %none = icmp eq ptr %tuple, null
  br i1 %none, label %no, label %call

call:
  call void @fill(ptr %tuple, ptr %set, ptr %items, i64 %count)
  %made = call ptr (ptr, ptr, ...) %call.objects(ptr %function, ptr %tuple, ptr null)
  call void %Py_DecRef(ptr %tuple)
  ret ptr %made

no:
  ret ptr null
}

define internal void @no_memory(ptr %api) nounwind {
  %PyErr_NoMemory = get ptr, %api, api.PyErr_NoMemory
  %nothing = call ptr %PyErr_NoMemory()
  ret void
}

define internal void @fail(ptr %plan, ptr %api, i32 %status) nounwind {
start:
  %fail = get ptr, %plan, plan.fail
  %PyLong_FromLong = get ptr, %api, api.PyLong_FromLong
  %Py_DecRef = get ptr, %api, api.Py_DecRef
  %wide = sext i32 %status to i64
  %number = call ptr %PyLong_FromLong(i64 %wide)
  %no.number = icmp eq ptr %number, null
  br i1 %no.number, label %done, label %call

call:
  %call.objects = get ptr, %api, api.PyObject_CallFunctionObjArgs
  %never = call ptr (ptr, ptr, ...) %call.objects(ptr %fail, ptr %number, ptr null)
  call void %Py_DecRef(ptr %number)
  br label %done

done:
  ret void
}

; --- for programs that run without the interpreter's lock -----------------------------------------

define ptr @unlocked.PyErr_Occurred() nounwind {
  %api = load ptr, ptr @api
  %PyGILState_Ensure = get ptr, %api, api.PyGILState_Ensure
  %PyGILState_Release = get ptr, %api, api.PyGILState_Release
  %PyErr_Occurred = get ptr, %api, api.PyErr_Occurred
  %state = call i32 %PyGILState_Ensure()
  %error = call ptr %PyErr_Occurred()
  call void %PyGILState_Release(i32 %state)
  ret ptr %error
}

; Whether so many nanoseconds have gone by since %last, which is then now.
define i1 @unlocked.is_due(ptr %last, i64 %patience) nounwind {
start:
  %time = alloca [2 x i64]
  %api = load ptr, ptr @api
  %clock_gettime = get ptr, %api, api.clock_gettime
  %no.clock = icmp eq ptr %clock_gettime, null
  br i1 %no.clock, label %due, label %look

look:
  %never = call i32 %clock_gettime(i32 CLOCK, ptr %time)
  %seconds = load i64, ptr %time
  %rest.at = getelementptr i64, ptr %time, i64 1
  %rest = load i64, ptr %rest.at
  %whole = mul i64 %seconds, 1000000000
  %now = add i64 %whole, %rest
  %before = load i64, ptr %last
  %passed = sub i64 %now, %before
  %soon = icmp ult i64 %passed, %patience
  br i1 %soon, label %calm, label %note

calm:
  ret i1 false

note:
  store i64 %now, ptr %last
  br label %due

due:
  ret i1 true
}

; Whether a signal handler has raised: asked when a twentieth of a second has gone by since %last.
; The lock is not taken more often, for that can cost a turn of a thread that computes in Python.
define i32 @unlocked.PyErr_CheckSignals(ptr %last) nounwind {
start:
  %due = call i1 @unlocked.is_due(ptr %last, i64 PATIENCE)
  br i1 %due, label %ask, label %calm

calm:
  ret i32 0

ask:
  %api = load ptr, ptr @api
  %PyGILState_Ensure = get ptr, %api, api.PyGILState_Ensure
  %PyGILState_Release = get ptr, %api, api.PyGILState_Release
  %PyErr_CheckSignals = get ptr, %api, api.PyErr_CheckSignals
  %state = call i32 %PyGILState_Ensure()
  %raised = call i32 %PyErr_CheckSignals()
  call void %PyGILState_Release(i32 %state)
  ret i32 %raised
}

; Call a function of ``codegen.progress`` while an exception may be set, which stays.
define void @unlocked.drop(ptr %function, ptr %loop, i64 %event) nounwind {
start:
  %error = alloca [3 x ptr]
  %api = load ptr, ptr @api
  %PyGILState_Ensure = get ptr, %api, api.PyGILState_Ensure
  %PyGILState_Release = get ptr, %api, api.PyGILState_Release
  %PyErr_Fetch = get ptr, %api, api.PyErr_Fetch
  %PyErr_Restore = get ptr, %api, api.PyErr_Restore
  %value.at = getelementptr ptr, ptr %error, i64 1
  %traceback.at = getelementptr ptr, ptr %error, i64 2
  %state = call i32 %PyGILState_Ensure()
  call void %PyErr_Fetch(ptr %error, ptr %value.at, ptr %traceback.at)
  %never = call i32 %function(ptr %loop, i64 %event, i64 0)
  %type = load ptr, ptr %error
  %value = load ptr, ptr %value.at
  %traceback = load ptr, ptr %traceback.at
  call void %PyErr_Restore(ptr %type, ptr %value, ptr %traceback)
  call void %PyGILState_Release(i32 %state)
  ret void
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
