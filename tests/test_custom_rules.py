"""Rules of the user's own: under every transform, against JAX, and with every mistake in them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import functrans as ft
from functrans import errors, lax
from functrans.core.jaxpr import Jaxpr
from functrans.core.trace import busy, current_trace
from functrans.testing import check_grads
from tests.agreement import same

X = np.linspace(0.1, 1.0, 3)
Y = np.array([0.5, 2.0, -1.5])


@pytest.fixture(autouse=True)
def clean() -> Any:
    yield
    assert current_trace() is None
    assert busy.cell[0] == 0


# --- functions with rules, in the words of either library ----------------------------------------
#
# Each has a wrong derivative on purpose: who does not use the rule is found out.


def product(lib: ModuleType, xp: ModuleType) -> Any:
    """sin(x)·y whose derivative says 3 and 5 times too much."""

    @lib.custom_jvp
    def f(x: Any, y: Any) -> Any:
        return xp.sin(x) * y

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        (x, y), (dx, dy) = primals, tangents
        return f(x, y), 3.0 * xp.cos(x) * y * dx + 5.0 * xp.sin(x) * dy

    return f


def paired(lib: ModuleType, xp: ModuleType) -> Any:
    """The same by reverse mode."""

    @lib.custom_vjp
    def f(x: Any, y: Any) -> Any:
        return xp.sin(x) * y

    def forward(x: Any, y: Any) -> Any:
        return xp.sin(x) * y, (xp.cos(x), xp.sin(x), y)

    def backward(residuals: Any, ct: Any) -> Any:
        c, s, y = residuals
        return 3.0 * ct * c * y, 5.0 * ct * s

    f.defvjp(forward, backward)
    return f


def told(lib: ModuleType, xp: ModuleType) -> Any:
    """The same by custom_gradient."""

    @lib.custom_gradient
    def f(x: Any, y: Any) -> Any:
        slope = xp.cos(x)
        return xp.sin(x) * y, lambda ct: (3.0 * ct * slope * y, 5.0 * ct * xp.sin(x))

    return f


MAKERS: dict[str, Callable[[ModuleType, ModuleType], Any]] = {
    "custom_jvp": product,
    "custom_vjp": paired,
    "custom_gradient": told,
}


class Unrolled:
    """JAX with Python's loops: its own lose the rules where a derivative is taken twice."""

    def __init__(self, jax: ModuleType) -> None:
        self._jax = jax
        self.lax = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jax, name)

    def cond(self, *args: Any) -> Any:
        return self._jax.lax.cond(*args)

    def scan(self, step: Any, carry: Any, xs: Any) -> Any:
        rows = []
        for x in xs:
            carry, row = step(carry, x)
            rows.append(row)
        return carry, None if rows[0] is None else self._jax.numpy.stack(rows)

    def fori_loop(self, start: int, stop: int, step: Any, carry: Any) -> Any:
        for i in range(start, stop):
            carry = step(i, carry)
        return carry


def losses(lib: Any, f: Any) -> dict[str, Callable[..., Any]]:
    """Scalar functions of a number and a vector that reach ``f`` in many ways."""
    return {
        "plain": lambda x, y: f(x, y[0]) + f(y[1], x),
        "jit": lambda x, y: lib.jit(f)(x * y, y).sum(),
        "vmap": lambda x, y: lib.vmap(f, (None, 0))(x, y).sum(),
        "vmap of both": lambda x, y: lib.vmap(lambda y: f(x * y, y) * f(y, x))(y).sum(),
        "vmap twice": lambda x, y: lib.vmap(lib.vmap(f, (None, 0)), (0, None))(x * y, y).sum(),
        "jit of vmap": lambda x, y: lib.jit(lib.vmap(f, (None, 0)))(x, y).sum(),
        "vmap of jit": lambda x, y: lib.vmap(lib.jit(f), (None, 0))(x, y).sum(),
        "scan": lambda x, y: lib.lax.scan(lambda c, r: (f(c, r), f(r, c)), x, y)[1].sum(),
        "fori_loop": lambda x, y: lib.lax.fori_loop(0, 3, lambda i, c: f(c, c + y[0]), x),
        "vmap of scan": lambda x, y: lib.vmap(
            lambda z: lib.lax.scan(lambda c, r: (f(c, r * z), None), x, y)[0]
        )(y).sum(),
        "cond": lambda x, y: lib.lax.cond(x > 0, f, lambda x, y: y, x, y[1]),
        "checkpoint": lambda x, y: lib.checkpoint(lambda x, y: f(f(x, y), y))(x * y, y).sum(),
    }


