"""The call stub's text: what programs use that run without the interpreter's lock."""

CODE = """
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
"""
