"""A 10 ms timer in the GUI thread: how late it fires says how smooth the window is."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL_MS = 10


class Ticker(QObject):
    """Collects the gaps between its ticks."""

    def __init__(self) -> None:
        super().__init__()
        self._last_s: float | None = None
        self._gaps_ms: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Forget earlier gaps and begin."""
        self._last_s, self._gaps_ms = None, []
        self._timer.start()

    def stop(self) -> None:
        """End."""
        self._timer.stop()

    @property
    def p99_ms(self) -> float:
        """99th percentile of the gaps."""
        return float(np.percentile(self._gaps_ms, 99))

    @property
    def max_ms(self) -> float:
        """Largest gap."""
        return max(self._gaps_ms)

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._last_s is not None:
            self._gaps_ms.append(1e3 * (now - self._last_s))
        self._last_s = now