NAMES = list(losses(ft, product(ft, np)))
SOME = ["plain", "jit", "vmap of both", "scan", "cond", "checkpoint"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("custom_jvp", n) for n in NAMES]
    + [("custom_vjp", n) for n in NAMES]
    + [("custom_gradient", n) for n in SOME],
)
def test_gradients_are_jaxs_everywhere(kind: str, name: str) -> None:
    jax = pytest.importorskip("jax")
    maker = MAKERS[kind]
    ours = losses(ft, maker(ft, np))[name]
    theirs = losses(Unrolled(jax), maker(jax, jax.numpy))[name]
    first = jax.value_and_grad(theirs, (0, 1))
    expected = first(0.7, Y)
    both = ft.value_and_grad(ours, (0, 1))
    same(both(0.7, Y), expected)
    same(ft.jit(both)(0.7, Y), expected)
    same(ft.value_and_grad(ft.jit(ours), (0, 1))(0.7, Y), expected)
    same(ft.vmap(ft.grad(ours), (0, None))(np.array([0.7, 0.7]), Y), [expected[1][0]] * 2)
    expected = jax.grad(lambda x: first(x, Y)[1][0])(0.7)
    same(ft.grad(ft.grad(ours))(0.7, Y), expected)
    same(ft.jit(ft.grad(ft.grad(ours)))(0.7, Y), expected)


@pytest.mark.parametrize("name", NAMES)
def test_forward_mode_is_jaxs_everywhere(name: str) -> None:
    jax = pytest.importorskip("jax")
    ours = losses(ft, product(ft, np))[name]
    theirs = losses(Unrolled(jax), product(jax, jax.numpy))[name]
    point, direction = (0.7, Y), (1.0, np.ones(3))
    expected = jax.jvp(theirs, point, direction)
    same(ft.jvp(ours, point, direction), expected)
    same(ft.jit(lambda x, y: ft.jvp(ours, (x, y), direction))(*point), expected)
    same(ft.linearize(ours, *point)[1](*direction), expected[1])
    expected = jax.jvp(jax.grad(theirs), point, direction)
    same(ft.jvp(ft.grad(ours), point, direction), expected)


def test_forward_over_reverse_of_a_custom_vjp() -> None:
    jax = pytest.importorskip("jax")
    expected = jax.hessian(lambda y: paired(jax, jax.numpy)(X, y).sum())(Y)
    same(ft.hessian(lambda y: np.sum(paired(ft, np)(X, y)))(Y), expected)
    expected = jax.hessian(lambda x: paired(jax, jax.numpy)(x, 2.0))(0.7)
    same(ft.jit(ft.hessian(lambda x: paired(ft, np)(x, 2.0)))(0.7), expected)


# --- how rules are called ------------------------------------------------------------------------


def test_the_rule_stays_in_the_program() -> None:
    f = product(ft, np)
    text = str(ft.make_jaxpr(f)(1.0, 2.0))
    assert "custom_jvp_call" in text
    assert "f_jvp" in text
    assert str(ft.jit(f).lower(X, Y).report()).startswith("1 kernels, 0 library calls")


def test_conditions_on_values_work_in_eager_derivatives() -> None:
    @ft.custom_jvp
    def relu(x: Any) -> Any:
        return x if x > 0 else 0.0 * x

    relu.defjvp(lambda p, t: (relu(*p), t[0] if p[0] > 0 else 0.0 * t[0]))
    assert ft.grad(relu)(2.0) == 1.0
    assert ft.grad(relu)(-2.0) == 0.0
    assert ft.grad(ft.grad(lambda x: relu(x) ** 2))(2.0) == 2.0
    with pytest.raises(errors.TracerBoolConversionError):
        ft.jit(relu)(2.0)


def test_a_rule_may_use_every_transform_on_its_tangents() -> None:
    def looped(x: Any, rows: Any) -> Any:
        return lax.scan(lambda c, r: (np.sin(c * r), c), x, rows)[0]

    f = ft.custom_jvp(looped)

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        value, tangent = ft.jvp(looped, primals, tangents)
        # Known and linear results of one compiled call; then vmap, and linearize.
        value, tangent = ft.jit(lambda v, t: (np.sin(np.arcsin(v)), 2.0 * t))(value, tangent)
        tangent = ft.vmap(lambda t: 0.5 * t)(tangent * np.ones(2))[0]
        return value, ft.linearize(lambda v: v * 1.0, value)[1](tangent)

    for wrap in (lambda g: g, ft.jit):
        check_grads(wrap(f), (0.3, X), order=2)


