"""Frames that can only be decoded from the beginning: once, into a temporary mapped file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from aphyn_gui.recording.errors import RecordingError

_KEPT_FREE_BYTES = 2**30
"""Room left on the disk of temporary files."""


def write_temporarily(path: Path, blocks: Iterable[bytes]) -> IO[bytes]:
    """A nameless file with the blocks, at its beginning; gone when nothing has it open or mapped.

    One block is held in memory at a time.

    Parameters
    ----------
    path : Path
        Where the blocks come from, for messages.
    blocks : iterable of bytes
        Content.

    Raises
    ------
    RecordingError
        If the disk would be full.
    """
    file = tempfile.TemporaryFile(prefix="aphyn-gui-")  # noqa: SIM115, the caller maps and closes it
    try:
        written = 0
        allowed = _free_bytes()
        for block in blocks:
            written += len(block)
            if written > allowed:
                raise _disk_full(path, written)
            file.write(block)
        file.flush()
        file.seek(0)
    except OSError as error:
        file.close()
        raise RecordingError(
            f"{path.name} could not be decoded into {tempfile.gettempdir()} ({error}): make room "
            "there"
        ) from error
    except BaseException:
        file.close()
        raise
    return file


def require_room(path: Path, byte_count: int) -> None:
    """Raise RecordingError if so much does not fit on the disk of temporary files."""
    if byte_count > _free_bytes():
        raise _disk_full(path, byte_count)


def _free_bytes() -> int:
    return shutil.disk_usage(tempfile.gettempdir()).free - _KEPT_FREE_BYTES


def _disk_full(path: Path, byte_count: int) -> RecordingError:
    return RecordingError(
        f"{path.name} must be decoded into a temporary file of at least {byte_count / 1e9:.1f} GB, "
        f"and {tempfile.gettempdir()} has no room for it: free some, set TMPDIR to another disk, "
        "or save the recording uncompressed"
    )
