"""What is dropped on the window: files of this machine, and what is done with them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDropEvent

from aphyn_gui.study import PROJECT_SUFFIX


def dropped_files(data: QMimeData) -> list[Path]:
    """The files and folders of this machine among what is dragged."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def take_copy(event: QDropEvent) -> None:
    """Accept, and never as a move: whoever dragged a file would be free to delete it."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def dropped_study(paths: list[Path]) -> Path | None:
    """The study among dropped files that is opened, if there is one; the others are then not."""
    return next((path for path in paths if path.suffix.lower() == PROJECT_SUFFIX), None)


def left_aside(paths: list[Path], opened: Path) -> str:
    """What happens to all but the study that is opened, for the user; empty where it is alone."""
    others = [path for path in paths if path != opened]
    if not others:
        return ""
    names = ", ".join(path.name for path in others[:3]) + (", …" if len(others) > 3 else "")
    return (
        f"One study is open at a time: {opened.name} is opened, {names} "
        f"{'is' if len(others) == 1 else 'are'} not."
    )
