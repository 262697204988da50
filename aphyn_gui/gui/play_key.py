"""The space bar plays and pauses the movie wherever it means nothing else."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


class PlayKey(QObject):
    """Hears a window's keys that no control has taken.

    A button that has the focus is pressed by the space bar, a check box ticked, a text field
    written into: none of these arrives here.

    Parameters
    ----------
    window : QWidget
        Whose keys are heard.
    toggle : callable
        Plays, or pauses.
    """

    def __init__(self, window: QWidget, toggle: Callable[[], None]) -> None:
        super().__init__(window)
        self._toggle = toggle
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the space bar, without modifiers and without repetition."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() != Qt.Key.Key_Space or event.modifiers():
            return False
        if not event.isAutoRepeat():
            self._toggle()
        return True
