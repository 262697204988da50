"""A dock whose panel is made when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDockWidget, QWidget


class LateDock(QDockWidget):
    """Makes its panel when it is shown, or when somebody asks for it.

    Few sessions open every panel, and each takes as long to make as a good part of the window.

    Parameters
    ----------
    title : str
        Of the dock.
    make : callable
        Makes the panel.
    parent : QWidget
        The window.
    """

    def __init__(self, title: str, make: Callable[[], QWidget], parent: QWidget) -> None:
        super().__init__(title, parent)
        self._make = make
        self._panel: QWidget | None = None

    @property
    def panel(self) -> QWidget:
        """The panel, made now if it is not there yet."""
        if self._panel is None:
            self._panel = self._make()
            self.setWidget(self._panel)
        return self._panel

    def showEvent(self, event: QShowEvent) -> None:
        """Have something to show; called by Qt."""
        self.panel.show()
        super().showEvent(event)
