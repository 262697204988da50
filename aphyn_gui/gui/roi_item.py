"""A region drawn on the movie: a rectangle with handles, its name, and its pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath

from aphyn_gui.gui.colors import contrasting
from aphyn_gui.gui.short_names import LONGEST_NAME, shortened
from aphyn_gui.recording import RectangularRoi
from aphyn_gui.study import Region

_HANDLE_SIZE = 5
_LABEL_ROOM = 0.1
"""Of the image's height: what a label needs above a region."""

_LONGEST_SELECTED = 32
"""Letters of a name that are shown on the selected region: its neighbours need room, too."""

_CASING = (255, 255, 255, 170)

_DOT_SIZE = 0.55
"""Of a pixel of the image: dots of neighbouring pixels stay apart at every zoom."""


class RegionItem(pg.ROI):  # type: ignore[misc]
    """A view of one region: it says where the user dragged it, and shows what it is told.

    Signals
    -------
    dragged(str, object), moved(str, object)
        Region id and the RectangularRoi at the end of a drag, and while it lasts.
    picked(str), rename_requested(str)
        The region was clicked, or double-clicked.
    """

    dragged = Signal(str, object)
    moved = Signal(str, object)
    picked = Signal(str)
    rename_requested = Signal(str)

    def __init__(self, region: Region, frame: QRectF) -> None:
        super().__init__(
            (region.roi.x, region.roi.y),
            (region.roi.width, region.roi.height),
            maxBounds=frame,
            snapSize=1.0,
            scaleSnap=True,
            translateSnap=True,
            rotatable=False,
        )
        self._region = region
        self._is_selected = False
        self._is_dragged = False
        for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
            _make_square(self.addScaleHandle((x, y), (1 - x, 1 - y)))
        self._label = pg.TextItem(anchor=(0, 1))
        self._label.setParentItem(self)
        self._training = _dots(self)
        self._validation = _dots(self)
        self._left_out = pg.ScatterPlotItem(pxMode=False, size=0.5, symbol="x")
        self._left_out.setParentItem(self)
        self.setAcceptedMouseButtons(Qt.MouseButton.LeftButton)
        self.sigRegionChangeStarted.connect(self._start_drag)
        self.sigRegionChanged.connect(self._move)
        self.sigRegionChangeFinished.connect(self._finish_drag)
        self.sigClicked.connect(self._click)
        self.show_region(region)

    @property
    def region_id(self) -> str:
        """Id of the region."""
        return self._region.id

    @property
    def roi(self) -> RectangularRoi:
        """The rectangle as drawn now, also during a drag."""
        pos, size = self.pos(), self.size()
        return RectangularRoi(
            round(pos.x()), round(pos.y()), max(1, round(size.x())), max(1, round(size.y()))
        )

    def show_region(self, region: Region) -> None:
        """Draw the region's rectangle, name and colour."""
        changed = (region.roi, region.color) != (self._region.roi, self._region.color)
        self._region = region
        # Finish is what a drag does; this is not one.
        self.setPos((region.roi.x, region.roi.y), update=False, finish=False)
        self.setSize((region.roi.width, region.roi.height), finish=False)
        self._label.fill = pg.mkBrush(region.color)
        self._show_name()
        self._apply_pens()
        if changed:
            self.show_pixels((), (), ())

    def show_selected(self, is_selected: bool) -> None:
        """Show handles and a stronger line on the selected region."""
        self._is_selected = is_selected
        self.setZValue(20 if is_selected else 10)
        self._show_name()
        self._apply_pens()

    def show_pixels(
        self,
        training: Sequence[tuple[int, int]],
        validation: Sequence[tuple[int, int]],
        left_out: Sequence[tuple[int, int]],
    ) -> None:
        """Mark pixels, each (row, column) of the frame: filled, hollow and crossed."""
        color = self._region.color
        for item, pixels, pen, brush in (
            (self._training, training, pg.mkPen(color, width=1), pg.mkBrush(color)),
            (self._validation, validation, pg.mkPen(color, width=1), None),
            (self._left_out, left_out, pg.mkPen("#FF5A4F", width=1), pg.mkBrush("#FF5A4F")),
        ):
            x = [column + 0.5 - self._region.roi.x for _, column in pixels]
            y = [row + 0.5 - self._region.roi.y for row, _ in pixels]
            item.setData(x=x, y=y, pen=pen, brush=brush)

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        """A light line under the coloured one, for maps have every colour; called by Qt."""
        painter.setPen(pg.mkPen(_CASING, width=self.currentPen.widthF() + 2))
        size = self.size()
        painter.drawRect(QRectF(0, 0, size.x(), size.y()))
        super().paint(painter, option, widget)

    def boundingRect(self) -> QRectF:
        """A little more than the rectangle, so that a wide line leaves no trace behind."""
        rect: QRectF = super().boundingRect()
        return rect.adjusted(-0.5, -0.5, 0.5, 0.5)

    def shape(self) -> QPainterPath:
        """The rectangle itself, for clicks."""
        path = QPainterPath()
        path.addRect(super().boundingRect())
        return path

    def _show_name(self) -> None:
        longest = _LONGEST_SELECTED if self._is_selected else LONGEST_NAME
        name = shortened(self._region.name, longest)
        self._label.setText(name, color=contrasting(self._region.color))
        self._place_label()

    def _place_label(self) -> None:
        # Above the region; below it where the image ends.
        roi = self._region.roi
        is_high_up = roi.y < _LABEL_ROOM * self.maxBounds.height()
        # A long name on the right grows to the left, where there is room for it.
        is_long = self._is_selected and len(self._region.name) > LONGEST_NAME
        is_right = is_long and roi.x + roi.width / 2 > self.maxBounds.width() / 2
        self._label.setAnchor((1 if is_right else 0, 0 if is_high_up else 1))
        self._label.setPos(roi.width if is_right else 0, roi.height if is_high_up else 0)

    def _apply_pens(self) -> None:
        width = 3 if self._is_selected else 2
        self.setPen(pg.mkPen(self._region.color, width=width))
        self.hoverPen = pg.mkPen(self._region.color, width=3)
        for handle in self.getHandles():
            handle.setVisible(self._is_selected)

    def _start_drag(self) -> None:
        self._is_dragged = True
        self.show_pixels((), (), ())
        self.picked.emit(self.region_id)

    def _move(self) -> None:
        if self._is_dragged:
            self.moved.emit(self.region_id, self.roi)

    def _finish_drag(self) -> None:
        if self._is_dragged:
            self._is_dragged = False
            self.dragged.emit(self.region_id, self.roi)

    def _click(self, _item: object, event: object) -> None:
        self.picked.emit(self.region_id)
        if event.double():  # type: ignore[attr-defined]
            self.rename_requested.emit(self.region_id)


def _make_square(handle: pg.graphicsItems.ROI.Handle) -> None:
    handle.startAng = math.pi / 4
    handle.radius = _HANDLE_SIZE
    handle.pen = handle.currentPen = pg.mkPen("#FFFFFF", width=2)
    handle.hoverPen = pg.mkPen("#FFD54F", width=3)
    handle.buildPath()
    handle._shape = None


def _dots(parent: pg.ROI) -> pg.ScatterPlotItem:
    item = pg.ScatterPlotItem(pxMode=False, size=_DOT_SIZE, symbol="o", pen=None, brush=None)
    item.setParentItem(parent)
    # Clicks belong to the region under the dots.
    item.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
    return item


def rectangle_between(
    first: QPointF, second: QPointF, row_count: int, column_count: int
) -> RectangularRoi | None:
    """The whole pixels between two points of the image; None when it is less than one.

    Points outside the image are moved to its edge first.
    """
    x0, x1 = sorted(min(max(round(p.x()), 0), column_count) for p in (first, second))
    y0, y1 = sorted(min(max(round(p.y()), 0), row_count) for p in (first, second))
    if x1 <= x0 or y1 <= y0:
        return None
    return RectangularRoi(x0, y0, x1 - x0, y1 - y0)
