"""The right margin of a plot: every curve's name, at the height where the curve ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QStaticText
from PySide6.QtWidgets import QApplication

from aphyn_gui.gui.colors import legible
from aphyn_gui.gui.rich_line import rich_line
from aphyn_gui.gui.theme import current_theme

_FONT_POINTS = 8
_GAP = 6.0


@dataclass(slots=True)
class _Entry:
    curve: Any
    text: str
    color: str


class CurveEnds(pg.AxisItem):  # type: ignore[misc]
    """A right axis that names curves, in plain text or HTML, instead of numbers.

    Names that would overlap are pushed apart, so that curves that end together stay legible.
    """

    def __init__(self) -> None:
        super().__init__("right")
        self._entries: list[_Entry] = []
        self._layouts: dict[str, QStaticText] = {}
        self._font = QFont(QApplication.font())
        self._font.setPointSize(_FONT_POINTS)

    @property
    def texts(self) -> list[str]:
        """What is written, in the order in which the curves were named."""
        return [entry.text for entry in self._entries if entry.text]

    def name(self, curve: Any, text: str, color: str) -> None:
        """Name ``curve``; an empty text takes the name away."""
        for entry in self._entries:
            if entry.curve is curve:
                if text != entry.text:
                    # A number that changes with every epoch must not leave a layout behind each.
                    self._layouts.pop(entry.text, None)
                entry.text, entry.color = text, color
                break
        else:
            self._entries.append(_Entry(curve, text, color))
        self.update()

    def recolor(self, curve: Any, color: str) -> None:
        """Change the colour of a curve's name, if it has one."""
        for entry in self._entries:
            if entry.curve is curve:
                entry.color = color
        self.update()

    def reserve(self, *texts: str) -> None:
        """Make the margin wide enough for ``texts``, whether or not they are shown yet."""
        widest = max(self._layout(text).size().width() for text in texts)
        self.setWidth(round(widest + 2 * _GAP))

    def _layout(self, text: str) -> QStaticText:
        """``text``, which may hold HTML, ready to be drawn; kept, as the names hardly change."""
        if text not in self._layouts:
            self._layouts[text] = rich_line(text, self._font)
        return self._layouts[text]

    def linkedViewChanged(self, view: Any, newRange: Any = None) -> None:
        """Follow the view; called by pyqtgraph."""
        super().linkedViewChanged(view, newRange)
        self.update()

    def linkToView(self, view: Any) -> None:
        """Follow ``view``, also sideways: a curve ends where the view ends."""
        super().linkToView(view)
        view.sigXRangeChanged.connect(self._on_x_range)

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        """Draw the names; called by Qt."""
        area = self.mapRectFromParent(self.geometry())
        metrics = QFontMetricsF(self._font)
        line = metrics.height()
        placed = sorted(self._heights(area), key=lambda item: item[0])
        tops = spread([height - line / 2 for height, _ in placed], line, area.top(), area.bottom())
        painter.setFont(self._font)
        for top, (_, entry) in zip(tops, placed, strict=True):
            painter.setPen(QColor(legible(entry.color, current_theme().plot_background)))
            painter.drawStaticText(QPointF(area.left() + _GAP, top), self._layout(entry.text))

    def _heights(self, area: QRectF) -> list[tuple[float, _Entry]]:
        """Where each named curve ends inside the view, in this item's pixels."""
        view = self.linkedView()
        if view is None:
            return []
        (_, right), (low, high) = view.viewRange()
        heights = []
        for entry in self._entries:
            x, y = entry.curve.getData()
            if not entry.text or not entry.curve.isVisible() or x is None or len(x) == 0:
                continue
            last = int(np.searchsorted(x, right, side="right")) - 1
            if last < 0 or not np.isfinite(y[last]) or high <= low:
                continue
            share = min(max((float(y[last]) - low) / (high - low), 0.0), 1.0)
            heights.append((area.bottom() - share * area.height(), entry))
        return heights

    def _on_x_range(self, *_: object) -> None:
        self.update()


def spread(tops: list[float], line: float, first: float, last: float) -> list[float]:
    """Push lines of text apart.

    Parameters
    ----------
    tops : list of float
        Where lines would like to begin, ascending.
    line : float
        Height of a line.
    first, last : float
        Where the first may begin, and where the last must end. Where there is too little room for
        all, they move together, to half their height at most.
    """
    line = min(line, max((last - first) / max(len(tops), 1), line / 2))
    placed: list[float] = []
    for top in tops:
        placed.append(max(top, placed[-1] + line if placed else first))
    limit = last
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = max(min(placed[index], limit - line), first + index * line)
        limit = placed[index]
    return placed
