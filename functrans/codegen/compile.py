"""LLVM IR text into machine code in this process.

Two tiers share one way: *programs* hold loops and go through the optimising pipeline, *stubs*
(``codegen.call``) are straight-line code and go to the code generator as they are.

The pipeline is LLVM's first level with loop vectorisation; interleaving only where a loop asks for
it by metadata; no SLP vectorisation and no unrolling pass, since small static extents are unrolled
by the emitter. Kernels that hardly count pass it by (``optnone``). Long scalar functions are linked
in after it. ``docs/design/calling.md`` has the measurements.
"""

from __future__ import annotations

import _thread
import atexit
import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import llvmlite.binding as llvm

from functrans.codegen import cache, host
from functrans.codegen.host import once
from functrans.codegen.key import text_key
from functrans.errors import CompileError

Tier = Literal["program", "stub"]

T = TypeVar("T")

_lock = threading.RLock()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Compiled:
    """Machine code, alive as long as this object is.

    Attributes
    ----------
    address: where the entry function starts.
    seconds: how long compiling, or loading, took.
    cached: whether the object was made before, and only loaded.
    object_code: the relocatable object; it holds no addresses, so that it can be cached.
    symbols: the functions of the process that the object calls.
    key: under which the cache keeps the object.
    """

    address: int
    entry: str
    seconds: float
    object_code: bytes = field(repr=False)
    symbols: tuple[str, ...] = field(repr=False)
    key: bytes | None = field(repr=False)
    cached: bool
    _engine: Any = field(repr=False)

    def address_of(self, symbol: str) -> int:
        """The address of another function of the module."""
        return int(self._engine.get_function_address(symbol))


def compile_ir(ir: str, entry: str, tier: Tier = "program") -> Compiled:
    """Compile a module and load it, from the cache if it is there; safe to call from many threads.

    An interrupt raises at once in the main thread; the compilation ends behind its back.

    Raises
    ------
    CompileError: when LLVM refuses the text.

    >>> import ctypes
    >>> code = compile_ir("define i32 @three() { ret i32 3 }", "three")
    >>> ctypes.CFUNCTYPE(ctypes.c_int32)(code.address)()
    3
    """
    start = time.perf_counter()
    return _shielded(lambda: _compiled(ir, entry, tier, start))


def load_object(object_code: bytes, symbols: Sequence[str], entry: str) -> Compiled:
    """Load machine code that ``compile_ir`` made before, on the same kind of machine.

    Raises
    ------
    CompileError: when this process lacks a function that the code calls.
    """
    start = time.perf_counter()

    def load() -> Compiled:
        _check_symbols(symbols)
        return _loaded(object_code, symbols, entry, start, None, cached=True)

    return _shielded(load)


def load_kept(key: bytes, entry: str) -> Compiled | None:
    """Load the machine code that the cache has under this key, if it has."""
    start = time.perf_counter()
    return _shielded(lambda: _kept(key, entry, start))


def optimised_ir(ir: str, tier: Tier = "program") -> str:
    """The text of a module after the optimiser."""
    return _shielded(lambda: str(_optimised(ir, tier, _target_machine(tier))))


def assembly(ir: str, tier: Tier = "program") -> str:
    """A module's machine code as assembly."""

    def made() -> str:
        machine = _target_machine(tier)
        return str(machine.emit_assembly(_optimised(ir, tier, machine)))

    return _shielded(made)


def _compiled(ir: str, entry: str, tier: Tier, start: float) -> Compiled:
    key = text_key(ir, tier)
    kept = _kept(key, entry, start)
    if kept is not None:
        return kept
    machine = _target_machine(tier)
    try:
        module = _optimised(ir, tier, machine)
        symbols = _symbols(module)
        code = machine.emit_object(module)
    except RuntimeError as error:
        raise CompileError(f"LLVM refused the module of {entry}: {error}") from error
    if key is not None:
        cache.put(key, " ".join(symbols).encode() + b"\n" + code)
    return _loaded(code, symbols, entry, start, key)


# --- interrupts ----------------------------------------------------------------------------------

# The engines of all programs. A program that is gone leaves its own here for the next job to
# dispose of, so that no interrupt comes in between.
_engines: list[tuple[weakref.ref[Compiled], llvm.ExecutionEngine]] = []


def _shielded(job: Callable[[], T]) -> T:
    """The result of a job of LLVM, under the lock, where no signal handler runs.

    Handlers run in the main thread, between any two of its bytecodes. A KeyboardInterrupt inside
    LLVM's bindings can leave an object freed and not marked so, and the next one to free it aborts
    the process. So the main thread lets another one work and only waits; what it leaves behind on
    an interrupt finishes harmlessly.
    """
    if threading.current_thread() is not threading.main_thread():
        return _locked(job)
    outcome: list[T] = []
    errors: list[BaseException] = []
    done = _thread.allocate_lock()
    done.acquire()

    def work() -> None:
        try:
            outcome.append(_locked(job))
        except BaseException as error:  # it belongs to the caller
            errors.append(error)
        finally:
            done.release()

    try:
        # Not threading.Thread, whose start is a handshake that an interrupt could break.
        _thread.start_new_thread(work, ())
    except RuntimeError:  # no thread to be had
        return _locked(job)
    done.acquire()
    if errors:
        raise errors.pop()  # a list that kept it would be a cycle
    return outcome[0]


def _locked(job: Callable[[], T]) -> T:
    with _lock:
        _engines[:] = [pair for pair in _engines if pair[0]() is not None]
        return job()


