"""How a plot looks while it is rendered for paper: light, whole, and without what a mouse needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import pyqtgraph as pg
from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsWidget

from aphyn_gui.gui.theme import LIGHT, Theme, current_theme

SMALLEST = QSize(480, 320)
"""Of a picture, logical pixels: 5 x 3.3 inches with letters of 8 and 9 points."""


class Printable(Protocol):
    """A view of the window that can be printed: a :class:`pyqtgraph.GraphicsView` that knows how.

    Besides what is asked for here it is a QGraphicsView.
    """

    def show_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``, whatever the window's are."""

    def catch_up(self) -> None:
        """Draw now what would be drawn when somebody looks."""


@contextmanager
def for_print(view: Any) -> Iterator[None]:
    """Within it, ``view`` is ready to be rendered; afterwards it is as before.

    Nothing of this is seen on the screen: no event is handled in between.

    Parameters
    ----------
    view : pyqtgraph.GraphicsView that is Printable
        Shown or hidden; a small one is laid out anew for a picture.
    """
    with ExitStack() as stack:
        view.setUpdatesEnabled(False)
        stack.callback(view.setUpdatesEnabled, True)
        _enlarge(view, stack)
        view.catch_up()
        if current_theme() is not LIGHT:
            _recolor(view, stack)
        for item in view.scene().items():
            _prepare(item, stack)
        _lay_out(view)
        yield


def _enlarge(view: Any, stack: ExitStack) -> None:
    before = view.size()
    wanted = before.expandedTo(SMALLEST)
    if wanted != before:
        _resize(view, wanted)
        stack.callback(_resize, view, before)
    elif not view.isVisible():
        # What was never shown was never laid out.
        _resize(view, wanted)


def _resize(view: Any, size: QSize) -> None:
    before = view.size()
    view.resize(size)
    if not view.isVisible():
        # Qt keeps the event back until the view is shown.
        QApplication.sendEvent(view, QResizeEvent(size, before))
        QApplication.sendEvent(view.viewport(), QResizeEvent(view.viewport().size(), before))


def _lay_out(view: Any) -> None:
    """What waits for the event loop, from the inner plots to the whole."""
    for item in reversed(view.scene().items()):
        # pyqtgraph hides the method behind an attribute of the same name.
        layout = QGraphicsWidget.layout(item) if isinstance(item, QGraphicsWidget) else None
        if layout is not None:
            layout.activate()


def _recolor(view: Any, stack: ExitStack) -> None:
    boxes = [item for item in view.scene().items() if isinstance(item, pg.ViewBox)]
    ranges = [(box, box.viewRange()) for box in boxes]

    def show(theme: Theme) -> None:
        view.show_theme(theme)
        # Some views draw everything anew, which would undo a zoom.
        for box, (x, y) in ranges:
            if box.viewRange() != [x, y]:
                box.setRange(xRange=x, yRange=y, padding=0)

    show(LIGHT)
    stack.callback(show, current_theme())


def _prepare(item: QGraphicsItem, stack: ExitStack) -> None:
    if item.cacheMode() is not QGraphicsItem.CacheMode.NoCache:
        stack.callback(item.setCacheMode, item.cacheMode())
        # A cache is a picture in pixels.
        item.setCacheMode(QGraphicsItem.CacheMode.NoCache)
    if isinstance(item, pg.ButtonItem | pg.graphicsItems.ROI.Handle) and item.isVisible():
        item.setVisible(False)
        stack.callback(item.setVisible, True)
    set_export_mode: Callable[..., None] | None = getattr(item, "setExportMode", None)
    if set_export_mode is not None:
        set_export_mode(True, {"antialias": True, "resolutionScale": 1.0})
        stack.callback(set_export_mode, False)
