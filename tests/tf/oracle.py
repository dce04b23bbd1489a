"""The words that cases are written with: programs of ``tf`` whose results TensorFlow recorded.

A module of ``tests/tf/cases`` is a group. It has a ``GROUP``, and says ``case`` and ``op``:

    GROUP = Group()
    case, op = GROUP.case, GROUP.op

    @case
    def the_gradient_of_a_dict_is_a_dict(tf): ...

    case("a list cannot be watched", lambda tf: tf.GradientTape().watch([1.0]), says="Passed in")
    op("math.sin", [X])
    op("reduce_sum", [X], {"axis": 0})

``python -m tests.tf.record GROUP`` runs them on TensorFlow and writes the record.
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tests.tf.encoding import Raised, differences, encode

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "tests" / "data" / "tf"
Program = Callable[[Any], Any]
FURTHER = {"second", "jvp"}


@dataclass(frozen=True)
class Case:
    """A program and what of its message matters if it raises.

    ``alone``: it runs in a process of its own, because what it shows happens once per process.
    ``differs``: why we decided not to do what TensorFlow does there; it is tested that we don't.
    """

    group: str
    name: str
    program: Program
    says: str = ""
    alone: bool = False
    rtol: float | None = None
    differs: str = ""

    def record(self, tf: Any) -> Any:
        """What the program gives on this ``tf``, as JSON."""
        return elsewhere(tf, self) if self.alone else self.run(tf)

    def run(self, tf: Any) -> Any:
        return encode(tf, raised(lambda: self.program(tf), self.says, always=bool(self.says)))

    def check(self, tf: Any, recorded: Any) -> list[str]:
        """Where the result on this ``tf`` differs from the record."""
        return list(differences(self.record(tf), recorded, self.rtol))


@dataclass(frozen=True)
class Row:
    """An operation on arguments: its value and its derivatives.

    Arrays among the arguments become tensors; gradients are with respect to those that hold
    floating or complex numbers. ``differs`` is as a case's.
    """

    group: str
    name: str
    path: str
    args: list[Any]
    kwargs: dict[str, Any]
    call: Callable[..., Any] | None = None
    second: bool = True
    jvp: bool = False
    compiled: bool = False
    rtol: float | None = None
    differs: str = ""

    def record(self, tf: Any) -> Any:
        """What the row gives, but for further derivatives where TensorFlow has none."""
        found, numpy = self.run(tf), self.with_numpy(tf)
        for further in FURTHER:
            if isinstance(found.get(further), dict):  # that it raises
                del found[further]
        return found if numpy == found["value"] else found | {"numpy": numpy}

    def check(self, tf: Any, recorded: Any) -> list[str]:
        """Where the result on this ``tf`` differs from the record."""
        found = self.run(tf)
        for further in FURTHER - recorded.keys():
            found.pop(further, None)
        lines = list(differences(found, _without(recorded, "numpy"), self.rtol))
        wanted = recorded.get("numpy", recorded["value"])
        lines += differences(self.with_numpy(tf), wanted, self.rtol, "result for NumPy's arrays")
        return lines

    def check_compiled(self, tf: Any, recorded: Any) -> list[str]:
        """Where the result inside ``tf.function`` differs from the record."""
        slopes = recorded.get("gradient")
        keys = ["value", "gradient"] if isinstance(slopes, list) else ["value"]
        found = self.in_function(tf, with_gradient=isinstance(slopes, list))
        wanted = {key: recorded[key] for key in keys}
        return list(differences(found, wanted, self.rtol, "inside tf.function"))

    def run(self, tf: Any) -> dict[str, Any]:
        """The value, and what the row asks for of derivatives."""
        value = raised(self._apply(tf))
        found = {"value": encode(tf, value)}
        if isinstance(value, Raised) or not self.sources:
            return found
        found["gradient"] = encode(tf, raised(lambda: self.gradient(tf)))
        if self.second and _has_slope(found["gradient"]):
            found["second"] = encode(tf, raised(lambda: self.second_gradient(tf)))
        if self.jvp:
            found["jvp"] = encode(tf, raised(lambda: self.push(tf)))
        return found

    def with_numpy(self, tf: Any) -> Any:
        """The value where arrays are not made tensors first."""
        return encode(tf, raised(lambda: self.function(tf)(*self.args, **self.kwargs)))

    def in_function(self, tf: Any, with_gradient: bool) -> Any:
        """The value, and the gradient where asked for, computed inside ``tf.function``."""

        @tf.function(autograph=False)
        def both(*sources: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(sources)
                value = self._apply(tf)(*sources)
            slopes = self._slopes(tf, tape, value, list(sources)) if with_gradient else None
            return {"value": value, "gradient": slopes}

        result = raised(lambda: both(*[tf.constant(a) for a in self.sources]))
        if isinstance(result, Raised):
            return {"value": encode(tf, result)}
        keys = ("value", "gradient") if with_gradient else ("value",)
        return {key: encode(tf, result[key]) for key in keys}

    def gradient(self, tf: Any) -> list[Any]:
        tensors = [tf.constant(a) for a in self.sources]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = self._apply(tf)(*tensors)
        return list(self._slopes(tf, tape, value, tensors))

    def second_gradient(self, tf: Any) -> list[Any]:
        tensors = [tf.constant(a) for a in self.sources]
        with tf.GradientTape() as outer:
            outer.watch(tensors)
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = self._apply(tf)(*tensors)
            slopes = self._slopes(tf, tape, value, tensors)
            dense = [tf.convert_to_tensor(s) for s in slopes if s is not None]
        return list(outer.gradient(dense, tensors, output_gradients=[weights(d) for d in dense]))

    def push(self, tf: Any) -> Any:
        tensors = [tf.constant(a) for a in self.sources]
        tangents = [tf.constant(weights(a)) for a in self.sources]
        with tf.autodiff.ForwardAccumulator(tensors, tangents) as accumulator:
            value = self._apply(tf)(*tensors)
        return [accumulator.jvp(v) for v in _smooth(tf, value)]

    @property
    def sources(self) -> list[Any]:
        return [a for a in _leaves((self.args, self.kwargs)) if _is_smooth(a)]

    def function(self, tf: Any) -> Callable[..., Any]:
        found: Any = tf
        if self.call is not None:
            call = self.call
            return lambda *args, **kwargs: call(tf, *args, **kwargs)
        for part in self.path.split("."):
            found = getattr(found, part)
        return found  # type: ignore[no-any-return]

    def _apply(self, tf: Any) -> Callable[..., Any]:
        """The operation as a function of its sources alone, or of none: of the row's own."""

        def apply(*sources: Any) -> Any:
            rest = iter(sources or [tf.constant(a) for a in self.sources])
            args, kwargs = _with_tensors(tf, (self.args, self.kwargs), rest)
            return self.function(tf)(*args, **kwargs)

        return apply

    def _slopes(self, tf: Any, tape: Any, value: Any, sources: list[Any]) -> Any:
        targets = _smooth(tf, value)
        return tape.gradient(targets, sources, output_gradients=[weights(t) for t in targets])


