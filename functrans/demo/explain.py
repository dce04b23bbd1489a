"""Show what functrans makes of a user's function: program, derivative, kernels, fallbacks, times.

Each equation of the programs ends with the user's line that made it.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import functrans as ft
from functrans.core.show import show
from functrans.tree_util import tree_leaves, tree_map

EPILOG = """\
Each argument is a Python expression, evaluated with NumPy as np:

  python -m functrans explain my_model:loss --args "np.ones(3)" 2.0
  python -m functrans explain my_model:loss --args "{'w': np.eye(2)}" "(-1.5)"

Expressions run as code: pass only what you would run yourself. One that begins with a minus sign
needs parentheses around it. MODULE is imported from the current directory or the Python path.
"""


class UsageError(Exception):
    """A command line that cannot be carried out; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("function", metavar="MODULE:FUNCTION", help="the function to explain")
    parser.add_argument(
        "--args",
        nargs="*",
        default=[],
        metavar="EXPRESSION",
        help="its positional arguments, as Python expressions with np in scope",
    )


def run(options: argparse.Namespace) -> None:
    """Print the explanation.

    Raises
    ------
    UsageError: no such function, an expression that fails, a function that cannot be traced.
    """
    function = find(options.function)
    arguments = tuple(evaluate(text) for text in options.args)
    check_arity(function, arguments, options.function)
    try:
        explain(function, arguments, options.function)
    except ft.errors.FunctransError as error:
        raise UsageError(f"{type(error).__name__}: {error}") from error


def find(name: str) -> Callable[..., Any]:
    """The function that ``MODULE:FUNCTION`` names; FUNCTION may have dots.

    >>> find("math:sqrt")
    <built-in function sqrt>
    """
    module_name, colon, path = name.partition(":")
    if not (module_name and colon and path):
        raise UsageError(f"{name!r} is not of the form MODULE:FUNCTION, such as my_model:loss.")
    if module_name.endswith(".py") or "/" in module_name:
        dotted = module_name.removesuffix(".py").strip("./").replace("/", ".")
        raise UsageError(f"{module_name!r} is a file; name the module, such as {dotted}:{path}.")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UsageError(f"Cannot import {module_name!r}: {error}.") from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{module_name!r} has no {path!r}.")
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"{name} is a {type(found).__name__}, not a function.")
    return found  # type: ignore[no-any-return]


def evaluate(text: str) -> Any:
    """The value of a command-line expression, with NumPy as ``np``.

    >>> evaluate("np.ones(2) * 3")
    array([3., 3.])
    """
    try:
        return eval(text, {"np": np, "numpy": np})
    except Exception as error:
        message = f"Cannot evaluate the argument {text!r}: {type(error).__name__}: {error}"
        raise UsageError(message) from error


def check_arity(function: Callable[..., Any], arguments: tuple[Any, ...], name: str) -> None:
    """Raise UsageError where the function cannot be called with so many arguments."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions do not tell
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise UsageError(f"{name}{signature} got {len(arguments)} --args: {error}.") from error


def explain(function: Callable[..., Any], arguments: tuple[Any, ...], name: str) -> None:
    """Print everything about ``function`` at ``arguments``."""
    program = ft.make_jaxpr(function)(*arguments)
    heading(f"{name} as a program")
    print(show(program, source=True))
    heading("Compiled")
    print_compiled(function, arguments)

    what, derivative, operands = derivative_of(function, arguments)
    if derivative is None:
        heading("Derivative")
        print(what)
        return
    heading(what)
    print(show(ft.make_jaxpr(derivative)(*operands), source=True))
    heading("The derivative compiled")
    print_compiled(derivative, operands)


def derivative_of(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[str, Callable[..., Any] | None, tuple[Any, ...]]:
    """A title, a derivative that suits the output, and the arguments to call it with.

    The gradient where the output is one real number, else the pullback of a cotangent of ones.
    """
    argnums = tuple(i for i, a in enumerate(arguments) if all_inexact(a))
    if not argnums:
        return "None: no argument consists of floating-point numbers.", None, ()
    which = f"argument{'s' * (len(argnums) > 1)} {', '.join(map(str, argnums))}"
    shapes = ft.eval_shape(function, *arguments)
    outputs = tree_leaves(shapes)
    if len(outputs) == 1 and outputs[0].shape == () and outputs[0].dtype.kind == "f":
        return f"Gradient for {which}", ft.grad(function, argnums=argnums), arguments
    if not all(np.issubdtype(out.dtype, np.inexact) for out in outputs):
        return "None: some outputs are no floating-point numbers.", None, ()

    def pullback(cotangents: Any, *inputs: Any) -> Any:
        def of_inexact(*inexact: Any) -> Any:
            full = list(inputs)
            for i, value in zip(argnums, inexact, strict=True):
                full[i] = value
            return function(*full)

        _, pull = ft.vjp(of_inexact, *(inputs[i] for i in argnums))
        return pull(cotangents)

    ones = tree_map(lambda out: np.ones(out.shape, out.dtype), shapes)
    title = f"Pullback (vjp) for {which}; its first inputs are the cotangents"
    return title, pullback, (ones, *arguments)


def all_inexact(argument: Any) -> bool:
    """Whether the argument has numbers to differentiate for, and no others.

    >>> all_inexact({"w": np.ones(2)}), all_inexact(3), all_inexact(None)
    (True, False, False)
    """
    leaves = tree_leaves(argument)
    return bool(leaves) and all(np.asarray(x).dtype.kind in "fc" for x in leaves)


def print_compiled(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Compile time, kernels, fallbacks, and the time of a call beside the eager one."""
    compiled = ft.jit(function)
    start = time.perf_counter()
    compiled(*arguments)
    first = time.perf_counter() - start
    lowered = compiled.lower(*arguments)
    print(ft.explain(compiled, *arguments))
    print(f"first result  {1e3 * first:10.3f} ms  (trace, compile, run)")
    print(f"compile       {1e3 * lowered.compile_seconds:10.3f} ms")
    print(f"call, eager   {1e6 * best_time(lambda: function(*arguments)):10.2f} µs")
    print(f"call, compiled{1e6 * best_time(lambda: compiled(*arguments)):10.2f} µs")


def best_time(call: Callable[[], Any]) -> float:
    """Seconds a call, the best of five rounds of about 20 ms each."""
    start = time.perf_counter()
    call()
    once = time.perf_counter() - start
    repeats = max(1, int(0.02 / max(once, 1e-7)))
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        best = min(best, (time.perf_counter() - start) / repeats)
    return best


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")
