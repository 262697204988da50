"""Writing a file so that its old content survives until the new one is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_SUFFIX = ".saving"
_LEFTOVER_AGE_S = 3600.0
"""No writing takes so long: an older temporary file is of a program that was killed."""

_RETRIES, _RETRY_S = 20, 0.05
"""Windows refuses to replace a file while a virus scanner or an indexer looks at it."""


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Replace a file's content, or leave it as it is.

    The content goes into a temporary file of the same folder and to the disk; only then does it
    take the name. Whenever the program, or the machine, stops: the file is the old or the new one.

    Parameters
    ----------
    path : Path
        A link is followed.
    write : callable
        Writes the content into the file it is given.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected", str(path))
    prefix = f".{path.name[:40]}-"
    _remove_leftovers(path.parent, prefix)
    temporary = path.parent / f"{prefix}{secrets.token_hex(8)}{_SUFFIX}"
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        _replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(path.parent)


def _replace(temporary: Path, path: Path) -> None:
    for _ in range(_RETRIES if os.name == "nt" else 0):
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(_RETRY_S)
        else:
            return
    temporary.replace(path)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk; the content is there already."""
    if os.name == "nt":
        return
    # Some network file systems cannot: the name then gets there when they want.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_leftovers(folder: Path, prefix: str) -> None:
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(prefix) and entry.name.endswith(_SUFFIX):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat().st_mtime > _LEFTOVER_AGE_S:
                        os.unlink(entry.path)
