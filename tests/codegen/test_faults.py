"""Compiling under bad conditions: interrupts, forks, killed and racing processes, many threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import numpy as fnp
from functrans.codegen import cache

ROOT = Path(__file__).parent.parent.parent

posix = pytest.mark.skipif(os.name != "posix", reason="needs signals and fork")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("FUNCTRANS_CACHE_DIR", str(folder))
    monkeypatch.delenv("FUNCTRANS_CACHE", raising=False)
    monkeypatch.delenv("FUNCTRANS_CHECK", raising=False)
    return folder


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_whole(file: Path) -> bool:
    return cache.read(file) is not None


INTERRUPTED = """
    import os, signal, sys
    import numpy as np, functrans as ft, functrans.numpy as fnp
    from functrans.codegen.executable import Executable

    def raised(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, raised)
    x = np.linspace(0.0, 1.0, 50)
    interrupts = 0
    for n in range(60):
        function = ft.jit(lambda x: fnp.sin(x * n) + fnp.exp(x) * n)
        signal.setitimer(signal.ITIMER_REAL, 0.0005 * (1 + n % 60))
        try:
            function(x)
            while n % 3 == 0:  # from the cache, until the interrupt comes
                ft.jit(lambda x: fnp.sin(x * n) + fnp.exp(x) * n)(x)
        except KeyboardInterrupt:
            interrupts += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        expected = np.sin(x * n) + np.exp(x) * n
        np.testing.assert_allclose(function(x), expected, rtol=1e-13)
    print(interrupts)
    """


@posix
def test_interrupts_leave_neither_half_entries_nor_a_broken_compiler(folder: Path) -> None:
    assert int(run(INTERRUPTED)) >= 20
    names = [file for file in folder.iterdir() if file.suffix != ".part"]
    assert len(names) > 60
    assert all(map(is_whole, names))
    left = [file for file in folder.iterdir() if file.suffix == ".part"]
    assert len(left) <= 1  # a background job that the end of the process cut short


@posix
def test_a_killed_writer_is_only_a_miss(folder: Path) -> None:
    code = """
        import os, signal, numpy as np, functrans as ft
        def killed(*_):
            os.kill(os.getpid(), signal.SIGKILL)
        os.replace = killed
        ft.jit(lambda x: x + 1.0)(np.ones(3))
        """
    done = subprocess.run([sys.executable, "-c", dedent(code)], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [file.suffix for file in folder.iterdir()] == [".part"]
    np.testing.assert_array_equal(ft.jit(lambda x: x + 1.0)(np.ones(3)), np.full(3, 2.0))


FORKED = """
    import os, threading, warnings
    import numpy as np, functrans as ft, functrans.numpy as fnp
    warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads

    x = np.linspace(0.0, 1.0, 50)
    old = ft.jit(lambda x: fnp.sin(x) * 2.0)
    sort = ft.jit(lambda x: fnp.sort(-x))
    old(x), sort(x)
    stop = threading.Event()

    def compiling(n=0):
        while not stop.is_set():
            ft.jit(lambda x, n=n: fnp.exp(x) * float(n))(x)
            n += 1

    others = [threading.Thread(target=compiling, args=(i * 10000,)) for i in range(2)]
    for other in others:
        other.start()
    for n in range(10):
        child = os.fork()
        if child == 0:
            try:
                np.testing.assert_allclose(old(x), np.sin(x) * 2.0)
                np.testing.assert_array_equal(sort(x), np.sort(-x))
                new = ft.jit(lambda x: fnp.tanh(x) + n)
                np.testing.assert_allclose(new(x), np.tanh(x) + n)
                os._exit(0)
            except BaseException:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert status == 0, status
        np.testing.assert_allclose(old(x), np.sin(x) * 2.0)
    stop.set()
    for other in others:
        other.join()
    new = ft.jit(lambda x: fnp.tanh(x) + 3)
    np.testing.assert_allclose(new(x), np.tanh(x) + 3)
    """


@posix
def test_forks_use_old_programs_and_compile_new_ones(folder: Path) -> None:
    run(FORKED)
    assert all(is_whole(file) for file in folder.iterdir() if file.suffix != ".part")


RACING = """
    import os, sys
    from functrans.codegen import cache

    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    for n in range(1500):
        number = (n * 7 + seed * 3) % 97
        key = bytes([number]) * 32
        content = cache.get(key)
        assert content is None or content == bytes([number]) * (1000 + number), number
        if content is None or n % 5 == seed:
            cache.put(key, bytes([number]) * (1000 + number))
    print(cache.traffic.hits > 0)
    """


def test_racing_writers_and_sweeps_show_whole_entries_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNCTRANS_CACHE_SIZE", "64K")  # less than all entries: sweeps all the time
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", dedent(RACING), str(i)], cwd=ROOT, stdout=subprocess.PIPE
        )
        for i in range(4)
    ]
    for process in processes:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert out.strip() == b"True"
    assert all(is_whole(file) for file in folder.iterdir())


def test_threads_compile_one_function_at_once() -> None:
    x = np.linspace(0.0, 1.0, 1000)
    function = ft.jit(ft.grad(lambda x: fnp.sum(fnp.tanh(x) * fnp.cumsum(x))))
    expected = ft.grad(lambda x: fnp.sum(fnp.tanh(x) * fnp.cumsum(x)))(x)
    barrier = threading.Barrier(8)
    results: list[Any] = [None] * 8

    def work(i: int) -> None:
        barrier.wait()
        results[i] = function(x)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_a_bad_cache_is_never_the_users_problem(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call of the file system that the cache makes may fail."""
    x = np.ones(3)
    for module, name in [
        (os, "replace"), (os, "fstat"), (os, "utime"), (os, "mkdir"), (os, "unlink"),
        (os, "open"), (os, "listdir"), (os, "stat"), (Path, "open"), (Path, "iterdir"),
    ]:  # fmt: skip

        def fail(*_: Any, **__: Any) -> Any:
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as broken:
            broken.setenv("FUNCTRANS_CACHE_DIR", str(folder / name))
            broken.setattr(cache, "_chance", lambda: 0.0)
            broken.setattr(module, name, fail)
            for scale in (1.5, 1.5, 2.5):
                function = ft.jit(lambda x, s=scale: x * s)
                np.testing.assert_array_equal(function(x), x * scale)
