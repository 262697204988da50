"""The guide: a page of help beside the work, whose links do what they say."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, QUrl
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QTextBrowser, QWidget

from aphyn_gui.gui.help_texts import GUIDE
from aphyn_gui.gui.theme import theme_manager

_SCHEME = "do"


class GuidePage(QTextBrowser):
    """Words for experimentalists: the main job in five minutes, keys, numbers, troubles.

    Parameters
    ----------
    actions : mapping of str to QAction
        Links of the form ``do:name`` trigger the action of that name.
    """

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._follow)
        theme_manager().changed.connect(self._fill)
        self._fill()

    def sizeHint(self) -> QSize:
        """A column that is read easily."""
        return QSize(340, 480)

    def _fill(self) -> None:
        # Links keep the colour they had when the page was set.
        place = self.verticalScrollBar().value()
        self.setHtml(GUIDE)
        self.verticalScrollBar().setValue(place)

    def _follow(self, url: QUrl) -> None:
        if url.scheme() != _SCHEME:
            self.scrollToAnchor(url.fragment())
            return
        action = self._actions.get(url.path())
        if action is not None and action.isEnabled():
            action.trigger()