@dataclass
class Group:
    """The cases of one module, whose name is the group's."""

    name: str
    cases: list[Case | Row] = field(default_factory=list)

    def case(self, name: str | Program, program: Program | None = None, **options: Any) -> Any:
        """Add a program, as a decorator (``@case``, ``@case("name", …)``) or in one line."""
        if callable(name):
            return self.case(name.__name__.replace("_", " "), name)
        if program is None:
            return lambda program: self.case(name, program, **options)
        self.cases.append(Case(self.name, name, program, **options))
        return program

    def op(
        self,
        path: str,
        args: list[Any],
        kwargs: dict[str, Any] | None = None,
        *,
        call: Callable[..., Any] | None = None,
        compiled: bool | None = None,
        **options: Any,
    ) -> None:
        """Add a row. The first row of a name is also compiled, others where they say so.

        ``call(tf, *args, **kwargs)`` replaces the function of that name where the arguments alone
        cannot say what is meant.
        """
        kwargs = kwargs or {}
        shown = [_shown(a) for a in args] + [f"{k}={_shown(v)}" for k, v in kwargs.items()]
        title = f"{path}({', '.join(shown)})"
        twins = sum(c.name.partition(" #")[0] == title for c in self.cases)
        name = f"{title} #{twins + 1}" if twins else title
        if compiled is None:
            compiled = not any(isinstance(c, Row) and c.path == path for c in self.cases)
        row = Row(self.name, name, path, args, kwargs, call, compiled=compiled, **options)
        self.cases.append(row)


