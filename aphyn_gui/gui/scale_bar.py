"""A bar of a round number of millimetres in the corner of an image."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QPen
from PySide6.QtWidgets import QGraphicsRectItem, QGraphicsSimpleTextItem

from aphyn_gui.gui.plot_style import nice_step

_TARGET_SHARE = 0.22
_MARGIN = 12.0
_THICKNESS = 5.0


class ScaleBar:
    """Draws itself on a ViewBox and follows its zoom.

    Parameters
    ----------
    view_box : pyqtgraph.ViewBox
        Shows an image of which one pixel is one unit.
    """

    def __init__(self, view_box: pg.ViewBox) -> None:
        self._view_box = view_box
        self._pitch_mm: float | None = None
        self._corner = QPointF()
        self._bar = QGraphicsRectItem(view_box)
        self._bar.setBrush(QColor("#FFFFFF"))
        self._bar.setPen(QPen(QColor("#000000"), 1))
        self._text = QGraphicsSimpleTextItem(view_box)
        font = QFont()
        font.setBold(True)
        font.setPointSize(9)
        self._text.setFont(font)
        self._text.setBrush(QColor("#FFFFFF"))
        self._shadow = QGraphicsRectItem(view_box)
        self._shadow.setBrush(QColor(0, 0, 0, 120))
        self._shadow.setPen(QPen(QColor(0, 0, 0, 0)))
        for z, item in enumerate((self._shadow, self._bar, self._text)):
            item.setZValue(1000 + z)
        view_box.sigRangeChanged.connect(self._place)
        view_box.sigResized.connect(self._place)
        self._place()

    @property
    def length_mm(self) -> float | None:
        """Length of the bar, mm; None while it is hidden."""
        if self._pitch_mm is None:
            return None
        (left, right), _ = self._view_box.viewRange()
        return nice_step((right - left) * self._pitch_mm * _TARGET_SHARE)

    def set_image(self, row_count: int, column_count: int, pitch_mm: float | None) -> None:
        """Say how large the image is and how far apart its pixels are, mm; None hides the bar."""
        self._pitch_mm = pitch_mm
        self._corner = QPointF(column_count, row_count)
        self._place()

    def _place(self) -> None:
        length_mm = self.length_mm
        rect = self._view_box.rect()
        is_visible = length_mm is not None and rect.width() > 60
        for item in (self._bar, self._text, self._shadow):
            item.setVisible(is_visible)
        if length_mm is None or self._pitch_mm is None or not is_visible:
            return
        (left, right), _ = self._view_box.viewRange()
        width = length_mm / self._pitch_mm / (right - left) * rect.width()
        corner = self._view_box.mapFromView(self._corner)
        # On the image where that is smaller than the box, else in the corner of the box.
        bottom = min(rect.bottom(), corner.y()) - _MARGIN
        start = min(rect.right(), corner.x()) - _MARGIN - width
        self._bar.setRect(QRectF(start, bottom - _THICKNESS, width, _THICKNESS))
        self._text.setText(f"{length_mm:g} mm")
        text = self._text.boundingRect()
        text_left = start + (width - text.width()) / 2
        top = bottom - _THICKNESS - text.height() - 2
        self._text.setPos(text_left, top)
        frame = QRectF(
            min(start, text_left) - 5, top - 2, max(width, text.width()) + 10, bottom - top + 6
        )
        self._shadow.setRect(frame)
