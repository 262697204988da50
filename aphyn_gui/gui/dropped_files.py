"""What is dropped on the window: files of this machine, and what is done with several."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData


def dropped_files(data: QMimeData) -> list[Path]:
    """The files and folders of this machine among what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def left_aside(paths: list[Path]) -> str:
    """What happens to all but the first of several files, for the user; empty for one."""
    if len(paths) < 2:
        return ""
    others = paths[1:]
    names = ", ".join(path.name for path in others[:3]) + (", …" if len(others) > 3 else "")
    return (
        f"One recording is open at a time: {paths[0].name} is opened, {names} "
        f"{'is' if len(others) == 1 else 'are'} not."
    )
