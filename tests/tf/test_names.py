"""The public names: TensorFlow's, with its arguments; and what a name that is not here is told."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import functrans.tf as tf
from functrans.errors import FunctransError
from functrans.tf.absent import GENERAL, HINTS, instead, tensorflow_names
from functrans.tf.rooms import NAMES, names

ROOT = Path(__file__).parents[2]


def _page_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page", ROOT / "docs" / "make_tensorflow.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGE = _page_maker()
ANY_ARGUMENTS = ("class", "class ()", "class (*args, **kwargs)")  # which tell none
OURS = [(room, name) for room in NAMES for name in names(f"functrans.tf.{room}".rstrip("."))]


def path(room: str, name: str) -> str:
    return ".".join(filter(None, ("tf", room, name)))


def at(dotted: str) -> Any:
    value: Any = tf
    for part in dotted.split(".")[1:]:
        value = getattr(value, part)
    return value


def test_the_page_and_the_data_of_the_hints_are_current() -> None:
    stale = [file for file, make in PAGE.MADE.items() if file.read_text("utf-8") != make()]
    assert stale == [], "run python docs/make_tensorflow.py"


def test_every_public_name_is_found_and_is_tensorflows() -> None:
    foreign = [path(r, n) for r, n in OURS if n not in tensorflow_names().get(r, ())]
    assert foreign == []
    values = {(r, n): at(path(r, n)) for r, n in OURS}
    assert [place for place, value in values.items() if value is None] == [("", "newaxis")]


def test_arguments_have_tensorflows_names_in_its_order() -> None:
    wrong = []
    for room, name in OURS:
        value, theirs = at(path(room, name)), PAGE.rooms()[room][name]
        if inspect.ismodule(value) or not callable(value) or theirs in ANY_ARGUMENTS:
            continue
        wanted = PAGE.arguments(theirs)
        found = [
            p.name
            for p in inspect.signature(value).parameters.values()
            if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        if found != [a for a in wanted if a in found]:
            wrong.append(f"{path(room, name)}{theirs} has {found} here")
    assert wrong == []


def test_no_file_is_called_as_a_function_of_tf_is() -> None:
    files = {file.stem for file in (ROOT / "functrans" / "tf").iterdir()}
    assert sorted(files & set(names("functrans.tf")) - NAMES.keys()) == []


@pytest.mark.parametrize("hint", sorted({hint for _, hint in HINTS} | {GENERAL}))
def test_hints_name_what_is_there(hint: str) -> None:
    for dotted in re.findall(r"\btf(?:\.\w+)+", hint):
        assert at(dotted) is not None
    for dotted in re.findall(r"\bfunctrans(?:\.\w+)+", hint):
        room, _, name = dotted.rpartition(".")
        assert getattr(importlib.import_module(room), name) is not None
    for page in re.findall(r"docs/\w+\.md", hint):
        assert (ROOT / page).exists()


TOLD = {
    "tf.data": "Iterate over NumPy arrays",
    "tf.Session": "There are no graphs to hold",
    "tf.placeholder": "Write a function of that argument",
    "tf.log": "Use tf.math.log.",
    "tf.to_float": "Use tf.cast(x, tf.float32).",
    "tf.matrix_inverse": "Use tf.linalg.inv.",
    "tf.image.ssim": "Use scipy.ndimage",
    "tf.bfloat16": "Compute in tf.float32",
    "tf.compat": "TensorFlow 1 is not here",
    "tf.keras.layers.LSTM": "Write a tf.Module",
    "tf.strings.ngrams": "Use Python's strings",
    "tf.RegisterGradient": "TensorFlow's tf.RegisterGradient is not here.",
    "tf.reduce_summ": "Did you mean tf.reduce_sum?",
    "tf.math.sqroot": "Did you mean tf.math.sqrt?",
    "tf.no_such_thing_at_all": "Nor has TensorFlow.",
}


@pytest.mark.parametrize("dotted", TOLD)
def test_absent_names_say_what_to_use(dotted: str) -> None:
    with pytest.raises(AttributeError, match=re.escape(TOLD[dotted])) as caught:
        at(dotted)
    assert isinstance(caught.value, FunctransError)
    module, _, name = f"functrans.{dotted}".rpartition(".")
    assert str(caught.value).startswith(f"module {module!r} has no attribute {name!r}")


def test_every_name_of_tensorflows_is_told_something() -> None:
    for room, theirs in tensorflow_names().items():
        for name in theirs:
            assert instead(room, name)


def test_looking_for_a_name_is_no_error() -> None:
    assert not hasattr(tf, "data")
    assert hasattr(tf, "constant")
    assert "constant" in dir(tf)
    assert not hasattr(tf, "__wrapped__")
