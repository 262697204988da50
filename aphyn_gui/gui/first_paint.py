"""What waits until the window is on the screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

_LONGEST_WAIT_MS = 1000
"""A window that starts minimised, or behind another, may never be painted."""


class FirstPaint(QObject):
    """Calls a function once a window has been painted for the first time.

    Parameters
    ----------
    window : QWidget
        Not yet shown; becomes the parent.
    then : callable
        Called once, in a turn of the event loop of its own.
    """

    def __init__(self, window: QWidget, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._window, self._then = window, then
        window.installEventFilter(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._call)
        self._timer.start(_LONGEST_WAIT_MS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See the first paint."""
        if event.type() is QEvent.Type.Paint:
            # The paint itself follows this event.
            self._timer.start(0)
        return False

    def _call(self) -> None:
        self._window.removeEventFilter(self)
        self._then()
