"""Things that are asked for often and done a few times a second."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Throttle(QObject):
    """Lets one of many requests through in an interval, the first at once and the last surely.

    Parameters
    ----------
    interval_ms : int
        Shortest time between two :attr:`due`, ms.

    Signals
    -------
    due()
        Now is the time.
    """

    due = Signal()

    def __init__(self, interval_ms: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_asked = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(interval_ms)
        self._rest.timeout.connect(self._on_rested)

    def ask(self) -> None:
        """Ask for :attr:`due`, now or as soon as the interval is over."""
        if self._rest.isActive():
            self._is_asked = True
        else:
            self._rest.start()
            self.due.emit()

    def _on_rested(self) -> None:
        if self._is_asked:
            self._is_asked = False
            self.ask()
