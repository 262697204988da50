"""A curve that costs as much as the pixels it crosses, however many points it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPaintEngine, QPainter, QPen, QPolygonF, QTransform

Floats = npt.NDArray[np.float64]


class Curve(pg.PlotCurveItem):  # type: ignore[misc]
    """An opaque line through equally spaced points.

    It holds all its data. Where several points share a column of pixels, only the lowest and the
    highest of them are painted, and a line of two pixels is painted as hairlines side by side:
    Qt's outline of a wide line took fifteen times as long.

    Parameters
    ----------
    width : int
        1 or 2 pixels.
    connect : str
        "all", or "finite", which breaks the line at NaN.
    """

    def __init__(self, width: int = 2, connect: str = "all") -> None:
        self._polygons: list[QPolygonF] = []
        self._painted_with: tuple[QTransform, float] | None = None
        super().__init__(connect=connect)
        self._width = width

    def color(self, color: str) -> None:
        """Paint in ``color`` from now on."""
        self.setPen(pg.mkPen(color, width=self._width))

    def setData(self, *args: Any, **kwargs: Any) -> None:
        """Take new points; see :class:`pyqtgraph.PlotCurveItem`."""
        self._painted_with = None
        super().setData(*args, **kwargs)

    def clear(self) -> None:
        """Show nothing."""
        super().clear()
        self.update()

    def boundingRect(self) -> QRectF:
        """All that is seen of the plot: new data then changes no geometry; called by Qt."""
        return self.viewRect() or QRectF()

    def viewTransformChanged(self) -> None:
        """Forget what depended on the old range; called by pyqtgraph."""
        # pyqtgraph's curve leaves this out: it does not ask for what is seen.
        pg.GraphicsObject.viewTransformChanged(self)
        super().viewTransformChanged()

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        """Paint; called by Qt."""
        x, y = self.getData()
        if x is None or len(x) < 2:
            return
        if painter.paintEngine().type() is not QPaintEngine.Type.Raster:
            self._paint_lines(painter, x, y)
            return
        ratio = painter.device().devicePixelRatioF()
        place = painter.worldTransform(), ratio
        if place != self._painted_with:
            self._painted_with = place
            self._polygons = list(self._pixels(x, y, *place))
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self.opts["pen"].color(), 0))
        for polygon in self._polygons:
            painter.drawPolyline(polygon)
            for offset in range(1, round(self._width * ratio)):
                painter.drawPolyline(polygon.translated(offset / ratio, 0))
                painter.drawPolyline(polygon.translated(0, offset / ratio))
        painter.restore()

    def _paint_lines(self, painter: QPainter, x: Floats, y: Floats) -> None:
        """All points, for a picture that is enlarged."""
        painter.setPen(self.opts["pen"])
        for part in connected(y, self.opts["connect"] == "finite"):
            painter.drawPolyline(pg.functions.arrayToQPolygonF(x[part], y[part]))

    def _pixels(self, x: Floats, y: Floats, place: QTransform, ratio: float) -> Iterator[QPolygonF]:
        """The line's connected parts, in logical pixels, the width's middle on the points."""
        pixels_a_point = abs(place.m11() * float(x[1] - x[0])) * ratio
        x, y = thinned(x, y, max(int(1 / pixels_a_point), 1) if pixels_a_point > 0 else 1)
        aside = (self._width - 1 / ratio) / 2
        across = x * place.m11() + (place.dx() - aside)
        down = y * place.m22() + (place.dy() - aside)
        for part in connected(y, self.opts["connect"] == "finite"):
            yield pg.functions.arrayToQPolygonF(across[part], down[part])


def thinned(x: Floats, y: Floats, by: int) -> tuple[Floats, Floats]:
    """The lowest and the highest of every ``by`` points, in their order, and both ends.

    Where one of them is NaN, that one is kept, so that a gap stays a gap.
    """
    if by < 3:
        return x, y
    whole = len(y) // by * by
    blocks = y[:whole].reshape(-1, by)
    starts = np.arange(0, whole, by)
    chosen = np.sort(np.stack([starts + blocks.argmin(1), starts + blocks.argmax(1)]), axis=0)
    indices = np.concatenate([[0], chosen.T.ravel(), np.arange(whole, len(y)), [len(y) - 1]])
    return x[indices], y[indices]


def connected(y: Floats, has_gaps: bool) -> list[slice | npt.NDArray[np.bool_]]:
    """Which points belong to each unbroken part of a line.

    Parameters
    ----------
    has_gaps : bool
        Whether the line breaks at NaN; otherwise it goes straight on to the next number.
    """
    finite = np.isfinite(y)
    if finite.all():
        return [slice(None)]
    if not has_gaps:
        return [finite]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]])))
    return [slice(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
