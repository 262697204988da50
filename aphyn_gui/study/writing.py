"""Files that appear under their names only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Let ``write`` make a file beside ``path``, then put it in its place.

    Returns
    -------
    Path
        ``path``.
    """
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        write(unfinished)
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a text file whole."""

    def write(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    return write_whole(path, write)
