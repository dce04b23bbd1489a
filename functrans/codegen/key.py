"""What compiled code depends on, as a key: the program, the compiler and the machine.

Two programs with one key must have the same machine code; so everything that a pass or a stage of
the pipeline may look at is written down, and what has no plain content (a Python function of the
user) has no key. Not written down: the user's lines, names, and the values of floating and complex
arrays, which the compiler never reads. ``FUNCTRANS_CHECK=1`` compares the text of every program
that is found with the text that it would have now.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from functrans import core, kernel
from functrans.codegen import host
from functrans.core.avals import Aval, is_inexact
from functrans.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from functrans.core.primitive import Primitive


def program_key(jaxpr: Jaxpr) -> tuple[bytes, list[Any]] | None:
    """The key of a program and the arrays that it holds, in the order in which it names them.

    None where the program holds something without plain content, or there is no ``environment``.
    """
    settings = environment()
    if settings is None:
        return None
    text = _Text()
    try:
        text.program(jaxpr)
    except NoContentError:
        return None
    return hashlib.sha256(b"program" + settings + text.encoded()).digest(), text.arrays


def text_key(ir: str, tier: str) -> bytes | None:
    """The key of the machine code of a module."""
    settings = environment()
    if settings is None:
        return None
    return hashlib.sha256(b"text" + settings + f"{tier}\n{ir}".encode()).digest()


# --- programs ------------------------------------------------------------------------------------


class NoContentError(Exception):
    """A part of a program that only this process can tell from others."""


class _Text:
    """A program written so that equal texts mean equal programs, whatever their variables."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.arrays: list[Any] = []
        self._array_numbers: dict[int, int] = {}
        self._programs: dict[int, int] = {}

    def encoded(self) -> bytes:
        return "\n".join(self.words).encode("utf-8", "surrogatepass")

    def program(self, jaxpr: Jaxpr) -> None:
        is_new = id(jaxpr) not in self._programs
        self.words.append(f"program {self._programs.setdefault(id(jaxpr), len(self._programs))}")
        if not is_new:
            return
        names: dict[Atom, int] = {}
        for var, value in zip(jaxpr.constvars, jaxpr.consts, strict=True):
            self.define(var, names)
            self.array(value)
        for var in jaxpr.invars:
            self.define(var, names)
        self.words.append("let")
        for eqn in jaxpr.eqns:
            self.equation(eqn, names)
        self.words.append("in")
        for atom in jaxpr.outvars:
            self.atom(atom, names)
        self.words.append("end")

    def define(self, var: Var, names: dict[Atom, int]) -> None:
        names[var] = len(names)
        self.aval(var.aval)

    def aval(self, aval: Aval) -> None:
        self.words.append(f"{_dtype(aval.dtype)}{aval.shape}{aval.weak:d}")

    def array(self, value: Any) -> None:
        """Which array it is; the content too where the compiler may read it, as for indices."""
        if not isinstance(value, np.ndarray | np.generic):
            raise NoContentError
        number = self._array_numbers.setdefault(id(value), len(self.arrays))
        self.words.append(f"array {number}")
        if number < len(self.arrays):
            return
        self.arrays.append(value)
        self.words.append(f"{_dtype(value.dtype)}{value.shape}")
        if not is_inexact(value.dtype):
            self.content(value)

    def content(self, value: Any) -> None:
        if value.dtype.hasobject:
            raise NoContentError
        data = np.ascontiguousarray(value).data if value.nbytes else b""
        self.words.append(hashlib.sha256(data).hexdigest())

    def equation(self, eqn: Eqn, names: dict[Atom, int]) -> None:
        self.words.append(primitive_name(eqn.primitive))
        for atom in eqn.invars:
            self.atom(atom, names)
        body = eqn.params.get("jaxpr")
        if isinstance(body, Jaxpr) and _is_call(eqn):
            self.program(body)  # the other parameters go when the call is replaced by its body
        else:
            self.value(eqn.params)
        for var in eqn.outvars:
            self.define(var, names)

    def atom(self, atom: Atom, names: dict[Atom, int]) -> None:
        if isinstance(atom, Literal):
            self.words.append("literal")
            self.aval(atom.aval)
            self.value(atom.value)
        else:
            self.words.append(f"%{names[atom]}")

    def value(self, value: Any) -> None:
        """A parameter, told apart by its type and its bits."""
        kind = type(value)
        if kind in (int, bool, str, bytes, type(None), slice, range):
            self.words.append(f"{kind.__name__} {value!r}")
        elif kind in (float, complex):
            self.words.append(f"{kind.__name__} {np.asarray(value).tobytes().hex()}")
        elif kind in (tuple, list):
            self.words.append(f"{kind.__name__} {len(value)}")
            for item in value:
                self.value(item)
        elif kind is dict:
            self.words.append(f"dict {len(value)}")
            for name in sorted(value):
                self.words.append(repr(name))
                self.value(value[name])
        else:
            self.record(value)

    def record(self, value: Any) -> None:
        """A parameter that is no plain value of Python's."""
        kind = type(value)
        if kind is Jaxpr:
            self.program(value)
        elif kind is Aval:
            self.words.append("aval")
            self.aval(value)
        elif isinstance(value, np.dtype):
            self.words.append(f"dtype {_dtype(value)}")
        elif kind is np.ndarray or isinstance(value, np.generic):
            self.words.append(f"{kind.__name__} {_dtype(value.dtype)}{value.shape}")
            self.content(value)
        elif kind is kernel.Hints:
            self.value((value.unroll, value.progress))
        elif kind is Primitive:
            self.words.append(f"primitive {primitive_name(value)}")
        else:
            raise NoContentError


