"""The end of a window, while Python is still there to answer it."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent

if TYPE_CHECKING:
    from aphyn_gui.gui.main_window import MainWindow


def dispose(window: MainWindow) -> None:
    """Close a window, saved or not, and destroy it with everything it holds or has thrown away.

    What is left to the end of the interpreter is destroyed by Qt when Python's overrides of its
    virtual functions are gone: a plot that is told there that its style changes crashes.
    """
    window.close_unsaved()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    # Plots that were replaced hang together in circles, which only the collector undoes.
    gc.unfreeze()
    gc.collect()