def test_trees_keywords_and_defaults() -> None:
    @ft.custom_jvp
    def g(p: Any, scale: Any = 2.0) -> Any:
        return {"out": scale * p["a"] * p["b"][0], "n": p["n"]}

    @g.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (p, scale), (t, _) = primals, tangents
        assert t["n"].dtype == ft.float0
        assert t["b"][1] is None
        return g(p, scale), {"out": 7.0 * t["a"], "n": np.zeros((), ft.float0)}

    def call(h: Any, a: Any) -> Any:
        return h({"a": a, "b": (2.0, None), "n": 3}, scale=3.0)["out"]

    for h in (g, ft.jit(g)):
        assert call(h, 1.0) == 6.0
        assert ft.grad(partial(call, h))(1.0) == 7.0
        same(ft.vmap(ft.grad(partial(call, h)))(X), np.full(3, 7.0))
    f = ft.custom_jvp(lambda x, *, shift: x + shift)
    f.defjvp(lambda p, t: (p, t))
    with pytest.raises(errors.ArgumentError, match="'shift' by keyword only"):
        ft.jit(f)(1.0, shift=2.0)


def test_functions_of_any_signature() -> None:
    varying = ft.custom_jvp(lambda *xs: xs[0] * xs[1])
    varying.defjvp(lambda p, t: (p[0] * p[1], 7.0 * t[0]))
    assert ft.grad(varying)(2.0, 3.0) == 7.0
    assert ft.jit(ft.grad(varying))(2.0, 3.0) == 7.0
    ufunc = ft.custom_jvp(np.sin)
    ufunc.defjvps(lambda t, value, x: 7.0 * t)
    assert ft.jit(ft.grad(ufunc))(2.0) == 7.0
    unhashable = ft.custom_jvp(lambda x, scales: x * scales[0], nondiff_argnums=1)
    unhashable.defjvp(lambda scales, p, t: (unhashable(p[0], scales), scales[1] * t[0]))
    assert ft.grad(ft.jit(lambda x: unhashable(x, [2.0, 7.0])))(1.0) == 7.0


def test_what_derivatives_keep_is_freed_at_once() -> None:
    kept: list[weakref.ref[Any]] = []

    def slope(x: Any) -> Any:
        result = np.cos(x)
        kept.append(weakref.ref(result))
        return result

    f = ft.custom_jvp(np.sin)
    f.defjvp(lambda p, t: (np.sin(p[0]), slope(p[0]) * t[0]))
    g = ft.custom_vjp(np.sin)
    g.defvjp(lambda x: (np.sin(x), slope(x)), lambda c, ct: (c * ct,))
    gc.disable()
    try:
        for h in (f, g):
            ft.grad(lambda x, h=h: np.sum(h(x)))(X)
            ft.vjp(h, X)[1](X)
        assert len(kept) == 4
        assert all(ref() is None for ref in kept)
    finally:
        gc.enable()


def test_defjvps() -> None:
    f = ft.custom_jvp(lambda x, y: x * y)
    f.defjvps(lambda t, value, x, y: 10.0 * t * y, None)
    same(ft.grad(f, (0, 1))(2.0, 3.0), (30.0, 0.0))
    f.defjvps(None, None)
    same(ft.jit(ft.grad(f, (0, 1)))(2.0, 3.0), (0.0, 0.0))


@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_symbolic_zeros(wrap: Any) -> None:
    zero = ft.custom_derivatives.SymbolicZero
    seen: list[Any] = []

    def rule(primals: Any, tangents: Any) -> Any:
        seen.append([type(t) is zero for t in tangents])
        return primals[0] * primals[1], tangents[1] if len(seen) == 1 else tangents[0]

    f = ft.custom_jvp(lambda x, y: x * y)
    f.defjvp(rule, symbolic_zeros=True)
    assert ft.grad(wrap(f))(2.0, 3.0) == 0.0  # the rule returned the symbolic zero
    assert ft.grad(wrap(f))(2.0, 5) == 1.0
    assert seen == [[False, True], [False, True]]

    def forward(x: Any, y: Any) -> Any:
        seen.append([x.perturbed, y.perturbed])
        return (x.value * y.value, y.value), y.value

    def backward(y: Any, cts: Any) -> Any:
        seen.append([type(ct) is zero for ct in cts])
        return cts[0] * y, cts[1]

    g = ft.custom_vjp(lambda x, y: (x * y, y))
    g.defvjp(forward, backward, symbolic_zeros=True, optimize_remat=True)
    assert ft.grad(lambda x, y: wrap(g)(x, y)[0])(2.0, 3.0) == 3.0
    assert seen[2:] == [[True, False], [False, True]]


