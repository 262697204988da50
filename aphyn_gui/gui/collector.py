"""Keep Python's cyclic garbage collector in the GUI thread while others work.

The collector runs in whichever thread happens to allocate. In a worker it would finalise Qt
objects there, which Qt answers with a crash.
"""

from __future__ import annotations

import gc
from typing import ClassVar

from PySide6.QtCore import QObject, QTimer

_YOUNG_INTERVAL_MS = 1000
_YOUNG_PER_FULL = 60


class CollectorGuard(QObject):
    """While held, the automatic collector is off and a timer of the GUI thread collects.

    Several guards may be held at once; the timer is that of the first. Where something else has
    switched the automatic collector off already, a guard changes nothing.
    """

    _holders: ClassVar[int] = 0
    _was_enabled: ClassVar[bool] = False

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held = False
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_YOUNG_INTERVAL_MS)
        self._timer.timeout.connect(self._collect)

    @property
    def is_collecting(self) -> bool:
        """Whether this guard's timer collects."""
        return self._timer.isActive()

    def hold(self) -> None:
        """Collect in the GUI thread only, until :meth:`release`."""
        if self._held:
            return
        is_first = CollectorGuard._holders == 0
        self.hold_still()
        if is_first:
            self.collect_regularly()

    def hold_still(self) -> None:
        """Collect nothing until :meth:`collect_regularly`."""
        if self._held:
            return
        self._held = True
        if CollectorGuard._holders == 0:
            CollectorGuard._was_enabled = gc.isenabled()
            gc.disable()
        CollectorGuard._holders += 1

    def collect_regularly(self) -> None:
        """Begin to collect, while held."""
        if self._held and CollectorGuard._was_enabled:
            self._timer.start()

    def release(self) -> None:
        """Give the automatic collector back once nobody holds it."""
        if not self._held:
            return
        self._held = False
        self._timer.stop()
        CollectorGuard._holders -= 1
        if CollectorGuard._holders == 0 and CollectorGuard._was_enabled:
            gc.enable()

    def _collect(self) -> None:
        self._ticks += 1
        # A full collection with torch loaded takes long enough to be felt; it can wait.
        gc.collect(2 if self._ticks % _YOUNG_PER_FULL == 0 else 1)
