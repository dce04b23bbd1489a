"""AutoGraph beyond TensorFlow's records: random programs, lines in errors, what is converted."""

from __future__ import annotations

import functools
import linecache
import logging
import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.tf as tf
from functrans.tf.autograph.convert import converted

NAMES = ("a", "b", "c")


# --- random programs -----------------------------------------------------------------------------


class Writer:
    """Writes a random program of integers; ``returns``: wherever Python allows a return."""

    def __init__(self, seed: int, returns: bool) -> None:
        self.random = random.Random(seed)
        self.returns = returns
        self.count = 0

    def program(self) -> str:
        body = [*self.block(3, loop=False), f"return {self.value()}, a, b"]
        return "\n".join(["def program(a, b, c, span):", *(f"    {line}" for line in body), ""])

    def block(self, depth: int, loop: bool) -> list[str]:
        lines = []
        for _ in range(self.random.randint(1, 3)):
            lines += self.statement(depth, loop)
        return lines

    def statement(self, depth: int, loop: bool) -> list[str]:
        kinds = ["assign", "assign", "fresh"]
        if depth:
            kinds += ["if", "if", "while", "for"]
            if self.returns:
                kinds += ["try", "with"]
        if loop:
            kinds += ["break", "continue"]
        if self.returns and depth < 3:
            kinds += ["return"]
        return getattr(self, f"_{self.random.choice(kinds)}")(depth, loop)

    def value(self) -> str:
        x, y = self.random.choices(NAMES, k=2)
        return self.random.choice(
            [
                f"{x} + {y}",
                f"{x} - {y}",
                f"{x} * 3 % 17",
                f"-{x}",
                f"({x} if {y} > 3 else {y})",
                "7",
            ]
        )

    def test(self) -> str:
        x, y = self.random.choices(NAMES, k=2)
        return self.random.choice(
            [
                f"{x} > {y}",
                f"{x} % 2 == 0",
                f"-5 < {x} <= {y}",
                f"not {x} < {y}",
                f"{x} > 0 and {y} < 4",
                f"{x} < 0 or {y} != 2",
            ]
        )

    def indented(self, depth: int, loop: bool) -> list[str]:
        return [f"    {line}" for line in self.block(depth - 1, loop)]

    def _assign(self, depth: int, loop: bool) -> list[str]:
        name = self.random.choice(NAMES)
        return [f"{name} = ({self.value()}) % 23" if depth else f"{name} += 1"]

    def _fresh(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        return [f"t{self.count} = {self.value()}", f"c = t{self.count} % 11"]

    def _if(self, depth: int, loop: bool) -> list[str]:
        lines = [f"if {self.test()}:", *self.indented(depth, loop)]
        if self.random.random() < 0.6:
            lines += ["else:", *self.indented(depth, loop)]
        return lines

    def _while(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        k = f"k{self.count}"
        return [
            f"{k} = a * 0",
            f"while {k} < 4 and ({self.test()}):",
            f"    {k} += 1",
            *self.indented(depth, True),
            *(["else:", "    b = b + 1"] if self.random.random() < 0.3 else []),
        ]

    def _for(self, depth: int, loop: bool) -> list[str]:
        self.count += 1
        i = f"i{self.count}"
        return [
            f"for {i} in span({self.random.choice(['3', 'a % 4', '1, 7, 2'])}):",
            f"    c = (c + {i}) % 19",
            *self.indented(depth, True),
        ]

    def _try(self, depth: int, loop: bool) -> list[str]:
        lines = ["try:", *self.indented(depth, loop), "    1 // (a % 2)"]
        return [*lines, "except ZeroDivisionError:", "    b = 3", "finally:", "    c = c + 1"]

    def _with(self, depth: int, loop: bool) -> list[str]:
        return ["with nothing() as c:", *self.indented(depth, loop)]

    def _return(self, depth: int, loop: bool) -> list[str]:
        return [f"return {self.value()}"]

    def _break(self, depth: int, loop: bool) -> list[str]:
        return [f"if {self.test()}:", "    break"]

    def _continue(self, depth: int, loop: bool) -> list[str]:
        return [f"if {self.test()}:", "    b = b + 1", "    continue"]


@contextmanager
def nothing() -> Iterator[int]:
    yield 5


def written(text: str, name: str, **names: Any) -> Callable[..., Any]:
    """The function ``program`` of a text, whose source can be found."""
    file = f"<program {name}>"
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    scope = {"__name__": "programs", "nothing": nothing, **names}
    exec(compile(text, file, "exec"), scope)
    program: Callable[..., Any] = scope["program"]
    return program


@pytest.mark.parametrize("seed", range(60))
def test_converted_programs_do_what_Python_does(seed: int) -> None:
    text = Writer(seed, returns=True).program()
    program = written(text, f"python {seed}")
    new = converted(program)
    assert new is not program
    for arguments in ((1, 2, 3), (5, -4, 0), (-7, 8, 2), (0, 0, 0)):
        assert new(*arguments, range) == program(*arguments, range), text


def test_traced_programs_do_what_Python_does() -> None:
    texts = [Writer(seed, returns=False).program() for seed in range(100, 106)]
    programs = [written(t, f"traced {i}") for i, t in enumerate(texts)]

    @tf.function
    def run(a: Any, b: Any, c: Any) -> Any:
        return [program(a, b, c, tf.range) for program in programs]

    for arguments in ((1, 2, 3), (5, -4, 0), (-7, 8, 2)):
        found = run(*map(tf.constant, arguments))
        for text, program, result in zip(texts, programs, found, strict=True):
            assert [int(x) for x in result] == list(program(*arguments, range)), text


# --- lines ---------------------------------------------------------------------------------------


def helper(x: Any) -> Any:
    if x > 0:
        y = tf.reshape(
            x,
            [7],
        )
    else:
        y = tf.zeros([7])
    return y


def line_of(text: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if line.strip() == text)


def test_errors_and_tracebacks_name_the_users_lines() -> None:
    @tf.function
    def f(x: Any) -> Any:
        for _ in tf.range(3):
            x = x + helper(x)  # the call
        return x

    with pytest.raises(Exception, match="reshape") as caught:
        f(tf.constant(1.0))
    assert caught.value.line.line == line_of("y = tf.reshape(")
    assert caught.value.line.function == "helper"
    own = [t for t in traceback.extract_tb(caught.tb) if t.filename == __file__]
    assert [t.name for t in own if "__" in t.name] == []
    assert line_of("x = x + helper(x)  # the call") in [t.lineno for t in own]


def test_a_message_names_the_line_of_the_statement() -> None:
    @tf.function
    def f(x: Any) -> Any:
        while x > 0:  # which is here
            y = x
            x = x - y[...]
        return y

    with pytest.raises(tf.errors.InvalidArgumentError, match="at least once") as caught:
        f(tf.constant(-1.0))
    assert caught.value.line.line == line_of("while x > 0:  # which is here")


# --- what is converted ---------------------------------------------------------------------------


def test_code_is_converted_once_and_cells_are_shared() -> None:
    def made(n: int) -> Callable[[], int]:
        def f() -> int:
            nonlocal n
            if n:
                n += 1
            return n

        return f

    one, other = made(1), made(5)
    new, also = converted(one), converted(other)
    assert new.__code__ is also.__code__
    assert converted(new) is new
    assert (new(), one(), new(), also(), other()) == (2, 3, 4, 6, 7)


def test_what_a_function_has_is_kept() -> None:
    def f(x: int, /, y: int = 2, *rest: int, z: int = 3, **more: int) -> tuple[Any, ...]:
        """Says something."""
        return x, y, rest, z, more

    f.mark = 1  # type: ignore[attr-defined]
    new = converted(f)
    assert (new.__name__, new.__doc__, new.mark) == ("f", "Says something.", 1)
    assert new.__qualname__ == f.__qualname__
    assert new(1, 5, 6, w=4) == f(1, 5, 6, w=4) == (1, 5, (6,), 3, {"w": 4})


def test_lambdas_on_one_line_are_told_apart() -> None:
    first, second = lambda x: 1 if x else 2, lambda x: 3 if x else 4
    assert (converted(first)(0), converted(second)(0)) == (2, 4)


def test_private_names_and_super_work_in_branches() -> None:
    class Base:
        def step(self) -> int:
            return 1

    class Model(Base):
        def __init__(self) -> None:
            self.__hidden = 5

        def step(self) -> int:
            if self.__hidden > 2:
                return super().step() + self.__hidden
            return 0

    assert converted(Model().step)() == 6


class Named:
    """A class of the module, whose method says its name."""

    def kind(self) -> str:
        return "own" if isinstance(self, Named) else "another"


def test_a_method_may_name_its_class() -> None:
    assert converted(Named().kind)() == "own"


def test_statements_that_bind_names_in_other_ways() -> None:
    def f(x: Any, kind: Any) -> Any:
        global _shared
        total: float = 0.0
        for i, (_, b) in enumerate([(1, 2.0), (3, 4.0)]):
            import math as m

            if x > i:
                total += m.floor(b)
                _shared = total
            match kind:
                case {"k": k, **others}:
                    total += k + len(others)
                case [first, *_]:
                    total += first
            with nothing() as five:
                total += five
            if (n := i + 1) > 1:
                total += n
            del five
        return total, [y for y in range(3) if y > 0], _shared

    want = f(5.0, {"k": 1, "j": 2}), f(0.5, [3])
    assert (converted(f)(5.0, {"k": 1, "j": 2}), converted(f)(0.5, [3])) == want


_shared = 0.0


def test_libraries_builtins_and_marked_functions_are_left() -> None:
    @functools.wraps(helper)
    def wrapped(x: Any) -> Any:
        return helper(x)

    marked = tf.autograph.experimental.do_not_convert(wrapped)
    for called in (np.sum, np.linalg.norm, len, dict, tf.abs, ft.grad(np.sin), Path.exists, marked):
        assert converted(called) is called
    assert tf.autograph.experimental.do_not_convert()(functools.partial(max, 1))(2) == 2


def test_a_function_without_source_runs_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    scope: dict[str, Any] = {"__name__": "nowhere"}
    exec("def f(x):\n    return x * 2", scope)
    with caplog.at_level(logging.WARNING):
        assert tf.function(lambda x: scope["f"](x))(tf.constant(2.0)).numpy() == 4.0
    assert "AutoGraph could not be applied to <function f" in caplog.text
    with pytest.raises(ValueError, match="converting <function f"):
        tf.autograph.to_graph(scope["f"])


def test_generators_are_left() -> None:
    def rows(n: int) -> Iterator[int]:
        if n > 0:
            yield n

    assert converted(rows) is rows


# --- transforms ----------------------------------------------------------------------------------


def power(x: Any) -> Any:
    y = x
    while y < 100.0:
        y = y * x
    return y


def test_control_flow_under_functrans_transforms() -> None:
    f = tf.autograph.to_graph(power)
    xs = np.array([3.0, 5.0, 1.5], np.float32)

    def raw(x: Any) -> Any:
        return f(tf.constant(x))

    want = [power(x) for x in xs]
    np.testing.assert_allclose(ft.vmap(ft.jit(raw))(xs), want, rtol=1e-6)
    slopes = [5 * 3.0**4, 3 * 5.0**2, 12 * 1.5**11]
    np.testing.assert_allclose(ft.vmap(ft.grad(lambda x: raw(x)._v))(xs), slopes, rtol=1e-5)
    with tf.GradientTape() as tape:
        x = tf.constant(3.0)
        tape.watch(x)
        y = tf.function(power)(x)
    assert tape.gradient(y, x).numpy() == slopes[0]
