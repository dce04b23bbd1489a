"""Compiled programs in poisoned memory, against the same program run equation by equation."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import functrans as ft
from functrans.codegen import link
from functrans.codegen.compile import compile_ir
from functrans.codegen.pipeline import build
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.passes.run import run as simplified

_POISON = 0xFF  # NaN in floats, −1 in integers
_GUARD = 256  # bytes around every buffer that nobody may write
_SIZES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "float": 4, "double": 8}
_ALLOCA = re.compile(r"^  (%l\d+) = alloca (?:\[(\d+) x (\w+)\]|(\w+)), align 64$", re.MULTILINE)


def poisoned_locals(ir: str) -> str:
    """The module with every local array filled with poison on entry."""

    def filled(match: re.Match[str]) -> str:
        name, count, element, single = match.groups()
        nbytes = int(count or 1) * _SIZES[element or single]
        fill = (
            f"call void @llvm.memset.p0.i64(ptr {name}, i8 {_POISON - 256}, i64 {nbytes}, i1 false)"
        )
        return f"{match.group()}\n  {fill}"

    text, count = _ALLOCA.subn(filled, ir)
    declared = "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n"
    return text + declared if count and declared not in ir else text


class _Buffer:
    """Poisoned bytes between two guards."""

    def __init__(self, nbytes: int, content: Any = None) -> None:
        self.nbytes = nbytes
        self.all = np.full(nbytes + 2 * _GUARD + 64, _POISON, np.uint8)
        start = self.all.ctypes.data + _GUARD
        self.start = _GUARD + -start % 64
        self.all[: self.start] = 0xA5
        self.all[self.start + nbytes :] = 0xA5
        self.bytes = self.all[self.start : self.start + nbytes]
        if content is not None and nbytes:
            self.bytes[:] = np.ascontiguousarray(content).reshape(-1).view(np.uint8)

    @property
    def address(self) -> int:
        return self.all.ctypes.data + self.start

    def check(self) -> None:
        before, after = self.all[: self.start], self.all[self.start + self.nbytes :]
        assert (before == 0xA5).all(), "written in front of a buffer"
        assert (after == 0xA5).all(), "written behind a buffer"


def run_poisoned(jaxpr: Jaxpr, args: Sequence[Any], times: int = 2) -> list[Any]:
    """The results of the compiled program, from poisoned workspace, locals and outputs.

    It runs several times on the same workspace. Nothing but the outputs and the workspace may be
    written.
    """
    program = build(simplified(jaxpr))
    code = compile_ir(poisoned_locals(program.ir), program.entry)
    entry = ctypes.PYFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)(code.address)
    constants = link.table(program.constants)
    kept = [np.copy(c) for c in jaxpr.consts]
    work = _Buffer(program.workspace)
    results: list[list[Any]] = []
    for _ in range(times):
        inputs = [
            _Buffer(a.nbytes, np.asarray(x, a.dtype))
            for x, a in zip(args, jaxpr.in_avals, strict=True)
        ]
        before = [b.bytes.copy() for b in inputs]
        outs = [_Buffer(a.nbytes) for a in jaxpr.out_avals]
        tables = [np.array([b.address for b in bs] or [0], np.int64) for bs in (inputs, outs)]
        status = entry(
            tables[0].ctypes.data, tables[1].ctypes.data, constants.ctypes.data, work.address
        )
        if status:
            raise program.error(status)
        for buffer in (*inputs, *outs, work):
            buffer.check()
        for buffer, old in zip(inputs, before, strict=True):
            assert np.array_equal(buffer.bytes, old), "an input was changed"
        for now, old in zip(jaxpr.consts, kept, strict=True):
            np.testing.assert_array_equal(now, old, "a constant was changed")
        results.append(
            [
                b.bytes.copy().view(a.dtype).reshape(a.shape)
                for b, a in zip(outs, jaxpr.out_avals, strict=True)
            ]
        )
    for later in results[1:]:
        for x, y in zip(results[0], later, strict=True):
            np.testing.assert_array_equal(x, y, "another run gave something else")
    return results[0]


def compare(
    f: Callable[..., Any],
    *args: Any,
    reference: Callable[..., Any] | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-9,
) -> None:
    """Compiled ``f`` in poisoned memory, against equations run by NumPy one at a time.

    They are those of ``f``, or of the ``reference``.
    """
    jaxpr = ft.make_jaxpr(f)(*args)
    flat = ft.tree.leaves(args)
    plain = jaxpr if reference is None else ft.make_jaxpr(reference)(*args)
    with ft.disable_jit():
        expected = evaluate(plain, *flat)
    found = run_poisoned(jaxpr, flat)
    for number, (x, y) in enumerate(zip(found, expected, strict=True)):
        assert x.dtype == np.asarray(y).dtype
        single = x.dtype == np.float32
        np.testing.assert_allclose(
            x,
            y,
            rtol=max(rtol, 2e-4) if single else rtol,
            atol=max(atol, 2e-4) if single else atol,
            err_msg=f"output {number} of\n{jaxpr}",
        )
