"""A paint device that hands everything on flat, so that a picture looks the same in every program.

Qt's SVG generator clips nothing and leaves pens that do not scale to the reader, which few
programs know; on a finer image the same pens are hairlines. Here transforms are applied to the
points, pens are as wide as on the screen, and what leaves its frame is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QFontInfo,
    QImage,
    QPaintDevice,
    QPaintEngine,
    QPaintEngineState,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QTextItem,
    QTransform,
)

Point = QPointF | QPoint | QPainterPath.Element

Floats = npt.NDArray[np.float64]

_MM_PER_INCH = 25.4
_IMAGE_FINENESS = 3
"""Pixels of an embedded image for each of the screen: its own pixels keep their edges."""
_HATCHED_OPACITY = 0.35
"""What a hatched brush becomes: its pattern would be a picture of its own."""
_TOUCH = 0.5
_LEVEL = 1e-9
"""Pixels: a line that changes less is parallel to a side."""


class FlatDevice(QPaintDevice):
    """Draws into ``target`` what is painted on it.

    Parameters
    ----------
    target : QPainter
        Active; its transform scales the whole picture.
    size : QSize
        Of the picture, logical pixels.
    dots_per_inch : int
        Logical pixels an inch.
    """

    def __init__(self, target: QPainter, size: QSize, dots_per_inch: int) -> None:
        super().__init__()
        self._engine = _FlatEngine(target)
        metric = QPaintDevice.PaintDeviceMetric
        self._metrics = {
            metric.PdmWidth: size.width(),
            metric.PdmHeight: size.height(),
            metric.PdmWidthMM: round(size.width() / dots_per_inch * _MM_PER_INCH),
            metric.PdmHeightMM: round(size.height() / dots_per_inch * _MM_PER_INCH),
            metric.PdmDpiX: dots_per_inch,
            metric.PdmDpiY: dots_per_inch,
            metric.PdmPhysicalDpiX: dots_per_inch,
            metric.PdmPhysicalDpiY: dots_per_inch,
            metric.PdmDepth: 32,
            metric.PdmDevicePixelRatio: 1,
        }

    def paintEngine(self) -> QPaintEngine:
        """What does the work; called by Qt."""
        return self._engine

    def metric(self, metric: QPaintDevice.PaintDeviceMetric) -> int:
        """Size and resolution; called by Qt."""
        return self._metrics[metric] if metric in self._metrics else super().metric(metric)


class _FlatEngine(QPaintEngine):
    def __init__(self, target: QPainter) -> None:
        super().__init__(QPaintEngine.PaintEngineFeature.AllFeatures)
        self._target = target
        self._transform = QTransform()
        self._clip: QRectF | None = None
        self._pen, self._brush = QPen(), QBrush()

    def begin(self, device: QPaintDevice) -> bool:
        self.setActive(True)
        return True

    def end(self) -> bool:
        self.setActive(False)
        return True

    def type(self) -> QPaintEngine.Type:
        return QPaintEngine.Type.User

    def updateState(self, state: QPaintEngineState) -> None:
        self._transform = state.transform()
        self._update_clip(state)
        self._pen, self._brush = self._flat_pen(state.pen()), self._flat_brush(state.brush())
        self._target.setOpacity(state.opacity())

    def drawPath(self, path: QPainterPath) -> None:
        self._draw(self._transform.map(path), self._brush)

    def drawPolygon(  # type: ignore[override]
        self, points: Sequence[QPointF], mode: QPaintEngine.PolygonDrawMode
    ) -> None:
        path = QPainterPath()
        path.addPolygon(self._transform.map(QPolygonF(points)))
        is_open = mode is QPaintEngine.PolygonDrawMode.PolylineMode
        if not is_open:
            path.closeSubpath()
        self._draw(path, QBrush() if is_open else self._brush)

    def drawTextItem(self, point: Point, item: QTextItem) -> None:
        point = QPointF(point)  # type: ignore[arg-type]
        if self._clip is not None and not self._clip.contains(self._transform.map(point)):
            return
        font = item.font()
        # "Sans Serif" means something to this program only.
        font.setFamilies([QFontInfo(font).family()])
        self._target.save()
        self._target.setTransform(self._transform, True)
        self._target.setFont(font)
        self._target.setPen(self._pen)
        self._target.drawText(point, item.text())
        self._target.restore()

    def drawPixmap(
        self, target: QRectF | QRect, pixmap: QPixmap | QImage, source: QRectF | QRect
    ) -> None:
        image = pixmap.toImage() if isinstance(pixmap, QPixmap) else pixmap
        self.drawImage(target, image, source)

    def drawImage(
        self,
        target: QRectF | QRect,
        image: QImage,
        source: QRectF | QRect,
        flags: Qt.ImageConversionFlag = Qt.ImageConversionFlag.AutoColor,
    ) -> None:
        area = self._transform.mapRect(QRectF(target))
        if self._clip is not None:
            area = area.intersected(self._clip)
        size = (area.size() * _IMAGE_FINENESS).toSize()
        if size.isEmpty():
            return
        part = QImage(size, QImage.Format.Format_ARGB32)
        part.fill(Qt.GlobalColor.transparent)
        painter = QPainter(part)
        painter.scale(size.width() / area.width(), size.height() / area.height())
        painter.translate(-area.topLeft())
        painter.setTransform(self._transform, True)
        painter.drawImage(QRectF(target), image, QRectF(source))
        painter.end()
        self._target.drawImage(area, part)

    def _update_clip(self, state: QPaintEngineState) -> None:
        """Every frame in the window is a rectangle."""
        flag = QPaintEngine.DirtyFlag
        if state.state() & flag.DirtyClipPath:
            shape = state.clipPath().boundingRect()
        elif state.state() & flag.DirtyClipRegion:
            shape = QRectF(state.clipRegion().boundingRect())
        else:
            return
        operation = state.clipOperation()
        if operation is Qt.ClipOperation.NoClip:
            self._clip = None
            return
        area = self._transform.mapRect(shape)
        is_narrowed = operation is Qt.ClipOperation.IntersectClip and self._clip is not None
        self._clip = area.intersected(self._clip) if is_narrowed and self._clip else area

    def _flat_pen(self, pen: QPen) -> QPen:
        if pen.style() == Qt.PenStyle.NoPen:
            return QPen(Qt.PenStyle.NoPen)
        scale = 1.0 if pen.isCosmetic() else math.sqrt(abs(self._transform.determinant()))
        flat = QPen(pen)
        flat.setCosmetic(False)
        flat.setWidthF((pen.widthF() or 1.0) * scale)
        return flat

    def _flat_brush(self, brush: QBrush) -> QBrush:
        if brush.style() in (Qt.BrushStyle.NoBrush, Qt.BrushStyle.SolidPattern):
            return brush
        color = brush.color()
        color.setAlphaF(_HATCHED_OPACITY)
        return QBrush(color)

    def _draw(self, path: QPainterPath, brush: QBrush) -> None:
        is_seen = brush.style() != Qt.BrushStyle.NoBrush or self._pen.style() != Qt.PenStyle.NoPen
        if not is_seen:
            return
        clip, bounds = self._clip, path.boundingRect()
        if clip is None or clip.contains(bounds):
            self._target.setPen(self._pen)
            self._target.setBrush(brush)
            self._target.drawPath(path)
            return
        # A level line has no height, and Qt says that it crosses nothing.
        if not clip.intersects(bounds.adjusted(-_TOUCH, -_TOUCH, _TOUCH, _TOUCH)):
            return
        if brush.style() != Qt.BrushStyle.NoBrush:
            frame = QPainterPath()
            frame.addRect(clip)
            self._target.fillPath(path.intersected(frame), brush)
        if self._pen.style() == Qt.PenStyle.NoPen:
            return
        self._target.setPen(self._pen)
        for polygon in path.toSubpathPolygons():
            points = map(polygon.at, range(polygon.size()))
            line = np.array([(point.x(), point.y()) for point in points])
            for piece in clipped(line, clip):
                self._target.drawPolyline(QPolygonF([QPointF(x, y) for x, y in piece.tolist()]))


def clipped(line: Floats, frame: QRectF) -> list[Floats]:
    """The parts of a line that lie in a rectangle.

    Parameters
    ----------
    line : ndarray, shape (points, 2)
        x and y.
    frame : QRectF
        The rectangle.

    Returns
    -------
    list of ndarray, each of shape (points, 2)
        Source: Liang and Barsky, ACM Trans. Graph. 3 (1984), for all pieces at once.
    """
    start, step = line[:-1], np.diff(line, axis=0)
    enter, leave = np.zeros(len(start)), np.ones(len(start))
    for axis, (low, high) in enumerate(
        ((frame.left(), frame.right()), (frame.top(), frame.bottom()))
    ):
        position, change = start[:, axis], step[:, axis]
        is_level = np.abs(change) < _LEVEL
        by = np.where(is_level, 1.0, change)
        first, last = (low - position) / by, (high - position) / by
        is_inside = (position >= low) & (position <= high)
        first = np.where(is_level, np.where(is_inside, -np.inf, np.inf), first)
        last = np.where(is_level, np.where(is_inside, np.inf, -np.inf), last)
        is_backward = ~is_level & (first > last)
        first, last = np.where(is_backward, last, first), np.where(is_backward, first, last)
        enter, leave = np.maximum(enter, first), np.minimum(leave, last)
    pieces: list[list[Floats]] = []
    previous = -2
    for index in np.flatnonzero(enter < leave).tolist():
        goes_on = index == previous + 1 and enter[index] == 0 and leave[previous] == 1
        if not goes_on:
            pieces.append([start[index] + enter[index] * step[index]])
        pieces[-1].append(start[index] + leave[index] * step[index])
        previous = index
    return [np.array(piece) for piece in pieces]
