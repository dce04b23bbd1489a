"""The call stub: what it takes, what it hands on, what it returns, and that nothing leaks."""

from __future__ import annotations

import ctypes
import gc
import pickle
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from functrans.codegen.call import Signature, make_stub
from functrans.codegen.compile import compile_ir
from functrans.core.avals import Aval
from functrans.tree import LEAF
from tests.leaks import assert_nothing_stays

F64 = np.dtype(np.float64)
VECTOR = Aval((4,), F64)
ONE = Signature((LEAF,), {}, LEAF)

_ENTRY = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


def miss(*args: Any, **kwargs: Any) -> Any:
    return "miss", args, kwargs


def fail(status: int) -> Any:
    raise ValueError(f"status {status}")


def double_vector() -> Any:
    return compile_ir(
        """define i32 @double(ptr %args, ptr %outs, ptr %consts, ptr %workspace) {
          %a = load ptr, ptr %args
          %o = load ptr, ptr %outs
          %x = load <4 x double>, ptr %a, align 8
          %y = fadd <4 x double> %x, %x
          store <4 x double> %y, ptr %o, align 8
          ret i32 0
        }""",
        "double",
        tier="stub",
    )


def signature(ins: Sequence[Aval], outs: Sequence[Aval], single: bool) -> Signature:
    flat = Signature.flat(len(ins), len(outs))
    return Signature(flat.positional, {}, LEAF) if single else flat


def stub_of(
    body: Callable[[list[Any], list[Any], int], int | None],
    ins: Sequence[Aval],
    outs: Sequence[Aval],
    workspace: int = 0,
    single: bool = True,
    **options: Any,
) -> Any:
    """A stub whose entry is a Python function of operand views, output views and workspace."""

    def entry(args: int, out_table: int, consts: int, space: int) -> int:
        views = [_views(args, ins), _views(out_table, outs)]
        return body(views[0], views[1], space) or 0

    callback = _ENTRY(entry)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address
    return make_stub(
        address, ins, outs, 0, workspace, signature(ins, outs, single), options.pop("miss", miss),
        fail, keep=(callback,), **options,
    )  # fmt: skip


def _views(table: int, avals: Sequence[Aval]) -> list[Any]:
    pointers = (ctypes.c_void_p * len(avals)).from_address(table) if avals else []
    views = []
    for pointer, aval in zip(pointers, avals, strict=True):
        buffer = (ctypes.c_char * aval.nbytes).from_address(pointer)
        views.append(np.frombuffer(buffer, aval.dtype).reshape(aval.shape))
    return views


def copy(ins: list[Any], outs: list[Any], space: int) -> None:
    for source, target in zip(ins, outs, strict=True):
        target[...] = source


@pytest.fixture(scope="module")
def double() -> Any:
    code = double_vector()
    return make_stub(code.address, [VECTOR], [VECTOR], 0, 0, ONE, miss, fail, keep=(code,))


def test_array_in_and_out(double: Any) -> None:
    x = np.arange(4.0)
    y = double(x)
    assert type(y) is np.ndarray
    assert y.dtype == F64
    assert y.flags.owndata
    assert y.flags.c_contiguous
    assert y.flags.writeable
    np.testing.assert_array_equal(y, 2 * x)


class Sub(np.ndarray[Any, Any]):
    pass


@pytest.mark.parametrize(
    "argument",
    [
        3.0, [1.0, 2.0, 3.0, 4.0], "text", None, np.arange(5.0), np.arange(8.0)[::2].view(Sub),
        np.arange(4), np.arange(4.0, dtype=np.float32),
        np.arange(4.0).reshape(2, 2), np.arange(4.0).reshape(1, 4), np.arange(4.0).view(Sub),
        np.arange(4.0).astype(">f8"), np.float64(1.0), np.zeros(()), np.zeros(0),
        np.zeros(4, object), np.ma.zeros(4),
    ],
)  # fmt: skip
def test_what_is_not_described_misses(double: Any, argument: Any) -> None:
    word, args, kwargs = double(argument)
    assert word == "miss"
    assert args[0] is argument
    assert kwargs == {}


