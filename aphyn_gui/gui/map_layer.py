"""A map over the movie: colours, isochrones, and hatching over what should not be trusted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from aphyn_gui.gui.theme import Theme
from aphyn_gui.recording import isochrones

COLOR_MAP = "viridis"
"""Perceptually uniform, and readable with the common colour deficiencies."""

_SHADES = 256
_AXIS_WIDTH, _LINE_HEIGHT = 45, 16
"""Room for numbers and one line of words, and for each further line, pixels."""


class MapLayer:
    """Draws itself between the movie and the regions, with a colour bar of its own.

    Parameters
    ----------
    view_box : pyqtgraph.ViewBox
        Shows an image of which one pixel is one unit.
    """

    def __init__(self, view_box: pg.ViewBox) -> None:
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setZValue(3)
        self._hatching = _Hatching()
        self._hatching.setZValue(4)
        self._lines = QGraphicsPathItem()
        self._lines.setZValue(5)
        pen = QPen(QColor(255, 255, 255, 220), 1)
        pen.setCosmetic(True)
        self._lines.setPen(pen)
        for item in (self._image, self._hatching, self._lines):
            item.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
            view_box.addItem(item, ignoreBounds=True)
        colors = pg.colormap.get(COLOR_MAP)
        self._table = colors.getLookupTable(nPts=_SHADES, alpha=True)
        self.bar = pg.ColorBarItem(interactive=False, width=12, colorMap=colors)
        self._limits: tuple[float, float] | None = None
        self.hide()

    @property
    def is_shown(self) -> bool:
        """Whether a map covers the movie."""
        return bool(self._image.isVisible())

    @property
    def limits(self) -> tuple[float, float] | None:
        """Values at the ends of the colours; None while hidden."""
        return self._limits if self.is_shown else None

    @property
    def has_lines(self) -> bool:
        """Whether isochrones are drawn."""
        return not self._lines.path().isEmpty()

    def show(
        self,
        values: npt.NDArray[np.float32],
        limits: tuple[float, float],
        label: str,
        flagged: npt.NDArray[np.bool_] | None = None,
        step_ms: float | None = None,
    ) -> None:
        """Show a map.

        Parameters
        ----------
        values : ndarray, shape (rows, columns)
            NaN is transparent.
        limits : (float, float)
            Ends of the colours.
        label : str
            Name and unit; "<br>" begins another line.
        flagged : ndarray of bool, shape (rows, columns), or None
            Pixels to be hatched.
        step_ms : float or None
            Between isochrones; None: there are none.
        """
        self._limits = limits
        self._image.setImage(self._colored(values, limits), autoLevels=False, levels=(0, 255))
        self.bar.setLevels(limits)
        self.bar.axis.setLabel(label)
        self.bar.axis.setWidth(_AXIS_WIDTH + _LINE_HEIGHT * label.count("<br>"))
        self._hatching.show_pixels(flagged)
        path = QPainterPath() if step_ms is None else _contours(values, step_ms)
        self._lines.setPath(path)
        for item in (self._image, self._hatching, self._lines):
            item.show()

    def hide(self) -> None:
        """Show the movie alone."""
        for item in (self._image, self._hatching, self._lines):
            item.hide()

    def apply_theme(self, theme: Theme) -> None:
        """Colour the axis of the bar."""
        self.bar.axis.setPen(theme.plot_axis)
        self.bar.axis.setTextPen(theme.plot_axis)

    def _colored(
        self, values: npt.NDArray[np.float32], limits: tuple[float, float]
    ) -> npt.NDArray[np.uint8]:
        low, high = limits
        there = np.isfinite(values)
        share = (np.where(there, values, low) - low) / (high - low)
        shade = np.clip(share * (_SHADES - 1), 0, _SHADES - 1).astype(np.uint8)
        colored: npt.NDArray[np.uint8] = self._table[shade]
        colored[~there, 3] = 0
        return colored


class _Hatching(QGraphicsItem):
    """Hatches pixels; the lines are as far apart at every zoom."""

    def __init__(self) -> None:
        super().__init__()
        self._path = QPainterPath()
        self._rect = QRectF()

    def show_pixels(self, flagged: npt.NDArray[np.bool_] | None) -> None:
        """Hatch other pixels, shape (rows, columns)."""
        path = QPainterPath()
        if flagged is not None:
            for row, start, stop in _runs(flagged):
                path.addRect(QRectF(start, row, stop - start, 1))
        self.prepareGeometryChange()
        self._path, self._rect = path, path.boundingRect()
        self.update()

    def boundingRect(self) -> QRectF:
        """Around all hatched pixels."""
        return self._rect

    def paint(
        self,
        painter: QPainter,
        _option: QStyleOptionGraphicsItem,
        _widget: QWidget | None = None,
    ) -> None:
        """Draw; called by Qt."""
        brush = QBrush(QColor(0, 0, 0, 150), Qt.BrushStyle.BDiagPattern)
        inverse, is_invertible = painter.worldTransform().inverted()
        if is_invertible:
            brush.setTransform(inverse)
        painter.fillPath(self._path, brush)


def _runs(flagged: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Row, first column, and the one after the last, of neighbours in a row."""
    edged = np.pad(flagged.astype(np.int8), ((0, 0), (1, 1)))
    edges = np.diff(edged, axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, stops = np.nonzero(edges == -1)
    return list(zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True))


def _contours(values: npt.NDArray[np.float32], step_ms: float) -> QPainterPath:
    """Isochrones through the middles of pixels."""
    if min(values.shape) < 2:
        return QPainterPath()
    # Imported when needed: the first picture does without.
    from contourpy import LineType, contour_generator

    rows, columns = values.shape
    generator = contour_generator(
        x=np.arange(columns) + 0.5,
        y=np.arange(rows) + 0.5,
        z=np.ma.masked_invalid(values.astype(np.float64)),
        line_type=LineType.ChunkCombinedNan,
    )
    parts: list[Any] = []
    for level in isochrones(values, step_ms):
        points: Any = generator.lines(float(level))[0][0]
        if points is not None:
            parts += [points, np.full((1, 2), np.nan)]
    if not parts:
        return QPainterPath()
    line = np.vstack(parts)
    path: QPainterPath = pg.functions.arrayToQPath(line[:, 0], line[:, 1], connect="finite")
    return path
