"""Compiled programs on disk: one file for each key, in a folder that is the user's alone.

A key says all that its content depends on (``key.py``), so an entry is right or it is not there:
whatever is damaged, foreign, unreadable or gone is a miss, and whatever cannot be written is not
kept. No error of the file system reaches the user. ``docs/design/cache.md`` has the reasons.

Environment: ``FUNCTRANS_CACHE=0`` turns the cache off, ``FUNCTRANS_CACHE_DIR`` names the folder,
``FUNCTRANS_CACHE_SIZE`` bounds it in bytes (or with K, M or G behind the number; 256M).
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from functrans.codegen.sizes import size_of

_MAGIC = b"functrans cache 1\n"
_DIGEST = 32  # bytes of a key, and of the checksum
_OTHERS_MAY_WRITE = 0o022
_FRESH = 3600.0  # seconds: an entry used within them is not marked as used again
_ABANDONED = 600.0  # seconds: an unfinished file older than that has lost its writer
_SWEEPS = 32  # looks at the whole folder, on average, while as much as its limit is written
_KEPT = 7 / 8  # of the limit, when entries have to go
_BLOCK = 4096  # bytes: the least that a file takes


@dataclass(slots=True)
class Traffic:
    """How often this process found an entry, missed one, and wrote one."""

    hits: int = 0
    misses: int = 0
    writes: int = 0


traffic = Traffic()


def get(key: bytes) -> bytes | None:
    """What was kept under a key, or None."""
    folder = _folder()
    if folder is None:
        return None
    content = read(folder / key.hex())
    if content is None:
        traffic.misses += 1
    else:
        traffic.hits += 1
    return content


def put(key: bytes, content: bytes) -> None:
    """Keep ``content`` under a key, if that is possible.

    Readers see all of the file or none: it gets its name when it is complete.
    """
    folder = _folder()
    limit = _limit()
    if folder is None or len(content) > limit // 8:
        return
    unfinished = folder / f"{os.getpid()}-{os.urandom(8).hex()}.part"
    try:
        _write(unfinished, b"".join([_MAGIC, key, _checksum(key, content), content]))
        unfinished.replace(folder / key.hex())
        traffic.writes += 1
    except OSError:
        return
    finally:
        with suppress(OSError):  # still there after an error, or an interrupt
            unfinished.unlink()
    if _chance() * limit < _SWEEPS * _space(len(content)):
        _sweep(folder, limit)


def read(file: Path) -> bytes | None:
    """The content of one entry, if it is whole, and ours."""
    try:
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if not _is_private(status):
                return None
            data = stream.read()
        if time.time() - status.st_mtime > _FRESH:
            with suppress(OSError):  # a folder that is for reading only
                os.utime(file)
    except OSError:
        return None
    start = len(_MAGIC) + _DIGEST
    head, content = data[: start + _DIGEST], data[start + _DIGEST :]
    key = bytes.fromhex(file.name)
    return content if head == _MAGIC + key + _checksum(key, content) else None


def _write(file: Path, data: bytes) -> None:
    file.touch(0o600, exist_ok=False)
    file.write_bytes(data)


def _checksum(key: bytes, content: bytes) -> bytes:
    return hashlib.sha256(key + content).digest()


# --- the folder ----------------------------------------------------------------------------------


def _folder() -> Path | None:
    """The folder of this process' environment, or None where nothing is to be kept."""
    if os.environ.get("FUNCTRANS_CACHE", "1") == "0":
        return None
    name = os.environ.get("FUNCTRANS_CACHE_DIR")
    folder = Path(name).absolute() if name else _usual_folder()
    return None if folder is None else _usable(folder)


def _usual_folder() -> Path | None:
    """Where this platform keeps what programs can make again; None if the user has no home."""
    if sys.platform == "win32":
        parent = Path(os.environ.get("LOCALAPPDATA", ""))
    elif sys.platform == "darwin":
        parent = _home() / "Library" / "Caches"
    else:
        parent = Path(os.environ.get("XDG_CACHE_HOME", ""))
        if not parent.is_absolute():  # the convention says to ignore such a value
            parent = _home() / ".cache"
    return parent / "functrans" if parent.is_absolute() else None


def _home() -> Path:
    """The user's own folder; a relative path if there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path()


@cache
def _usable(folder: Path) -> Path | None:
    """The folder, made if need be, unless others could put machine code of theirs into it."""
    with suppress(OSError):
        folder.mkdir(0o700, parents=True, exist_ok=True)
    try:
        status = folder.stat()
    except OSError:
        return None
    if _is_private(status):
        return folder
    warnings.warn(
        f"functrans keeps no compiled programs, since others can write in {folder}: make it yours "
        f"alone (chmod 700), name another folder in FUNCTRANS_CACHE_DIR, or set FUNCTRANS_CACHE=0.",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _is_private(status: os.stat_result) -> bool:
    """Whether only this user can have written it."""
    if sys.platform == "win32":  # its access lists do not show here; profiles are private
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE


# --- the bound -----------------------------------------------------------------------------------


def _limit() -> int:
    """How many bytes the folder may hold."""
    return size_of("FUNCTRANS_CACHE_SIZE", 256 << 20)


def _space(size: int) -> int:
    """What a file of this size takes on disk."""
    return -(-size // _BLOCK) * _BLOCK


def _chance() -> float:
    """A number from 0 to 1; the state of the random module is the user's."""
    return int.from_bytes(os.urandom(4), "little") / 2**32


def _sweep(folder: Path, limit: int) -> None:
    """Let the entries go that were not used for longest, and what interrupted writers left.

    Writers come here by chance, once in every 32nd part of the limit on average: so no state is
    shared, and the folder outgrows its limit by little.
    """
    now = time.time()
    entries: list[tuple[float, int, Path]] = []
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):  # another process was faster
                status = file.lstat()
                if file.suffix == ".part" and now - status.st_mtime > _ABANDONED:
                    file.unlink()
                elif _is_entry(file.name):
                    entries.append((status.st_mtime, _space(status.st_size), file))
    total = sum(space for _, space, _ in entries)
    if total <= limit:
        return
    for _, space, file in sorted(entries):
        if total <= limit * _KEPT:
            return
        with suppress(OSError):
            file.unlink()
        total -= space


def _is_entry(name: str) -> bool:
    """Whether a file is ours: a folder that the user named may hold others."""
    return len(name) == 2 * _DIGEST and not name.strip("0123456789abcdef")
