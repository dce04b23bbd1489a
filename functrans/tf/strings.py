"""tf.strings: functions of byte strings, which run where they are called, not in compiled code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from functrans.tf.convert import INT32, STRING, as_tensor
from functrans.tf.dtypes import as_dtype, float32
from functrans.tf.errors import (
    InvalidArgumentError,
    InvalidTypeError,
    InvalidValueError,
    OutOfRangeError,
    UnimplementedError,
)
from functrans.tf.formatting import printed
from functrans.tf.inspection import is_symbolic_tensor
from functrans.tf.rooms import names, public
from functrans.tf.tensor import Tensor, TensorLike, wrap

Strings = np.ndarray[Any, np.dtype[Any]]


def _strings(x: Any) -> Strings:
    """The byte strings of a value, which must be strings."""
    return np.asarray(as_tensor(x, STRING).numpy(), object)


def _known(function: str, tensor: Tensor) -> Any:
    """The values of a tensor that become text."""
    if is_symbolic_tensor(tensor):
        raise UnimplementedError.at(
            f"tf.strings.{function} of a tensor whose values are not known yet, since a function "
            "is being traced; strings are made while tracing.",
            "Print it with tf.print('x:', x), or return the tensor and make the text outside.",
        )
    return tensor.numpy()


def _each(function: Callable[..., Any], *values: Any, dtype: Any = object) -> Tensor:
    """``function`` of every element, of several values side by side."""
    result = np.asarray(np.vectorize(function, otypes=[dtype])(*values))
    return wrap(result if result.shape or result.dtype == object else result[()])


def _vector(parts: Sequence[bytes]) -> Tensor:
    made = np.empty(len(parts), object)
    made[:] = parts
    return wrap(made)


def format(
    template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None
) -> Tensor:
    """The template with values in its placeholders, shown as ``tf.print`` shows elements.

    ``inputs`` is a tensor or a list of tensors; as many as placeholders, or ValueError.

    >>> import functrans.tf as tf
    >>> tf.strings.format("step {}: {}", [tf.constant(3), tf.constant([0.5, 1.0])]).numpy()
    b'step 3: [0.5 1]'
    """
    single = isinstance(inputs, Tensor | TensorLike | str | bytes)
    values = [inputs] if single else _listed(inputs)
    first, *rest = template.split(placeholder)
    if len(rest) != len(values):
        raise InvalidValueError(
            f"The template expects {len(rest)} tensors, but the inputs only has {len(values)}. "
            "Please ensure the number of placeholders in template matches inputs length.",
            f"Give one value for each {placeholder}.",
        )
    known = [_known("format", as_tensor(v)) for v in values]
    shown = [printed(v, summarize, quoted=True) for v in known]
    text = first + "".join(v + t for v, t in zip(shown, rest, strict=True))
    return as_tensor(text)


def _listed(inputs: Any) -> list[Any]:
    if not hasattr(inputs, "__len__"):
        raise InvalidTypeError(
            f"object of type {type(inputs).__name__!r} has no len()", "Give a list of values."
        )
    return list(inputs)


def join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """Strings put together elementwise; scalars are used for all elements of the others.

    >>> import functrans.tf as tf
    >>> tf.strings.join([["a", "b"], "c"], separator="-").numpy()
    array([b'a-c', b'b-c'], dtype=object)
    """
    if isinstance(inputs, str | bytes):
        raise InvalidTypeError(
            f"Expected list for 'inputs' argument to 'string_join' Op, not {inputs!r}.",
            "Give a list of strings.",
        )
    parts = [_strings(x) for x in inputs]
    shapes = [p.shape for p in parts if p.shape]
    for shape in shapes:
        if shape != shapes[0]:
            a, b = (f"[{','.join(map(str, s))}]" for s in (shapes[0], shape))
            raise InvalidArgumentError.at(
                f"Input shapes do not match: {a} vs. {b} [Op:StringJoin] name: ",
                "Join scalars and strings of one shape.",
            )
    glue = separator.encode()
    return _each(lambda *texts: glue.join(texts), *parts) if parts else as_tensor("")


def reduce_join(
    inputs: Any,
    axis: int | Sequence[int] | None = None,
    keepdims: bool = False,
    separator: str = "",
    name: str | None = None,
) -> Tensor:
    """Strings along axes put together, in the order in which the axes are given; all by default.

    >>> import functrans.tf as tf
    >>> tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=1, separator="-").numpy()
    array([b'a-b', b'c-d'], dtype=object)
    """
    texts = _strings(inputs)
    axes = range(texts.ndim)[::-1] if axis is None else np.atleast_1d(np.asarray(axis)).tolist()
    for each in axes:
        if not -texts.ndim <= each < texts.ndim:
            raise OutOfRangeError.at(
                f"Invalid reduction dimension {each} for input with {texts.ndim} dimension(s) "
                "[Op:ReduceJoin] name: ",
                "Axes count from 0, or from -1 backwards.",
            )
    for each in axes:
        texts = np.expand_dims(_joined(texts, each, separator.encode()), each)
    done = tuple(each % texts.ndim for each in axes)
    return wrap(texts if keepdims else np.asarray(np.squeeze(texts, done), object))


def _joined(texts: Strings, axis: int, glue: bytes) -> Strings:
    rows = np.moveaxis(texts, axis, -1)
    made = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(made.shape):
        made[place] = glue.join(rows[place])
    return made


def unsorted_segment_join(
    inputs: Any, segment_ids: Any, num_segments: int, separator: str = "", name: str | None = None
) -> Tensor:
    """The strings of each segment put together in their order.

    >>> import functrans.tf as tf
    >>> tf.strings.unsorted_segment_join(["a", "b", "c"], [0, 1, 0], 2).numpy()
    array([b'ac', b'b'], dtype=object)
    """
    texts, segments = _strings(inputs).ravel(), as_tensor(segment_ids).numpy().ravel()
    chosen = (texts[segments == i] for i in range(int(num_segments)))
    return _vector([separator.encode().join(part) for part in chosen])


def length(input: Any, unit: str = "BYTE", name: str | None = None) -> Tensor:
    """The lengths of strings in bytes, or in characters with ``unit="UTF8_CHAR"``.

    >>> import functrans.tf as tf
    >>> tf.strings.length(["abc", ""]).numpy()
    array([3, 0], dtype=int32)
    """
    _check_unit("StringLength", unit)
    chars = unit == "UTF8_CHAR"
    return _each(lambda s: len(_decoded(s) if chars else s), _strings(input), dtype=INT32)


def _check_unit(op: str, unit: str) -> None:
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise InvalidArgumentError.at(
            f"Value for attr 'unit' of \"{unit}\" is not in the list of allowed values: "
            f'"BYTE", "UTF8_CHAR" [Op:{op}] name: ',
            "Count bytes or characters.",
        )


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _cased(op: str, case: str, input: Any, encoding: str) -> Tensor:
    if encoding not in ("", "utf-8"):
        raise InvalidArgumentError.at(
            f"only utf-8 or '' (no encoding) is supported, received {encoding} [Op:{op}] name: ",
            "Leave encoding out for ASCII.",
        )
    if encoding:
        return _each(lambda s: _encoded(getattr(_decoded(s), case)()), _strings(input))
    return _each(lambda s: getattr(s, case)(), _strings(input))


def upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Capital letters: of ASCII, or of all alphabets with ``encoding="utf-8"``.

    >>> import functrans.tf as tf
    >>> tf.strings.upper("Tape").numpy()
    b'TAPE'
    """
    return _cased("StringUpper", "upper", input, encoding)


def lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Small letters: of ASCII, or of all alphabets with ``encoding="utf-8"``.

    >>> import functrans.tf as tf
    >>> tf.strings.lower("Tape").numpy()
    b'tape'
    """
    return _cased("StringLower", "lower", input, encoding)


def strip(input: Any, name: str | None = None) -> Tensor:
    """Strings without white space at either end.

    >>> import functrans.tf as tf
    >>> tf.strings.strip(" a b ").numpy()
    b'a b'
    """
    return _each(bytes.strip, _strings(input))


def substr(input: Any, pos: Any, len: Any, unit: str = "BYTE", name: str | None = None) -> Tensor:
    """The part of each string from ``pos`` (negative: from the end) that is ``len`` long at most.

    A position past the end is an InvalidArgumentError.

    >>> import functrans.tf as tf
    >>> tf.strings.substr("gradient", 0, 4).numpy()
    b'grad'
    """
    _check_unit("Substr", unit)
    chars = unit == "UTF8_CHAR"

    def part(text: bytes, start: int, size: int) -> bytes:
        letters: Any = _decoded(text) if chars else text
        count = letters.__len__()
        if not -count <= start <= count:
            raise InvalidArgumentError.at(
                f"pos {start} out of range for string {text!r} [Op:Substr] name: ",
                "Positions run from minus the length to the length.",
            )
        start = start + count if start < 0 else start
        found = letters[start : start + max(size, 0)]
        return _encoded(found) if chars else bytes(found)

    return _each(part, _strings(input), as_tensor(pos).numpy(), as_tensor(len).numpy())


def split(
    input: Any, sep: str | None = None, maxsplit: int = -1, name: str | None = None
) -> Tensor:
    """The parts of one string between separators, or white space. It takes a scalar.

    >>> import functrans.tf as tf
    >>> tf.strings.split("a b  c").numpy()
    array([b'a', b'b', b'c'], dtype=object)
    """
    text = _scalar("split", input)
    return _vector(text.split(sep.encode() if sep else None, maxsplit))


def bytes_split(input: Any, name: str | None = None) -> Tensor:
    """The bytes of one string. It takes a scalar.

    >>> import functrans.tf as tf
    >>> tf.strings.bytes_split("ab").numpy()
    array([b'a', b'b'], dtype=object)
    """
    text = _scalar("bytes_split", input)
    return _vector([text[i : i + 1] for i in range(len(text))])


def _scalar(function: str, input: Any) -> bytes:
    texts = _strings(input)
    if texts.shape:
        raise UnimplementedError.at(
            f"tf.strings.{function} of several strings gives a RaggedTensor, which is not here.",
            f"Call it on each: [tf.strings.{function}(s) for s in strings].",
        )
    text: bytes = texts.item()
    return text


def regex_replace(
    input: Any, pattern: str, rewrite: str, replace_global: bool = True, name: str | None = None
) -> Tensor:
    r"""Strings with what matches ``pattern`` replaced; ``\1`` in ``rewrite`` is the first group.

    >>> import functrans.tf as tf
    >>> tf.strings.regex_replace("aab", "(a+)", r"<\1>").numpy()
    b'<aa>b'
    """
    found = _compiled("StaticRegexReplace", pattern)
    template = re.sub(r"\\(\d)", r"\\g<\1>", rewrite).encode()
    return _each(lambda s: found.sub(template, s, 0 if replace_global else 1), _strings(input))


def regex_full_match(input: Any, pattern: str, name: str | None = None) -> Tensor:
    """Whether the whole of each string matches ``pattern``.

    >>> import functrans.tf as tf
    >>> tf.strings.regex_full_match(["ab", "b"], "a.*").numpy()
    array([ True, False])
    """
    found = _compiled("StaticRegexFullMatch", pattern)
    return _each(lambda s: found.fullmatch(s) is not None, _strings(input), dtype=bool)


def _compiled(op: str, pattern: str) -> re.Pattern[bytes]:
    try:
        return re.compile(pattern.encode())
    except re.error as error:
        raise InvalidArgumentError.at(
            f"Invalid pattern: {pattern}, error: {error} [Op:{op}] name: ",
            "Patterns are those of Python's re.",
        ) from error


_NUMBER_TYPES = ("float32", "float64", "int32", "int64", "uint32", "uint64")


def to_number(input: Any, out_type: Any = float32, name: str | None = None) -> Tensor:
    """The numbers that strings spell; InvalidArgumentError where one doesn't.

    >>> import functrans.tf as tf
    >>> tf.strings.to_number(["1.5", "2"]).numpy()
    array([1.5, 2. ], dtype=float32)
    """
    dtype = as_dtype(out_type)
    if dtype.name not in _NUMBER_TYPES:
        raise InvalidArgumentError.at(
            f"Value for attr 'out_type' of {dtype.name} is not in the list of allowed values: "
            "float, double, int32, int64, uint32, uint64 [Op:StringToNumber] name: ",
            "Convert to one of these, and then with tf.cast.",
        )
    spelled = int if dtype.is_integer else float

    def number(text: bytes) -> Any:
        try:
            if b"_" in text:
                raise ValueError("an underscore")
            return dtype.np.type(spelled(text))
        except (ValueError, OverflowError) as error:
            raise InvalidArgumentError.at(
                f"StringToNumberOp could not correctly convert string: {text.decode()} "
                "[Op:StringToNumber] name: ",
                f"Look for what is no {dtype.name} in the strings.",
            ) from error

    return _each(number, _strings(input), dtype=dtype.np)


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Numbers as strings: floats with ``precision`` digits (6), ``scientific`` as 1.5e+00,
    ``shortest`` without zeros at the end; ``width`` wide at least, filled up with ``fill``.

    >>> import functrans.tf as tf
    >>> tf.strings.as_string([1.5, 2.0], precision=2).numpy()
    array([b'1.50', b'2.00'], dtype=object)
    """
    tensor = as_tensor(input)
    kind = tensor.dtype.np.kind
    if kind == "O":
        return tensor
    values = np.asarray(_known("as_string", tensor))
    if kind == "b":
        return _each(lambda x: b"true" if x else b"false", values)
    pattern = _number_pattern(tensor, precision, scientific, shortest, width, fill)
    if kind == "c":
        return _each(lambda z: f"({pattern % z.real},{pattern % z.imag})".encode(), values)
    return _each(lambda x: (pattern % x).encode(), values)