def loose_vectors() -> dict[str, Any]:
    """0, 1, 2, 3 as doubles that do not lie one behind the other, or not at a double's place."""
    unaligned = np.zeros(33, np.uint8)[1:].view(F64)
    unaligned[:] = np.arange(4.0)
    return {
        "column": np.arange(0.0, 4.0, 0.5).reshape(4, 2)[:, 0],
        "every other": np.arange(0.0, 4.0, 0.5)[::2],
        "backwards": np.arange(3.0, -1.0, -1.0)[::-1],
        "unaligned": unaligned,
    }


@pytest.mark.parametrize("kind", loose_vectors())
def test_what_is_not_contiguous_is_copied(double: Any, kind: str) -> None:
    x = loose_vectors()[kind]
    assert not (x.flags.c_contiguous and x.flags.aligned)
    before = x.copy(), sys.getrefcount(x)
    np.testing.assert_array_equal(double(x), 2 * np.arange(4.0))
    np.testing.assert_array_equal(x, before[0])
    assert sys.getrefcount(x) == before[1]


def test_copies_reach_stubs_and_the_python_path_that_come_later() -> None:
    first = stub_of(copy, [VECTOR, VECTOR], [VECTOR, VECTOR], single=False)
    pair = Aval((2,), F64)
    second = stub_of(copy, [pair, pair], [pair, pair], single=False, miss=first)
    x, y = np.arange(8.0)[::2], np.arange(4.0)
    assert np.array_equal(second(x, y), [x, y])
    word, args, _ = second(np.arange(6.0)[::2], y)
    assert word == "miss"
    np.testing.assert_array_equal(args[0], [0.0, 2.0, 4.0])
    assert args[1] is y


def test_counts_and_keywords_miss(double: Any) -> None:
    x = np.arange(4.0)
    assert double() == ("miss", (), {})
    assert len(double(x, x)[1]) == 2
    assert double(x, key=1)[2] == {"key": 1}
    assert double(key=x)[1] == ()


def test_read_only_arrays_are_taken(double: Any) -> None:
    x = np.arange(4.0)
    x.flags.writeable = False
    np.testing.assert_array_equal(double(x), 2 * x)


def test_equal_dtypes_in_other_objects_are_taken(double: Any) -> None:
    x = pickle.loads(pickle.dumps(np.arange(4.0)))
    assert x.dtype is not F64
    np.testing.assert_array_equal(double(x), 2 * x)
    tagged = np.arange(4.0).view(np.dtype(np.float64, metadata={"unit": "m"}))
    np.testing.assert_array_equal(double(tagged), 2 * x)
    stub = stub_of(copy, [Aval((3,), np.dtype(np.int64))], [Aval((3,), np.dtype(np.int64))])
    for code in "lq":
        assert stub(np.arange(3, dtype=code)).dtype == np.int64
    for other in ("L", "m8[s]", "M8[s]", "d", ">i8", "S8", "V8"):
        assert stub(np.zeros(3, other))[0] == "miss"


def test_stubs_chain() -> None:
    first = stub_of(copy, [VECTOR], [VECTOR])
    pair = Aval((2,), F64)
    second = stub_of(copy, [pair], [pair], miss=first)
    assert second(np.ones(2)).shape == (2,)
    assert second(np.ones(4)).shape == (4,)
    assert second(np.ones(3))[0] == "miss"


ALL = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 complex64 " \
    "complex128 longdouble clongdouble"  # fmt: skip


