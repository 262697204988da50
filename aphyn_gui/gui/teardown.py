"""The end of a window, while Python is still there to answer it."""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget


def dispose(window: QWidget) -> None:
    """Close a window and destroy it with everything it holds or has thrown away.

    What is left to the end of the interpreter is destroyed by Qt when Python's overrides of its
    virtual functions are gone: a plot that is told there that its style changes crashes.
    """
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    # Plots that were replaced hang together in circles, which only the collector undoes.
    gc.unfreeze()
    gc.collect()
