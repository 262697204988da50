"""A thread for work that takes long, which lets the window go first."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

from PySide6.QtCore import QObject, QThread

_STACK_BYTES = 16 * 2**20
"""macOS gives threads 512 KB, too little for torch, LAPACK and numba's compiler."""

_NICER = 5
"""Than the window: a third of its share, where both want the same core."""

_NICEST = 19


class WorkThread(QThread):
    """Runs an event loop for the workers that are moved to it.

    Kernels keep every core busy. At the same priority a plot is painted in twice its time, for
    the window has to share its core; what the threads lose while it paints is not felt.

    Parameters
    ----------
    name : str
        For debuggers.
    """

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setStackSize(_STACK_BYTES)

    def run(self) -> None:
        """Step back, and take events; called by Qt in the thread."""
        if sys.platform == "linux":
            # Qt cannot lower the priority of an ordinary thread here. Threads that this one
            # starts, such as those of the kernels, inherit it.
            with suppress(OSError):
                thread = threading.get_native_id()
                nice = min(os.getpriority(os.PRIO_PROCESS, thread) + _NICER, _NICEST)
                os.setpriority(os.PRIO_PROCESS, thread, nice)
        else:
            self.setPriority(QThread.Priority.LowPriority)
        self.exec()