@pytest.mark.parametrize("name", ALL.split())
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0, 3), (1,) * 9])
def test_every_dtype_and_rank(name: str, shape: tuple[int, ...]) -> None:
    aval = Aval(shape, np.dtype(name))
    stub = stub_of(copy, [aval], [aval])
    array = np.arange(aval.size).reshape(shape).astype(aval.dtype)
    array = array + aval.dtype.type(1)
    result = stub(array)
    assert type(result) is (np.ndarray if shape else aval.dtype.type)
    np.testing.assert_array_equal(result, array)
    assert result.dtype == aval.dtype
    if not shape:  # a scalar and a rank-0 array are the same aval
        np.testing.assert_array_equal(stub(array[()]), array)


@pytest.mark.parametrize(
    ("value", "good"),
    [(1.5, True), (2, False), (np.float64(1.5), False), (True, False), (np.array(1.5), False)],
)
def test_weak_floats_are_python_floats(value: Any, good: bool) -> None:
    stub = stub_of(copy, [Aval((), F64, weak=True)], [Aval((), F64)])
    result = stub(value)
    assert (result == value and type(result) is np.float64) if good else result[0] == "miss"


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (0, True), (-5, True), (2**63 - 1, True), (-(2**63), True), (2**63, False),
        (-(2**63) - 1, False), (10**30, False), (True, False), (1.0, False), (np.int64(3), False),
    ],
)  # fmt: skip
def test_weak_ints_are_python_ints(value: Any, good: bool) -> None:
    i64 = np.dtype(np.int64)
    stub = stub_of(copy, [Aval((), i64, weak=True)], [Aval((), i64)])
    result = stub(value)
    assert (result == value and type(result) is np.int64) if good else result[0] == "miss"


def test_weak_complex() -> None:
    c128 = np.dtype(np.complex128)
    stub = stub_of(copy, [Aval((), c128, weak=True)], [Aval((), c128)])
    assert stub(1 + 2j) == 1 + 2j
    assert stub(1.0)[0] == "miss"


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_, np.array(True)])
def test_bools(value: Any) -> None:
    aval = Aval((), np.dtype(bool))
    result = stub_of(copy, [aval], [aval])(value)
    assert type(result) is np.bool_
    assert result == value


def test_strong_scalars_refuse_python_numbers() -> None:
    stub = stub_of(copy, [Aval((), F64)], [Aval((), F64)])
    for value in (1.0, 1, True, np.float32(1), np.int64(1)):
        assert stub(value)[0] == "miss"


def test_many_outputs() -> None:
    avals = [VECTOR, Aval((), F64), Aval((2, 2), np.dtype(np.int32))]
    stub = stub_of(copy, avals, avals, single=False)
    values = (np.arange(4.0), np.float64(7), np.ones((2, 2), np.int32))
    results = stub(*values)
    assert type(results) is tuple
    assert len(results) == 3
    for result, value in zip(results, values, strict=True):
        np.testing.assert_array_equal(result, value)
    assert type(stub_of(copy, [VECTOR], [VECTOR], single=False)(np.ones(4))) is tuple


def test_no_arguments_and_no_outputs() -> None:
    def seven(ins: list[Any], outs: list[Any], space: int) -> None:
        outs[0][...] = 7

    assert stub_of(seven, [], [Aval((), F64)])() == 7
    assert stub_of(lambda i, o, s: None, [VECTOR], [], single=False)(np.ones(4)) == ()


def test_more_leaves_than_fit_on_the_stack() -> None:
    avals = [Aval((), F64)] * 2000
    stub = stub_of(copy, avals, avals, single=False)
    values = [np.float64(i) for i in range(2000)]
    for _ in range(3):
        assert stub(*values) == tuple(values)
        assert stub(*values[1:], None)[0] == "miss"


def test_status_reaches_fail() -> None:
    calls: list[int] = []

    def bad(ins: list[Any], outs: list[Any], space: int) -> int:
        calls.append(1)
        return 42 if ins[0][0] < 0 else 0

    stub = stub_of(bad, [VECTOR], [VECTOR, Aval((), F64)], workspace=1 << 20, single=False)
    for _ in range(3):
        with pytest.raises(ValueError, match="status 42"):
            stub(np.full(4, -1.0))
        assert len(stub(np.ones(4))) == 2
    assert len(calls) == 6


