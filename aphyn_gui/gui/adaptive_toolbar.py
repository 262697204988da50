"""A toolbar that leaves its words out where they would push buttons out of sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QToolBar

_WITH_WORDS = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
_WITHOUT = Qt.ToolButtonStyle.ToolButtonIconOnly


class AdaptiveToolBar(QToolBar):
    """Shows words beside its icons while there is room for all of them."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._room_for_words = 0
        self.setToolButtonStyle(_WITH_WORDS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose between words and icons alone; tooltips name what has no words."""
        super().resizeEvent(event)
        if self.toolButtonStyle() is _WITH_WORDS:
            # Known only while the words are there.
            self._room_for_words = self.sizeHint().width()
        style = _WITH_WORDS if event.size().width() >= self._room_for_words else _WITHOUT
        if style is not self.toolButtonStyle():
            self.setToolButtonStyle(style)
