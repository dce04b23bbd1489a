"""IR text into machine code: results, texts on demand, vector code, errors, threads."""

from __future__ import annotations

import ctypes
import gc
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

import functrans as ft
from functrans.codegen import compile as compiler
from functrans.codegen.compile import Compiled, assembly, compile_ir, load_object, optimised_ir
from functrans.errors import CompileError

LOOP = """
define void @scale(ptr noalias %a, ptr noalias %o) {
start:
  br label %body
body:
  %i = phi i64 [0, %start], [%i.next, %body]
  %p = getelementptr inbounds double, ptr %a, i64 %i
  %x = load double, ptr %p
  %y = fmul double %x, 3.0
  %q = getelementptr inbounds double, ptr %o, i64 %i
  store double %y, ptr %q
  %i.next = add nuw nsw i64 %i, 1
  %end = icmp eq i64 %i.next, 1000
  br i1 %end, label %done, label %body
done:
  ret void
}
"""


def constant(number: int) -> str:
    return f"define i32 @number() {{ ret i32 {number} }}"


def run(code: Compiled) -> int:
    return int(ctypes.CFUNCTYPE(ctypes.c_int32)(code.address)())


@pytest.mark.parametrize("tier", ["program", "stub"])
def test_compiles_and_runs(tier: str) -> None:
    code = compile_ir(constant(7), "number", tier)  # type: ignore[arg-type]
    assert run(code) == 7
    assert 0 < code.seconds < 10
    assert code.address_of("number") == code.address


def test_texts() -> None:
    assert "x double>" in optimised_ir(LOOP)
    assert "scale" in assembly(LOOP)


def test_modules_do_not_meet() -> None:
    codes = [compile_ir(constant(i), "number", "stub") for i in range(5)]
    gc.collect()
    assert [run(code) for code in codes] == list(range(5))


def test_object_code_loads_again() -> None:
    code = compile_ir(constant(11), "number")
    again = load_object(code.object_code, code.symbols, "number")
    assert run(again) == 11
    with pytest.raises(CompileError, match="other"):
        load_object(code.object_code, code.symbols, "other")
    with pytest.raises(CompileError, match="no_such_function"):
        load_object(code.object_code, ["no_such_function"], "number")


@pytest.mark.parametrize(
    ("ir", "entry", "message"),
    [
        ("define i32 @f() { ret i32 %x }", "f", "LLVM refused"),
        ("nonsense", "f", "LLVM refused"),
        ("define i32 @f() { ret i32 0 }", "g", "no function g"),
        (
            "declare i32 @no_such_function()\n"
            "define i32 @f() {\n  %x = call i32 @no_such_function()\n  ret i32 %x\n}",
            "f",
            "no_such_function",
        ),
    ],
)
def test_errors_leave_the_compiler_usable(ir: str, entry: str, message: str) -> None:
    with pytest.raises(CompileError, match=message):
        compile_ir(ir, entry)
    assert run(compile_ir(constant(3), "number")) == 3


def test_c_library_functions_are_found() -> None:
    ir = """declare double @cbrt(double)
    define double @f(double %x) {
      %y = call double @cbrt(double %x)
      ret double %y
    }"""
    code = compile_ir(ir, "f")
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(code.address)
    assert function(27.0) == pytest.approx(3.0)


def test_vector_forms_of_our_functions_are_used() -> None:
    text = ft.jit(np.exp).lower(np.ones(1024)).as_text("optimised")
    (loop,) = re.findall(r"^define internal .*?^}", text, re.MULTILINE | re.DOTALL)
    assert re.search(r"fmul.* <\d+ x double>", loop)
    assert not re.search(r"fmul.* double ", loop)  # no element alone


def test_many_threads() -> None:
    found: dict[int, int] = {}

    def work(number: int) -> None:
        found[number] = run(compile_ir(constant(number), "number", "stub"))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: i for i in range(8)}


def test_engines_of_dropped_programs_are_disposed_of() -> None:
    codes = [compile_ir(constant(i), "number", "stub") for i in range(5)]
    kept = codes[0]
    many = len(compiler._engines)
    del codes
    gc.collect()
    again = compile_ir(constant(9), "number", "stub")
    assert len(compiler._engines) <= many - 4 + 1
    assert (run(kept), run(again)) == (0, 9)


INTERRUPTED = """
import ctypes, os, random, signal, threading, time
from functrans.codegen.compile import compile_ir

def run(number):
    code = compile_ir(f"define i32 @number() {{ ret i32 {number} }}", "number")
    return ctypes.CFUNCTYPE(ctypes.c_int32)(code.address)()

assert run(1) == 1
over = False
pause = random.Random(0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore it

def interrupt():
    while not over:
        time.sleep(pause.uniform(0.001, 0.02))
        os.kill(os.getpid(), signal.SIGINT)

interrupts = compiled = 0
end = time.monotonic() + 30  # on a busy machine; a second is enough on an idle one

def going_on():
    return (interrupts < 30 or compiled < 30) and time.monotonic() < end

thread = threading.Thread(target=interrupt, daemon=True)
while going_on():
    try:
        if not thread.ident:
            thread.start()
        while going_on():
            assert run(compiled) == compiled
            compiled += 1
    except KeyboardInterrupt:
        interrupts += 1
signal.signal(signal.SIGINT, signal.SIG_IGN)
over = True
thread.join()
assert run(7) == 7
print(interrupts, compiled)
"""


def test_interrupts_leave_the_compiler_usable() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    interrupts, compiled = map(int, done.stdout.split())
    assert interrupts > 10
    assert compiled > 10