def test_static_arguments_come_first_and_stay_python_values() -> None:
    @partial(ft.custom_jvp, nondiff_argnums=(0, 2))
    def f(function: Any, x: Any, power: int) -> Any:
        return function(x) ** power

    @f.defjvp
    def rule(function: Any, power: int, primals: Any, tangents: Any) -> Any:
        assert type(power) is int
        return f(function, primals[0], power), 10.0 * tangents[0]

    @partial(ft.custom_vjp, nondiff_argnames=("function", "power"))
    def g(function: Any, x: Any, power: int) -> Any:
        return function(x) ** power

    g.defvjp(
        lambda function, x, power: (function(x) ** power, power),
        lambda function, power, kept, ct: (10.0 * ct * (power == kept),),
    )
    for h in (f, g):
        for wrap in (lambda k: k, ft.jit, lambda k: ft.jit(ft.vmap(k))):
            call = wrap(lambda x, h=h: h(np.sin, x, 2))
            same(call(X), np.sin(X) ** 2)
            same(ft.grad(lambda x, call=call: call(x).sum())(X), np.full(3, 10.0))


def test_residuals_of_any_kind() -> None:
    seen: list[Any] = []

    @ft.custom_vjp
    def f(x: Any, n: Any) -> Any:
        return x * n

    def backward(residuals: Any, ct: Any) -> Any:
        seen.append(residuals[1:])
        return ct * residuals[0], None

    f.defvjp(lambda x, n: (x * n, (n, None, "text", 3, {"k": (1.5,)})), backward)
    for g, x in ((f, 2.0), (ft.jit(f), 2.0), (ft.vmap(f), X)):
        seen.clear()
        same(ft.grad(lambda x, g=g: np.sum(g(x, 3 + 0 * x)))(x), 3.0 + 0 * x)
        assert seen == [(None, "text", 3, {"k": (1.5,)})]


def test_residuals_are_copied() -> None:
    weights = np.ones(3)
    f = ft.custom_vjp(lambda x: x * weights)
    f.defvjp(lambda x: (x * weights, weights), lambda w, ct: (ct * w,))
    _, pullback = ft.vjp(f, X)
    weights[:] = 9.0
    same(pullback(np.ones(3))[0], np.ones(3))


def test_integers_have_no_cotangents() -> None:
    f = ft.custom_vjp(lambda x, n: (x * n, n + 1))

    def backward(n: Any, cts: Any) -> Any:
        assert cts[1].dtype == ft.float0
        return cts[0] * n, np.zeros(np.shape(n), ft.float0)

    f.defvjp(lambda x, n: ((x * n, n + 1), n), backward)
    for g in (f, ft.jit(f)):
        gradient = ft.grad(lambda x, n, g=g: g(x, n)[0], (0, 1), allow_int=True)(2.0, 3)
        assert gradient[0] == 3.0
        assert gradient[1].dtype == ft.float0


def test_pullbacks_pass_through_jit() -> None:
    f = paired(ft, np)
    pullback = ft.jit(lambda x: ft.vjp(lambda x: f(x, Y), x)[1])(X)
    same(pullback(Y), (3.0 * np.cos(X) * Y * Y,))
    same(ft.jit(lambda p, ct: p(ct))(pullback, Y), (3.0 * np.cos(X) * Y * Y,))


def test_fwd_and_bwd_are_traced_once() -> None:
    forward, backward = ft.fwd_and_bwd(lambda x, y: (np.sum(np.sin(x) * y), y), 0, has_aux=True)
    for scale in (1.0, 2.0, 3.0):
        value, pullback, aux = forward(scale * X, Y)
        same(value, np.sum(np.sin(scale * X) * Y))
        same(aux, Y)
        same(backward(pullback, 1.0), np.cos(scale * X) * Y)
    assert (forward.trace_count, backward.trace_count) == (1, 1)
    _, backward = ft.fwd_and_bwd(lambda x, y: x * y, (0, 1), jitted=False)
    assert backward(ft.vjp(lambda x, y: x * y, 2.0, 3.0)[1], 1.0) == (3.0, 2.0)


