"""Keys: their hash, their two kinds, and how they pass through every transform."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.primitives.random import threefry2x32

KNOWN = [  # key, counter, hash: the answers that the authors' Random123 1.14 gives
    (0x00000000_00000000, 0x00000000_00000000, 0x6B200159_99BA4EFE),
    (0xFFFFFFFF_FFFFFFFF, 0xFFFFFFFF_FFFFFFFF, 0x1CB996FC_BB002BE7),
    (0x13198A2E_03707344, 0x243F6A88_85A308D3, 0xC4923A9C_483DF7A0),
]


@pytest.mark.parametrize("compiled", [False, True])
def test_the_hash_gives_the_known_answers(compiled: bool) -> None:
    hash_ = ft.jit(threefry2x32) if compiled else threefry2x32
    keys, counters, answers = (np.array(column, np.uint64) for column in zip(*KNOWN, strict=True))
    np.testing.assert_array_equal(hash_(keys, counters), answers)
    assert hash_(keys[0], counters[0]) == answers[0]


def same(a: Any, b: Any) -> None:
    np.testing.assert_array_equal(ft.random.key_data(a), ft.random.key_data(b))


def test_typed_and_legacy_keys_are_the_same_keys() -> None:
    typed, legacy = ft.random.key(5), ft.random.PRNGKey(5)
    assert legacy.dtype == np.uint32
    assert legacy.shape == (2,)
    same(typed, legacy)
    same(ft.random.split(typed, (2, 3)), ft.random.split(legacy, (2, 3)))
    same(ft.random.fold_in(typed, 7), ft.random.fold_in(legacy, 7))
    same(ft.random.wrap_key_data(legacy), typed)
    same(ft.random.clone(legacy), legacy)
    assert isinstance(ft.random.split(typed), ft.random.PRNGKeyArray)
    assert isinstance(ft.random.split(legacy), np.ndarray)
    assert ft.random.uniform(typed) == ft.random.uniform(legacy)


def test_a_key_array_is_like_an_array() -> None:
    keys = ft.random.split(ft.random.key(0), (2, 3))
    assert keys.shape == (2, 3)
    assert keys.ndim == 2
    assert keys.size == 6
    assert len(keys) == 2
    assert keys.dtype == ft.random.key_dtype()
    assert str(keys.dtype) == "key<fry>"
    assert [k.shape for k in keys] == [(3,), (3,)]
    same(keys[1][2], keys.ravel()[5])
    same(keys.reshape(3, 2)[2, 1], keys[1, 2])
    np.testing.assert_array_equal(keys[0] == keys[0], [True] * 3)
    assert not np.any(keys[0] == keys[1])
    with pytest.raises(TypeError):
        hash(keys)


@pytest.mark.parametrize("compiled", [False, True])
def test_numpy_rearranges_keys_and_computes_nothing(compiled: bool) -> None:
    a, b = ft.random.split(ft.random.key(0))

    def rearranged(a: Any, b: Any) -> Any:
        pair = np.stack([a, b])
        return np.concatenate([pair, np.flip(pair)]), np.where(a == b, a, b)

    four, other = (ft.jit(rearranged) if compiled else rearranged)(a, b)
    for found, expected in zip(four, (a, b, b, a), strict=True):
        same(found, expected)
    same(other, b)
    with pytest.raises(TypeError, match="no implementation found"):
        np.sum(four)
    with pytest.raises(ft.errors.ArgumentError, match="key_data"):
        fnp.asarray(four)


@pytest.mark.parametrize("compiled", [False, True])
def test_keys_go_through_branches(compiled: bool) -> None:
    def draw(flag: Any, key: Any) -> Any:
        return ft.lax.cond(flag, lambda k: ft.random.split(k)[1], lambda k: k, key)

    key = ft.random.key(4)
    chosen = ft.jit(draw) if compiled else draw
    same(chosen(np.bool_(False), key), key)
    same(chosen(np.bool_(True), key), ft.random.split(key)[1])


@pytest.mark.parametrize("seed", [0, 1, 2**40 + 3, -1, np.int32(-1), np.uint64(2**63), np.int8(3)])
def test_seeds_traced_and_not(seed: Any) -> None:
    same(ft.random.key(seed), ft.jit(ft.random.key)(seed))


def test_keys_pass_through_transforms() -> None:
    key = ft.random.key(1)
    keys = ft.random.split(key, 3)
    same(ft.jit(lambda k: ft.random.split(k, 3))(key), keys)
    same(ft.vmap(lambda k: k)(keys), keys)
    same(ft.vmap(lambda k: k, in_axes=-1, out_axes=-1)(keys.reshape(1, 3)), keys.reshape(1, 3))
    numbers = [ft.random.normal(k, (2,)) for k in keys]
    np.testing.assert_array_equal(ft.vmap(lambda k: ft.random.normal(k, (2,)))(keys), numbers)
    np.testing.assert_array_equal(
        ft.lax.scan(lambda c, k: (c, ft.random.normal(k, (2,))), 0, keys)[1], numbers
    )
    nested = ft.vmap(ft.vmap(ft.random.uniform))(ft.random.split(key, (2, 3)))
    flat = ft.vmap(ft.random.uniform)(ft.random.split(key, (2, 3)).ravel())
    np.testing.assert_array_equal(nested.ravel(), flat)


def test_keys_are_carried_by_loops() -> None:
    def step(_: int, carry: Any) -> Any:
        key, total = carry
        key, sub = ft.random.split(key)
        return key, total + ft.random.uniform(sub)

    key, total = ft.random.key(3), 0.0
    expected = key, total
    for i in range(5):
        expected = step(i, expected)
    last, found = ft.lax.fori_loop(0, 5, step, (key, total))
    same(last, expected[0])
    assert found == expected[1]
    last, found = ft.jit(lambda n: ft.lax.fori_loop(0, n, step, (key, total)))(5)
    same(last, expected[0])
    assert found == expected[1]


def test_keys_are_indexed_by_traced_numbers() -> None:
    keys = ft.random.split(ft.random.key(0), 4)
    pick = ft.jit(lambda i: ft.random.uniform(keys[i]))
    assert pick(2) == ft.random.uniform(keys[2])


def test_keys_have_no_derivative() -> None:
    key = ft.random.key(0)
    noise = ft.random.normal(key, (3,))
    x = np.arange(3.0)
    gradient = ft.grad(lambda x, k: fnp.sum(x**2 * ft.random.normal(k, (3,))))(x, key)
    np.testing.assert_allclose(gradient, 2 * x * noise, rtol=1e-15)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ft.random.key(0.5), ft.errors.ArgumentError),
        (lambda: ft.random.key(np.arange(2)), ft.errors.ShapeError),
        (lambda: ft.random.key(2**64), ft.errors.OptionError),
        (lambda: ft.random.key(0, impl="rbg"), ft.errors.OptionError),
        (lambda: ft.random.split(3), ft.errors.ArgumentError),
        (lambda: ft.random.split(np.zeros(2)), ft.errors.ArgumentError),
        (lambda: ft.random.split(np.zeros(3, np.uint32)), ft.errors.ShapeError),
        (lambda: ft.random.normal(ft.random.split(ft.random.key(0))), ft.errors.ShapeError),
        (lambda: ft.random.fold_in(ft.random.key(0), 1.5), ft.errors.ArgumentError),
        (lambda: ft.random.fold_in(ft.random.key(0), -1), ft.errors.OptionError),
        (lambda: ft.random.fold_in(ft.random.key(0), np.arange(2)), ft.errors.ShapeError),
        (lambda: ft.random.wrap_key_data(ft.random.key(0)), ft.errors.ArgumentError),
    ],
)
def test_what_is_no_key_or_seed_is_refused(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="What to do"):
        call()
