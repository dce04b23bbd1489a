"""The pipeline from a Jaxpr to native code gives what the evaluator gives, stage by stage."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from functrans.codegen import compile as compiler
from functrans.codegen import link
from functrans.codegen.pipeline import STAGES, Program, build
from functrans.core.avals import Aval
from functrans.core.check import check
from functrans.core.jaxpr import Jaxpr, evaluate
from functrans.errors import IndexBoundsError
from functrans.primitives import contraction, indexing, layout, linear, reductions
from functrans.primitives import elementwise as el
from functrans.transforms.stage import stage


def program_of(function: Callable[..., Any], *args: Any) -> Program:
    return build(check(jaxpr_of(function, *args)))


def jaxpr_of(function: Callable[..., Any], *args: Any) -> Jaxpr:
    def outputs(*xs: Any) -> Sequence[Any]:
        out = function(*xs)
        return out if isinstance(out, list | tuple) else [out]

    return stage(outputs, [Aval(np.shape(a), np.asarray(a).dtype) for a in args])


class Native:
    """A program compiled and callable, without the call stub."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.code = compiler.compile_ir(program.ir, program.entry)
        pointer = ctypes.c_void_p
        self.entry = ctypes.CFUNCTYPE(ctypes.c_int32, *[pointer] * 4)(self.code.address)
        self.arena = np.empty(program.workspace + 64, np.uint8)

    def __call__(self, *args: Any) -> list[Any]:
        inputs = [
            np.require(a, v.dtype, ["C", "A"])
            for a, v in zip(args, self.program.in_avals, strict=True)
        ]
        before = [a.copy() for a in inputs]
        outs = [np.empty(v.shape, v.dtype) for v in self.program.out_avals]
        for out in outs:
            out.view(np.uint8).fill(0xAB) if out.ndim and out.size else None
        start = self.arena.ctypes.data
        constants = link.table(self.program.constants)
        status = self.entry(
            _table(inputs), _table(outs), constants.ctypes.data, start + -start % 64
        )
        if status:
            raise self.program.error(status)
        for a, b in zip(inputs, before, strict=True):
            assert a.tobytes() == b.tobytes(), "an input was changed"
        return outs


def _table(arrays: Sequence[Any]) -> Any:
    return (ctypes.c_void_p * max(len(arrays), 1))(*[a.ctypes.data for a in arrays])


def agree(function: Callable[..., Any], *args: Any, fallbacks: int = 0) -> Program:
    """Compiled equals evaluated, in shape, dtype and value."""
    program = program_of(function, *args)
    for text in STAGES:
        assert program.as_text(text)
    str(program.report())
    assert len(program.report().fallbacks) == fallbacks, str(program.report())
    native = Native(program)
    expected = evaluate(program.jaxpr, *args)
    for _ in range(2):
        actual = native(*args)
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            e = np.asarray(e)
            assert a.shape == e.shape
            assert a.dtype == e.dtype
            if e.dtype.kind in "fc":
                eps = 64 * np.finfo(e.dtype).eps
                scale = float(np.max(np.abs(e), initial=0.0, where=np.isfinite(e)))
                np.testing.assert_allclose(a, e, rtol=eps, atol=eps * scale)
            else:
                np.testing.assert_array_equal(a, e)
    return program