def test_programs_of_equal_bodies_are_one() -> None:
    f = product(ft, np)

    def loss(x: Any) -> Any:
        return lax.scan(lambda c, r: (f(c, r), None), x, Y)[0]

    ft.grad(loss)(0.5)
    before = ft.debug.counters.compilations
    ft.grad(loss)(0.6)
    assert ft.debug.counters.compilations == before


def test_python_scalars_stay_weak() -> None:
    f = ft.custom_jvp(lambda x: x * 2)
    f.defjvp(lambda p, t: (f(*p), 2 * t[0]))
    single = np.ones(2, np.float32)
    assert (single * f(1.5)).dtype == np.float32
    assert ft.jit(lambda x, s: x * f(s))(single, 1.5).dtype == np.float32
    assert ft.grad(lambda x: np.sum(f(x)))(single).dtype == np.float32
    # Beside an array of another dtype an operand of a call keeps its own.
    inner = ft.jit(lambda x, y: y * 1.0)
    assert ft.jit(lambda x: inner(x, 2.1))(single) == 2.1


# --- closures ------------------------------------------------------------------------------------


def closing_jvp(a: Any, x: Any) -> Any:
    f = ft.custom_jvp(lambda x: x * a)
    f.defjvp(lambda p, t: (f(p[0]), 100.0 * a * t[0]))
    return f(x)


def closing_vjp(a: Any, x: Any) -> Any:
    f = ft.custom_vjp(lambda x: x * a)
    f.defvjp(lambda x: (f(x), None), lambda _, ct: (100.0 * a * ct,))
    return f(x)


@partial(ft.custom_jvp, nondiff_argnums=(0,))
def static_tracer(a: Any, x: Any) -> Any:
    return x * a


static_tracer.defjvp(lambda a, p, t: (static_tracer(a, p[0]), 100.0 * a * t[0]))


@pytest.mark.parametrize("f", [closing_jvp, closing_vjp, static_tracer])
def test_rules_may_close_over_traced_values(f: Any) -> None:
    # JAX raises in the second, third and last of these.
    same(ft.grad(f, 1)(2.0, 3.0), 200.0)
    same(ft.grad(ft.jit(f), 1)(2.0, 3.0), 200.0)
    same(ft.jit(ft.grad(f, 1))(2.0, 3.0), 200.0)
    same(ft.vmap(ft.grad(f, 1))(X, Y), 100.0 * X)
    same(ft.grad(lambda y: ft.vmap(f)(X, y).sum())(Y), 100.0 * X)
    looped = lambda x: lax.scan(lambda c, a: (f(a, c), None), x, np.array([2.0, 3.0]))[0]  # noqa: E731
    same(ft.grad(looped)(1.0), 60_000.0)
    same(ft.jit(ft.grad(looped))(1.0), 60_000.0)


@pytest.mark.parametrize("f", [closing_jvp, closing_vjp, static_tracer])
def test_derivatives_of_what_is_closed_over_are_refused(f: Any) -> None:
    for g in (f, ft.jit(f), lambda a, x: ft.vmap(f, (None, 0))(a, x * np.ones(2)).sum()):
        with pytest.raises(errors.UnexpectedTracerError):
            ft.grad(g, (0, 1))(2.0, 3.0)
    # With constant arguments the rule has nothing to say.
    same(ft.grad(lambda a: f(a, 3.0))(2.0), 3.0)


@pytest.mark.parametrize("f", [closing_jvp, closing_vjp])
def test_second_derivatives_of_rules_that_close_over_dead_tracers_are_refused(f: Any) -> None:
    same(ft.jit(ft.grad(ft.grad(f, 1), 1))(2.0, 3.0), 0.0)  # they are alive here
    with pytest.raises(errors.UnexpectedTracerError) as raised:
        ft.grad(ft.grad(ft.jit(f), 1), 1)(2.0, 3.0)
    assert "make the value an argument of both" in raised.value.__notes__[0]