@atexit.register
def _wait() -> None:
    """Let a job that an interrupt left behind end before LLVM is taken down."""
    with _lock:
        pass


if hasattr(os, "register_at_fork"):  # a child cannot end its parent's jobs
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


# --- LLVM ----------------------------------------------------------------------------------------


def _optimised(ir: str, tier: Tier, machine: llvm.TargetMachine) -> llvm.ModuleRef:
    module = llvm.parse_assembly(ir + _kept_variants(ir))
    if os.environ.get("FUNCTRANS_CHECK") == "1":
        module.verify()
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    if tier == "program":
        builder = _pass_builder(machine)
        builder.getModulePassManager().run(module, builder)
    _link_late_helpers(module, machine)
    return module


def _pass_builder(machine: llvm.TargetMachine) -> llvm.PassBuilder:
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = True
    options.loop_interleaving = False  # only where a loop asks for it by metadata
    options.slp_vectorization = False
    options.loop_unrolling = False
    return llvm.create_pass_builder(machine, options)


_INLINED_LINES = 200  # helpers whose calls times lines exceed this are called, not inlined


def _link_late_helpers(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """Define the long scalar functions that the optimised module calls.

    The loops are vectorised by now, so that only the forms in use are written, and the optimiser
    has been spared their bodies.
    """
    # Imported here: a process whose programs are all in the cache does without.
    from functrans.codegen.formulas import LATE_SYMBOL, late_helper, share

    declared = [f.name for f in module.functions if LATE_SYMBOL.fullmatch(f.name)]
    if not declared:
        return
    text = str(module)
    calls = {name: text.count(f" @{name}(") - 1 for name in declared}
    definitions: dict[str, None] = {}
    any_inlined = False
    for name, count in calls.items():
        if not count:
            continue
        helper = late_helper(name, inline=True)
        inline = count * helper.text.count("\n") <= _INLINED_LINES
        any_inlined |= inline
        definitions.update(dict.fromkeys(helper.declarations))
        definitions[helper.text if inline else late_helper(name, inline=False).text] = None
    module.link_in(llvm.parse_assembly("\n".join(definitions)))
    if any_inlined:
        inliner = llvm.create_new_module_pass_manager()
        inliner.add_always_inliner_pass()
        if share(name for name, count in calls.items() if count):
            inliner.add_new_gvn_pass()  # sin and cos of one value reduce it once
        inliner.run(module, _pass_builder(machine))


def _symbols(module: llvm.ModuleRef) -> list[str]:
    """The functions that a module calls; the loader would end the process for an unknown one."""
    names = [f.name for f in module.functions if f.is_declaration]
    symbols = [name for name in names if not name.startswith(("llvm.", "ft.late."))]
    _check_symbols(symbols)
    return symbols


def _check_symbols(symbols: Sequence[str]) -> None:
    for name in symbols:
        if not _has_symbol(name):
            raise CompileError(f"Compiled code calls {name}, which this process lacks.")


def _has_symbol(name: str) -> bool:
    """Whether code can call this function: of the process, or of ours for large angles."""
    if name.startswith("ft_far_"):
        _add_far_angles()
    return host.has_symbol(name)


@once
def _add_far_angles() -> Compiled:
    """Compile the functions of large angles, under the lock; ``once`` keeps them."""
    from functrans.codegen import circular, far_angles  # only programs with angles need them

    ir, symbols = far_angles.module(circular.FAR)
    code = _compiled(ir, symbols[0], "program", time.perf_counter())
    for symbol in symbols:
        llvm.add_symbol(symbol, code.address_of(symbol))
    return code


def _kept_variants(ir: str) -> str:
    """A mark on vector variants: nothing calls them until the vectoriser has run."""
    names = sorted(set(_VARIANT_DECLARATION.findall(ir)))
    if not names:
        return ""
    table = ", ".join(f"ptr {name}" for name in names)
    return (
        f"\n@llvm.compiler.used = appending global [{len(names)} x ptr] [{table}], "
        'section "llvm.metadata"\n'
    )


_VARIANT_DECLARATION = re.compile(r"^declare [^@]*(@ft\.late\.[\w.]+)\(", re.MULTILINE)


def _kept(key: bytes | None, entry: str, start: float) -> Compiled | None:
    """What the cache has under a key; the object stands behind the symbols that it needs."""
    content = None if key is None else cache.get(key)
    if content is None:
        return None
    head, _, code = content.partition(b"\n")
    symbols = head.decode().split()
    if not all(map(_has_symbol, symbols)):
        return None
    return _loaded(code, symbols, entry, start, key, cached=True)


def _loaded(
    code: bytes,
    symbols: Sequence[str],
    entry: str,
    start: float,
    key: bytes | None,
    cached: bool = False,
) -> Compiled:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _new_target_machine("stub"))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    address = int(engine.get_function_address(entry))
    if not address:
        raise CompileError(f"The module defines no function {entry}.")
    seconds = time.perf_counter() - start
    compiled = Compiled(address, entry, seconds, code, tuple(symbols), key, cached, engine)
    _engines.append((weakref.ref(compiled), engine))
    return compiled


_LEVEL: dict[Tier, int] = {"program": 2, "stub": 0}  # of the code generator


def _new_target_machine(tier: Tier) -> llvm.TargetMachine:
    target, cpu, features = host.target()
    return target.create_target_machine(
        cpu=cpu,
        features=features,
        opt=_LEVEL[tier],
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


@once
def _target_machine(tier: Tier) -> llvm.TargetMachine:
    """One machine makes all code of a tier; it is used under the lock only."""
    return _new_target_machine(tier)
