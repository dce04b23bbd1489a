"""The call stub's text: memory for the outputs, and the objects made of them."""

CODE = """
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
"""
