"""A compiled program as a file that another process runs without tracing or compiling.

The file holds a header in JSON, constants in NumPy's own format without pickles, and the object
code. It is checked whole before anything in it is used, and nothing in it runs but the object
code. Whoever can write the file decides what runs: see ``docs/design/aot.md``.

    magic · SHA-256 of all that follows · length of the header · header · constants · object code
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from functrans import core, errors
from functrans.codegen import host, link
from functrans.codegen.compile import load_object
from functrans.codegen.executable import Executable, Loaded, Native
from functrans.codegen.fallback import Evaluation, Pending, callback
from functrans.codegen.key import NoContentError, primitive_name, primitive_named
from functrans.core.avals import Aval, float0
from functrans.errors import (
    CompileError,
    ExportError,
    FunctransError,
    OptionError,
    ProgramFileError,
    Source,
)

_MAGIC = b"functrans program\n"
_FORMAT = 1  # of the header, and of what a program expects of its caller
_DIGEST = 32
_LENGTH = 8

About = dict[str, Any]


class Stored(Native):
    """The program of a file."""

    def __init__(self, header: Mapping[str, Any], arrays: Sequence[Any], code: bytes) -> None:
        super().__init__(
            [_read_aval(a) for a in header["inputs"]], [_read_aval(a) for a in header["outputs"]]
        )
        self._is_long = bool(header["long"])
        self._failures = header["failures"]
        self._texts = header["texts"]
        self._costs = header["costs"]
        self._memory = header["memory"]
        self._pending = Pending()
        constants = [self._linked(entry, arrays) for entry in header["entries"]]
        compiled = load_object(code, header["symbols"], link.ENTRY)
        self.loaded = Loaded(compiled, header["workspace"], constants)

    def _linked(self, entry: Sequence[Any], arrays: Sequence[Any]) -> Any:
        if entry[0] == "numpy":
            return callback(_read_evaluation(entry[1]), self._pending)
        return link.linked(link.read(entry, arrays))

    @property
    def is_long(self) -> bool:
        return self._is_long

    def error(self, status: int) -> BaseException:
        pending = self._pending.error(status)
        if pending is not None:
            return pending
        if not 1 <= status <= len(self._failures):
            return CompileError(f"The program returned the unknown status {status}.")
        name, what, remedy, line = self._failures[status - 1]
        kind = getattr(errors, name)
        assert issubclass(kind, FunctransError)
        error: FunctransError = kind(what, remedy, _read_place(line))
        return error

    def as_text(self, stage: str) -> str:
        if stage not in self._texts:
            raise OptionError(
                f"A program from a file has no stage {stage!r}.",
                f"Choose from {', '.join(self._texts)}.",
            )
        text: str = self._texts[stage]
        return text

    def costs(self) -> dict[str, float]:
        return dict(self._costs)

    def memory(self) -> dict[str, int]:
        return dict(self._memory)


# --- writing -------------------------------------------------------------------------------------


def write(path: str | os.PathLike[str], executable: Executable, about: About) -> str:
    """Write a program; ``about`` is for the reader. Returns the checksum in hexadecimal.

    Raises
    ------
    ExportError: a program that calls Python functions of the user, or has arguments without
        numbers.
    """
    program = executable.program
    if any(a.dtype == float0 for a in executable.in_avals):
        raise ExportError("The program takes arguments of dtype float0, which hold no numbers.")
    compiled = executable.loaded.compiled
    arrays = [entry for entry in program.entries if isinstance(entry, np.ndarray | np.generic)]
    numbers = {id(array): i for i, array in enumerate(arrays)}
    blobs = [*map(_array_bytes, arrays), compiled.object_code]
    header = {
        "format": _FORMAT,
        "version": core.__version__,
        "machine": _machine(),
        "inputs": list(map(_aval, executable.in_avals)),
        "outputs": list(map(_aval, executable.out_avals)),
        "workspace": program.workspace,
        "long": executable.is_long,
        "entries": [_entry(entry, numbers) for entry in program.entries],
        "failures": [_failure(program.error(i + 1)) for i in range(len(program.failures))],
        "symbols": compiled.symbols,
        "texts": {"jaxpr": executable.as_text("jaxpr")},
        "costs": executable.costs(),
        "memory": executable.memory(),
        "sizes": list(map(len, blobs)),
        "about": about,
    }
    text = json.dumps(header).encode()
    content = b"".join([len(text).to_bytes(_LENGTH, "little"), text, *blobs])
    digest = hashlib.sha256(content)
    _replace(Path(path), _MAGIC + digest.digest() + content)
    return digest.hexdigest()


def _entry(entry: Any, numbers: dict[int, int]) -> list[Any]:
    from functrans.codegen.statements import NumpyCall  # not needed to read a program

    is_call = isinstance(entry, NumpyCall)
    try:
        if is_call:
            return ["numpy", _evaluation(Evaluation.of(entry))]
        return link.written(entry, numbers)
    except (TypeError, NoContentError):
        what = entry.eqn.primitive.name if is_call else type(entry).__name__
        raise ExportError(
            f"The program calls Python for {what}, which no file can hold.",
            "Leave callbacks, progress and primitives of your own out of what is saved.",
            line=entry.eqn.source if is_call else None,
        ) from None


def _evaluation(call: Evaluation) -> dict[str, Any]:
    """An equation for NumPy, by the name of its primitive."""
    return {
        "primitive": primitive_name(call.primitive),
        "params": to_json(call.params),
        "operands": list(map(to_json, call.operands)),
        "results": list(map(_aval, call.results)),
        "source": _place(call.source),
    }


def to_json(value: Any) -> Any:
    """A parameter as JSON: what has a form of its own there, or a pair of kind and content.

    Raises TypeError for what is no number, string, dtype or aval, and no container of them.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) in (tuple, list):
        return [type(value).__name__, [to_json(v) for v in value]]
    if type(value) is dict:
        return ["dict", [[to_json(k), to_json(v)] for k, v in value.items()]]
    if isinstance(value, np.dtype) and value.names is None:
        return ["dtype", value.str]
    if isinstance(value, Aval):
        return ["aval", _aval(value)]
    python = type(value) in (float, complex)
    if python or (isinstance(value, np.generic) and value.dtype.kind in "biufc"):
        number = np.asarray(value)
        return ["number", [number.dtype.str, number.tobytes().hex(), python]]
    raise TypeError(f"{value!r:.60} has no form in a file")


