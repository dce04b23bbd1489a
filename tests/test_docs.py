"""Everything public explains itself: a docstring with an example, which runs as a doctest."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pickle
from types import ModuleType
from typing import Any

import pytest

from functrans.tf.rooms import NAMES, SAME

ROOMS = (
    "functrans",
    "functrans.ad_checkpoint",
    "functrans.control.policies",
    "functrans.collectives",
    "functrans.custom_batching",
    "functrans.custom_derivatives",
    "functrans.debug",
    "functrans.display",
    "functrans.extend",
    "functrans.experimental",
    "functrans.experimental.checkify",
    "functrans.experimental.jet",
    "functrans.experimental.ode",
    "functrans.flatten_util",
    "functrans.lax",
    "functrans.lax.linalg",
    "functrans.nn",
    "functrans.nn.initializers",
    "functrans.numpy",
    "functrans.numpy.fft",
    "functrans.numpy.linalg",
    "functrans.ops",
    "functrans.random",
    "functrans.scipy.cluster.vq",
    "functrans.scipy.fft",
    "functrans.scipy.integrate",
    "functrans.scipy.interpolate",
    "functrans.scipy.linalg",
    "functrans.scipy.ndimage",
    "functrans.scipy.optimize",
    "functrans.scipy.signal",
    "functrans.scipy.sparse.linalg",
    "functrans.scipy.spatial.transform",
    "functrans.scipy.special",
    "functrans.scipy.stats",
    "functrans.testing",
    "functrans.tree",
    "functrans.tree_util",
    "functrans.typing",
    *(f"functrans.tf.{room}".rstrip(".") for room in NAMES if room not in SAME),
)

RESULTS = (
    "functrans.codegen.executable.Executable",
    "functrans.codegen.profile.Profile",
    "functrans.codegen.report.Report",
    "functrans.control.aot.Compiled",
    "functrans.control.aot.Lowered",
    "functrans.control.aot.MemoryStats",
    "functrans.control.aot.Traced",
    "functrans.control.call.JitFunction",
    "functrans.transforms.derived.LinearFunction",
    "functrans.transforms.derived.Pullback",
)
"""Classes that users meet as results."""


def public_names(module: ModuleType) -> list[str]:
    """What a module offers: its ``__all__``, else what it defines itself."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def documented(room: str) -> dict[str, Any]:
    """The functions and classes of a room that are functrans' own, not NumPy's passed through."""
    module = importlib.import_module(room)
    values = {f"{room}.{name}": getattr(module, name) for name in public_names(module)}
    return {
        name: value
        for name, value in values.items()
        if (inspect.isroutine(value) or inspect.isclass(value))
        and str(value.__module__).startswith("functrans")
    }


def result_class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def flaws(public: dict[str, Any]) -> list[str]:
    """What the docstrings of these lack."""
    found = []
    for name, value in public.items():
        doc = inspect.getdoc(value) or ""
        first = doc.partition("\n\n")[0]
        if not first.endswith((".", ":")):
            found.append(f"{name}: its docstring begins with no sentence: {first!r}")
        elif not doctest.DocTestParser().get_examples(doc):
            found.append(f"{name}: its docstring shows no example")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_explain_and_show(room: str) -> None:
    assert flaws(documented(room)) == []


def test_docstrings_of_results_explain_and_show() -> None:
    assert flaws({path: result_class(path) for path in RESULTS}) == []


@pytest.mark.parametrize("room", ROOMS)
def test_names_complete(room: str) -> None:
    # What is loaded when it is named is not among a module's variables, which editors look at.
    module = importlib.import_module(room)
    assert set(public_names(module)) <= set(dir(module))


@pytest.mark.parametrize("room", ROOMS)
def test_doctest_finds_the_examples(room: str) -> None:
    # Doctest looks at what says that it belongs to the module: made functions must say so too.
    missed = []
    for name, value in documented(room).items():
        home = importlib.import_module(value.__module__)
        if not any(member is value for member in vars(home).values()):
            missed.append(f"{name}: {home.__name__} does not hold it")
    assert missed == []


OF_ANYTHING = {
    "functrans.tf.keras.optimizers.Optimizer",  # a base
    "functrans.tf.meshgrid",  # as TensorFlow has it
}


@pytest.mark.parametrize("room", ROOMS)
def test_help_shows_the_parameters(room: str) -> None:
    shown = {name: inspect.signature(value) for name, value in documented(room).items()}
    bare = {name for name, signature in shown.items() if is_bare(signature)}
    assert {name for name in bare if not is_protocol(name)} <= OF_ANYTHING


def is_bare(signature: inspect.Signature) -> bool:
    """Whether a signature says nothing, as that of a wrapper does."""
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    named = [name for name in signature.parameters if name not in ("args", "kwargs", "options")]
    return kinds == [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD] and not named


def is_protocol(path: str) -> bool:
    """Whether a name is that of a type alone, of which there are no instances."""
    return getattr(result_class(path), "_is_protocol", False)


@pytest.mark.parametrize("room", [room for room in ROOMS if not room.startswith("functrans.tf")])
def test_functions_can_be_pickled(room: str) -> None:
    functions = {n: v for n, v in documented(room).items() if inspect.isfunction(v)}
    assert [n for n, v in functions.items() if pickle.loads(pickle.dumps(v)) is not v] == []
