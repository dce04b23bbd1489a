"""tf.strings.unicode_*: between encoded strings and the numbers of their characters."""

from __future__ import annotations

from typing import Any

import numpy as np

from functrans.tf.convert import INT32, STRING, as_tensor
from functrans.tf.errors import InvalidArgumentError, UnimplementedError
from functrans.tf.tensor import Tensor, wrap

_OUTPUTS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
_WAYS = ("strict", "replace", "ignore")


def unicode_decode(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Tensor:
    """The characters' numbers of one string, as an int32 vector. It takes a scalar.

    >>> import functrans.tf as tf
    >>> tf.strings.unicode_decode("aé", "UTF-8").numpy()
    array([ 97, 233], dtype=int32)
    """
    text = _text(_scalar("unicode_decode", input), input_encoding, errors, replacement_char)
    if replace_control_characters:
        text = _without_controls(text, replacement_char)
    return wrap(np.array([ord(c) for c in text], INT32))


def unicode_split(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Tensor:
    """The characters of one string, each encoded as it was. It takes a scalar.

    >>> import functrans.tf as tf
    >>> tf.strings.unicode_split("ab", "UTF-8").numpy()
    array([b'a', b'b'], dtype=object)
    """
    text = _text(_scalar("unicode_split", input), input_encoding, errors, replacement_char)
    return wrap(_objects([c.encode(input_encoding) for c in text]))


def unicode_encode(
    input: Any,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Tensor:
    """The strings of characters whose numbers stand along the last axis.

    >>> import functrans.tf as tf
    >>> tf.strings.unicode_encode([97, 233], "UTF-8").numpy()
    b'a\\xc3\\xa9'
    """
    _check_output(output_encoding)
    _check_way(errors)
    numbers = as_tensor(input, INT32).numpy()
    rows = numbers.reshape(-1, numbers.shape[-1])
    texts = ["".join(_character(int(n), errors, replacement_char) for n in row) for row in rows]
    made = _objects([text.encode(output_encoding) for text in texts])
    return wrap(made.reshape(numbers.shape[:-1]))


def unicode_transcode(
    input: Any,
    input_encoding: str,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Tensor:
    """Strings in another encoding.

    >>> import functrans.tf as tf
    >>> tf.strings.unicode_transcode("a", "UTF-8", "UTF-16-BE").numpy()
    b'\\x00a'
    """
    _check_output(output_encoding)
    strings = np.asarray(as_tensor(input, STRING).numpy(), object)
    texts = [_text(s, input_encoding, errors, replacement_char) for s in strings.ravel()]
    if replace_control_characters:
        texts = [_without_controls(text, replacement_char) for text in texts]
    return wrap(_objects([t.encode(output_encoding) for t in texts]).reshape(strings.shape))


def _scalar(function: str, input: Any) -> bytes:
    strings = np.asarray(as_tensor(input, STRING).numpy(), object)
    if strings.shape:
        raise UnimplementedError.at(
            f"tf.strings.{function} of several strings gives a RaggedTensor, which is not here.",
            f"Call it on each: [tf.strings.{function}(s, 'UTF-8') for s in strings].",
        )
    text: bytes = strings.item()
    return text


def _objects(items: list[bytes]) -> np.ndarray[Any, Any]:
    made = np.empty(len(items), object)
    made[:] = items
    return made


def _text(string: bytes, encoding: str, errors: str, replacement: int) -> str:
    _check_way(errors)
    try:
        text = string.decode(encoding, errors)
    except LookupError as error:
        raise InvalidArgumentError.at(
            f"Could not create converter for input encoding: {encoding}",
            "Name an encoding that Python knows, such as UTF-8.",
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidArgumentError.at(
            f"Invalid formatting on input string: {string!r}", 'Pass errors="replace".'
        ) from error
    return text.replace("\ufffd", chr(replacement))


def _character(number: int, errors: str, replacement: int) -> str:
    if 0 <= number < 0x110000 and not 0xD800 <= number < 0xE000:
        return chr(number)
    if errors == "strict":
        raise InvalidArgumentError.at(
            "Code point is out of range for Unicode, or a noncharacter.", 'Pass errors="replace".'
        )
    return chr(replacement) if errors == "replace" else ""


def _without_controls(text: str, replacement: int) -> str:
    return "".join(chr(replacement) if ord(c) < 32 else c for c in text)


def _check_way(errors: str) -> None:
    if errors not in _WAYS:
        raise InvalidArgumentError.at(
            f'errors option must be one of "strict", "replace", "ignore", not "{errors}"',
            f"Pass one of {', '.join(_WAYS)}.",
        )


def _check_output(encoding: str) -> None:
    if encoding not in _OUTPUTS:
        raise InvalidArgumentError.at(
            f"output_encoding must be one of {', '.join(_OUTPUTS)}, not {encoding}",
            "Encode into one of these.",
        )