def test_closure_convert_hoists_floating_tracers_alone() -> None:
    counts: list[int] = []

    def f(a: Any, n: Any) -> Any:
        converted, values = ft.closure_convert(lambda x: x * a + n + Y, X)
        counts.append(len(values))
        return np.sum(converted(X, *values))

    for wrap in (lambda g: g, ft.jit):
        same(wrap(f)(2.0, 3), np.sum(2.0 * X + 3 + Y))
        same(ft.grad(wrap(f))(2.0, 3), X.sum())
    same(ft.vmap(f, (0, None))(X, 3), [np.sum(x * X + 3 + Y) for x in X])
    assert set(counts) <= {0, 1}
    assert counts[1:3] == [1, 1]


HOLDING: dict[str, Callable[[Any], Any]] = {
    "while": lambda y: lax.while_loop(
        lambda s: s[1] < 2, lambda s: (np.sin(s[0]), s[1] + 1), (y, 0)
    )[0],
    "scan": lambda y: lax.scan(lambda c, _: (np.sin(c), None), y, length=2)[0],
    "cond": lambda y: lax.cond(y > 0.1, lambda y: np.sin(np.sin(y)), lambda y: y, y),
    "checkpoint": ft.checkpoint(lambda y: np.sin(np.sin(y))),
    "custom_vmap": ft.custom_batching.sequential_vmap(lambda y: np.sin(np.sin(y))),
}  # fmt: skip


@pytest.mark.parametrize("name", HOLDING)
def test_a_jvp_rule_that_differentiates_programs_within_a_while(name: str) -> None:
    def plain(x: Any) -> Any:
        return lax.while_loop(
            lambda s: s[1] < 2, lambda s: (HOLDING[name](s[0]), s[1] + 1), (x, 0)
        )[0]

    f = ft.custom_jvp(plain)
    f.defjvp(lambda primals, tangents: ft.jvp(plain, primals, tangents))
    unrolled = lambda x: np.sin(np.sin(np.sin(np.sin(x))))  # noqa: E731
    same(ft.grad(ft.grad(f))(0.7), ft.grad(ft.grad(unrolled))(0.7))


# --- custom_vmap ---------------------------------------------------------------------------------


def test_custom_vmap_uses_its_rule_everywhere() -> None:
    calls: list[Any] = []

    @ft.custom_batching.custom_vmap
    def f(x: Any, y: Any) -> Any:
        return {"s": np.sin(x) * y, "y": y}

    @f.def_vmap
    def rule(size: int, batched: Any, x: Any, y: Any) -> Any:
        calls.append((size, tuple(batched)))
        x = x if batched[0] else np.broadcast_to(x, (size,))
        return {"s": np.sin(x) * y, "y": y}, {"s": True, "y": batched[1]}

    expected = {"s": np.sin(X) * 2.0, "y": np.full(3, 2.0)}
    for g in (f, ft.jit(f), lambda x, y: f(x=x, y=y)):
        same(ft.vmap(g, (0, None))(X, 2.0), expected)
        same(ft.jit(ft.vmap(g, (0, None)))(X, 2.0), expected)
        s = lambda x, y, g=g: g(x, y)["s"]  # noqa: E731
        same(ft.vmap(ft.grad(s), (0, None))(X, 2.0), 2.0 * np.cos(X))
        same(ft.grad(lambda x, s=s: ft.vmap(s, (0, None))(x, 2.0).sum())(X), 2.0 * np.cos(X))
        value, tangent = ft.vmap(lambda y, s=s: ft.jvp(s, (1.0, y), (1.0, 3.0)))(Y)
        same(value, np.sin(1.0) * Y)
        same(tangent, np.cos(1.0) * Y + 3.0 * np.sin(1.0))
        assert calls
        assert set(calls) <= {(3, (True, False)), (3, (False, True))}
        calls.clear()
    twice = ft.vmap(ft.vmap(f, (0, None)), (None, 0))(X, Y)["s"]
    same(twice, np.sin(X)[None, :] * Y[:, None])
    assert calls == [(3, (True, False))]


