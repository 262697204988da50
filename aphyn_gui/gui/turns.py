"""Work for the GUI thread that is more than one event should take."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Slot

_INTERVAL_MS = 15
"""Between two jobs. Without it their paint events and the next job come in one go."""


class Turns(QObject):
    """Does one job a turn of the event loop, so that mouse and paint events come in between."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: deque[Callable[[], None]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._do_next)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not self._jobs

    def begin(self, jobs: Iterable[Callable[[], None]]) -> None:
        """Do these, in this order, instead of what is still left."""
        self._jobs = deque(jobs)
        if self._jobs:
            self._timer.start()

    def finish(self) -> None:
        """Do what is left, now."""
        self._timer.stop()
        while self._jobs:
            self._jobs.popleft()()

    @Slot()
    def _do_next(self) -> None:
        if self._jobs:
            self._jobs.popleft()()
        if not self._jobs:
            self._timer.stop()
