"""Files that are written whole: the old content survives until the new one is complete."""

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

_LONGEST_NAME = 40
"""Characters of a name in a file name."""

_RETRIES, _RETRY_S = 20, 0.05
"""Windows refuses to replace a file while a virus scanner or an indexer looks at it."""


def file_name(name: str, blank: str) -> str:
    """What a file name can say of a name: letters and digits, the rest ``blank``."""
    return "".join(c if c.isalnum() else blank for c in name)[:_LONGEST_NAME]


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> Path:
    """Replace a file's content, or leave it as it is.

    The content goes into a temporary file of the same folder and to the disk; only then does it
    take the name. Whenever the program, or the machine, stops: the file is the old or the new one.

    Parameters
    ----------
    path : Path
        A link is followed.
    write : callable
        Writes the content into the file it is given.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected", str(path))
    prefix = f".{target.name[:40]}-"
    _remove_leftovers(target.parent, prefix)
    temporary = target.parent / f"{prefix}{secrets.token_hex(8)}{_SUFFIX}"
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        _replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)
    return path


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file of these bytes whole; see `write_whole`."""
    return write_whole(path, lambda file: file.write(content))


def write_text(path: Path, text: str) -> Path:
    """Write a text file whole, in UTF-8, its lines ending as they do in ``text``."""
    return write_bytes(path, text.encode())


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