def test_custom_vmap_in_branches_and_loops_of_examples_that_go_different_ways() -> None:
    table = np.array([0.5, 1.5])  # what the function closes over is nobody's example
    f = ft.custom_batching.custom_vmap(lambda x, y: np.sin(x) * y + np.sum(table * x))

    @f.def_vmap
    def rule(size: int, batched: Any, x: Any, y: Any) -> Any:
        assert batched == [True, False]
        return np.sin(x) * y + np.sum(table) * x, True

    def branched(x: Any) -> Any:
        return lax.cond(x > 0.0, lambda x, y: f(x, y), lambda x, y: x * y, x, 2.0)

    def looped(x: Any) -> Any:
        return lax.while_loop(lambda x: x < 4.0, lambda x: f(x, 2.0), x)

    def plain(x: float) -> float:
        return float(np.sin(x) * 2.0 + 2.0 * x)

    def plain_loop(x: float) -> float:
        return plain_loop(plain(x)) if x < 4.0 else x

    x = np.array([-1.0, 0.5, 2.0])
    for transform in (ft.vmap, lambda g: ft.jit(ft.vmap(g))):
        same(transform(branched)(x), [-2.0, plain(0.5), plain(2.0)])
        same(transform(looped)(x[1:]), [plain_loop(0.5), plain_loop(2.0)])
        same(transform(ft.grad(branched))(x), [2.0, *(2.0 * np.cos(x[1:]) + 2.0)])


def test_sequential_vmap() -> None:
    f = ft.custom_batching.sequential_vmap(lambda x, y: np.where(x > 0, x * y, 0.0))
    same(ft.vmap(f, (0, None))(Y, 2.0), np.where(Y > 0, 2.0 * Y, 0.0))
    same(ft.vmap(ft.vmap(f, (0, None)), (None, 0))(X, Y), X[None, :] * Y[:, None])
    check_grads(ft.jit(ft.vmap(f)), (X, Y), order=2)


# --- mistakes ------------------------------------------------------------------------------------


def wrong_jvp(rule: Any) -> Callable[[Any], Any]:
    f = ft.custom_jvp(lambda x: 2.0 * x)
    f.defjvp(rule)
    return f


def wrong_vjp(forward: Any, backward: Any) -> Callable[[Any], Any]:
    f = ft.custom_vjp(lambda x: 2.0 * x)
    f.defvjp(forward, backward)
    return f


def wrong_vmap(rule: Any) -> Callable[[Any], Any]:
    f = ft.custom_batching.custom_vmap(lambda x: 2.0 * x)
    f.def_vmap(rule)
    return lambda x: ft.vmap(f)(x * np.ones(3))


def once(x: Any) -> Any:
    return 2.0 * x, None


SINGLE = np.float32(1)

