"""How panels share a window that is too low for all of them: 150 % scale on a small laptop."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QDockWidget, QMainWindow

LOWEST_FOR_ALL = 600
"""Height of a window, pixels, from which on movie, trace and regions stand above each
other, and fit and comparison."""

_TAKING_TURNS = (
    ("movie", "trace"),
    ("trace", "rois"),
    ("fit", "comparison"),
    ("comparison", "log"),
    ("comparison", "preparation"),
    ("preparation", "protocol"),
    ("protocol", "guide"),
)


def take_turns(window: QMainWindow, docks: Mapping[str, QDockWidget]) -> None:
    """Put into tabs what would otherwise stand below each other, and settings beside the fit."""
    for first, second in _TAKING_TURNS:
        window.tabifyDockWidget(docks[first], docks[second])
    for name in ("movie", "fit"):
        docks[name].raise_()