def _dtype(dtype: np.dtype[Any]) -> str:
    return dtype.str if dtype.names is None else repr(dtype)


def _is_call(eqn: Eqn) -> bool:
    avals, outs = [a.aval for a in eqn.invars], [v.aval for v in eqn.outvars]
    return isinstance(eqn.primitive.lower(avals, outs, **eqn.params), kernel.Call)


def primitive_name(primitive: Primitive) -> str:
    """Where the package holds a primitive; those of others have rules that we cannot read."""
    name = _names().get(primitive)
    if name is None:
        _names.cache_clear()  # modules may have been imported since
        name = _names().get(primitive)
    if name is None:
        raise NoContentError
    return name


def primitive_named(name: str) -> Primitive:
    """The primitive of the package that has this name; raises ValueError where there is none."""
    module, _, attribute = name.partition(":")
    if module.startswith(core.__name__.removesuffix("core")):
        found = getattr(import_module(module), attribute, None)
        if type(found) is Primitive:
            return found
    raise ValueError(f"no primitive is {name!r}")


@cache
def _names() -> dict[Primitive, str]:
    """All primitives of the modules that are loaded now."""
    inside = core.__name__.removesuffix("core")
    found: dict[Primitive, str] = {}
    for name in sorted(m for m in list(sys.modules) if m.startswith(inside)):
        for attribute, value in list(vars(sys.modules[name]).items()):
            if type(value) is Primitive:
                found.setdefault(value, f"{name}:{attribute}")
    return found


# --- the compiler and the machine ----------------------------------------------------------------

_SETTINGS_OF_THE_CACHE = ("FUNCTRANS_CACHE", "FUNCTRANS_CACHE_DIR", "FUNCTRANS_CACHE_SIZE")


def environment() -> bytes | None:
    """What all code of this process depends on, or None if that cannot be known."""
    switches = tuple(
        (name, value)
        for name, value in sorted(os.environ.items())
        if name.startswith("FUNCTRANS_") and name not in _SETTINGS_OF_THE_CACHE
    )
    return _environment(switches)


@cache
def _environment(switches: tuple[tuple[str, str], ...]) -> bytes | None:
    sources = _sources()
    if sources is None:
        return None
    facts = (sources, _versions(), host.target()[1:], llvm.get_default_triple(), switches)
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).digest()


def _versions() -> tuple[Any, ...]:
    return (
        sys.version, sys.platform, np.__version__, _scipy(),
        llvmlite.__version__, llvm.llvm_version_info, _c_library(),
    )  # fmt: skip


def _c_library() -> str | None:
    """glibc's version: code calls its functions where they are there."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (AttributeError, ValueError, OSError):  # Windows, macOS, another C library
        return None


def _scipy() -> str:
    """SciPy's version, without importing it."""
    spec = find_spec("scipy")
    if spec is None or spec.origin is None:
        return ""
    try:
        return Path(spec.origin).with_name("version.py").read_text(encoding="utf-8")
    except OSError:
        return ""


_GRAIN = 0.1  # seconds that a file system's clock may be behind


@cache
def _sources() -> str | None:
    """A checksum of this package, or None if it is not in files that were there when it was read.

    A process that runs on while the package is replaced must not keep its code under the new
    package's name.
    """
    digest = hashlib.sha256()
    found = False
    root = Path(core.__path__[0]).parent
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(n for n in names if n.endswith(".py")):
            found = True
            try:
                with Path(folder, name).open("rb") as file:
                    status, content = os.fstat(file.fileno()), file.read()
            except OSError:
                return None
            if max(status.st_mtime, status.st_ctime) > core.loaded_at - _GRAIN:
                return None
            digest.update(f"{folder[len(str(root)) :]} {name} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest() if found else None
