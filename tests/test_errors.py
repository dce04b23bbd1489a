"""Bad input: each kind has its class of error, the user's line and the remedy; nothing breaks."""

from __future__ import annotations

import subprocess
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import functrans as ft
import functrans.numpy as fnp
from functrans import errors
from functrans.core.trace import busy, current_trace

X = np.array([0.5, -1.5, 2.0])
N = np.arange(3)


@pytest.fixture(autouse=True)
def everything_works_as_before() -> Iterator[None]:
    yield
    assert current_trace() is None
    assert busy.cell[0] == 0
    np.testing.assert_array_equal(ft.grad(lambda x: np.sum(x * x))(X), 2 * X)
    np.testing.assert_array_equal(SQUARE(X), X * X)
    np.testing.assert_array_equal(ft.vmap(lambda x: x * x)(X), X * X)


SQUARE = ft.jit(lambda x: x * x)
LEAKED: list[Any] = []


def leak(x: Any) -> Any:
    LEAKED.append(x)
    return np.sum(x)


def use_leaked() -> Any:
    LEAKED.clear()
    ft.jit(leak)(X)
    return LEAKED[0] + 1


def if_traced(x: Any) -> Any:
    if x[0] > 0:
        return x
    return -x


def assign(x: Any) -> Any:
    x[0] = 1.0
    return np.sum(x)


def assign_into_numpy(x: Any) -> Any:
    out = np.zeros(3)
    out[0] = x[0]
    return np.sum(out)


def while_traced(x: Any) -> Any:
    while x < 10:
        x = x * 2
    return x


