"""Calls with containers, keywords and static values, taken apart and built without Python code."""

from __future__ import annotations

import collections
import itertools
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import functrans as ft
from functrans.codegen.call import Signature, Static
from functrans.control.call import JitFunction
from functrans.tree import structure
from tests.leaks import assert_nothing_stays

X = np.arange(4.0)


class Pair(NamedTuple):
    first: Any
    second: Any


@ft.tree.register_pytree_node_class
class Box:
    def __init__(self, content: Any) -> None:
        self.content = content

    def tree_flatten(self) -> Any:
        return (self.content,), None

    @classmethod
    def tree_unflatten(cls, aux: Any, children: Any) -> Box:
        return cls(*children)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box) and same(self.content, other.content)

    __hash__ = None  # type: ignore[assignment]


def same(a: Any, b: Any) -> bool:
    """Equal trees of equal arrays."""
    leaves = zip(ft.tree.leaves(a), ft.tree.leaves(b), strict=True)
    return structure(a) == structure(b) and all(
        type(x) is type(y) and np.array_equal(x, y) for x, y in leaves
    )


class Slow:
    """Counts the calls that reach the Python path."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        python_call = JitFunction._tree_call

        def counted(this: Any, *args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return python_call(this, *args, **kwargs)

        monkeypatch.setattr(JitFunction, "_tree_call", counted)

    def calls(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> int:
        before = self.count
        function(*args, **kwargs)
        return self.count - before


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(monkeypatch)


def double(tree: Any) -> Any:
    return ft.tree.map(lambda x: x * 2, tree)


TREES: list[Any] = [
    (),
    [],
    {},
    None,
    (X,),
    [X],
    {"a": X},
    (X, [X, X + 1]),
    {"b": X, "a": [X, (X,)]},
    [None, X, None],
    {"w": {"w": {"w": X}}},
    ((), [], {}, None, X),
    [[], [[]], [[[X]]]],
    {1: X, 2: X + 1},
    Pair(X, [X + 1]),
    (Pair(X, None), {"p": Pair(X, X)}),
    collections.OrderedDict(b=X, a=X + 1),
    Box(X),
    [Box((X,)), {"box": Box(X)}],
    (np.float64(3.0), 2.0, 3, True, 1j, X),
    [X] * 40,
    {f"k{i}": X + i for i in range(40)},
]


@pytest.mark.parametrize("tree", TREES, ids=range(len(TREES)))
def test_results_are_what_python_code_gives(tree: Any) -> None:
    f = ft.jit(double)
    wanted = double(ft.tree.map(lambda x: np.asarray(x)[()], tree))
    for _ in range(3):
        assert same(f(tree), wanted)
    g = ft.jit(lambda *args, **kwargs: (args, kwargs))
    for _ in range(3):
        args, kwargs = g(tree, X, z=tree, a=X)
        assert same(double(args[0]), wanted)
        assert same(double(kwargs["z"]), wanted)
        assert list(kwargs) == ["a", "z"]
    assert f.trace_count == 1


@pytest.mark.parametrize("tree", TREES[:16], ids=range(16))
def test_plain_containers_take_no_python_code(tree: Any, slow: Slow) -> None:
    f = ft.jit(double)
    assert slow.calls(f, tree) == 1
    assert slow.calls(f, tree) == 0
    assert slow.calls(f, ft.tree.map(lambda x: x, tree)) == 0


def test_dicts_in_any_order(slow: Slow) -> None:
    f = ft.jit(lambda d: {"second": d["b"], "first": d["a"]})
    f({"a": X, "b": X + 1})
    for keys in ("ab", "ba"):
        given = {k: {"a": X, "b": X + 1}[k] for k in keys}
        assert slow.calls(f, given) == 0
        result = f(given)
        assert list(result) == ["first", "second"]
        assert same(result, {"first": X, "second": X + 1})


def test_equal_keys_in_other_objects(slow: Slow) -> None:
    name = "a longer key, not interned"
    f = ft.jit(double)
    f({name: X})
    assert slow.calls(f, {"".join(name): X}) == 0
    assert same(f({"".join(name): X}), {name: 2 * X})


@pytest.mark.parametrize(
    "other",
    [
        {"a": X}, {"a": X, "b": X, "c": X}, {"a": X, "c": X}, {"a": X, "b": [X]},
        collections.OrderedDict(a=X, b=X), collections.defaultdict(list, a=X, b=X), [X, X], (X, X),
        {"a": X, "b": None}, {"a": X, "b": np.arange(5.0)}, {"a": X, "b": [1.0, 2.0, 3.0, 4.0]},
        {"a": X, "b": 3.0}, {"a": X, "b": X[::-1]}, X, None, {"a": X, 2: X},
    ],
    ids=str,
)  # fmt: skip
def test_other_structures_are_programs_of_their_own(other: Any) -> None:
    f = ft.jit(double)
    first = {"a": X, "b": X + 1}
    for _ in range(2):
        assert same(f(first), double(first))
        assert same(f(other), double(ft.tree.map(lambda x: np.asarray(x)[()], other)))


def test_subclasses_of_containers() -> None:
    class Names(dict[str, Any]):
        pass

    f = ft.jit(lambda d: d["a"] + 1)
    f({"a": X})
    with pytest.raises(ft.errors.FunctransError):
        f(Names(a=X))


def test_a_named_tuple_with_a_registration_of_its_own() -> None:
    class Swapped(NamedTuple):
        first: Any
        second: Any

    ft.tree.register_pytree_node(
        Swapped, lambda s: ((s.second, s.first), None), lambda _, c: Swapped(c[1], c[0])
    )
    f = ft.jit(lambda s: (s.first, s.second * 2))
    for _ in range(3):
        assert same(f(Swapped(X, X + 1)), (X, 2 * X + 2))


# --- keywords ------------------------------------------------------------------------------------


def test_keywords_in_any_order(slow: Slow) -> None:
    f = ft.jit(lambda x, **named: x + 10 * named["b"] + 100 * named["a"]["c"])
    f(X, a={"c": X}, b=X)
    assert slow.calls(f, X, b=X, a={"c": X}) == 0
    np.testing.assert_array_equal(f(X, b=X, a={"c": 2 * X}), 211 * X)
    names = {"".join(["a"]): {"c": X}, "".join(["b"]): 2 * X}
    np.testing.assert_array_equal(f(X, **names), 121 * X)


def test_names_that_are_not_interned(slow: Slow) -> None:
    f = ft.jit(lambda **named: sum(named.values()))
    names = [f"a long name {i}" for i in range(3)]
    f(**dict.fromkeys(names, X))
    again = {"".join(list(name)): X for name in names}
    assert slow.calls(f, **again) == 0
    np.testing.assert_array_equal(f(**again), 3 * X)


def test_other_keywords_miss() -> None:
    f = ft.jit(lambda x=1.0, y=2.0: x + 10 * y)
    for _ in range(2):
        np.testing.assert_array_equal(f(x=X), X + 20)
        np.testing.assert_array_equal(f(y=X), 1 + 10 * X)
        np.testing.assert_array_equal(f(X), X + 20)
        np.testing.assert_array_equal(f(X, X), 11 * X)
        np.testing.assert_array_equal(f(X, y=X), 11 * X)
        np.testing.assert_array_equal(f(y=X, x=X), 11 * X)
        assert f() == 21
    with pytest.raises(TypeError):
        f(z=X)


# --- static values -------------------------------------------------------------------------------


class Plain:
    pass


STATICS = [
    0, 1, -1, True, False, None, 2**40, 2**100, 0.0, -0.0, 1.0, float("nan"), "text", "", b"bytes",
    (), (1,), (True,), (1.0,), (0.0, (-0.0,)), ("a", (None, "b")), np.float64, np.dtype("f4"),
    Plain(), Plain, len, test_other_keywords_miss, np.int64(3), 1j, Ellipsis,
]  # fmt: skip


def test_static_values_are_told_apart(slow: Slow) -> None:
    seen: list[Any] = []

    def f(x: Any, s: Any) -> Any:
        seen.append(s)
        return x + len(seen)

    g = ft.jit(f, static_argnums=1)
    results = [g(X, s)[0] for s in STATICS]
    assert g.trace_count == len(STATICS)
    assert results == sorted(results)
    for s, result in zip(STATICS, results, strict=True):
        assert g(X, s)[0] == result
        assert g(X, s=s)[0] == g(X, s=s)[0]
    for given, traced in zip(STATICS, seen[: len(STATICS)], strict=True):
        assert given is traced


@pytest.mark.parametrize("static", STATICS, ids=range(len(STATICS)))
def test_static_values_take_no_python_code(static: Any, slow: Slow) -> None:
    f = ft.jit(lambda x, s, t: x * 2, static_argnums=(1, 2))
    f(X, static, 1)
    assert slow.calls(f, X, static, 1) == 0
    g = ft.jit(lambda x, s: x * 2, static_argnames="s")
    g(X, s=static)
    assert slow.calls(g, X, s=static) == 0


@pytest.mark.parametrize("make", [lambda: int("12345678"), lambda: float("1.5"), lambda: "a b" * 2])
def test_equal_static_values_in_other_objects(make: Callable[[], Any], slow: Slow) -> None:
    f = ft.jit(lambda s, x: x * 2, static_argnums=0)
    f(make(), X)
    assert slow.calls(f, make(), X) == 0
    assert f.trace_count == 1


def test_static_objects_that_change_are_looked_at_again() -> None:
    class Config:
        def __init__(self, n: int) -> None:
            self.n = n

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Config) and self.n == other.n

        def __hash__(self) -> int:
            return hash(self.n)

    f = ft.jit(lambda c, x: x * c.n, static_argnums=0)
    config = Config(2)
    np.testing.assert_array_equal(f(config, X), 2 * X)
    config.n = 3
    np.testing.assert_array_equal(f(config, X), 3 * X)
    np.testing.assert_array_equal(f(Config(3), X), 3 * X)


def test_many_static_values() -> None:
    f = ft.jit(lambda x, n: x * n, static_argnums=1)
    for _, n in itertools.product(range(2), range(50)):
        np.testing.assert_array_equal(f(X, n), n * X)
    assert f.trace_count == 50


def test_signature() -> None:
    tree = structure({"a": 0, "b": [0, None]})
    assert Signature((tree, Static((1, "a"))), {"k": tree}, tree).is_native
    assert not Signature((structure(Box(0)),), {}, tree).is_native
    assert not Signature((structure({(1, 2): 0}),), {}, tree).is_native
    assert not Signature((Static((1, [])),), {}, tree).is_native


# --- references ----------------------------------------------------------------------------------


def test_nothing_leaks() -> None:
    f = ft.jit(
        lambda t, n, *, k: ({"s": [t["a"].sum(), k], "t": (t["b"][0] * n, None)}, Pair(k, k))
    )
    tree: Any = {"a": X, "b": [X + 1, None]}
    other: Any = {"a": X, "b": [np.arange(3.0), None]}
    static, key = "static value", np.arange(2.0)
    g = ft.jit(lambda t, s, k: (t, k), static_argnums=1)
    failing = ft.jit(lambda t, i: {"r": ft.numpy.take(t["a"], i, mode="raise"), "s": t["a"] * 2})

    def once() -> None:
        f(tree, 2.0, k=key)
        f(other, 2.0, k=key)
        g(tree, static, k=key)
        failing({"a": X}, 1)
        with pytest.raises(IndexError):
            failing({"a": X}, 9)

    watched = (X, key, tree, other, static, tree["a"], tree["b"], tree["b"][0], Pair, None)
    assert_nothing_stays(once, watched, warm=20, runs=200, slack=5)


def test_a_failing_constructor_leaves_nothing_behind() -> None:
    class Sometimes(NamedTuple):
        content: Any

    broken = False

    def make(_: Any, children: Any) -> Sometimes:
        if broken:
            raise ValueError("not today")
        return Sometimes(*children)

    ft.tree.register_pytree_node(Sometimes, lambda s: ((s.content,), None), make)
    f = ft.jit(lambda x: [x * 2, {"inner": (Sometimes(x + 1), x.sum())}])
    f(X)
    f(X)
    broken = True
    before = sys.getrefcount(X.dtype)
    for _ in range(100):
        with pytest.raises(ValueError, match="not today"):
            f(X)
    assert abs(sys.getrefcount(X.dtype) - before) < 20
    broken = False
    assert same(f(X)[1]["inner"][1], np.float64(6.0))


def test_arrays_taken_out_of_a_container_meanwhile() -> None:
    """Another thread exchanges the arrays of a dict while a program reads them."""
    size = 50_000
    f = ft.jit(lambda d: {k: np.sin(v) * 0.0 + v for k, v in d.items()})
    shared = {k: np.full(size, 1.0) for k in "ab"}
    f(shared)
    f(shared)
    stop = threading.Event()

    def exchange() -> None:
        while not stop.is_set():
            for k in "ab":
                shared[k] = np.full(size, 1.0)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        for _ in range(100):
            result = f(shared)
            assert (result["a"] == 1.0).all()
            assert (result["b"] == 1.0).all()
    finally:
        stop.set()
        thread.join()