def normal(*shape: int, dtype: Any = float, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def rows(x: Any, shape: tuple[int, ...]) -> Any:
    """A value of the leading axes spread along the last one."""
    return layout.broadcast_in_dim(x, shape, tuple(range(len(shape) - 1)))


def softmax(x: Any) -> Any:
    shape = x.shape
    e = el.exp(linear.sub(x, rows(reductions.reduce_max(x, (1,)), shape)))
    return linear.div(e, rows(layout.reduce_sum(e, (1,)), shape))


# --- elementwise ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (0,), (2, 0, 3), (2, 1, 4)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, np.uint8])
def test_elementwise_agrees_on_every_shape(shape: tuple[int, ...], dtype: Any) -> None:
    x, y = (normal(*shape, seed=s) * 3 for s in (0, 1))
    x, y = np.asarray(x).astype(dtype), np.asarray(y).astype(dtype)
    agree(lambda x, y: linear.mul(linear.add(x, y), linear.sub(x, x)), x, y)
    agree(lambda x, y: [el.lt(x, y), linear.convert(x, np.float64)], x, y)


def test_elementwise_kernel_is_one_flat_loop() -> None:
    program = agree(
        lambda x, y: el.exp(linear.mul(linear.add(x, y), y)), normal(4, 6), normal(4, 6)
    )
    assert len(program.report().kernels) == 1
    assert "i1 < 24" in program.as_text("loops")
    assert program.workspace == 0


def test_booleans_and_select() -> None:
    def f(x: Any, y: Any) -> Any:
        m = el.lt(x, y)
        return [m, linear.select_n(m, x, y), linear.convert(m, np.int64)]

    agree(f, normal(3, 5), normal(3, 5, seed=1))


def test_weak_scalars_and_literals() -> None:
    agree(lambda x: [linear.mul(x, 2.0), np.float32(3.0), x, x, True], normal(4, dtype=np.float32))


def test_long_chain_with_sharing() -> None:
    def f(x: Any) -> Any:
        for _ in range(60):
            x = linear.add(el.sin(x), linear.mul(x, 0.5))
        return x

    agree(f, normal(50))


def test_outputs_never_alias() -> None:
    c = normal(3)
    agree(lambda x: [x, x, linear.neg(x), linear.add(x, c)], normal(3))


# --- layouts -------------------------------------------------------------------------------------


def test_views_compose_without_copies() -> None:
    def f(x: Any) -> Any:
        t = layout.transpose(x, (1, 0))
        r = layout.rev(layout.slice_(t, (1, 0), (5, 3), (2, 1)), (0,))
        return linear.add(r, r)

    program = agree(f, normal(4, 6))
    assert len(program.report().kernels) == 1


@pytest.mark.parametrize(
    "new", [(24,), (2, 2, 6), (4, 3, 2), (3, 8), (1, 4, 1, 6), (2, 12), (12, 2), (6, 4)]
)
def test_reshapes(new: tuple[int, ...]) -> None:
    x = normal(4, 6)
    agree(lambda x: linear.neg(layout.reshape(x, new)), x)
    agree(lambda x: layout.reshape(linear.neg(x), new), x)
    agree(lambda x: layout.reshape(layout.transpose(x, (1, 0)), new), x)
    agree(lambda x: linear.add(layout.reshape(layout.rev(el.sin(x), (1,)), new), 1.0), x)
    agree(
        lambda x: layout.reshape(
            layout.reshape(layout.reshape(el.sin(x), (2, 2, 2, 3)), new), (8, 3)
        ),
        x,
    )


@pytest.mark.parametrize(
    "config", [((1, 2, 0), (0, 0, 1)), ((-1, 2, 2), (3, -2, 0)), ((0, 0, 0),) * 2]
)
def test_pad(config: Any) -> None:
    agree(lambda x: linear.pad(linear.neg(x), np.float64(2.5), config), normal(4, 5))
    agree(
        lambda x: layout.reduce_sum(linear.pad(linear.neg(x), np.float64(2.5), config), (1,)),
        normal(4, 5),
    )


def test_concatenate() -> None:
    def f(x: Any, y: Any) -> Any:
        c = layout.concatenate([el.sin(x), y, linear.mul(x, x)], 1)
        return [c, layout.reduce_sum(c, (1,)), layout.transpose(c, (1, 0))]

    agree(f, normal(3, 4), normal(3, 2))


def test_iota_and_full() -> None:
    agree(
        lambda x: linear.add(
            x, linear.add(layout.iota(np.float64, (3, 4), 1), layout.iota(np.float64, (3, 4), 0))
        ),
        normal(3, 4),
    )


# --- reductions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 2), (0, 1, 2), (1, 2)])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 1), (2, 0, 3), (40, 3, 33)])
def test_reductions(shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    x = normal(*shape)
    agree(lambda x: layout.reduce_sum(linear.mul(x, x), axes), x)
    agree(lambda x: [reductions.reduce_prod(x, axes)], x)
    agree(lambda x: reductions.reduce_or(el.lt(x, -2.0), axes), x)
    agree(lambda x: layout.reduce_sum(linear.convert(x, np.int32), axes), x)
    if 0 not in shape:
        agree(lambda x: [reductions.reduce_max(x, axes), reductions.reduce_min(x, axes)], x)


def test_extremes_propagate_nan() -> None:
    x = normal(4, 40)
    x[2, 7] = np.nan
    agree(
        lambda x: [
            reductions.reduce_max(x, (1,)),
            reductions.argmax(x, 1),
            reductions.argmin(x, 0),
        ],
        x,
    )


def test_large_column_sum() -> None:
    agree(lambda x: layout.reduce_sum(el.sin(x), (0,)), normal(20, 1000))


def test_long_sums_stay_accurate() -> None:
    x = np.full(1_000_000, 0.1, np.float32)
    program = program_of(lambda x: layout.reduce_sum(x, (0,)), x)
    (total,) = Native(program)(x)
    assert abs(total / np.sum(x.astype(float)) - 1) < 1e-6
    agree(lambda x: layout.reduce_sum(linear.mul(x, x), (0,)), normal(6000, 3))
    agree(lambda x: layout.reduce_sum(linear.mul(x, x), (0, 1)), normal(60, 100))
    x = layout.iota(np.float64, (4000,), 0)
    agree(lambda x: layout.reduce_sum(linear.mul(x, layout.iota(float, (4000,), 0)), (0,)), x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [2048, 2049, 10_007, 65_536, 100_003, 1_000_001])
def test_sums_of_any_length_stay_accurate(n: int, dtype: type) -> None:
    """Equal elements are the worst case: the rounding errors of a plain sum all add up."""
    x = np.full(n, 0.1, dtype)

    def sums(x: Any) -> list[Any]:
        twice = layout.broadcast_to(x, (2, n))
        return [
            layout.reduce_sum(x, (0,)),
            layout.reduce_sum(linear.mul(x, x), (0,)),
            layout.reduce_sum(linear.mul(twice, twice), (1,)),
            layout.reduce_sum(layout.transpose(twice, (1, 0)), (0, 1)),
        ]

    element = np.longdouble(x[0])
    square = np.longdouble(x[0] * x[0])
    bound = 2 * np.finfo(dtype).eps * np.log2(n)
    exact = [element * n, square * n, square * n, 2 * element * n]
    for actual, expected in zip(Native(program_of(sums, x))(x), exact, strict=True):
        assert np.all(abs(actual / expected - 1) < bound)


@pytest.mark.parametrize("shape", [(2, 10_007), (10_007, 2), (3, 4001), (4001, 12)])
def test_long_sums_in_all_places(shape: tuple[int, int]) -> None:
    x = normal(*shape)

    def weighted(x: Any) -> Any:
        rows = layout.broadcast_in_dim(layout.reduce_sum(x, (1,)), shape, (0,))
        return layout.reduce_sum(linear.mul(x, rows), (0, 1))

    agree(weighted, x)
    agree(lambda x: layout.reduce_sum(x, (0,)), x)
    agree(lambda x: layout.reduce_sum(el.sin(x), (1,)), x)
    agree(lambda x: [reductions.reduce_max(x, (0,)), layout.reduce_sum(x, (0,))], x)
    agree(lambda x: reductions.cumulative("add", x, 0, False), x)
    agree(
        lambda x: layout.reduce_sum(linear.mul(x, layout.iota(np.dtype(float), shape, 0)), (0, 1)),
        x,
    )


def test_reports_count_each_iteration_of_a_cut_sum() -> None:
    for n in (1024 * 32 * 2, 100_003):
        row = program_of(lambda x: layout.reduce_sum(el.sin(x), (0,)), normal(n)).report()
        assert 0 <= row.kernels[0].flops - 2 * n < n // 500


def test_long_folds_that_call_nothing_interleave() -> None:
    mark = "!llvm.loop"
    x = normal(1000)
    assert mark in agree(lambda x: layout.reduce_sum(linear.mul(x, x), (0,)), x).ir
    assert mark in agree(lambda x: reductions.reduce_max(x, (0,)), x).ir
    assert mark not in agree(lambda x: layout.reduce_sum(el.exp(x), (0,)), x).ir
    assert mark in agree(lambda x: layout.reduce_sum(x, (0,)), normal(128)).ir
    assert mark not in agree(lambda x: layout.reduce_sum(x, (0,)), normal(20)).ir
    assert mark not in agree(lambda x: linear.mul(x, x), x).ir


def test_softmax_is_one_kernel() -> None:
    program = agree(lambda x: el.log(softmax(el.tanh(x))), normal(6, 10))
    assert len(program.report().kernels) == 1
    assert program.workspace == 0


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("op", ["add", "mul", "max", "min"])
def test_cumulative(op: str, reverse: bool, axis: int) -> None:
    agree(lambda x: reductions.cumulative(op, linear.neg(x), axis, reverse), normal(5, 6))
    agree(lambda x: el.sin(reductions.cumulative(op, x, axis, reverse)), normal(5, 1))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_arg_extremes(axis: int) -> None:
    x = np.round(normal(3, 4, 5))
    agree(lambda x: [reductions.argmax(x, axis), reductions.argmin(linear.neg(x), axis)], x)
    agree(lambda x: reductions.argmax(linear.convert(x, np.uint8), axis), np.abs(x))


# --- contractions --------------------------------------------------------------------------------


def dims(xc: Any, yc: Any, xb: Any = (), yb: Any = ()) -> Any:
    return ((tuple(xc), tuple(yc)), (tuple(xb), tuple(yb)))


CONTRACTIONS = [
    ((3, 4), (4, 5), dims([1], [0])),
    ((4, 3), (4, 5), dims([0], [0])),
    ((3, 4), (5, 4), dims([1], [1])),
    ((4, 3), (5, 4), dims([0], [1])),
    ((2, 3, 4), (2, 4, 5), dims([2], [1], [0], [0])),
    ((3, 2, 4), (4, 5, 2), dims([2], [0], [1], [2])),
    ((4,), (4,), dims([0], [0])),
    ((3, 4), (4,), dims([1], [0])),
    ((3,), (4,), dims([], [])),
    ((2, 3, 4), (4, 3, 5), dims([1, 2], [1, 0])),
    ((3, 0), (0, 5), dims([1], [0])),
    ((3, 1), (1, 5), dims([1], [0])),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("scale", [1, 7])
@pytest.mark.parametrize("case", CONTRACTIONS, ids=str)
def test_contractions(case: Any, scale: int, dtype: Any) -> None:
    left, right, d = case
    x = (normal(*[n * scale for n in left]) * 4).astype(dtype)
    y = (normal(*[n * scale for n in right], seed=1) * 4).astype(dtype)
    agree(lambda x, y: contraction.dot_general(x, y, d), x, y)
    agree(
        lambda x, y: linear.neg(contraction.dot_general(linear.add(x, x), linear.neg(y), d)), x, y
    )


def test_transposed_operands_go_to_blas_as_flags() -> None:
    def f(x: Any, y: Any) -> Any:
        return contraction.dot_general(
            layout.transpose(x, (1, 0)), layout.slice_(y, (0, 3), (30, 33), (1, 1)), dims([1], [0])
        )

    program = agree(f, normal(30, 40), normal(30, 40))
    assert len(program.report().kernels) == 0
    assert len(program.report().library_calls) == 1


# --- indexing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["raise", "clip", "wrap", "fill"])
def test_gather(mode: str) -> None:
    i = np.array([[0, 2, -1], [1, 1, -3]])
    if mode != "raise":
        i = i * 2
    agree(lambda x, i: indexing.gather(x, (i,), (0,), mode), normal(3, 4), i)
    agree(lambda x, i: indexing.gather(linear.neg(x), (i,), (1,), mode), normal(4, 3), i)
    agree(
        lambda x, i: indexing.gather(layout.transpose(x, (1, 0)), (i, i), (1, 0), mode),
        normal(3, 3),
        i,
    )


@pytest.mark.parametrize("op", ["set", "add", "mul", "min", "max"])
@pytest.mark.parametrize("mode", ["raise", "clip", "wrap", "drop"])
def test_scatter(op: str, mode: str) -> None:
    i = np.array([0, 2, -1, 0])
    if mode != "raise":
        i = i * 2
    agree(
        lambda x, u, i: indexing.scatter(x, u, (i,), (0,), op, mode), normal(3, 2), normal(4, 2), i
    )
    agree(
        lambda x, u, i: el.sin(
            indexing.scatter(linear.neg(x), linear.neg(u), (i,), (1,), op, mode)
        ),
        normal(2, 3),
        normal(4, 2),
        i,
    )


def test_index_out_of_bounds_raises_with_the_users_line() -> None:
    native = Native(
        program_of(lambda x, i: linear.neg(indexing.gather(x, (i,), (0,))), normal(3), np.arange(3))
    )
    with pytest.raises(IndexBoundsError) as caught:
        native(normal(3), np.array([0, 1, 3]))
    assert caught.value.line is not None
    assert caught.value.line.file == __file__
    np.testing.assert_array_equal(
        native(normal(3), np.array([0, 1, -1]))[0], -normal(3)[[0, 1, -1]]
    )


# --- fallbacks -----------------------------------------------------------------------------------


def test_fallbacks_run_in_numpy_and_are_counted() -> None:
    program = agree(lambda x: reductions.argsort(linear.neg(x), 0), normal(5, 3), fallbacks=1)
    row = program.report().fallbacks[0]
    assert row.primitive == "argsort"
    assert "fuses with nothing" in row.reason
    assert "test_pipeline.py" in row.line
    assert row.source is not None
    assert row.source.file == __file__


def test_complex_values_fall_back() -> None:
    x = normal(3) + 1j * normal(3, seed=1)
    agree(lambda x: [linear.mul(x, x), x], x, fallbacks=1)


def test_exceptions_of_fallbacks_come_back_in_their_thread() -> None:
    native = Native(program_of(lambda x: reductions.argsort(x, 0), normal(5)))
    eqn = native.program.jaxpr.eqns[0]

    def broken(*args: Any, **params: Any) -> Any:
        raise ZeroDivisionError("on purpose")

    call = native.program.clusters.order[0]
    from functrans.codegen.fallback import DONE, Evaluation, Pending, callback

    pending = Pending()
    original = eqn.primitive.impl
    object.__setattr__(eqn.primitive, "impl", broken)
    try:
        function = callback(Evaluation.of(call), pending)
    finally:
        object.__setattr__(eqn.primitive, "impl", original)
    x, out = normal(5), np.empty(5, np.int64)
    assert function(ctypes.addressof(_table([x])), ctypes.addressof(_table([out]))) != DONE
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(pending.take()))
    thread.start()
    thread.join()
    assert seen == [None]
    assert isinstance(pending.take(), ZeroDivisionError)


# --- the plan ------------------------------------------------------------------------------------


def test_buffers_are_reused() -> None:
    def f(x: Any, w: Any) -> Any:
        for _ in range(6):
            x = contraction.dot_general(el.tanh(x), w, dims([1], [0]))
        return x

    program = agree(f, normal(20, 20), normal(20, 20))
    assert program.workspace <= 2 * 20 * 20 * 8


def test_equal_kernels_are_emitted_once() -> None:
    def f(x: Any, w: Any) -> Any:
        for _ in range(6):
            x = contraction.dot_general(el.tanh(x), w, dims([1], [0]))
        return x

    program = program_of(f, normal(20, 20), normal(20, 20))
    assert program.ir.count("define internal void @kernel") <= 3


# --- stages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage_name", ["clusters", "loops", "buffers"])
def test_stages_of_a_layer_read_as_they_should(golden: Any, stage_name: str) -> None:
    def layer(x: Any, w: Any) -> Any:
        return softmax(contraction.dot_general(el.tanh(linear.mul(x, 0.5)), w, dims([1], [0])))

    program = program_of(layer, normal(20, 16), normal(16, 12))
    golden.check(f"stage_{stage_name}", program.as_text(stage_name))


def test_ir_of_a_kernel_reads_as_it_should(golden: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return layout.reduce_sum(linear.mul(x, rows(y, (6, 40))), (1,))

    golden.check("stage_llvm", program_of(f, normal(6, 40), normal(6)).as_text("llvm"))


# --- random programs -----------------------------------------------------------------------------


class RandomProgram:
    """A function of a few arrays that applies smooth operations to what it has made."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng = rng
        self.size = size

    def __call__(self, *xs: Any) -> list[Any]:
        made, outs = list(xs), []
        for _ in range(self.size):
            x = made[-1 - min(int(self.rng.exponential(3)), len(made) - 1)]
            y = (self.pick(self.STEPS) if x.ndim else RandomProgram.elementwise)(self, x, made)
            if y.size <= 20_000 and y.ndim <= 5:
                made.append(y)
                if self.rng.random() < 0.2:
                    outs.append(y)
        return [*outs, made[-1]]

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.rng.integers(len(choices)))]

    def axis_of(self, x: Any) -> int:
        return int(self.rng.integers(x.ndim))

    def elementwise(self, x: Any, made: Sequence[Any]) -> Any:
        y = [v for v in made if v.shape == x.shape][-1]
        choices = [
            lambda: el.sin(x),
            lambda: linear.add(el.tanh(x), y),
            lambda: linear.sub(y, x),
            lambda: linear.mul(el.sin(x), el.tanh(y)),
        ]
        return self.pick(choices)()

    def permuted(self, x: Any, made: Sequence[Any]) -> Any:
        order = tuple(map(int, self.rng.permutation(x.ndim)))
        return layout.rev(layout.transpose(x, order), (self.axis_of(x),))

    def sliced(self, x: Any, made: Sequence[Any]) -> Any:
        start = tuple(int(self.rng.integers(0, max(1, n // 2))) for n in x.shape)
        return layout.slice_(x, start, x.shape, tuple(self.pick([1, 2]) for _ in start))

    def spread(self, x: Any, made: Sequence[Any]) -> Any:
        return layout.broadcast_in_dim(x, (3, *x.shape, 2), tuple(range(1, x.ndim + 1)))

    def reshaped(self, x: Any, made: Sequence[Any]) -> Any:
        n = x.size
        shapes = [(n,), (1, n), *((d, n // d) for d in (2, 3, 4, 6) if n % d == 0)]
        return layout.reshape(x, self.pick(shapes))

    def summed(self, x: Any, made: Sequence[Any]) -> Any:
        return layout.reduce_sum(x, tuple(sorted({self.axis_of(x), self.axis_of(x)})))

    def running(self, x: Any, made: Sequence[Any]) -> Any:
        reverse = self.pick([False, True])
        return reductions.cumulative("add", el.sin(x), self.axis_of(x), reverse)

    def padded(self, x: Any, made: Sequence[Any]) -> Any:
        axis = self.axis_of(x)
        config = tuple((1, 2, 1) if d == axis else (0, 0, 0) for d in range(x.ndim))
        return linear.pad(x, x.dtype.type(0.5), config)

    def joined(self, x: Any, made: Sequence[Any]) -> Any:
        y = [v for v in made if v.shape == x.shape][-1]
        return layout.concatenate([x, y], self.axis_of(x))

    def contracted(self, x: Any, made: Sequence[Any]) -> Any:
        axis = self.axis_of(x)
        fits = [(y, j) for y in made for j in range(y.ndim) if y.shape[j] == x.shape[axis]]
        y, j = self.pick(fits)
        if x.size * y.size > 20_000:
            return x
        return el.sin(contraction.dot_general(x, y, dims([axis], [j])))

    def indexed(self, x: Any, made: Sequence[Any]) -> Any:
        where = np.array([0, -1, 0])
        if x.shape[0] == 0:
            return x
        if self.rng.random() < 0.5:
            return indexing.gather(x, (where,), (0,))
        updates = layout.broadcast_in_dim(x.dtype.type(2), (3, *x.shape[1:]), ())
        return indexing.scatter(x, updates, (where,), (0,), "add")

    STEPS = (
        *[elementwise] * 4, permuted, sliced, spread, reshaped, summed, summed, running, padded,
        joined, contracted, indexed,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes: list[tuple[int, ...]] = [(4, 6), (6,), (3, 4, 6), (12, 20), (30, 12), (0, 4), (1, 6)]
    xs = [normal(*shapes[int(rng.integers(len(shapes)))], seed=k) for k in range(3)]
    program = program_of(RandomProgram(rng, 10 + seed), *xs)
    for actual, expected in zip(Native(program)(*xs), evaluate(program.jaxpr, *xs), strict=True):
        assert actual.shape == np.shape(expected)
        scale = np.max(np.abs(expected), initial=1.0)
        np.testing.assert_allclose(actual, expected, rtol=1e-8, atol=1e-8 * scale)