BAD: dict[str, tuple[type[Exception], type[Exception], Callable[[], Any]]] = {
    # name: (functrans' class, the built-in class it is caught by, what the user wrote)
    "shapes": (errors.ShapeError, ValueError, lambda: ft.grad(lambda x: np.sum(x + np.ones(4)))(X)),
    "shapes jit": (errors.ShapeError, ValueError, lambda: ft.jit(lambda x: x + np.ones(4))(X)),
    "shapes vmap": (
        errors.ShapeError,
        ValueError,
        lambda: ft.vmap(lambda x: x + X)(np.ones((2, 4))),
    ),
    "matmul": (errors.ShapeError, ValueError, lambda: ft.jit(lambda x: x @ np.ones((4, 2)))(X)),
    "reshape": (errors.ShapeError, ValueError, lambda: ft.jit(lambda x: x.reshape(2, 2))(X)),
    "concatenate": (
        errors.ShapeError,
        ValueError,
        lambda: ft.jit(lambda x: np.concatenate([x, np.ones((2, 2))]))(X),
    ),
    "axis": (errors.FunctransError, ValueError, lambda: ft.jit(lambda x: np.sum(x, axis=1))(X)),
    "axis grad": (
        errors.FunctransError,
        ValueError,
        lambda: ft.grad(lambda x: np.sum(x, axis=1))(X),
    ),
    "broadcast": (
        errors.ShapeError,
        ValueError,
        lambda: ft.jit(lambda x: np.broadcast_to(x, (2, 2)))(X),
    ),
    "empty max": (errors.ShapeError, ValueError, lambda: ft.jit(np.max)(np.ones(0))),
    "einsum": (
        errors.FunctransError,
        ValueError,
        lambda: ft.jit(lambda x: np.einsum("ij,jk->ik", x, np.ones((3, 3))))(X),
    ),
    "absent": (errors.AbsentNameError, AttributeError, lambda: ft.config),
    "dtype": (errors.DtypeError, TypeError, lambda: ft.jit(lambda x: x & 1)(X)),
    "shift of floats": (errors.DtypeError, TypeError, lambda: ft.jit(lambda x: x << 1)(X)),
    "complex order": (
        errors.DtypeError,
        TypeError,
        lambda: ft.jit(lambda z: np.arctan2(z, z))(1j * X),
    ),
    "tree mismatch": (
        errors.TreeError,
        ValueError,
        lambda: ft.jvp(lambda p: p["a"], ({"a": X},), ((X,),)),
    ),
    "vjp tree": (errors.TreeError, ValueError, lambda: ft.vjp(lambda x: (x, x), X)[1](X)),
    "vjp shape": (errors.TypeMismatchError, TypeError, lambda: ft.vjp(np.sin, X)[1](np.ones(2))),
    "jvp dtype": (
        errors.TypeMismatchError,
        TypeError,
        lambda: ft.jvp(np.sin, (X,), (np.ones(3, np.float32),)),
    ),
    "tree_map": (
        errors.TreeError,
        ValueError,
        lambda: ft.tree_util.tree_map(lambda a, b: a, (1, 2), (1, 2, 3)),
    ),
    "vector output": (errors.ScalarOutputError, TypeError, lambda: ft.grad(np.sin)(X)),
    "tuple output": (errors.ScalarOutputError, TypeError, lambda: ft.grad(lambda x: (x, x))(1.0)),
    "none output": (errors.ScalarOutputError, TypeError, lambda: ft.grad(lambda x: None)(1.0)),
    "integer output": (
        errors.ScalarOutputError,
        TypeError,
        lambda: ft.grad(lambda x: np.argmax(x))(X),
    ),
    "one-element output": (
        errors.ScalarOutputError,
        TypeError,
        lambda: ft.grad(lambda x: x[:1])(X),
    ),
    "string output": (errors.ArgumentError, TypeError, lambda: ft.jit(lambda x: "text")(X)),
    "object output": (errors.FunctransError, TypeError, lambda: ft.grad(lambda x: object())(1.0)),
    "integer input": (errors.IntegerInputError, TypeError, lambda: ft.grad(lambda x: x * 2.0)(3)),
    "integer array": (errors.IntegerInputError, TypeError, lambda: ft.grad(np.sum)(N)),
    "boolean input": (
        errors.IntegerInputError,
        TypeError,
        lambda: ft.grad(lambda x: x * 2.0)(True),
    ),
    "integer in a tree": (
        errors.IntegerInputError,
        TypeError,
        lambda: ft.grad(lambda p: p["a"] * 1.0)({"a": 3}),
    ),
    "complex output": (errors.ComplexInputError, TypeError, lambda: ft.grad(lambda z: z * z)(1j)),
    "holomorphic of real": (
        errors.ComplexInputError,
        TypeError,
        lambda: ft.grad(np.sin, holomorphic=True)(1.0),
    ),
    "holomorphic output": (
        errors.ComplexInputError,
        TypeError,
        lambda: ft.grad(abs, holomorphic=True)(1j),
    ),
    "leak": (errors.UnexpectedTracerError, RuntimeError, use_leaked),
    "if": (errors.TracerBoolConversionError, TypeError, lambda: ft.jit(if_traced)(X)),
    "if under vmap": (
        errors.TracerBoolConversionError,
        TypeError,
        lambda: ft.vmap(if_traced)(np.ones((2, 3))),
    ),
    "while": (errors.TracerBoolConversionError, TypeError, lambda: ft.jit(while_traced)(1.0)),
    "and": (
        errors.TracerBoolConversionError,
        TypeError,
        lambda: ft.jit(lambda x: x > 0 and x < 1)(1.0),
    ),
    "range": (
        errors.TracerIntegerConversionError,
        TypeError,
        lambda: ft.jit(lambda n: list(range(n)))(3),
    ),
    "index of an array": (
        errors.TracerArrayConversionError,
        TypeError,
        lambda: ft.jit(lambda i: X[i])(1),
    ),
    "index of a list": (
        errors.TracerIntegerConversionError,
        TypeError,
        lambda: ft.jit(lambda i: [1, 2][i])(1),
    ),
    "shape": (errors.ConcretizationTypeError, TypeError, lambda: ft.jit(lambda n: fnp.zeros(n))(3)),
    "float()": (errors.ConcretizationTypeError, TypeError, lambda: ft.jit(lambda x: float(x))(1.0)),
    "int()": (errors.ConcretizationTypeError, TypeError, lambda: ft.jit(lambda x: int(x))(1.0)),
    "float() under grad": (
        errors.ConcretizationTypeError,
        TypeError,
        lambda: ft.grad(lambda x: float(x) * x)(1.0),
    ),
    "math under grad": (
        errors.ConcretizationTypeError,
        TypeError,
        lambda: ft.grad(lambda x: __import__("math").sin(x))(1.0),
    ),
    "item under grad": (
        errors.ConcretizationTypeError,
        TypeError,
        lambda: ft.grad(lambda x: x[0].item())(X),
    ),
    "masked array": (
        errors.ArgumentError,
        TypeError,
        lambda: ft.grad(np.sum)(np.ma.array(X, mask=[0, 1, 0])),
    ),
    "masked array jit": (
        errors.ArgumentError,
        TypeError,
        lambda: SQUARE(np.ma.array(X, mask=[0, 1, 0])),
    ),
    "item": (errors.ConcretizationTypeError, TypeError, lambda: ft.jit(lambda x: x.item())(1.0)),
    "tolist": (errors.ConcretizationTypeError, TypeError, lambda: ft.jit(lambda x: x.tolist())(X)),
    "math": (
        errors.ConcretizationTypeError,
        TypeError,
        lambda: ft.jit(lambda x: __import__("math").sin(x))(1.0),
    ),
    "assignment": (errors.TracerItemAssignmentError, TypeError, lambda: ft.grad(assign)(X)),
    "assignment jit": (errors.TracerItemAssignmentError, TypeError, lambda: ft.jit(assign)(X)),
    "np.array": (
        errors.TracerArrayConversionError,
        TypeError,
        lambda: ft.jit(lambda x: np.array([x, x]))(1.0),
    ),
    "np.array vector": (
        errors.TracerArrayConversionError,
        TypeError,
        lambda: ft.jit(lambda x: np.array([x, x]))(X),
    ),
    "np.asarray": (
        errors.TracerArrayConversionError,
        TypeError,
        lambda: ft.jit(lambda x: np.asarray(x))(X),
    ),
    "np.array under grad": (
        errors.TracerArrayConversionError,
        TypeError,
        lambda: ft.grad(lambda x: np.sum(np.array([x, x])))(1.0),
    ),
    "mask": (
        errors.NonConcreteBooleanIndexError,
        IndexError,
        lambda: ft.jit(lambda x: x[x > 0])(X),
    ),
    "nonzero": (
        errors.NonConcreteBooleanIndexError,
        IndexError,
        lambda: ft.jit(lambda x: fnp.nonzero(x))(X),
    ),
    "unique": (errors.FunctransError, (TypeError, IndexError), lambda: ft.jit(fnp.unique)(X)),
    "index bounds": (errors.IndexBoundsError, IndexError, lambda: ft.grad(lambda x: x[5])(X)),
    "index bounds jit": (errors.IndexBoundsError, IndexError, lambda: ft.jit(lambda x: x[5])(X)),
    "index bounds traced": (
        errors.IndexBoundsError,
        IndexError,
        lambda: ft.jit(lambda x, i: x[i])(X, 5),
    ),
    "index bounds negative": (
        errors.IndexBoundsError,
        IndexError,
        lambda: ft.jit(lambda x, i: x[i])(X, np.array([0, -4])),
    ),
    "index bounds scatter": (
        errors.IndexBoundsError,
        IndexError,
        lambda: ft.jit(lambda x, i: x.at[i].set(0.0))(X, 7),
    ),
    "too many indices": (errors.FunctransError, IndexError, lambda: ft.jit(lambda x: x[0, 0])(X)),
    "float index": (errors.FunctransError, IndexError, lambda: ft.jit(lambda x: x[1.5])(X)),
    "object array": (
        errors.ArgumentError,
        TypeError,
        lambda: ft.grad(np.sum)(np.array([1.0, None], object)),
    ),
    "object array jit": (
        errors.ArgumentError,
        TypeError,
        lambda: SQUARE(np.array([1.0, None], object)),
    ),
    "string": (errors.ArgumentError, TypeError, lambda: SQUARE("text")),
    "string grad": (errors.ArgumentError, TypeError, lambda: ft.grad(lambda x: x)("text")),
    "string array": (errors.ArgumentError, TypeError, lambda: SQUARE(np.array(["a", "b"]))),
    "ragged list": (
        errors.ArgumentError,
        (TypeError, ValueError),
        lambda: ft.jit(lambda x: fnp.array([x, [x, x]]))(1.0),
    ),
    "list operand": (errors.FunctransError, TypeError, lambda: ft.jit(lambda x: fnp.sin(["a"]))(X)),
    "datetime": (
        errors.ArgumentError,
        TypeError,
        lambda: SQUARE(np.array(["2020-01-01"], "datetime64[D]")),
    ),
    "object argument": (errors.ArgumentError, TypeError, lambda: SQUARE(object())),
    "huge integer": (errors.ArgumentError, TypeError, lambda: SQUARE(2**70)),
    "vmap sizes": (
        errors.VmapError,
        ValueError,
        lambda: ft.vmap(lambda x, y: x)(np.ones(2), np.ones(3)),
    ),
    "vmap scalar": (errors.VmapError, ValueError, lambda: ft.vmap(np.sin)(1.0)),
    "vmap nothing": (errors.VmapError, ValueError, lambda: ft.vmap(np.sin, in_axes=None)(X)),
    "vmap out None": (errors.VmapError, ValueError, lambda: ft.vmap(np.sin, out_axes=None)(X)),
    "vmap prefix": (
        errors.TreeError,
        ValueError,
        lambda: ft.vmap(lambda p: p["a"], in_axes=({"b": 0},))({"a": X}),
    ),
    "vmap bool": (errors.OptionError, ValueError, lambda: ft.vmap(np.sin, in_axes=True)(X)),
    "argnums": (errors.ArgumentError, TypeError, lambda: ft.grad(np.sum, argnums=1)(X)),
    "argnums text": (errors.OptionError, ValueError, lambda: ft.grad(np.sum, argnums="x")(X)),
    "argnums twice": (errors.OptionError, ValueError, lambda: ft.grad(np.sum, argnums=(0, 0))(X)),
    "aux": (errors.ArgumentError, TypeError, lambda: ft.grad(np.sum, has_aux=True)(X)),
    "not a function": (errors.ArgumentError, TypeError, lambda: ft.jit(3)),
    "grad of no function": (errors.ArgumentError, TypeError, lambda: ft.grad(3)(1.0)),
    "unhashable static": (
        errors.StaticArgumentError,
        ValueError,
        lambda: ft.jit(lambda x, n: x, static_argnums=1)(X, [1]),
    ),
    "static name": (
        errors.OptionError,
        ValueError,
        lambda: ft.jit(lambda x: x, static_argnames="y")(X),
    ),
    "static number": (
        errors.OptionError,
        ValueError,
        lambda: ft.jit(lambda x: x, static_argnums=3)(X),
    ),
    "missing rule": (
        errors.MissingRuleError,
        NotImplementedError,
        lambda: ft.grad(lambda a: ft.lax.igamma(a, 2.0))(1.5),
    ),
    "no version": (
        errors.MissingRuleError,
        NotImplementedError,
        lambda: ft.jit(lambda x: np.array2string(x))(np.ones(2)),
    ),
    "out=": (
        errors.FunctransError,
        TypeError,
        lambda: ft.grad(lambda x: np.sum(np.sin(x, out=np.ones(3))))(X),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(name: str) -> None:
    kind, builtin, run = BAD[name]
    line = run.__code__.co_firstlineno
    with pytest.raises(kind) as caught:
        run()
    error: Any = caught.value
    assert not (name == "index of an array" and "fnp.asarray(table)[i]" not in str(error))
    assert isinstance(error, builtin)
    assert error.line is not None
    assert error.line.file == __file__, f"not the user's line: {error.line}"
    assert error.line.line >= 30
    assert f"{error.line.file}:{error.line.line}" in str(error)
    assert line > 0
    assert "What to do" in str(error), f"no remedy: {error}"
    assert error.what.strip().endswith((".", ":", ";"))


def test_the_line_is_the_one_that_did_it() -> None:
    def three_lines(x: Any) -> Any:
        y = np.sin(x)
        z = y + np.ones(4)  # here
        return np.sum(z)

    for transform in (ft.grad, ft.jit, ft.jacfwd):
        with pytest.raises(errors.ShapeError) as caught:
            transform(three_lines)(X)
        assert caught.value.line.line == three_lines.__code__.co_firstlineno + 2
        assert "here" in str(caught.value)


def test_lines_of_notebooks_name_the_cell_and_not_its_file() -> None:
    source = errors.Source("/tmp/ipykernel_4711/3363234639.py", 5, "loss")
    assert str(source) == "cell:5 (loss)"
    assert "  at cell:5, in loss\n" in str(errors.ShapeError("No.", line=source))


def test_notebooks_show_the_frames_that_are_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shell:
        InteractiveTB: Any = None

        def structured_traceback(self, kind: Any, value: Any, tb: Any) -> list[str]:
            return [kind.__name__, *(frame.name for frame in traceback.extract_tb(tb))]

    shell = Shell()
    shell.InteractiveTB = shell
    module = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", module)
    with pytest.raises(errors.TracerBoolConversionError) as caught:
        ft.jit(if_traced)(X)
    here = "test_notebooks_show_the_frames_that_are_the_users"
    assert caught.value._render_traceback_() == ["TracerBoolConversionError", here, "if_traced"]


def test_the_line_where_the_package_is_found_by_a_path_that_goes_up() -> None:
    code = (
        "import sys; sys.path.insert(0, '..')\n"
        "import functrans as ft\n"
        "def f(x): return x * 2.0\n"
        "[eqn] = ft.make_jaxpr(f)(1.0).eqns\n"
        "assert '..' in ft.__file__, ft.__file__\n"
        "assert eqn.source.function == 'f', eqn.source"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent)


def test_the_line_of_a_compiled_index_error() -> None:
    @ft.jit
    def pick(x: Any, i: Any) -> Any:
        y = x * 2
        return y[i]  # here

    np.testing.assert_array_equal(pick(X, 2), X[2] * 2)
    for _ in range(2):
        with pytest.raises(errors.IndexBoundsError) as caught:
            pick(X, 3)
        assert "here" in str(caught.value)
    np.testing.assert_array_equal(pick(X, 1), X[1] * 2)


def test_errors_inside_nested_transforms() -> None:
    def bad(x: Any) -> Any:
        return np.sum(x.reshape(7))

    for make in (
        lambda: ft.jit(ft.grad(bad)),
        lambda: ft.grad(ft.jit(bad)),
        lambda: ft.hessian(bad),
        lambda: ft.grad(lambda x: np.sum(ft.vmap(bad)(x[None]))),
        lambda: ft.jit(ft.jit(bad)),
    ):
        with pytest.raises(errors.ShapeError):
            make()(X)
        assert current_trace() is None
        assert busy.cell[0] == 0


@pytest.mark.parametrize("transform", [ft.grad, ft.jit])
def test_storing_into_a_numpy_array(transform: Any) -> None:
    # NumPy puts its own ValueError in front of ours, and transforms take it away again.
    with pytest.raises(errors.TracerItemAssignmentError) as caught:
        transform(assign_into_numpy)(X)
    assert "out[0] = x[0]" in str(caught.value)
    assert "What to do" in str(caught.value)
    assert caught.traceback[-1].name == "assign_into_numpy"


def test_a_failed_jit_call_is_not_cached() -> None:
    calls = []

    @ft.jit
    def flaky(x: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")
        return x + 1

    with pytest.raises(RuntimeError):
        flaky(X)
    np.testing.assert_array_equal(flaky(X), X + 1)


def test_numpy_errors_without_transforms_are_numpys() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        fnp.add(X, np.ones(4))
    with pytest.raises(ValueError, match=r"mismatch|matmul"):
        fnp.matmul(X, np.ones((4, 2)))


def test_a_structure_that_cannot_be_hashed_names_the_remedy() -> None:
    class Labelled:
        def __init__(self, value: Any, labels: list[str]) -> None:
            self.value, self.labels = value, labels

    ft.tree.register_pytree_node(
        Labelled, lambda x: ((x.value,), x.labels), lambda labels, c: Labelled(c[0], labels)
    )
    double = ft.jit(lambda x: x.value * 2.0)
    with pytest.raises(ft.errors.TreeError, match="cannot be hashed"):
        double(Labelled(1.0, ["a"]))