def _replace(path: Path, data: bytes) -> None:
    """Readers see the old file or the new one, whole."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    finally:
        with suppress(FileNotFoundError):  # gone, if all went well
            unfinished.unlink()


def _array_bytes(array: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=False)
    return stream.getvalue()


def _aval(aval: Aval) -> list[Any]:
    return [aval.dtype.str, list(aval.shape), aval.weak]


def _failure(error: BaseException) -> list[Any]:
    if getattr(errors, type(error).__name__, None) is not type(error):
        raise ExportError(f"The program may raise {error!r:.100}, which no file can hold.")
    assert isinstance(error, FunctransError)
    return [type(error).__name__, error.what, error.remedy, _place(error.line)]


def _place(line: Source | None) -> list[Any] | None:
    return None if line is None else [line.file, line.line, line.function]


def _machine() -> dict[str, Any]:
    """What machine code depends on."""
    features = host.target()[2].split(",")
    return {
        "system": sys.platform,
        "processor": platform.machine(),
        # Not the preferences among instructions, which code does not depend on.
        "features": [f[1:] for f in features if f[:1] == "+" and not f.startswith("+prefer")],
    }


# --- reading -------------------------------------------------------------------------------------


def read(path: str | os.PathLike[str], sha256: str | None) -> tuple[Stored, About]:
    """The program of a file and what was said about it.

    Raises
    ------
    ProgramFileError: a file that is damaged, of another kind, version or machine, or that has
        another checksum than ``sha256``.
    """
    file = Path(path)
    content = _checked(file, file.read_bytes(), sha256)
    start = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    try:
        header = json.loads(content[_LENGTH:start])
        _check_version(file, header)
        _check_machine(file, header["machine"])
        if start + sum(header["sizes"]) != len(content):
            raise ValueError("sizes that are not those of the parts")
        blobs = []
        for size in header["sizes"]:
            blobs.append(content[start : start + size])
            start += size
        *constants, code = blobs
        arrays = [np.lib.format.read_array(io.BytesIO(c), allow_pickle=False) for c in constants]
        return Stored(header, arrays, code), header["about"]
    except (CompileError, OSError, ImportError) as error:
        raise ProgramFileError(
            f"The program in {file} needs a library's function that this process lacks: {error}"
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, FunctransError):
            raise
        raise ProgramFileError(f"The program in {file} cannot be read: {error!r}.") from error


def _checked(file: Path, data: bytes, sha256: str | None) -> bytes:
    """What the checksum of a file is about."""
    if not data.startswith(_MAGIC):
        raise ProgramFileError(
            f"{file} holds no compiled program of functrans.", "Give a file that save() wrote."
        )
    start = len(_MAGIC) + _DIGEST
    content = data[start:]
    digest = hashlib.sha256(content)
    if digest.digest() != data[len(_MAGIC) : start]:
        raise ProgramFileError(
            f"{file} is damaged: its contents do not have the checksum written in it.",
            "Copy it again, or save the program again.",
        )
    if sha256 is not None and digest.hexdigest() != sha256.lower():
        raise ProgramFileError(
            f"{file} has the checksum {digest.hexdigest()}, not {sha256}.",
            "It is another program than the one that was meant: do not run it.",
        )
    return content


def _check_version(file: Path, header: Mapping[str, Any]) -> None:
    found, ours = (header["version"], header["format"]), (core.__version__, _FORMAT)
    if found != ours:
        raise ProgramFileError(
            f"{file} was written by functrans {found[0]} in format {found[1]}; this is functrans "
            f"{ours[0]} with format {ours[1]}.",
            "Save the program again with this functrans.",
        )


def _check_machine(file: Path, machine: Mapping[str, Any]) -> None:
    ours = _machine()
    for fact in ("system", "processor"):
        if machine[fact] != ours[fact]:
            raise ProgramFileError(
                f"{file} holds machine code for the {fact} {machine[fact]}; this is {ours[fact]}.",
                "Save the program again on such a machine.",
            )
    missing = sorted(set(machine["features"]) - set(ours["features"]))
    if missing:
        raise ProgramFileError(
            f"{file} holds machine code for a processor with {', '.join(missing)}, which this one "
            "lacks.",
            "Save the program again on a machine of this kind.",
        )


def _read_aval(written: Sequence[Any]) -> Aval:
    dtype, shape, weak = written
    return Aval(tuple(shape), np.dtype(dtype), weak)


def _read_place(written: Sequence[Any] | None) -> Source | None:
    return None if written is None else Source(*written)


def _read_evaluation(written: Mapping[str, Any]) -> Evaluation:
    return Evaluation(
        primitive_named(written["primitive"]),
        from_json(written["params"]),
        tuple(map(from_json, written["operands"])),
        tuple(map(_read_aval, written["results"])),
        _read_place(written["source"]),
    )


def from_json(written: Any) -> Any:
    """The parameter that ``to_json`` wrote."""
    if not isinstance(written, list):
        return written
    kind, content = written
    match kind:
        case "tuple":
            return tuple(map(from_json, content))
        case "list":
            return list(map(from_json, content))
        case "dict":
            return {from_json(k): from_json(v) for k, v in content}
        case "dtype":
            return np.dtype(content)
        case "aval":
            return _read_aval(content)
        case "number":
            dtype, data, python = content
            number = np.frombuffer(bytes.fromhex(data), dtype)[0]
            return number.item() if python else number
    raise ValueError(f"{kind!r} is no kind of parameter")