def _number_pattern(
    tensor: Tensor, precision: int, scientific: bool, shortest: bool, width: int, fill: str
) -> str:
    """The %-format that the arguments of ``as_string`` ask for."""
    whole = tensor.dtype.is_integer
    for wrong, what in (
        (scientific and shortest, "Cannot select both scientific and shortest notation"),
        (len(fill) > 1, f'Fill string must be one or fewer characters: "{fill}"'),
        (fill not in ("", " ", "+", "-", "0", "#"), f'Fill argument not supported: "{fill}"'),
        (
            whole and (scientific or shortest),
            f"scientific and shortest format not supported for datatype {tensor.dtype.name}",
        ),
        (
            whole and precision >= 0,
            f"precision not supported for datatype {tensor.dtype.name}",
        ),
    ):
        if wrong:
            raise InvalidArgumentError.at(
                f"{what} [Op:AsString] name: ", "See the arguments of tf.strings.as_string."
            )
    letter = "d" if whole else "e" if scientific else "g" if shortest else "f"
    wide = str(width) if width >= 0 else ""
    exact = f".{precision}" if precision >= 0 else ""
    return f"%{fill if wide else ''}{wide}{exact}{letter}"


def __getattr__(name: str) -> Any:
    return public(__name__, name)


def __dir__() -> list[str]:
    return names(__name__)
