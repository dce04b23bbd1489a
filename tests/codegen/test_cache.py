"""Programs on disk: found again, told apart, private, bounded, and never in the way."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import core
from functrans import numpy as fnp
from functrans.codegen import cache, host, key, link
from functrans.codegen.compile import compile_ir, load_kept
from functrans.codegen.executable import Executable
from functrans.core.jaxpr import Jaxpr
from functrans.core.primitive import Absent, Primitive
from functrans.core.trace import bind
from functrans.errors import CheckError, IndexBoundsError

ROOT = Path(__file__).parent.parent.parent
X = np.linspace(-1.0, 2.0, 12).reshape(3, 4)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, and no check of what is found."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("FUNCTRANS_CACHE_DIR", str(folder))
    monkeypatch.setenv("FUNCTRANS_CACHE_SIZE", "1G")
    monkeypatch.delenv("FUNCTRANS_CACHE", raising=False)
    monkeypatch.delenv("FUNCTRANS_CHECK", raising=False)
    yield folder
    key._sources.cache_clear()
    key._environment.cache_clear()


def traced(function: Callable[..., Any], *args: Any) -> Jaxpr:
    return ft.make_jaxpr(function)(*args)


def was_found(executable: Executable) -> bool:
    """Whether the program ran without its stages."""
    return "program" not in executable.__dict__


def layer(x: Any) -> Any:
    return fnp.tanh(x @ np.full((4, 5), 0.5)) * 2.0


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir())


def program_file(folder: Path, jaxpr: Jaxpr) -> Path:
    named = key.program_key(jaxpr)
    assert named is not None
    return folder / named[0].hex()


# --- found again ---------------------------------------------------------------------------------


def test_a_program_is_found_again(folder: Path) -> None:
    first = Executable(traced(layer, X))
    (expected,) = first(X)
    assert not was_found(first)
    made = files(folder)
    assert len(made) in (2, 3)  # the program, its machine code, and once a process the call stub's
    again = Executable(traced(layer, X))
    np.testing.assert_array_equal(again(X)[0], expected)
    assert was_found(again)
    again.as_text("buffers")
    assert not was_found(again)
    assert files(folder) == made


def gathered(x: Any) -> Any:
    return x[np.array([0, 2, 2])]


def special(x: Any) -> Any:
    from functrans.scipy.special import gammaln

    return gammaln(x + 3.0)


@pytest.mark.parametrize(
    "function",
    [
        layer,
        gathered,
        special,
        ft.grad(lambda x: fnp.sum(layer(x))),
        ft.jit(lambda x: (ft.jit(layer)(x), 7, np.float32(2.5))),
        lambda x: fnp.concatenate([x, np.zeros((1, 4)), np.arange(4.0)[None]]),
        lambda x: (x, x.T, np.arange(3)),
    ],
)
def test_what_is_found_gives_what_was_made(function: Any) -> None:
    expected = Executable(traced(function, X))(X)
    again = Executable(traced(function, X))
    for actual, wanted in zip(again(X), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
        assert actual.dtype == wanted.dtype
    assert was_found(again)


def test_tables_of_integers_are_written_and_floating_arrays_only_named() -> None:
    held = np.linspace(0.0, 1.0, 5)
    table = np.arange(6, dtype=np.int32).reshape(2, 3)
    entries = (held, np.array(2.5), table, np.zeros((0, 2), bool), link.RoutineAddress("dgemm"))
    data = link.Image(bytes(32), 64, entries).to_bytes([held])
    assert data is not None
    again = link.Image.from_bytes(data, [held]).entries
    assert again[0] is held
    assert again[4] == entries[4]
    for actual, expected in zip(again[1:4], entries[1:4], strict=True):
        np.testing.assert_array_equal(actual, expected)
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    for other in (held.copy(), np.zeros(1 << 16, int), print):
        assert link.Image(bytes(32), 64, (other,)).to_bytes([held]) is None


def test_programs_with_fallbacks_find_their_machine_code() -> None:
    def function(x: Any) -> Any:
        return fnp.sort(x * 2.0)

    Executable(traced(function, X))(X)
    before = cache.traffic.writes
    again = Executable(traced(function, X))
    np.testing.assert_array_equal(again(X)[0], np.sort(X * 2.0))
    assert not was_found(again)
    assert cache.traffic.writes == before


def test_errors_of_a_found_program_name_the_users_line() -> None:
    def function(x: Any, i: Any) -> Any:
        return x[i]  # here

    for _ in range(2):
        executable = Executable(traced(function, X, 1))
        executable(X, 1)
    assert was_found(executable)
    with pytest.raises(IndexBoundsError, match="here"):
        executable(X, 7)


def test_inputs_without_information_are_no_inputs() -> None:
    jaxpr = traced(lambda x: x * 2.0, X)
    nothing = np.zeros((2,), core.avals.float0)
    for found in (False, True):
        closed = traced(lambda x, n: x * 2.0, X, nothing)
        executable = Executable(closed)
        np.testing.assert_array_equal(executable(X, nothing)[0], 2.0 * X)
        assert (key.program_key(jaxpr) is not None) or not found


def test_values_of_float_constants_are_not_part_of_a_program(folder: Path) -> None:
    def closing_over(weights: Any) -> Any:
        return lambda x: fnp.sum((x * weights) @ weights.T) + weights[1]

    rng = np.random.default_rng(1)
    for n in range(4):
        weights = rng.normal(size=(3, 4))
        executable = Executable(traced(closing_over(weights), X))
        expected = np.sum((X * weights) @ weights.T) + weights[1]
        np.testing.assert_allclose(executable(X)[0], expected, rtol=1e-12)
        assert was_found(executable) == (n > 0)


# --- told apart ----------------------------------------------------------------------------------


def taken(indices: list[int]) -> Any:
    chosen = np.array(indices)
    return lambda x: x[chosen]


A, B, C = np.arange(4.0), np.arange(4.0), np.full(4, 7.0)
DIFFERENT: dict[str, tuple[Any, Any]] = {
    "a number": (lambda x: x * 2.0, lambda x: x * 3.0),
    "the last bit of a number": (lambda x: x + 0.1, lambda x: x + np.nextafter(0.1, 1)),
    "the sign of zero": (lambda x: x * 0.0 + 0.0, lambda x: x * 0.0 + -0.0),
    "weakness": (lambda x: x.astype("f4") * 2.0, lambda x: x.astype("f4") * np.float64(2.0)),
    "a number's kind": (lambda x: fnp.full((2,), 1), lambda x: fnp.full((2,), True)),
    "a power": (lambda x: x**2, lambda x: x**3),
    "an operation": (fnp.sin, fnp.cos),
    "a parameter": (lambda x: fnp.sum(x, axis=0), lambda x: fnp.sum(x, axis=1)),
    "indices": (taken([0, 1]), taken([1, 0])),
    "indices out of bounds": (taken([0, 1]), taken([0, 9])),
    "a mask": (lambda x: x[[True, False, True]], lambda x: x[[False, True, True]]),
    "one array or two": (lambda x: x + A - A, lambda x: x + A - B),
    "how often an array is read": (lambda x: x + A - C - A, lambda x: x + A - C - C),
    "the order of outputs": (lambda x: (x, 2 * x), lambda x: (2 * x, x)),
    "which input": (lambda x: fnp.dot(x, x.T), lambda x: fnp.dot(x.T, x)),
    "a called program": (ft.jit(lambda x: x + 1), ft.jit(lambda x: x + 2)),
    "a branch": (lambda x: fnp.where(x > 0, x, 0), lambda x: fnp.where(x >= 0, x, 0)),
    "the mode of a gather": (
        lambda x: fnp.take(x, np.array([9]), mode="clip"),
        lambda x: fnp.take(x, np.array([9]), mode="wrap"),
    ),
}


def key_of(function: Any, *args: Any) -> bytes:
    named = key.program_key(traced(function, *args))
    assert named is not None
    return named[0]


@pytest.mark.parametrize("what", DIFFERENT)
def test_programs_that_differ_have_different_keys(what: str) -> None:
    """And each of them its own result, with the other in the cache."""
    one, other = DIFFERENT[what]
    assert key_of(one, X) != key_of(other, X)
    for function in (one, other, one, other):
        try:
            expected = function(X)
        except IndexError:
            with pytest.raises(IndexError):
                Executable(traced(function, X))(X)
            continue
        expected = expected if isinstance(expected, tuple) else (expected,)
        for actual, wanted in zip(Executable(traced(function, X))(X), expected, strict=True):
            np.testing.assert_allclose(actual, wanted, rtol=1e-12)
            assert actual.dtype == np.asarray(wanted).dtype


def test_types_of_arguments_are_part_of_a_key() -> None:
    arguments = [X, X.astype("f4"), X[0], X.T, 2.0, np.float64(2.0), 2, np.int64(2), True, 1j]
    assert len({key_of(lambda x: x + x, a) for a in arguments}) == len(arguments)


def test_lines_and_names_are_not() -> None:
    def one(x: Any) -> Any:
        return fnp.sin(x)

    def other(y: Any) -> Any:
        z = y
        return fnp.sin(z)

    assert key_of(one, X) == key_of(other, X)
    assert key_of(ft.jit(one), X) == key_of(ft.jit(other), X)


def test_primitives_of_others_have_no_key_but_work() -> None:
    def double(name: str, scale: float) -> Primitive:
        return Primitive(
            name,
            lambda a: a,
            lambda x: x * scale,
            Absent("a test"),
            Absent("a test"),
            Absent("a test"),
            lambda avals, out: ft.kernel.Fallback("a test"),
        )

    for scale in (2.0, 3.0):
        primitive = double("double", scale)
        jaxpr = traced(lambda x, p=primitive: bind(p, x + 0.0), X)
        assert key.program_key(jaxpr) is None
        np.testing.assert_array_equal(Executable(jaxpr)(X)[0], scale * X)


def test_every_primitive_of_ours_has_a_name() -> None:
    names = key._names()
    assert len(set(names.values())) == len(names)
    gc.unfreeze()  # what tests/conftest.py keeps from the collector is looked at too
    alive = [o for o in gc.get_objects() if type(o) is Primitive]
    gc.freeze()
    ours = [p for p in alive if p.impl.__module__.startswith("functrans.") and p.name != "double"]
    assert ours
    assert all(p in names for p in ours)


def test_callables_in_parameters_have_no_key() -> None:
    jaxpr = traced(lambda x: fnp.sum(x, axis=0), X)
    eqn = jaxpr.eqns[0]
    eqn.params["axes"] = lambda: 0
    assert key.program_key(jaxpr) is None


def test_the_machine_and_the_switches_are_part_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [key_of(fnp.sin, X)]

    def next_key() -> None:
        key._environment.cache_clear()
        keys.append(key_of(fnp.sin, X))

    target, cpu, features = host.target()
    with monkeypatch.context() as other:
        other.setattr(host, "target", lambda: (target, "pentium", features))
        next_key()
        other.setattr(host, "target", lambda: (target, cpu, features + ",+sse9"))
        next_key()
    with monkeypatch.context() as other:
        other.setattr(np, "__version__", "0.1")
        next_key()
    with monkeypatch.context() as other:
        other.setattr(key, "_sources", lambda: "another version of functrans")
        next_key()
    monkeypatch.setenv("FUNCTRANS_SOMETHING", "1")
    next_key()
    monkeypatch.setenv("FUNCTRANS_SOMETHING", "2")
    next_key()
    assert len(set(keys)) == len(keys)
    monkeypatch.setenv("FUNCTRANS_CACHE_SIZE", "2G")
    before = keys[-1]
    next_key()
    assert keys[-1] == before


def test_a_package_that_changed_under_the_process_is_no_cache(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setattr(core, "loaded_at", 0.0)
    key._sources.cache_clear()
    key._environment.cache_clear()
    assert key.environment() is None
    np.testing.assert_allclose(Executable(traced(fnp.cos, X))(X)[0], np.cos(X), rtol=1e-14)
    assert not folder.exists()


def test_texts_are_equal_in_every_process() -> None:
    code = """
        import numpy as np, functrans as ft, functrans.numpy as fnp
        from functrans.codegen import key
        x = np.ones((3, 4))
        f = ft.value_and_grad(lambda x: fnp.sum(fnp.tanh(x @ x.T) * fnp.exp(x[[0, 2, 1]][:, :3])))
        lowered = ft.jit(f).lower(x)
        print(key.text_key(lowered.as_text("llvm"), "program").hex())
        print(key.program_key(lowered.jaxpr)[0].hex())
        """
    found = set()
    for seed in ("0", "1"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", dedent(code)]
        found.add(subprocess.check_output(command, cwd=ROOT, env=environment))
    assert len(found) == 1


def test_checked_processes_compare_what_they_find(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sine, cosine = traced(fnp.sin, X), traced(fnp.cos, X)
    Executable(sine)(X)
    Executable(cosine)(X)
    (wrong, _), (right, _) = key.program_key(sine), key.program_key(cosine)  # type: ignore[misc]
    content = cache.get(wrong)
    assert content is not None
    cache.put(right, content)
    monkeypatch.setenv("FUNCTRANS_CHECK", "1")
    monkeypatch.setattr(key, "environment", lambda: key._environment(()))
    with pytest.raises(CheckError, match="another program"):
        Executable(traced(fnp.cos, X))(X)


# --- damaged, missing, unwritable ----------------------------------------------------------------


def damages(data: bytes) -> Iterator[bytes]:
    for end in (0, 1, 17, 18, 49, 50, 81, 82, 83, len(data) // 2, len(data) - 1):
        yield data[:end]
    for place in (0, 16, 20, 60, 82, len(data) // 2, len(data) - 1):
        yield data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    yield data.replace(b"cache 1", b"cache 0")
    yield data + b"more"
    yield bytes(len(data))


@pytest.mark.parametrize("which", ["program", "machine code"])
def test_damaged_entries_are_made_anew(folder: Path, which: str) -> None:
    jaxpr = traced(layer, X)
    (expected,) = Executable(jaxpr)(X)
    program = program_file(folder, jaxpr)
    code = link.Image.from_bytes(cache.get(bytes.fromhex(program.name)) or b"", [None] * 9).code
    file = program if which == "program" else folder / code.hex()
    good = file.read_bytes()
    for bad in damages(good):
        file.write_bytes(bad)
        executable = Executable(jaxpr)
        np.testing.assert_array_equal(executable(X)[0], expected)
        assert not was_found(executable)
        assert file.read_bytes() == good


def test_an_entry_under_the_name_of_another_is_none(folder: Path) -> None:
    for function in (fnp.sin, fnp.cos):
        Executable(traced(function, X))(X)
    sine, cosine = (program_file(folder, traced(f, X)) for f in (fnp.sin, fnp.cos))
    cosine.write_bytes(sine.read_bytes())
    np.testing.assert_allclose(Executable(traced(fnp.cos, X))(X)[0], np.cos(X), rtol=1e-14)


def test_machine_code_that_is_gone_is_made_anew(folder: Path) -> None:
    Executable(traced(layer, X))(X)
    for file in files(folder):
        if file != program_file(folder, traced(layer, X)):
            file.unlink()
    executable = Executable(traced(layer, X))
    executable(X)
    assert not was_found(executable)


def test_machine_code_that_calls_what_is_not_here_is_a_miss() -> None:
    code = compile_ir("define i32 @number() { ret i32 5 }", "number")
    name = bytes(32)
    cache.put(name, b"sin\n" + code.object_code)
    assert load_kept(name, "number") is not None
    cache.put(name, b"sin no_such_function_anywhere\n" + code.object_code)
    assert load_kept(name, "number") is None


def test_no_cache_where_it_is_turned_off(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTRANS_CACHE", "0")
    Executable(traced(layer, X))(X)
    assert not folder.exists()


def test_a_folder_that_cannot_be_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUNCTRANS_CACHE_DIR", str(tmp_path / "file" / "folder"))
    Executable(traced(layer, X))(X)


def test_a_folder_that_is_gone_is_no_error(folder: Path) -> None:
    Executable(traced(layer, X))(X)
    for file in files(folder):
        file.unlink()
    folder.rmdir()
    np.testing.assert_allclose(Executable(traced(fnp.sin, X))(X)[0], np.sin(X), rtol=1e-14)


def full(*_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def half_written(file: Path, data: bytes) -> None:
    file.write_bytes(data[: len(data) // 2])
    full()


@pytest.mark.parametrize(
    ("module", "name", "replacement"),
    [
        (cache, "_write", half_written),
        (cache, "_write", full),
        (os, "replace", full),
    ],
)
def test_a_full_disk_leaves_no_trace(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, replacement: Any
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(module, name, replacement)
        np.testing.assert_allclose(Executable(traced(fnp.sin, X))(X)[0], np.sin(X), rtol=1e-14)
        assert not files(folder)
    Executable(traced(fnp.sin, X))(X)
    assert len(files(folder)) >= 2


def test_a_file_system_for_reading_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Executable(traced(fnp.sin, X))(X)
    for file in files(folder):
        os.utime(file, (0, 0))  # as if it had to be marked as used

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr(cache, "_write", refuse)
    found = Executable(traced(fnp.sin, X))
    found(X)
    assert was_found(found)
    Executable(traced(fnp.cos, X))(X)


def test_an_interrupted_writer_leaves_no_trace(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = Executable(traced(fnp.sin, X))
    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            executable(X)
    assert not files(folder)
    np.testing.assert_allclose(executable(X)[0], np.sin(X), rtol=1e-14)


# --- private -------------------------------------------------------------------------------------

posix = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")


@posix
def test_folder_and_files_are_private(folder: Path) -> None:
    Executable(traced(layer, X))(X)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in files(folder)} == {0o600}


@posix
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702, 0o1777])
def test_a_folder_that_others_can_write_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.warns(RuntimeWarning, match="FUNCTRANS_CACHE_DIR"):
        Executable(traced(layer, X))(X)
    Executable(traced(fnp.sin, X))(X)  # one warning is enough
    assert not files(folder)


@posix
def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="others can write"):
        assert cache._usable(folder) is None


@posix
def test_files_of_another_user_are_none(folder: Path) -> None:
    Executable(traced(layer, X))(X)
    for file in files(folder):
        file.chmod(0o622)
    executable = Executable(traced(layer, X))
    executable(X)
    assert not was_found(executable)


def test_the_usual_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache._usual_folder() == Path("/home/me/.cache/functrans")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache._usual_folder() == Path("/home/me/.cache/functrans")
    monkeypatch.setenv("XDG_CACHE_HOME", "/fast")
    assert cache._usual_folder() == Path("/fast/functrans")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache._usual_folder() == Path("/home/me/Library/Caches/functrans")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert cache._usual_folder() is None
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache._usual_folder() == Path("/local/functrans")


# --- bounded -------------------------------------------------------------------------------------


def test_what_was_not_used_for_longest_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNCTRANS_CACHE_SIZE", "1M")
    monkeypatch.setattr(cache, "_chance", lambda: 1e9)
    names = [bytes([i]) * 32 for i in range(24)]
    now = time.time()
    for i, name in enumerate(names):
        cache.put(name, bytes(60_000))
        os.utime(folder / name.hex(), (now - 5000 + i, now - 5000 + i))
    assert len(files(folder)) == 24
    assert cache.get(names[0]) is not None  # used now
    (folder / "a file of the user").write_text("")
    (folder / "old.part").write_text("")
    (folder / "new.part").write_text("")
    os.utime(folder / "old.part", (0, 0))
    monkeypatch.setattr(cache, "_chance", lambda: 0.0)
    cache.put(bytes(32), b"one more")
    left = {file.name for file in files(folder)}
    assert {"a file of the user", "new.part", names[0].hex(), bytes(32).hex()} <= left
    assert "old.part" not in left
    assert names[1].hex() not in left
    assert names[23].hex() in left
    total = sum((folder / name).stat().st_size for name in left)
    assert (1 << 20) * 3 // 4 < total <= 1 << 20


def test_the_folder_stays_near_its_bound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTRANS_CACHE_SIZE", "1M")
    largest = 0
    for i in range(600):
        cache.put(i.to_bytes(32, "big"), bytes(8000))
        if i % 20 == 0:
            largest = max(largest, sum(file.stat().st_size for file in files(folder)))
    assert (1 << 19) < largest < 3 * (1 << 19)


def test_sizes_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"1000": 1000, "2k": 2048, "1.5M": 3 << 19, " 1G ": 1 << 30, "0": 0}
    for text, size in sizes.items():
        monkeypatch.setenv("FUNCTRANS_CACHE_SIZE", text)
        assert cache._limit() == size
    monkeypatch.setenv("FUNCTRANS_CACHE_SIZE", "much")
    with pytest.warns(RuntimeWarning, match="FUNCTRANS_CACHE_SIZE"):
        assert cache._limit() == 256 << 20


def test_the_users_random_numbers_stay_theirs() -> None:
    import random

    random.seed(3)
    expected = random.random()
    random.seed(3)
    Executable(traced(layer, X))(X)
    assert random.random() == expected


# --- many at once, and fresh processes -----------------------------------------------------------


def test_threads_share_the_cache() -> None:
    errors: list[BaseException] = []
    barrier = threading.Barrier(8)

    def work(seed: int) -> None:
        try:
            barrier.wait()
            for n in range(4):
                scale = float((n + seed) % 4)
                executable = Executable(traced(lambda x, s=scale: fnp.sin(x) * s, X))
                np.testing.assert_allclose(executable(X)[0], np.sin(X) * scale, rtol=1e-14)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


PROGRAM = """
    import sys, numpy as np, functrans as ft, functrans.numpy as fnp
    from benchmarks.models import mlp_arguments, mlp_loss
    params, x, targets = mlp_arguments()
    gradient = ft.jit(ft.grad(mlp_loss(fnp)))(params, x, targets)
    print(float(gradient[0][0].sum()).hex())
    from functrans.codegen import cache
    print(cache.traffic.hits, cache.traffic.misses, cache.traffic.writes)
    print(*(m for m in ("numba", "scipy", "functrans.codegen.pipeline") if m in sys.modules))
    """


def start(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", dedent(code)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out.splitlines()


def test_a_warm_process_builds_nothing() -> None:
    cold = output(start(PROGRAM))
    warm = output(start(PROGRAM))
    assert cold[0] == warm[0]
    assert cold[1] == "0 3 3"
    assert warm[1] == "3 0 0"
    assert warm[2] == ""


def test_processes_compile_the_same_function_at_once(folder: Path) -> None:
    found = [output(process) for process in [start(PROGRAM) for _ in range(8)]]
    assert len({lines[0] for lines in found}) == 1
    assert len(files(folder)) == 3


@posix
def test_a_disk_that_is_really_full(folder: Path) -> None:
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
    out = output(start(limited + dedent(PROGRAM), PYTHONDONTWRITEBYTECODE="1"))
    assert out[1].split()[0] == "0"
    assert all(file.stat().st_size <= 2000 for file in files(folder))
    assert not [file for file in files(folder) if file.suffix == ".part"]
    assert output(start(PROGRAM))[0] == out[0]
