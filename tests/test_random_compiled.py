"""Random programs of small integers, compiled in poisoned memory: every value is exact.

Programs are drawn while they are traced, from the shapes alone, so that each transform sees the
same one. All numbers are small integers (as floats, too), so comparisons, extremes and sums do not
depend on rounding.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans.core.avals import aval_of
from tests.poison import compare, run_poisoned

Rng = np.random.Generator
LONGER = int(os.environ.get("FUNCTRANS_FUZZ", "1"))
"""How many times as many programs to run; FUNCTRANS_FUZZ_FROM moves the seeds."""
FIRST = int(os.environ.get("FUNCTRANS_FUZZ_FROM", "0"))
SIZES = (1, 2, 3, 5, 7, 8, 9, 14, 16, 17, 26, 100)
LARGE = 4000  # elements of a value, at most; now and then one axis is long


def seeds(count: int) -> list[int]:
    return list(range(FIRST, FIRST + count * LONGER))


def shape_of(x: Any) -> tuple[int, ...]:
    return tuple(aval_of(x).shape)


def dtype_of(x: Any) -> Any:
    return aval_of(x).dtype


def is_bool(x: Any) -> bool:
    return bool(dtype_of(x).kind == "b")


def draw_shape(rng: Rng, most: int = LARGE) -> tuple[int, ...]:
    if most >= 3000 and rng.random() < 0.08:
        return (3000,)
    while True:
        ndim = int(rng.choice([0, 1, 2, 2, 3, 3, 4]))
        shape = tuple(int(n) for n in rng.choice(SIZES, ndim))
        if int(np.prod(shape)) <= most:
            return shape


def draw_array(rng: Rng, shape: tuple[int, ...], dtype: str) -> Any:
    if dtype == "bool":
        return (rng.random(shape) < 0.5) if shape else np.bool_(rng.random() < 0.5)
    return rng.integers(-3, 4, shape).astype(dtype)[()]


def small(x: Any) -> Any:
    """Back to small integers, exactly."""
    return x if is_bool(x) else np.clip(x, -9, 9)


# --- operations: of random numbers and operands; None where they do not fit --------------------


def unary(rng: Rng, x: Any) -> Any:
    k = rng.integers(8)
    if is_bool(x):
        return np.logical_not(x)
    if k == 0:
        return -x
    if k == 1:
        return np.abs(x)
    if k == 2:
        return small(x * x)
    if k == 3:
        return np.maximum(x, x.dtype.type(int(rng.integers(-2, 3))))
    if k == 4:
        return x + x.dtype.type(1)
    if k == 5:
        return np.sign(x)
    if k == 6:
        return x > x.dtype.type(0)
    return x.astype(rng.choice(["float64", "float32", "int32"]))


def transpose(rng: Rng, x: Any) -> Any:
    return np.transpose(x, [int(a) for a in rng.permutation(len(shape_of(x)))])


def moveaxis(rng: Rng, x: Any) -> Any:
    n = len(shape_of(x))
    return np.moveaxis(x, int(rng.integers(n)), int(rng.integers(n))) if n else None


def reshape(rng: Rng, x: Any) -> Any:
    shape = list(shape_of(x))
    k = rng.integers(4)
    if k == 0:
        return np.reshape(x, (-1,))
    if k == 1 and len(shape) > 1:
        a = int(rng.integers(len(shape) - 1))
        return np.reshape(x, (*shape[:a], shape[a] * shape[a + 1], *shape[a + 2 :]))
    if k == 2:
        spots = [(a, d) for a, n in enumerate(shape) for d in (2, 3, 5, 7) if n % d == 0 and n > d]
        if spots and len(shape) < 5:
            a, d = spots[int(rng.integers(len(spots)))]
            pair = (d, shape[a] // d) if rng.random() < 0.5 else (shape[a] // d, d)
            return np.reshape(x, (*shape[:a], *pair, *shape[a + 1 :]))
    if len(shape) < 5:
        return np.expand_dims(x, int(rng.integers(len(shape) + 1)))
    return None


def slicing(rng: Rng, x: Any) -> Any:
    index: list[Any] = []
    for n in shape_of(x):
        k = rng.integers(6)
        if k == 0 or n == 1:
            index.append(slice(None))
        elif k == 1:
            index.append(slice(None, None, -1))
        elif k == 2:
            index.append(int(rng.integers(-n, n)))
        else:
            a = int(rng.integers(n)) if k == 4 else 0
            index.append(slice(a, int(rng.integers(a + 1, n + 1)), int(rng.choice([1, 1, 2, 3]))))
    return x[tuple(index)]


def pad(rng: Rng, x: Any) -> Any:
    if not shape_of(x):
        return None
    widths = [(int(rng.integers(3)), int(rng.integers(3))) for _ in shape_of(x)]
    return np.pad(x, widths)


def low_pad(rng: Rng, x: Any) -> Any:
    """Interior and negative padding."""
    config = []
    for n in shape_of(x):
        low, high, inner = (int(v) for v in rng.integers((-1, -1, 0), (3, 3, 3)))
        if n + low + high + max(n - 1, 0) * inner < 1:
            low, high = 0, 0
        config.append((low, high, inner))
    return ft.lax.pad(x, dtype_of(x).type(int(rng.integers(2))), tuple(config))


def concatenate(rng: Rng, x: Any, y: Any) -> Any:
    a, b = shape_of(x), shape_of(y)
    if not a:
        return None
    axis = int(rng.integers(len(a)))
    if len(a) != len(b) or a[:axis] + a[axis + 1 :] != b[:axis] + b[axis + 1 :]:
        y = x[(slice(None),) * axis + (slice(0, 1),)]
        y = y + y if not is_bool(y) else y
    parts = [x, small(y)] if rng.random() < 0.7 else [y, x, x]
    return np.concatenate(parts, axis)


def stack(rng: Rng, x: Any, y: Any) -> Any:
    if shape_of(x) != shape_of(y):
        y = x
    return np.stack([y, x], int(rng.integers(len(shape_of(x)) + 1)))


def gather(rng: Rng, x: Any) -> Any:
    shape = shape_of(x)
    if not shape:
        return None
    axis = int(rng.integers(len(shape)))
    n = shape[axis]
    batch = (int(rng.choice([1, 2, 5, 9])),) * int(rng.integers(0, 3))
    index = rng.integers(-n, n, batch)
    if rng.random() < 0.4:
        index = fnp.asarray(index) + np.sum(x).astype("int64") * 0  # found at run time
    before, x = (slice(None),) * axis, fnp.asarray(x)
    if rng.random() < 0.3 and len(shape) > axis + 1:
        m = shape[axis + 1]
        return x[(*before, index, rng.integers(-m, m, batch))]
    return x[(*before, index)]


def scatter(rng: Rng, x: Any, y: Any) -> Any:
    shape = shape_of(x)
    if not shape or is_bool(x):
        return None
    axis = int(rng.integers(len(shape)))
    n = shape[axis]
    if rng.random() < 0.4:
        index: Any = rng.integers(-n, n, int(rng.choice([1, 2, 6])))
        value: Any = dtype_of(x).type(2)
        method = str(rng.choice(["add", "set", "max"]))
        if method == "set":
            value = dtype_of(x).type(int(rng.integers(3)))
    else:
        start = int(rng.integers(n))
        index = slice(start, int(rng.integers(start + 1, n + 1)))
        value = np.sum(y).astype(dtype_of(x)) if rng.random() < 0.5 else dtype_of(x).type(1)
        method = str(rng.choice(["add", "set"]))
    where = (slice(None),) * axis + (index,)
    part = x[where] if rng.random() < 0.6 else value
    return small(getattr(fnp.at(x)[where], method)(small(part + value)))


def axes_of(rng: Rng, x: Any) -> tuple[int, ...]:
    return tuple(a for a in range(len(shape_of(x))) if rng.random() < 0.5)


def reduce(rng: Rng, x: Any) -> Any:
    axes = axes_of(rng, x)
    keep = bool(rng.random() < 0.3)
    if is_bool(x):
        return np.any(x, axis=axes, keepdims=keep)
    if rng.random() < 0.6:
        return small(np.sum(x, axis=axes, keepdims=keep, dtype=dtype_of(x)))
    return (np.max if rng.random() < 0.5 else np.min)(x, axis=axes, keepdims=keep)


def argmax(rng: Rng, x: Any) -> Any:
    if not shape_of(x) or is_bool(x):
        return None
    axis = int(rng.integers(len(shape_of(x))))
    return small((np.argmax if rng.random() < 0.5 else np.argmin)(x, axis=axis).astype("int32"))


def cumsum(rng: Rng, x: Any) -> Any:
    if not shape_of(x) or is_bool(x):
        return None
    axis = int(rng.integers(len(shape_of(x))))
    if rng.random() < 0.6:
        return small(np.cumsum(x, axis=axis, dtype=dtype_of(x)))
    return np.maximum.accumulate(x, axis=axis)


def binary(rng: Rng, x: Any, y: Any) -> Any:
    x, y = aligned(rng, x, y)
    if x is None:
        return None
    k = rng.integers(6)
    if is_bool(x) or is_bool(y):
        return np.logical_or(x, y) if dtype_of(x) == dtype_of(y) else np.where(y != 0, x, x)
    if k == 0:
        return small(x * y)
    if k == 1:
        return small(x - y)
    if k == 2:
        return np.maximum(x, y)
    if k == 3:
        return x < y
    if k == 4:
        return np.where(x > y, x, y - y)
    return small(x + y)


def aligned(rng: Rng, x: Any, y: Any) -> tuple[Any, Any]:
    """``y`` brought to something that broadcasts with ``x``."""
    try:
        out = np.broadcast_shapes(shape_of(x), shape_of(y))
        if int(np.prod(out)) <= 4 * LARGE:
            return x, y
    except ValueError:
        pass
    axes = tuple(a for a in range(len(shape_of(x))) if rng.random() < 0.5)
    if is_bool(x):
        return x, x
    return x, np.sum(x, axis=axes, keepdims=True, dtype=dtype_of(x))


def einsum(rng: Rng, x: Any, y: Any) -> Any:
    """A product over random axes; ``y`` is made from ``x`` where shapes do not fit."""
    a, b = shape_of(x), shape_of(y)
    if dtype_of(x).kind != "f" or not a:
        return None
    if dtype_of(y) != dtype_of(x) or not b:
        y = transpose(rng, x)
        b = shape_of(y)
    free: list[str] = list("abcdefghijklmnop")
    left = [free.pop(0) for _ in a]
    right: list[str] = []
    for n in b:
        same = [s for s, m in zip(left, a, strict=True) if m == n and s not in right]
        if same and rng.random() < 0.7:
            right.append(same[int(rng.integers(len(same)))])
        else:
            right.append(free.pop(0))
    sizes = dict(zip([*left, *right], [*a, *b], strict=True))
    shared = [s for s in left if s in right]
    kept = [s for s in dict.fromkeys([*left, *right]) if s not in shared or rng.random() < 0.4]
    while int(np.prod([sizes[s] for s in kept])) > LARGE:
        kept.pop(int(rng.integers(len(kept))))
    if int(np.prod(list(sizes.values()))) > 300_000:
        return None
    out = [kept[int(i)] for i in rng.permutation(len(kept))]
    return small(np.einsum(f"{''.join(left)},{''.join(right)}->{''.join(out)}", x, y))


def where(rng: Rng, x: Any, y: Any) -> Any:
    x, y = aligned(rng, x, y)
    if is_bool(x) or is_bool(y):
        return None
    shape = np.broadcast_shapes(shape_of(x), shape_of(y))
    mask = rng.random(shape) < 0.5
    return np.where(mask, x, y.astype(dtype_of(x)))


def broadcast(rng: Rng, x: Any) -> Any:
    n = int(rng.choice([1, 2, 7, 16]))
    if int(np.prod(shape_of(x))) * n > LARGE or len(shape_of(x)) > 3:
        return None
    y = np.expand_dims(x, int(rng.integers(len(shape_of(x)) + 1)))
    return np.broadcast_to(y, tuple(m if m > 1 else n for m in shape_of(y)))


UNARY = (unary, unary, transpose, transpose, moveaxis, reshape, slicing, pad, low_pad, gather,
         reduce, reduce, argmax, cumsum, broadcast)  # fmt: skip
BINARY = (binary, binary, binary, concatenate, concatenate, stack, scatter, einsum, einsum, where)


def straight(seed: Any, steps: int, *inputs: Any, only: Any = None) -> list[Any]:
    """The values of a random program; which it is depends on the seed and on shapes."""
    rng = np.random.default_rng(seed)
    values = list(inputs)
    for _ in range(steps):
        # Mostly late values, so that there are chains.
        def pick() -> Any:
            k = min(int(rng.exponential(2.0)), len(values) - 1)
            return values[-1 - k]

        if rng.random() < 0.55:
            out = UNARY[int(rng.integers(len(UNARY)))](rng, pick())
        else:
            out = BINARY[int(rng.integers(len(BINARY)))](rng, pick(), pick())
        if out is None or len(shape_of(out)) > 5 or not 0 < int(np.prod(shape_of(out))) <= LARGE:
            continue
        if only is not None and dtype_of(out) not in only:
            continue
        values.append(out)
    return values


def chosen(rng: Rng, values: list[Any]) -> list[Any]:
    """Several outputs: late values, some twice, views of one another, sometimes an input."""
    outs = [values[-1]]
    for _ in range(int(rng.integers(4))):
        x = values[int(rng.integers(len(values)))]
        k = rng.integers(5)
        outs.append(np.transpose(x) if k == 0 else np.reshape(x, -1) if k == 1 else x)
    return outs


def inputs_for(rng: Rng, dtypes: Any = ("float64", "float32", "int32", "bool")) -> list[Any]:
    args = [draw_array(rng, draw_shape(rng), "float64")]
    args += [
        draw_array(rng, draw_shape(rng), str(rng.choice(dtypes)))
        for _ in range(int(rng.integers(1, 4)))
    ]
    if rng.random() < 0.5:
        args.append(draw_array(rng, shape_of(args[0]), "float64"))
    return args


@pytest.mark.parametrize("seed", seeds(20))
def test_values(seed: int) -> None:
    rng = np.random.default_rng([seed, 1])
    args = inputs_for(rng)

    def f(*xs: Any) -> Any:
        return chosen(np.random.default_rng([seed, 3]), straight([seed, 2], 14, *xs))

    compare(f, *args)


# --- transforms --------------------------------------------------------------------------------

FLOATS = ("float64", "float64", "float32")


def loss_of(seed: int, steps: int) -> Callable[..., Any]:
    """A random scalar function of the floats among its arguments."""

    def loss(*xs: Any) -> Any:
        values = straight([seed, 2], steps, *xs)
        rng = np.random.default_rng([seed, 3])
        total: Any = 0.0
        for x in chosen(rng, values):
            if dtype_of(x).kind == "f":
                weights = rng.integers(-2, 3, shape_of(x)).astype("float64")
                total = total + np.sum(weights * x * (x + 1.0))
        return total

    return loss


@pytest.mark.parametrize("seed", seeds(10))
def test_gradients(seed: int) -> None:
    rng = np.random.default_rng([seed, 4])
    args = inputs_for(rng, FLOATS)
    places = tuple(range(len(args)))
    compare(ft.grad(loss_of(seed, 10), places), *args)


@pytest.mark.parametrize("seed", seeds(5))
def test_forward_mode(seed: int) -> None:
    rng = np.random.default_rng([seed, 5])
    args = inputs_for(rng, FLOATS)
    dots = [draw_array(rng, np.shape(x), str(x.dtype)) for x in args]

    def f(*xs: Any) -> Any:
        return [x for x in straight([seed, 2], 10, *xs) if dtype_of(x).kind == "f"][-3:]

    compare(lambda *xs: ft.jvp(f, xs[: len(args)], xs[len(args) :]), *args, *dots)


@pytest.mark.parametrize("seed", seeds(6))
def test_vmap(seed: int) -> None:
    rng = np.random.default_rng([seed, 6])
    size = int(rng.choice([1, 2, 3, 7, 8, 16, 17, 26]))
    args: list[Any] = []
    axes: list[int | None] = []
    for x in inputs_for(rng):
        if np.size(x) * size > LARGE or (axes and rng.random() < 0.3):
            args.append(x)
            axes.append(None)
            continue
        axis = int(rng.integers(np.ndim(x) + 1))
        shape = (*np.shape(x)[:axis], size, *np.shape(x)[axis:])
        args.append(draw_array(rng, shape, str(x.dtype)))
        axes.append(axis)
    if all(a is None for a in axes):
        args.append(draw_array(rng, (size,), "float64"))
        axes.append(0)

    def f(*xs: Any) -> Any:
        return chosen(np.random.default_rng([seed, 3]), straight([seed, 2], 9, *xs))

    compare(ft.vmap(f, in_axes=tuple(axes)), *args)


def little(rng: Rng) -> list[Any]:
    return [draw_array(rng, draw_shape(rng, 17), "float64") for _ in range(2)]


@pytest.mark.parametrize("seed", seeds(8))
def test_jacobians(seed: int) -> None:
    rng = np.random.default_rng([seed, 7])
    args = little(rng)

    def f(x: Any, y: Any) -> Any:
        values = straight([seed, 2], 7, x, y, x * y.ravel()[0])
        return [v for v in values if dtype_of(v).kind == "f" and int(np.prod(shape_of(v))) < 150][
            -2:
        ]

    kind = rng.integers(4)
    if kind == 0:
        compare(ft.jacfwd(f, (0, 1)), *args)
    elif kind == 1:
        compare(ft.jacrev(f, (0, 1)), *args)
    elif kind == 2:
        compare(ft.hessian(loss_of(seed, 6)), *args)
    else:
        compare(ft.vmap(ft.jacrev(loss_of(seed, 6)), (0, None)), np.stack([args[0]] * 3), args[1])


# --- loops -------------------------------------------------------------------------------------


def updated(rng: Rng, c: Any) -> Any:
    """``c`` with some rows written, often from rows of its own; a loop may do it in place."""
    n = shape_of(c)[0]
    index = rng.integers(-n, n, int(rng.choice([1, 2, n])))
    view = [c, c[::-1], np.transpose(c), np.reshape(c, -1), c * 2 - c, np.pad(c, 1)][
        int(rng.integers(6))
    ]
    rows: Any = small(np.sum(view)).astype(dtype_of(c))
    if shape_of(view)[1:] == shape_of(c)[1:]:
        rows = view[rng.integers(-n, n, len(index))]
    if rng.random() < 0.3:
        index = fnp.asarray(index) + np.sum(c).astype("int64") * 0
    at = fnp.at(c)[index]
    return at.set(rows) if rng.random() < 0.6 else at.max(rows)


def body_of(seed: int, constants: list[Any], steps: int, floats: bool) -> Callable[..., Any]:
    """A random body: carries that change places, are updated in place, kept, read late, stacked."""

    def body(carries: Any, rows: Any) -> Any:
        rng = np.random.default_rng([seed, 8])
        given = [*constants, *rows, *carries]
        only = (np.dtype("float64"),) if floats else None
        given += [np.transpose(c) for c in carries if rng.random() < 0.3]
        values = straight([seed, 9], steps, *given, only=only)
        new: list[Any] = []
        for k, c in enumerate(carries):
            same = [v for v in values if shape_of(v) == shape_of(c) and dtype_of(v) == dtype_of(c)]
            choice = rng.integers(8)
            if choice == 0:
                new.append(same[int(rng.integers(len(same)))])  # any, often another carry
            elif choice == 1:
                new.append(c)
            elif choice in (2, 5, 6) and shape_of(c) and not is_bool(c):
                new.append(updated(rng, c))
                if rng.random() < 0.3:
                    new[-1] = updated(rng, new[-1])
            elif choice == 3 and k and shape_of(new[-1]) == shape_of(c):
                new.append(new[-1].astype(dtype_of(c)))
            else:
                other = values[-1 - int(rng.integers(min(3, len(values))))]
                x, y = aligned(rng, c, other)
                y = np.sum(y) if shape_of(y) != shape_of(c) else y
                if is_bool(c):
                    new.append(np.logical_xor(c, np.sum(y) > 0))
                else:
                    new.append(small(x + y).astype(dtype_of(c)))
        ys = [values[int(rng.integers(len(values)))] for _ in range(int(rng.integers(3)))]
        for c in carries:
            if rng.random() < 0.4:
                ys.append(np.transpose(c) if rng.random() < 0.5 else c)
        if rng.random() < 0.4:
            ys.append(new[int(rng.integers(len(new)))])
        return new, ys

    return body


def python_scan(body: Any, carries: Any, rows: Any, length: int, reverse: bool) -> Any:
    stacked: list[Any] = []
    for i in reversed(range(length)) if reverse else range(length):
        carries, ys = body(carries, [x[i] for x in rows])
        stacked.append(ys)
    if reverse:
        stacked.reverse()
    return carries, [np.stack(parts) for parts in zip(*stacked, strict=True)]


def loop_case(
    seed: int, floats: bool, checkpoint: int | str | None = None
) -> tuple[Any, Any, list[Any]]:
    """A scan, the same in Python, and their arguments: carries, rows."""
    rng = np.random.default_rng([seed, 10])
    dtypes = ["float64"] if floats else ["float64", "float64", "float32", "int32", "bool"]
    shape = draw_shape(rng, 300)
    carries = [draw_array(rng, shape, "float64")]
    for _ in range(int(rng.integers(0, 4))):
        own = shape if rng.random() < 0.6 else draw_shape(rng, 300)
        carries.append(draw_array(rng, own, str(rng.choice(dtypes))))
    length = int(rng.choice([1, 2, 2, 3, 9]))
    rows = []
    for _ in range(int(rng.integers(0, 3))):
        own = shape if rng.random() < 0.5 else draw_shape(rng, 100)
        rows.append(draw_array(rng, (length, *own), str(rng.choice(dtypes))))
    if rows and rng.random() < 0.2:
        rows.append(rows[0])
    constants = [draw_array(rng, shape, "float64")] if rng.random() < 0.5 else []
    reverse = bool(rng.random() < 0.4)
    steps = int(rng.integers(1, 9))
    n = len(carries)

    def looped(*xs: Any) -> Any:
        body = body_of(seed, [*constants, *xs[:0]], steps, floats)
        rows = list(xs[n:])
        return ft.lax.scan(body, list(xs[:n]), rows, length, reverse, checkpoint=checkpoint)

    def python(*xs: Any) -> Any:
        body = body_of(seed, constants, steps, floats)
        carried = [fnp.asarray(x) for x in xs[:n]]
        return python_scan(body, carried, list(xs[n:]), length, reverse)

    return looped, python, [*carries, *rows]


@pytest.mark.parametrize("seed", seeds(20))
def test_loops(seed: int) -> None:
    looped, python, args = loop_case(seed, floats=False)
    compare(looped, *args, reference=python)


def total_of(f: Callable[..., Any]) -> Callable[..., Any]:
    def total(*xs: Any) -> Any:
        leaves = [x for x in ft.tree.leaves(f(*xs)) if dtype_of(x).kind == "f"]
        return sum(np.sum(x * (x + float(i))) for i, x in enumerate(leaves))

    return total


@pytest.mark.parametrize("seed", seeds(8))
def test_derivatives_of_loops(seed: int) -> None:
    rng = np.random.default_rng([seed, 11])
    looped, python, args = loop_case(seed, floats=True)
    places = tuple(range(len(args)))
    kind = rng.integers(4)
    if kind == 0:
        dots = tuple(draw_array(rng, np.shape(x), "float64") for x in args)
        n = len(args)
        compare(
            lambda *xs: ft.jvp(looped, xs[:n], xs[n:]), *args, *dots,
            reference=lambda *xs: ft.jvp(python, xs[:n], xs[n:]),
        )  # fmt: skip
    elif kind == 1:
        batch = [np.stack([x, draw_array(rng, np.shape(x), "float64")]) for x in args]
        compare(
            ft.vmap(ft.grad(total_of(looped), places)), *batch,
            reference=ft.vmap(ft.grad(total_of(python), places)),
        )  # fmt: skip
    else:
        compare(
            ft.grad(total_of(looped), places), *args,
            reference=ft.grad(total_of(python), places),
        )  # fmt: skip


@pytest.mark.parametrize("seed", seeds(6))
def test_derivatives_of_loops_with_budgets(seed: int) -> None:
    rng = np.random.default_rng([seed, 14])
    looped, python, args = loop_case(seed, True, [1, 2, 3, 20, "log"][int(rng.integers(5))])
    places = tuple(range(len(args)))
    compare(ft.grad(total_of(looped), places), *args, reference=ft.grad(total_of(python), places))


@pytest.mark.parametrize("seed", seeds(12))
def test_derivatives_of_while_loops(seed: int) -> None:
    """Random bodies again and again: the gradient, one by one for each of a batch, and its own."""
    rng = np.random.default_rng([seed, 15])
    shape = draw_shape(rng, 60)
    carries = [draw_array(rng, shape, "float64")]
    for _ in range(int(rng.integers(0, 3))):
        own = shape if rng.random() < 0.6 else draw_shape(rng, 60)
        carries.append(draw_array(rng, own, "float64"))
    constant, steps = draw_array(rng, shape, "float64"), int(rng.integers(1, 7))
    checkpoint = [None, None, 2, "log"][int(rng.integers(4))]

    def loop(count: Any, while_loop: Callable[..., Any]) -> Callable[..., Any]:
        def of(constant: Any, *xs: Any) -> Any:
            def body(carried: Any) -> Any:
                i, *rest = carried
                return [i + 1, *body_of(seed, [constant], steps, True)(rest, [])[0]]

            start = [np.int64(0), *map(fnp.asarray, xs)]
            return while_loop(lambda carried: carried[0] < count, body, start)[1:]

        return of

    native = partial(ft.lax.while_loop, checkpoint=checkpoint)
    args, places = (constant, *carries), tuple(range(len(carries) + 1))
    kind, count = rng.integers(3), int(rng.integers(0, 5))

    def gradient(count: Any, while_loop: Callable[..., Any]) -> Callable[..., Any]:
        slope = ft.grad(total_of(loop(count, while_loop)), places)
        if kind != 1:
            return slope
        return lambda *xs: ft.jvp(slope, xs, tuple(map(np.ones_like, args)))[1]

    if kind != 2:
        compare(gradient(count, native), *args, reference=gradient(count, python_while), rtol=1e-7)
        return
    counts = rng.integers(0, 5, 2)
    batch = [np.stack([x, draw_array(rng, np.shape(x), "float64")]) for x in args]
    mapped = ft.vmap(lambda count, *xs: gradient(count, native)(*xs))
    found = run_poisoned(ft.make_jaxpr(mapped)(counts, *batch), [counts, *batch])
    with ft.disable_jit():
        ends = [
            gradient(int(n), python_while)(*(x[k] for x in batch)) for k, n in enumerate(counts)
        ]
    for x, *ys in zip(found, *ends, strict=True):
        np.testing.assert_allclose(x, np.stack(ys), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", seeds(5))
def test_loops_in_loops(seed: int) -> None:
    """A scan whose rows come from a scan of its carries, mapped over and differentiated."""
    rng = np.random.default_rng([seed, 12])
    shape = draw_shape(rng, 40)
    carries = [draw_array(rng, shape, "float64") for _ in range(int(rng.integers(1, 3)))]
    rows = [draw_array(rng, (3, *shape), "float64")]
    n = len(carries)

    def nest(scan: Callable[..., Any]) -> Callable[..., Any]:
        def outer(carried: Any, xs: Any) -> Any:
            body = body_of(seed, list(xs), 3, True)
            inner, ys = scan(body, carried, [np.stack([xs[0], carried[-1]])], 2, seed % 2 == 0)
            after = body_of(seed + 1, [], 2, True)
            return after(inner, [ys[0][-1]] if ys else list(xs))

        return lambda *xs: scan(outer, list(xs[:n]), list(xs[n:]), 3, seed % 3 == 0)

    args = [*carries, *rows]
    looped, python = nest(ft.lax.scan), nest(python_scan)
    places = tuple(range(len(args)))
    kind = rng.integers(3)
    if kind == 0:
        compare(looped, *args, reference=python)
    elif kind == 1:
        compare(
            ft.grad(total_of(looped), places), *args, reference=ft.grad(total_of(python), places)
        )
    else:
        batch = [np.stack([x, x[::-1] if np.ndim(x) else x]) for x in args]
        compare(
            ft.vmap(ft.grad(total_of(looped), places)), *batch,
            reference=ft.vmap(ft.grad(total_of(python), places)),
        )  # fmt: skip


def python_while(condition: Any, body: Any, carries: Any) -> Any:
    while condition(carries):
        carries = body(carries)
    return carries


@pytest.mark.parametrize("seed", seeds(5))
def test_while_loops(seed: int) -> None:
    rng = np.random.default_rng([seed, 13])
    shape = draw_shape(rng, 200)
    carries = [draw_array(rng, shape, "float64")]
    for _ in range(int(rng.integers(0, 3))):
        own = shape if rng.random() < 0.6 else draw_shape(rng, 200)
        carries.append(draw_array(rng, own, str(rng.choice(["float64", "int32", "bool"]))))
    constants = [draw_array(rng, shape, "float64")]
    steps, count = int(rng.integers(1, 7)), int(rng.integers(0, 6))
    read = int(rng.integers(len(carries)))

    def loop(while_loop: Callable[..., Any]) -> Callable[..., Any]:
        def condition(carried: Any) -> Any:
            i, *rest = carried
            return np.logical_and(i < count, np.sum(rest[read]) < 40)

        def body(carried: Any) -> Any:
            i, *rest = carried
            return [i + 1, *body_of(seed, constants, steps, False)(rest, [])[0]]

        return lambda *xs: while_loop(condition, body, [np.int64(0), *xs])

    with ft.disable_jit():
        expected = loop(python_while)(*(fnp.asarray(x) for x in carries))
    found = run_poisoned(ft.make_jaxpr(loop(ft.lax.while_loop))(*carries), carries)
    for x, y in zip(found, ft.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(x, y)
    if rng.random() < 0.5:
        batch = [np.stack([x, draw_array(rng, np.shape(x), str(x.dtype))]) for x in carries]
        mapped = ft.vmap(loop(ft.lax.while_loop))
        found = run_poisoned(ft.make_jaxpr(mapped)(*batch), batch)
        ends = [loop(python_while)(*(fnp.asarray(x[k]) for x in batch)) for k in (0, 1)]
        for x, *ys in zip(found, *map(ft.tree.leaves, ends), strict=True):
            np.testing.assert_array_equal(x, np.stack(ys))


def branch_case(seed: int, floats: bool) -> tuple[Any, Any, list[Any]]:
    """A scan whose steps choose between bodies, the same in Python, carries, rows and choices."""
    rng = np.random.default_rng([seed, 15])
    dtypes = ["float64"] if floats else ["float64", "float64", "float32", "int32", "bool"]
    shape = draw_shape(rng, 200)
    carries = [draw_array(rng, shape, "float64")]
    for _ in range(int(rng.integers(0, 3))):
        own = shape if rng.random() < 0.6 else draw_shape(rng, 100)
        carries.append(draw_array(rng, own, str(rng.choice(dtypes))))
    length, count = int(rng.choice([1, 3, 6])), int(rng.integers(2, 4))
    rows = [draw_array(rng, (length, *shape), "float64")]
    choices = rng.integers(-1, count + 1, length)
    steps = [int(rng.integers(1, 6)) for _ in range(count)]
    kept = rng.random(count) < 0.25  # branches that leave all as it is
    n = len(carries)

    def bodies(constants: list[Any]) -> list[Callable[..., Any]]:
        def one(k: int) -> Callable[..., Any]:
            body = body_of(seed + 100 * k, constants, steps[k], floats)
            return lambda carried, xs: list(carried) if kept[k] else body(carried, xs)[0]

        return [one(k) for k in range(count)]

    def looped(*xs: Any) -> Any:
        def step(carried: Any, given: Any) -> Any:
            choice, *row = given
            return ft.lax.switch(choice, bodies(row), carried, row), [np.sum(carried[0])]

        return ft.lax.scan(step, list(xs[:n]), [xs[-1], *xs[n:-1]])

    def python(*xs: Any) -> Any:
        def step(carried: Any, given: Any) -> Any:
            choice, *row = given
            chosen = bodies(row)[min(max(int(choice), 0), count - 1)]
            return chosen(carried, row), [np.sum(carried[0])]

        carried = [fnp.asarray(x) for x in xs[:n]]
        return python_scan(step, carried, [np.asarray(xs[-1]), *xs[n:-1]], length, False)

    return looped, python, [*carries, *rows, choices]


@pytest.mark.parametrize("seed", seeds(20))
def test_branches(seed: int) -> None:
    looped, python, args = branch_case(seed, floats=False)
    *arrays, choices = args
    compare(
        lambda *xs: looped(*xs, choices), *arrays, reference=lambda *xs: python(*xs, choices)
    )  # fmt: skip
    found = run_poisoned(ft.make_jaxpr(looped)(*args), args)
    for x, y in zip(found, ft.tree.leaves(python(*args)), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("seed", seeds(12))
def test_derivatives_of_branches(seed: int) -> None:
    rng = np.random.default_rng([seed, 16])
    looped, python, args = branch_case(seed, floats=True)
    n = len(args) - 1
    places = tuple(range(n))
    if seed % 3 == 0:
        dots = tuple(draw_array(rng, np.shape(x), "float64") for x in args[:n])

        def derivative(f: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *xs: ft.jvp(lambda *ys: f(*ys, xs[n]), xs[:n], dots)

    else:

        def derivative(f: Callable[..., Any]) -> Callable[..., Any]:
            return ft.grad(total_of(f), places)

    ours, theirs = derivative(looped), derivative(python)
    same_leaves(ft.jit(ours)(*args), theirs(*args))
    others = [draw_array(rng, np.shape(x), str(np.asarray(x).dtype)) for x in args[:n]]
    others.append(args[n][::-1])
    batch = [np.stack(pair) for pair in zip(args, others, strict=True)]
    want = ft.tree.map(lambda *xs: np.stack(xs), theirs(*args), theirs(*others))
    same_leaves(ft.jit(ft.vmap(ours))(*batch), want)


def same_leaves(found: Any, wanted: Any) -> None:
    for x, y in zip(ft.tree.leaves(found), ft.tree.leaves(wanted), strict=True):
        scale = np.max(np.abs(y), initial=1.0)
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-10 * scale)


@pytest.mark.parametrize("seed", seeds(6))
def test_donated_arguments(seed: int) -> None:
    """Results in the place of arguments are what they are elsewhere."""
    rng = np.random.default_rng([seed, 14])
    shape = draw_shape(rng)
    args = [draw_array(rng, shape, "float64") for _ in range(3)]
    args.append(draw_array(rng, shape if rng.random() < 0.5 else draw_shape(rng), "float64"))

    def f(*xs: Any) -> Any:
        values = straight([seed, 2], 9, *xs)
        own = np.random.default_rng([seed, 3])
        outs = [v for v in values if shape_of(v) == shape and dtype_of(v) == np.float64]
        return [outs[int(own.integers(len(outs)))] for _ in range(4)]

    expected = [np.copy(x) for x in f(*args)]
    donated = tuple(k for k in range(4) if rng.random() < 0.7)
    given = [np.array(x) if np.ndim(x) else x for x in args]
    found = ft.jit(f, donate_argnums=donated)(*given)
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_array_equal(x, y)
    for k, x in enumerate(args):
        if k not in donated:
            np.testing.assert_array_equal(given[k], x)


SMOOTH: tuple[Callable[[Any], Any], ...] = (
    np.sin,
    np.tanh,
    lambda x: np.exp(-x * x),
    lambda x: np.log1p(x * x),
    lambda x: np.sqrt(x * x + 1.0),
    lambda x: 1.0 / (2.0 + np.cos(x)),
    lambda x: x - np.max(x),
    lambda x: np.logaddexp(x, 0.5),
    lambda x: np.mean(x, axis=-1, keepdims=True) if shape_of(x) else x,
    lambda x: (x * x + 1.0) ** -1.5,
)


@pytest.mark.parametrize("seed", seeds(8))
def test_functions(seed: int) -> None:
    """The same with functions whose results are rounded; no comparisons then."""
    rng = np.random.default_rng([seed, 15])
    args = [draw_array(rng, draw_shape(rng), "float64") for _ in range(3)]

    def f(*xs: Any) -> Any:
        own = np.random.default_rng([seed, 16])
        values = list(xs)
        shapes = (transpose, moveaxis, reshape, slicing, pad, broadcast)
        for _ in range(14):
            x, y = (values[-1 - min(int(own.exponential(2.0)), len(values) - 1)] for _ in "xy")
            k = own.integers(6)
            if k < 3:
                out = SMOOTH[int(own.integers(len(SMOOTH)))](x)
            elif k == 3:
                out = shapes[int(own.integers(len(shapes)))](own, x)
            elif k == 4:
                pair = aligned(own, x, y)
                out = np.tanh(pair[0]) * pair[1] + pair[0]
            else:
                out = einsum(own, x, y) if own.random() < 0.5 else stack(own, x, y)
            if out is not None and int(np.prod(shape_of(out))) <= LARGE and len(shape_of(out)) < 6:
                values.append(out)
        return chosen(own, values)

    if rng.random() < 0.5:
        compare(f, *args, rtol=1e-8, atol=1e-8)
    else:
        compare(ft.grad(total_of(f), (0, 1, 2)), *args, rtol=1e-7, atol=1e-6)
