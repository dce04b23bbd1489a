"""Compiled loops while they run: an interrupt ends them and leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

INTERRUPTED = """
import json, signal, sys, threading, time
import numpy as np
import functrans as ft
from functrans import lax, numpy as jnp

signal.signal(signal.SIGINT, signal.default_int_handler)
forever = 10**12

def steps(body, x, length):
    return lax.scan(lambda c, _: (body(c), None), x, None, length)[0]

def for_long(body, n):
    return lambda x: lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, body(s[1])), (0, x))[1]

programs = {
    "scan": (lambda x, n: steps(lambda c: c * 0.5 + 1.0, x, n), np.float64(1.0)),
    "rows": (lambda x, n: steps(lambda c: c[::-1] * 0.5 + 1.0, x, n), np.ones(300)),
    "product": (lambda x, n: steps(lambda c: jnp.tanh(c @ c), x, n), np.eye(90)),
    "in place": (lambda x, n: steps(lambda c: c.at[3].multiply(0.5), x, n), np.ones(5000)),
    "nested": (
        lambda x, n: steps(lambda c: steps(lambda d: d * 0.5 + 1.0, c, min(n, 3000)), x, n),
        np.float64(1.0),
    ),
    "while": (lambda x, n: for_long(lambda c: c * 0.5 + 1.0, n)(x), np.float64(1.0)),
    "vmap": (lambda x, n: ft.vmap(for_long(lambda c: c * 0.5 + 1.0, n))(x), np.ones(100)),
    "tangents": (lambda x, n: ft.jvp(for_long(jnp.sin, n), (x,), (x,))[1], np.float64(1.0)),
}
report = {}
for name, (function, x) in programs.items():
    long, short = (ft.jit(lambda x, n=n: function(x, n)) for n in (forever, 7))
    before = short(x)
    long.lower(x).compile()
    late = []
    for _ in range(2):
        def interrupt():
            late.append(time.monotonic())
            signal.raise_signal(signal.SIGINT)
        timer = threading.Timer(0.2, interrupt)
        try:
            timer.start()
            long(x)
            raise SystemExit(f"{name} was not interrupted")
        except KeyboardInterrupt:
            late[-1] = time.monotonic() - late[-1]
        timer.join()
    same = bool(np.all(short(x) == before))
    report[name] = [max(late), same, sys.getrefcount(x)]
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def interrupted() -> Any:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_interrupt_ends_a_loop_within_a_second(interrupted: Any) -> None:
    assert len(interrupted) == 8
    assert {name: late for name, (late, _, _) in interrupted.items() if late > 1.0} == {}


def test_the_next_call_after_an_interrupt_works(interrupted: Any) -> None:
    assert all(same for _, same, _ in interrupted.values())


def test_an_interrupt_leaves_no_reference_to_arguments(interrupted: Any) -> None:
    kept = {name: count for name, (_, _, count) in interrupted.items()}
    assert set(kept.values()) == {3}, kept  # the table of programs, the variable, and the question