def groups() -> dict[str, Group]:
    """Every group by name, from the modules in the folder ``cases``."""
    files = sorted((Path(__file__).parent / "cases").glob("*.py"))
    return {f.stem: import_module(f"tests.tf.cases.{f.stem}").GROUP for f in files}


def read(group: str) -> dict[str, Any]:
    """What TensorFlow gave for the cases of a group."""
    file = RECORDS / f"{group}.json"
    assert file.exists(), f"no {file}: run python -m tests.tf.record {group} where TensorFlow is"
    cases: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["cases"]
    return cases


def raised(program: Callable[[], Any], says: str = "", always: bool = False) -> Any:
    """The program's result or the error it raised. ``always``: it has to raise.

    A function that we don't have is never a result: it could pass for an AttributeError that
    TensorFlow raises for another reason.
    """
    try:
        result = program()
    except Exception as error:
        if str(error).startswith("module 'functrans.tf"):
            raise
        return Raised(error, says)
    assert not always, f"no error that says {says!r}, but {result!r}"
    return result


def fails(program: Callable[[], Any]) -> bool:
    """Whether the program raises: where TensorFlow's error is that of an attribute it misses."""
    return isinstance(raised(program), Raised)


def printed(tf: Any, program: Callable[[], Any]) -> dict[str, str]:
    """What the program writes to ``stdout`` and ``stderr``, from Python or below it."""
    streams = {"out": (1, io.StringIO()), "err": (2, io.StringIO())}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / name for name in streams}
        with (
            _descriptor_into(1, files["out"]),
            _descriptor_into(2, files["err"]),
            redirect_stdout(streams["out"][1]),
            redirect_stderr(streams["err"][1]),
        ):
            program()
        return {
            name: buffer.getvalue() + files[name].read_text(encoding="utf-8")
            for name, (_, buffer) in streams.items()
        }


@contextmanager
def _descriptor_into(number: int, file: Path) -> Iterator[None]:
    kept = os.dup(number)
    with file.open("wb") as stream:
        os.dup2(stream.fileno(), number)
        try:
            yield
        finally:
            os.dup2(kept, number)
            os.close(kept)


def logged(tf: Any, program: Callable[[], Any]) -> list[str]:
    """The messages that the program logs, with their levels."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(  # type: ignore[method-assign]
        f"{record.levelname}: {record.getMessage()}"
    )
    logger = tf.get_logger()
    logger.addHandler(handler)
    try:
        program()
    finally:
        logger.removeHandler(handler)
    return found


def elsewhere(tf: Any, case: Case) -> Any:
    """The case's result from a fresh process."""
    command = [sys.executable, "-m", "tests.tf.record", "--alone", tf.__name__, case.group]
    done = subprocess.run(
        [*command, case.name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def weights(like: Any) -> Any:
    """Fixed numbers, not all alike, of the shape and dtype of a tensor or an array."""
    dtype = np.dtype(getattr(like.dtype, "as_numpy_dtype", like.dtype))
    shape = tuple(like.shape)
    count = np.arange(int(np.prod(shape, dtype=int)))
    numbers = (count % 5 + 1) / 4
    turned = numbers * (1 - 0.5j) if dtype.kind == "c" else numbers
    return np.asarray(turned.reshape(shape), dtype)


def _is_smooth(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc"


def _smooth(tf: Any, value: Any) -> list[Any]:
    """The floating and complex tensors of a result, the targets of its gradient."""
    return [
        leaf
        for leaf in _leaves(value)
        if tf.is_tensor(leaf) and (leaf.dtype.is_floating or leaf.dtype.is_complex)
    ]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _with_tensors(tf: Any, value: Any, sources: Iterator[Any]) -> Any:
    """The arguments with tensors in place of arrays, smooth ones from ``sources``."""
    if isinstance(value, dict):
        return {k: _with_tensors(tf, v, sources) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with_tensors(tf, v, sources) for v in value)
    if _is_smooth(value):
        return next(sources)
    return tf.constant(value) if isinstance(value, np.ndarray | np.generic) else value


def _without(record: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k != key}


def _has_slope(gradient: Any) -> bool:
    return isinstance(gradient, list) and any(g is not None for g in gradient)


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray | np.generic):
        return f"{value.dtype.name}[{','.join(map(str, value.shape))}]"
    if isinstance(value, list | tuple) and any(isinstance(v, np.ndarray) for v in value):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, type):
        return value.__name__
    return "function" if callable(value) else repr(value)