MISTAKES: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "no rule": (ft.custom_jvp(np.sin), errors.CustomRuleError, "defjvp"),
    "no pair of rules": (ft.custom_vjp(np.sin), errors.CustomRuleError, "defvjp"),
    "no vmap rule": (
        ft.custom_batching.custom_vmap(np.sin), errors.CustomRuleError, "def_vmap"
    ),
    "jvp: no pair": (wrong_jvp(lambda p, t: p[0]), errors.CustomRuleError, "no pair"),
    "jvp: structures": (
        wrong_jvp(lambda p, t: (p[0], (t[0],))), errors.CustomRuleError, "structure"
    ),
    "jvp: shape": (
        wrong_jvp(lambda p, t: (p[0], t[0] * np.ones(3))), errors.CustomRuleError, r"f64\[3\]"
    ),
    "jvp: dtype": (
        wrong_jvp(lambda p, t: (p[0], t[0].astype(np.float32))), errors.CustomRuleError, "f32"
    ),
    "jvp: constant": (
        wrong_jvp(lambda p, t: (p[0], np.float64(1))), errors.LinearityError, "must be linear"
    ),
    "jvp: square": (
        wrong_jvp(lambda p, t: (p[0], t[0] * t[0])), errors.LinearityError, "applies mul"
    ),
    "jvp: power": (
        wrong_jvp(lambda p, t: (p[0], t[0] ** 2)), errors.LinearityError, "integer_pow"
    ),
    "jvp: value of tangents": (
        wrong_jvp(lambda p, t: (t[0], t[0])), errors.CustomRuleError, "depends on the tangents"
    ),
    "vjp: no pair": (
        wrong_vjp(lambda x: x, lambda r, ct: (ct,)), errors.CustomRuleError, "no pair"
    ),
    "vjp: no tuple": (wrong_vjp(once, lambda r, ct: ct), errors.CustomRuleError, "1 argument"),
    "vjp: count": (
        wrong_vjp(once, lambda r, ct: (ct, ct)), errors.CustomRuleError, "1 argument"
    ),
    "vjp: shape": (
        wrong_vjp(once, lambda r, ct: (ct * np.ones(3),)), errors.CustomRuleError, r"f64\[3\]"
    ),
    "vjp: dtype": (
        wrong_vjp(once, lambda r, ct: (SINGLE,)), errors.CustomRuleError, "f32"
    ),
    "vjp: structure": (
        wrong_vjp(once, lambda r, ct: ((ct,),)), errors.CustomRuleError, "structure"
    ),
    "vmap: no pair": (wrong_vmap(lambda n, b, x: x), errors.CustomRuleError, "no pair"),
    "vmap: size": (
        wrong_vmap(lambda n, b, x: (x[:2], True)), errors.CustomRuleError, "3 examples"
    ),
    "vmap: flags": (
        wrong_vmap(lambda n, b, x: (x, (True, True))), errors.CustomRuleError, "what is batched"
    ),
    "custom_gradient: no pullback": (
        ft.custom_gradient(lambda x: (x, x)), errors.CustomRuleError, "pullback"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("wrap", [lambda f: f, ft.jit], ids=["eager", "jit"])
def test_mistakes_are_explained(name: str, wrap: Any) -> None:
    f, kind, text = MISTAKES[name]
    with pytest.raises(kind, match=text) as raised:
        ft.grad(lambda x: np.sum(wrap(f)(x)))(2.0)
    assert isinstance(raised.value, errors.FunctransError)
    assert raised.value.line is not None
    assert raised.value.line.file == __file__
    assert raised.value.remedy


def test_messages_name_the_rule_and_its_place() -> None:
    def wrong(*args: Any) -> Any:
        return 2.0

    with pytest.raises(errors.CustomRuleError, match=r"forward rule wrong \(.*rules\.py:\d+"):
        ft.grad(wrong_vjp(wrong, once))(1.0)
    with pytest.raises(errors.CustomRuleError, match=r"backward rule wrong \(.*rules\.py:\d+"):
        ft.grad(wrong_vjp(once, wrong))(1.0)


FORWARD: dict[str, Callable[[Any], Any]] = {
    "plain": lambda f: f,
    "jit": ft.jit,
    "vmap": lambda f: lambda x: ft.vmap(f)(x * np.ones(2)),
    "scan": lambda f: lambda x: lax.scan(lambda c, _: (f(c), None), x, length=2)[0],
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward_mode_of_a_custom_vjp_is_refused(name: str) -> None:
    f = FORWARD[name](wrong_vjp(once, lambda r, ct: (ct,)))
    with pytest.raises(errors.CustomRuleError, match="reverse mode only"):
        ft.jvp(f, (1.0,), (1.0,))
    with pytest.raises(errors.CustomRuleError, match="reverse mode only"):
        ft.linearize(f, 1.0)[1](1.0)


def test_structures_of_function_and_rule_must_agree() -> None:
    f = wrong_jvp(lambda p, t: ((p[0], p[0]), (t[0], t[0])))
    with pytest.raises(errors.CustomRuleError, match="elsewhere"):
        ft.jvp(ft.jit(f), (1.0,), (1.0,))


def test_traced_static_arguments_of_custom_vjp_are_refused() -> None:
    f = ft.custom_vjp(lambda n, x: n * x, nondiff_argnums=0)
    f.defvjp(lambda n, x: (n * x, None), lambda n, r, ct: (n * ct,))
    same(ft.grad(f, 1)(2.0, 3.0), 2.0)
    with pytest.raises(errors.UnexpectedTracerError, match="nondiff_argnums"):
        ft.jit(f)(2.0, 3.0)


def test_options_are_checked() -> None:
    with pytest.raises(errors.OptionError, match="nondiff_argnames"):
        ft.custom_jvp(lambda x: x, nondiff_argnames="y")
    f = ft.custom_jvp(lambda x: x, nondiff_argnums=3)
    f.defjvp(lambda p, t: (p, t))
    with pytest.raises(errors.OptionError, match="argument 3"):
        ft.jit(f)(1.0)
    with pytest.raises(errors.CustomRuleError, match="defjvps"):
        f.defjvps(None)
    with pytest.raises(errors.ArgumentError, match="needs a function, not 3"):
        ft.custom_jvp(3)  # type: ignore[arg-type]


def test_programs_hold_functions_with_rules_as_one_equation() -> None:
    jaxpr = ft.make_jaxpr(lambda x: paired(ft, np)(product(ft, np)(x, Y), X))(X)
    names = [eqn.primitive.name for eqn in jaxpr.eqns]
    assert names == ["custom_jvp_call", "custom_vjp_call"]
    assert all(isinstance(eqn.params["jaxpr"], Jaxpr) for eqn in jaxpr.eqns)
