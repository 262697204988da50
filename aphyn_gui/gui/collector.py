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

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ticks = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_YOUNG_INTERVAL_MS)
        self._timer.timeout.connect(self._collect)
        self._hold = _Hold()
        # Destroyed while held: its owner went before its work had ended.
        self.destroyed.connect(self._hold.end)

    @property
    def is_collecting(self) -> bool:
        """Whether this guard's timer collects."""
        return self._timer.isActive()

    def hold(self) -> None:
        """Collect in the GUI thread only, until :meth:`release`."""
        is_first = _Hold.count == 0
        if self._hold.begin() and is_first:
            self.collect_regularly()

    def hold_still(self) -> None:
        """Collect nothing until :meth:`collect_regularly`."""
        self._hold.begin()

    def collect_regularly(self) -> None:
        """Begin to collect, while held."""
        if self._hold.is_held and _Hold.was_enabled:
            self._timer.start()

    def release(self) -> None:
        """Give the automatic collector back once nobody holds it."""
        self._timer.stop()
        self._hold.end()

    def _collect(self) -> None:
        self._ticks += 1
        # A full collection with torch loaded takes long enough to be felt; it can wait.
        gc.collect(2 if self._ticks % _YOUNG_PER_FULL == 0 else 1)


class _Hold:
    """One guard's share in the collector being off; outlives the guard's Qt object."""

    count: ClassVar[int] = 0
    was_enabled: ClassVar[bool] = False

    def __init__(self) -> None:
        self.is_held = False

    def begin(self) -> bool:
        """Switch the automatic collector off; False if this hold has done so already."""
        if self.is_held:
            return False
        self.is_held = True
        if _Hold.count == 0:
            _Hold.was_enabled = gc.isenabled()
            gc.disable()
        _Hold.count += 1
        return True

    def end(self) -> None:
        """Switch it on again if this was the last hold."""
        if not self.is_held:
            return
        self.is_held = False
        _Hold.count -= 1
        if _Hold.count == 0 and _Hold.was_enabled:
            gc.enable()
