"""The call stub's text: whether the arguments are as the plan says, and their data."""

CODE = """
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

; The arguments as a tuple, with contiguous copies of those arrays that are not contiguous or not
; aligned. Null where there is none of those, and where there is no memory.
define internal ptr @copied(ptr %api, ptr %args, i64 %nargs, ptr %kwnames) nounwind {
start:
  %ndarray = get ptr, %api, api.ndarray
  %has.keywords = icmp ne ptr %kwnames, null
  br i1 %has.keywords, label %keywords, label %counted

keywords:
  %named = get i64, %kwnames, tuple.size
  br label %counted

counted:
  %named.count = phi i64 [0, %start], [%named, %keywords]
  %count = add i64 %nargs, %named.count
  %none = icmp eq i64 %count, 0
  br i1 %none, label %no, label %look

look:
  %l = phi i64 [0, %counted], [%l.next, %tight]
  %looked.at = getelementptr ptr, ptr %args, i64 %l
  %looked = load ptr, ptr %looked.at
  %is.loose = call i1 @loose(ptr %ndarray, ptr %looked)
  br i1 %is.loose, label %make, label %tight

tight:
  %l.next = add i64 %l, 1
  %looked.all = icmp eq i64 %l.next, %count
  br i1 %looked.all, label %no, label %look

make:
  %PyTuple_New = get ptr, %api, api.PyTuple_New
  %PyTuple_SetItem = get ptr, %api, api.PyTuple_SetItem
  %PyArray_NewCopy = get ptr, %api, api.PyArray_NewCopy
  %Py_IncRef = get ptr, %api, api.Py_IncRef
  %PyErr_Clear = get ptr, %api, api.PyErr_Clear
  %tuple = call ptr %PyTuple_New(i64 %count)
  %no.tuple = icmp eq ptr %tuple, null
  br i1 %no.tuple, label %clear, label %each

each:
  %i = phi i64 [0, %make], [%i.next, %put]
  %object.at = getelementptr ptr, ptr %args, i64 %i
  %object = load ptr, ptr %object.at
  %copies = call i1 @loose(ptr %ndarray, ptr %object)
  br i1 %copies, label %copy, label %keep

copy:
  %copy.made = call ptr %PyArray_NewCopy(ptr %object, i32 C_ORDER)
  %no.copy = icmp eq ptr %copy.made, null
  br i1 %no.copy, label %give.up, label %put

keep:
  call void %Py_IncRef(ptr %object)
  br label %put

put:
  %item = phi ptr [%copy.made, %copy], [%object, %keep]
  call i32 %PyTuple_SetItem(ptr %tuple, i64 %i, ptr %item)
  %i.next = add i64 %i, 1
  %all = icmp eq i64 %i.next, %count
  br i1 %all, label %yes, label %each

yes:
  ret ptr %tuple

give.up:
  %Py_DecRef = get ptr, %api, api.Py_DecRef
  call void %Py_DecRef(ptr %tuple)
  br label %clear

clear:
  ; The Python path says what is wrong.
  call void %PyErr_Clear()
  br label %no

no:
  ret ptr null
}

; Whether an object is an array that is not contiguous, or not aligned.
define internal i1 @loose(ptr %ndarray, ptr %object) nounwind {
start:
  %type = get ptr, %object, object.type
  %is.array = icmp eq ptr %type, %ndarray
  br i1 %is.array, label %array, label %no

array:
  %flags = get i32, %object, array.flags
  %ready = and i32 %flags, ARRAY_READY
  %is.loose = icmp ne i32 %ready, ARRAY_READY
  ret i1 %is.loose

no:
  ret i1 false
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
"""
