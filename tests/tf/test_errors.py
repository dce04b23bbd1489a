"""Errors of the layer: TensorFlow's text first, then the user's line and what to do."""

from __future__ import annotations

import pickle

import pytest

import functrans.tf as tf
from functrans.errors import FunctransError
from functrans.tf import errors

CODED = [getattr(errors, n) for n in dir(tf.errors) if hasattr(getattr(errors, n), "code")]


def test_the_text_is_tensorflows_the_line_and_the_remedy() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        tf.constant(1.0) + tf.constant(1.0, tf.float64)
    first, *rest = str(caught.value).splitlines()
    assert first == caught.value.message
    assert first.startswith(
        "cannot compute AddV2 as input #1(zero-based) was expected to be a float"
    )
    assert "tf.constant(1.0) + tf.constant(1.0, tf.float64)" in rest[1]
    assert rest[2].startswith("  What to do: ")


@pytest.mark.parametrize("kind", CODED, ids=lambda kind: kind.__name__)
def test_each_goes_through_pickle(kind: type[errors.OpError]) -> None:
    error = kind(None, None, "what happened")  # type: ignore[call-arg]
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.message, again.error_code, str(again)) == (
        "what happened",
        error.error_code,
        str(error),
    )
    assert isinstance(again, FunctransError)


def test_the_remedy_goes_through_pickle() -> None:
    error = errors.InvalidArgumentError.at("what", "do this")
    again = pickle.loads(pickle.dumps(error))
    assert (again.remedy, str(again)) == ("do this", str(error))
