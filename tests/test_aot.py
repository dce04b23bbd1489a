"""Ahead of time: traced, lowered, compiled, saved and loaded programs."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import errors
from functrans.codegen import program_file

ROOT = Path(__file__).parent.parent
X = np.linspace(0.0, 1.0, 5)


class Point(NamedTuple):
    x: Any
    y: Any


class Registered:
    """A container that keeps something of its own."""

    def __init__(self, x: Any, kept: Any) -> None:
        self.x = x
        self.kept = kept


ft.tree_util.register_pytree_node(
    Registered, lambda r: ((r.x,), r.kept), lambda kept, c: Registered(*c, kept)
)


# --- the stages ----------------------------------------------------------------------------------


def test_each_stage_says_what_it_is() -> None:
    @ft.jit
    def norm(p: Any, *, scale: Any) -> Any:
        return {"norm": scale * np.sqrt(np.sum(p.x**2 + p.y**2)), "n": 3}

    traced = norm.trace(Point(X, X), scale=2.0)
    assert traced.fun_name == "norm"
    assert "sqrt" in str(traced.jaxpr)
    args, kwargs = traced.args_info
    assert args == (Point(ft.ShapeDtypeStruct((5,), float), ft.ShapeDtypeStruct((5,), float)),)
    assert kwargs == {"scale": ft.ShapeDtypeStruct((), float)}
    assert traced.out_info["norm"] == ft.ShapeDtypeStruct((), float)
    assert traced.out_info["n"] == ft.ShapeDtypeStruct((), int)
    lowered = traced.lower()
    assert lowered.in_tree == ft.tree.structure(((Point(0, 0),), {"scale": 0}))
    assert lowered.out_tree == ft.tree.structure({"norm": 0, "n": 0})
    compiled = lowered.compile()
    for stage in (traced, lowered, compiled):
        assert stage.args_info == traced.args_info
        assert stage.out_info == traced.out_info
        assert [str(a) for a in stage.in_avals] == ["f64[5]", "f64[5]", "~f64[]"]
    out = compiled(Point(X, X), scale=2.0)
    assert out["norm"] == pytest.approx(2 * np.sqrt(2 * X @ X))
    assert out["n"] == 3
    assert repr(compiled) == "<compiled norm(f64[5], f64[5], ~f64[])>"
    assert "functrans_entry" in compiled.as_text()
    assert compiled.as_text("jaxpr") == str(traced.jaxpr)


def test_types_are_enough_to_compile() -> None:
    compiled = ft.jit(np.sin).lower(ft.ShapeDtypeStruct((5,), np.float32)).compile()
    x = X.astype(np.float32)
    np.testing.assert_allclose(compiled(x), np.sin(x), rtol=1e-6)
    assert compiled(x).dtype == np.float32


def test_nothing_is_traced_or_compiled_by_a_call() -> None:
    f = ft.jit(lambda x: np.sum(np.cos(x)))
    compiled = f.lower(X).compile()
    traces, compilations = ft.debug.counters.traces, ft.debug.counters.compilations
    assert compiled(X) == pytest.approx(np.sum(np.cos(X)))
    assert compiled(X[::-1]) == pytest.approx(np.sum(np.cos(X)))  # no contiguous array
    assert (ft.debug.counters.traces, ft.debug.counters.compilations) == (traces, compilations)


def test_static_arguments_are_left_out() -> None:
    f = ft.jit(lambda x, n, *, mode: x**n if mode == "power" else x, static_argnums=1,
               static_argnames="mode")  # fmt: skip
    compiled = f.lower(X, 3, mode="power").compile()
    np.testing.assert_allclose(compiled(X), X**3)
    with pytest.raises(errors.ArgumentError, match="static arguments out"):
        compiled(X, 3, mode="power")


def test_donated_arguments_are_overwritten() -> None:
    compiled = ft.jit(lambda x: x + 1.0, donate_argnums=0).lower(X).compile()
    mine = np.zeros(5)
    assert compiled(mine) is mine
    assert mine.tolist() == [1.0] * 5
    stats = compiled.memory_analysis()
    assert (stats.alias_size_in_bytes, stats.output_size_in_bytes) == (40, 0)


def test_transforms_do_not_go_through() -> None:
    compiled = ft.jit(np.sin).lower(0.5).compile()
    for transformed in (
        ft.grad(compiled),
        ft.jit(compiled),
        lambda x: ft.vmap(compiled)(np.array([x])),
        lambda x: ft.jvp(compiled, (x,), (1.0,)),
    ):
        with pytest.raises(TypeError, match="transforms do not go through compiled") as caught:
            transformed(0.5)
        assert isinstance(caught.value, errors.ArgumentError)
    # Values that concern no trace are computed at once.
    assert ft.grad(lambda x: x * compiled(0.5))(2.0) == pytest.approx(np.sin(0.5))


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((np.ones(4),), r"type f64\[5\], and called with f64\[4\]"),
        ((X.astype(np.float32),), r"called with f32\[5\]"),
        ((X, X), r"called with \(\(\*, \*\)"),
        (([X],), r"called with \(\(\[\*\],\)"),
        (("text",), "str"),
    ],
)
def test_other_arguments_are_refused(args: Any, says: str) -> None:
    compiled = ft.jit(np.sin).lower(X).compile()
    with pytest.raises(errors.ArgumentError, match=says) as caught:
        compiled(*args)
    assert caught.value.line is not None
    assert caught.value.line.file == __file__


def test_a_program_cannot_hold_what_is_traced_around() -> None:
    def f(x: Any) -> Any:
        return ft.jit(lambda y: y * x).lower(2.0).compile()(2.0)

    with pytest.raises(errors.ArgumentError, match="closes over traced values"):
        ft.grad(f)(3.0)


# --- costs ---------------------------------------------------------------------------------------


def test_costs_are_what_the_operations_are() -> None:
    x = np.ones((8, 4))
    lowered = ft.jit(lambda x: np.exp(x) + 1.0).lower(x)
    costs = lowered.cost_analysis()
    assert costs["flops"] == 2 * 32
    assert costs["bytes accessed"] == 2 * 32 * 8
    assert costs == lowered.compile().cost_analysis()
    product = ft.jit(lambda x: x @ x.T).lower(x).compile()
    assert product.cost_analysis()["flops"] == 2 * 8 * 8 * 4
    loop = ft.jit(lambda c: ft.lax.fori_loop(0, 100, lambda i, c: c * 2.0, c)).lower(1.0)
    assert loop.cost_analysis()["flops"] >= 100


def test_memory_is_what_arrays_take() -> None:
    table = np.arange(100.0)
    compiled = ft.jit(lambda i: table[:10] + fnp.sort(i * 2.0)).lower(np.ones(10)).compile()
    stats = compiled.memory_analysis()
    assert stats.argument_size_in_bytes == stats.output_size_in_bytes == 80
    assert stats.constant_size_in_bytes >= 80
    assert stats.temp_size_in_bytes >= 80
    assert stats.generated_code_size_in_bytes > 100
    assert stats.peak_memory_in_bytes >= 320


# --- files ---------------------------------------------------------------------------------------


def mlp(params: Any, x: Any) -> Any:
    for layer in params:
        x = np.tanh(x @ layer["w"] + layer["b"])
    return np.sum(x**2)


def parameters() -> Any:
    rng = np.random.default_rng(0)
    return [{"w": rng.normal(size=(4, 4)), "b": rng.normal(size=4)} for _ in range(2)]


TABLE = np.random.default_rng(1).normal(size=(50, 3))
ORDER = np.array([2, 0, 1])
PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "number": (lambda x: x * 2.0 + 1.0, (0.5,)),
    "mlp": (ft.value_and_grad(mlp), (parameters(), X[:4])),
    "constants": (lambda i: fnp.asarray(TABLE)[i][:, ORDER], (np.array([3, 40]),)),
    "angles": (lambda x: np.sin(1e10 * x) + np.cos(x), (X,)),
    "scan": (lambda x: ft.lax.scan(lambda c, r: (c + r, c * r), 0.0, x), (X,)),
    "while": (lambda x: ft.lax.while_loop(lambda v: v < 100.0, lambda v: 2 * v, x), (1.5,)),
    "special": (lambda x: ft.scipy.special.digamma(x + 1.0), (X,)),
    "blas": (lambda a: a @ a.T, (np.random.default_rng(2).normal(size=(40, 40)),)),
    "float32": (lambda x: np.exp(x), (X.astype(np.float32),)),
    "booleans": (lambda x, y: (x > y, np.where(y, x, -x)), (X, X > 0.5)),
    "none": (lambda tree: (tree["a"], None, [tree[3]]), ({"a": X, 3: X[0]},)),
    "empty": (lambda x: x * 2, (np.zeros((0, 3)),)),
    "sort": (lambda x: fnp.sort(-x)[::-1] * fnp.argmax(x), (X,)),
    "complex": (lambda z: np.sin(z * (2.0 - 1j)) + np.real(z), (X * 1j,)),
    "singular": (lambda a: fnp.linalg.inv(a), (np.eye(3) * 2.0,)),
    "stack": (ft.grad(lambda x: ft.lax.while_loop(lambda v: v < 1e3, lambda v: v * v, x)), (1.5,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_loaded_program_computes_the_same_bits(name: str, tmp_path: Path) -> None:
    function, args = PROGRAMS[name]
    compiled = ft.jit(function).lower(*args).compile()
    path = tmp_path / "program"
    compiled.save(path)
    loaded = ft.load(path)
    expected, found = compiled(*args), loaded(*args)
    assert ft.tree.structure(found) == ft.tree.structure(expected)
    for a, b in zip(ft.tree.leaves(found), ft.tree.leaves(expected), strict=True):
        assert type(a) is type(b)
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    assert loaded.out_info == compiled.out_info
    assert loaded.args_info == compiled.args_info
    assert loaded.cost_analysis() == compiled.cost_analysis()
    assert loaded.memory_analysis() == compiled.memory_analysis()
    assert loaded.as_text("jaxpr") == compiled.as_text("jaxpr")
    assert repr(loaded) == repr(compiled)


def test_another_process_runs_it_without_tracing_or_compiling(tmp_path: Path) -> None:
    params, x = parameters(), X[:4]
    compiled = ft.jit(ft.value_and_grad(mlp)).lower(params, x).compile()
    digest = compiled.save(tmp_path / "mlp")
    value, gradient = compiled(params, x)
    np.savez(tmp_path / "data.npz", x=x, **{f"{k}{i}": v for i, p in enumerate(params)
                                            for k, v in p.items()})  # fmt: skip
    code = f"""
        import sys, numpy as np, functrans as ft
        from functrans.codegen import compile
        def refuse(*args):
            raise AssertionError("the optimiser was called")
        data = np.load("data.npz")
        params = [{{"w": data[f"w{{i}}"], "b": data[f"b{{i}}"]}} for i in range(2)]
        f = ft.load("mlp", sha256="{digest}")
        compile._pass_builder = refuse
        value, gradient = f(params, data["x"])
        counters = ft.debug.counters
        print(value.hex(), [g["b"].tobytes().hex() for g in gradient])
        print(counters.traces, counters.compilations)
        late = {{f"functrans.codegen.{{m}}" for m in ("emit", "statements", "pipeline")}}
        print(sorted(late & set(sys.modules)))
        """
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FUNCTRANS_CACHE": "0"}
    found = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    expected = f"{value.hex()} {[g['b'].tobytes().hex() for g in gradient]}"
    assert found.stdout.splitlines() == [expected, "0 0", "[]"]


def test_errors_of_a_loaded_program_name_the_line(tmp_path: Path) -> None:
    def pick(x: Any, i: Any) -> Any:
        return x[i]  # the line

    ft.jit(pick).lower(X, np.array([1])).compile().save(tmp_path / "pick")
    loaded = ft.load(tmp_path / "pick")
    assert loaded(X, np.array([2])).tolist() == [X[2]]
    with pytest.raises(IndexError, match="out of bounds") as caught:
        loaded(X, np.array([7]))
    assert isinstance(caught.value, errors.IndexBoundsError)
    assert "# the line" in str(caught.value)


@pytest.mark.parametrize("dtype", [float, complex])  # native, and by NumPy
def test_a_loaded_program_finds_singular_matrices(dtype: type, tmp_path: Path) -> None:
    zeros = np.zeros((3, 3), dtype)
    ft.jit(fnp.linalg.inv).lower(zeros).compile().save(tmp_path / "inverse")
    with pytest.raises(np.linalg.LinAlgError):
        ft.load(tmp_path / "inverse")(zeros)


def test_classes_are_known_by_name(tmp_path: Path) -> None:
    path = tmp_path / "swap"
    ft.jit(lambda p: Point(p.y, p.x * 2.0)).lower(Point(X, X)).compile().save(path)
    out = ft.load(path, types=[Point])(Point(X, X))
    assert type(out) is Point
    np.testing.assert_array_equal(out.y, 2 * X)
    with pytest.raises(errors.ProgramFileError, match=r"tests\.test_aot\.Point, which is not"):
        ft.load(path)
    given = Registered(X, ("a", 1.5, None))
    ft.jit(lambda r: Registered(2 * r.x, r.kept[0])).lower(given).compile().save(path)
    loaded = ft.load(path, types=[Point, Registered])
    out = loaded(given)
    assert (type(out), out.kept) == (Registered, "a")
    np.testing.assert_array_equal(out.x, 2 * X)
    with pytest.raises(errors.ArgumentError):
        loaded(Registered(X, ("b", 1.5, None)))


def test_random_keys_pass(tmp_path: Path) -> None:
    key = ft.random.key(3)
    compiled = ft.jit(lambda k: ft.random.normal(k, (4,))).lower(key).compile()
    compiled.save(tmp_path / "normal")
    loaded = ft.load(tmp_path / "normal")
    np.testing.assert_array_equal(loaded(key), compiled(key))


def test_a_loaded_program_overwrites_nothing(tmp_path: Path) -> None:
    ft.jit(lambda x: x + 1.0, donate_argnums=0).lower(X).compile().save(tmp_path / "add")
    mine = np.zeros(5)
    assert ft.load(tmp_path / "add")(mine).tolist() == [1.0] * 5
    assert mine.tolist() == [0.0] * 5


def test_saving_replaces_a_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(b"older")
    digest = ft.jit(np.sin).lower(X).compile().save(str(path))
    assert list(tmp_path.iterdir()) == [path]
    head = len(program_file._MAGIC) + 32
    assert hashlib.sha256(path.read_bytes()[head:]).hexdigest() == digest
    with pytest.raises(FileNotFoundError):
        ft.jit(np.sin).lower(X).compile().save(tmp_path / "no such folder" / "program")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "args", "says"),
    [
        (lambda x: ft.pure_callback(np.sin, ft.ShapeDtypeStruct((5,), float), x), (X,), "Python"),
        (lambda x: (ft.debug.print("{}", x), x)[1], (X,), "calls Python for callback"),
        (lambda x: ft.lax.fori_loop(0, 9, lambda i, x: x + 1, x, progress=True), (X,), "Progress"),
        (lambda r: r.x, (Registered(X, len),), "Registered"),
        (lambda d: d[X.dtype.type], ({X.dtype.type: X},), "keys|Keys"),
    ],
)
def test_programs_that_no_file_can_hold(
    function: Any, args: Any, says: str, tmp_path: Path
) -> None:
    compiled = ft.jit(function).lower(*args).compile()
    with pytest.raises(errors.ExportError, match=says):
        compiled.save(tmp_path / "program")
    assert not list(tmp_path.iterdir())


def test_a_loaded_program_is_not_saved_again(tmp_path: Path) -> None:
    ft.jit(np.sin).lower(X).compile().save(tmp_path / "sin")
    with pytest.raises(errors.ExportError, match="Copy that file"):
        ft.load(tmp_path / "sin").save(tmp_path / "again")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    ft.jit(lambda x: np.sin(x) * TABLE[:5, 0]).lower(X).compile().save(path)
    return path


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """The file with another header and the checksum that belongs to it: a foreign, whole file."""
    data = path.read_bytes()
    start = len(program_file._MAGIC) + 32
    (length,) = struct.unpack("<Q", data[start : start + 8])
    header = json.loads(data[start + 8 : start + 8 + length])
    change(header)
    text = json.dumps(header).encode()
    content = struct.pack("<Q", len(text)) + text + data[start + 8 + length :]
    path.write_bytes(program_file._MAGIC + hashlib.sha256(content).digest() + content)


def test_every_damage_is_found(saved: Path) -> None:
    data = saved.read_bytes()
    rng = np.random.default_rng(0)
    head = len(program_file._MAGIC)
    places = [head, head + 32, head + 40, len(data) - 1, *rng.integers(head, len(data), 40)]
    for place in places:
        saved.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(errors.ProgramFileError, match="damaged"):
            ft.load(saved)
    for length in [head, head + 31, head + 33, len(data) // 2, len(data) - 1]:
        saved.write_bytes(data[:length])
        with pytest.raises(errors.ProgramFileError, match="damaged"):
            ft.load(saved)
    saved.write_bytes(data + b"\0")
    with pytest.raises(errors.ProgramFileError, match="damaged"):
        ft.load(saved)
    saved.write_bytes(data)
    ft.load(saved)


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"functrans progra", b"functrans cache 1\n"])
def test_other_files_are_told_apart(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(errors.ProgramFileError, match="no compiled program"):
        ft.load(tmp_path / "file")
    with pytest.raises(FileNotFoundError):
        ft.load(tmp_path / "nothing")


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda header: header.__setitem__(key, value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set("version", "9.9"), "written by functrans 9.9"),
        (_set("format", 2), "format 2"),
        (lambda h: h["machine"].update(processor="vax"), "processor vax"),
        (lambda h: h["machine"].update(system="plan9"), "system plan9"),
        (lambda h: h["machine"]["features"].append("avx4096"), "avx4096, which this one"),
        (lambda h: h["symbols"].append("no_such_function"), "no_such_function"),
        (lambda h: h["entries"].append(["blas", "no_such_routine"]), "no_such_routine"),
        (lambda h: h["entries"].append(["magic"]), "cannot be read"),
        (lambda h: h.pop("inputs"), "cannot be read"),
        (lambda h: h["inputs"][0].__setitem__(0, "no dtype"), "cannot be read"),
        (lambda h: h["sizes"].insert(0, 3), "cannot be read"),
    ],
)
def test_foreign_files_are_told_apart(
    change: Callable[[dict[str, Any]], None], says: str, saved: Path
) -> None:
    rewritten(saved, change)
    with pytest.raises(errors.ProgramFileError, match=says):
        ft.load(saved)


def test_a_file_with_pickles_is_refused(saved: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return pytest.fail, ("unpickled",)

    import io

    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([Trap()]), allow_pickle=True)
    bad = stream.getvalue()
    data = saved.read_bytes()
    start = len(program_file._MAGIC) + 32
    (length,) = struct.unpack("<Q", data[start : start + 8])
    header = json.loads(data[start + 8 : start + 8 + length])
    first = header["sizes"][0]
    header["sizes"][0] = len(bad)
    text = json.dumps(header).encode()
    rest = data[start + 8 + length + first :]
    content = struct.pack("<Q", len(text)) + text + bad + rest
    saved.write_bytes(program_file._MAGIC + hashlib.sha256(content).digest() + content)
    with pytest.raises(errors.ProgramFileError, match="cannot be read"):
        ft.load(saved)


def test_a_forged_file_is_told_by_its_checksum(saved: Path) -> None:
    digest = ft.jit(np.cos).lower(X).compile().save(saved.with_name("other"))
    with pytest.raises(errors.ProgramFileError, match="do not run it"):
        ft.load(saved, sha256=digest)