def test_busy_counter_sends_calls_to_miss() -> None:
    busy = np.zeros(1, np.int64)
    stub = stub_of(copy, [VECTOR], [VECTOR], busy_address=busy.ctypes.data)
    assert type(stub(np.ones(4))) is np.ndarray
    busy[0] = 1
    assert stub(np.ones(4))[0] == "miss"
    busy[0] = 0
    assert type(stub(np.ones(4))) is np.ndarray


@pytest.mark.parametrize("size", [1, 100, 16 * 1024, 16 * 1024 + 1, 1 << 20])
def test_workspace_is_aligned_and_writable(size: int) -> None:
    def fill(ins: list[Any], outs: list[Any], space: int) -> None:
        assert space % 64 == 0
        ctypes.memset(space, 7, size)
        copy(ins, outs, space)

    stub = stub_of(fill, [VECTOR], [VECTOR], workspace=size)
    for _ in range(3):
        np.testing.assert_array_equal(stub(np.arange(4.0)), np.arange(4.0))


@pytest.mark.parametrize("size", [64, 1 << 20])
def test_recursion_gives_each_call_its_own_workspace(size: int) -> None:
    spaces: list[int] = []

    def recurse(ins: list[Any], outs: list[Any], space: int) -> None:
        spaces.append(space)
        ctypes.memset(space, len(spaces), size)
        mark = ctypes.string_at(space, 8)
        if len(spaces) < 5:
            stub(ins[0].copy())
        assert ctypes.string_at(space, 8) == mark
        copy(ins, outs, space)

    stub = stub_of(recurse, [VECTOR], [VECTOR], workspace=size)
    np.testing.assert_array_equal(stub(np.arange(4.0)), np.arange(4.0))
    assert len(set(spaces)) == 5


@pytest.mark.parametrize("release", [False, True])
def test_threads(release: bool) -> None:
    code = double_vector()
    stub = make_stub(
        code.address, [VECTOR], [VECTOR], 0, 1 << 20, ONE, miss, fail,
        release_gil=release, keep=(code,),
    )  # fmt: skip
    wrong: list[Any] = []

    def work(seed: int) -> None:
        x = np.arange(4.0) + seed
        wrong.extend(x for _ in range(2000) if (stub(x) != 2 * x).any())

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_nothing_leaks(double: Any) -> None:
    x = np.arange(4.0)
    scalar = stub_of(copy, [Aval((), F64)], [Aval((), F64)])
    number = stub_of(copy, [Aval((), F64, weak=True)], [Aval((), F64)], single=False)
    bad = stub_of(lambda i, o, s: 1, [VECTOR], [VECTOR, Aval((), F64)], 1 << 17, single=False)
    one = np.float64(1.0)
    loose = np.arange(8.0)[::2]

    def once() -> None:
        double(x)
        double(x, key=x)
        double(loose)
        double(loose, key=loose)
        double([x])
        scalar(one)
        number(2.5)
        with pytest.raises(ValueError, match="status"):
            bad(x)

    watched = (x, loose, one, F64, np.ndarray, np.float64, miss, fail, double)
    assert_nothing_stays(once, watched, warm=50, runs=300, slack=2)


def test_a_dead_stub_frees_what_it_kept() -> None:
    class Kept:
        pass

    kept = Kept()
    code = double_vector()
    stub = make_stub(code.address, [VECTOR], [VECTOR], 0, 0, ONE, miss, fail, keep=(kept, code))
    count = sys.getrefcount(kept)
    del stub
    gc.collect()
    assert sys.getrefcount(kept) == count - 1


def test_what_no_plan_describes_is_the_miss_itself() -> None:
    weak_bool = Aval((), np.dtype(bool), weak=True)
    assert make_stub(1, [weak_bool], [], 0, 0, ONE, miss, fail) is miss
