"""F6 goes from panel to panel, Shift+F6 back, as in other programs with many panels."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget


class PanelKeys(QObject):
    """Moves the keyboard's focus between the docks that are seen.

    Parameters
    ----------
    window : QMainWindow
        Where the keys hold.
    docks : list of QDockWidget
        In the order of work.
    """

    def __init__(self, window: QMainWindow, docks: list[QDockWidget]) -> None:
        super().__init__(window)
        self._docks = docks
        for keys, step in (("F6", 1), ("Shift+F6", -1)):
            shortcut = QShortcut(QKeySequence(keys), window)
            shortcut.activated.connect(lambda step=step: self._go(step))

    def _go(self, step: int) -> None:
        seen = [dock for dock in self._docks if not dock.visibleRegion().isEmpty()]
        focus = QApplication.focusWidget()
        if not seen:
            return
        here = next((i for i, dock in enumerate(seen) if _holds(dock, focus)), None)
        start = (-1 if step > 0 else 0) if here is None else here
        for distance in range(1, len(seen) + 1):
            target = _first_control(seen[(start + step * distance) % len(seen)])
            if target is not None:
                target.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return


def _holds(dock: QDockWidget, widget: QWidget | None) -> bool:
    return widget is not None and dock.isAncestorOf(widget)


def _first_control(dock: QDockWidget) -> QWidget | None:
    """The first widget of a dock, in the order of the Tab key, that takes the focus."""
    first = dock.nextInFocusChain()
    widget = first
    while widget is not None:
        takes_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        content = dock.widget()
        is_inside = content is widget or (content is not None and content.isAncestorOf(widget))
        if is_inside and takes_tab and widget.isEnabled() and widget.isVisible():
            return widget
        widget = widget.nextInFocusChain()
        if widget is first:
            return None
    return None
