"""The mask on the movie: what it leaves out is dimmed, and shapes are drawn into it."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from aphyn_gui.gui.movie_canvas import MovieCanvas, Tool
from aphyn_gui.gui.roi_item import rectangle_between
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Mask, RectangularRoi

_VEIL = (10, 16, 40, 165)
"""Red, green, blue and opacity of what is left out: as dark in both themes, movies are grey."""

_OUTLINE, _PREVIEW = "#F59F00", "#E8590C"
"""Seen on black and on white pixels."""

_LONGEST_OUTLINE = 6000
"""Edges of pixels; a mask of more is noise, whose outline would hide the movie."""

_BEHIND_REGIONS, _ABOVE_REGIONS = 5, 60


class MaskShape(Enum):
    """What is drawn, and whether its pixels are used or left out afterwards."""

    ADD_RECTANGLE = "add a rectangle to", False, True
    REMOVE_RECTANGLE = "remove a rectangle from", False, False
    ADD_POLYGON = "add a polygon to", True, True
    REMOVE_POLYGON = "remove a polygon from", True, False

    @property
    def words(self) -> str:
        """What it does, for the list of steps to undo."""
        return f"{self.value[0]} the mask"

    @property
    def is_polygon(self) -> bool:
        """Whether corners are clicked one by one."""
        return self.value[1]

    @property
    def adds(self) -> bool:
        """Whether its pixels are used afterwards."""
        return self.value[2]


class _Surface(pg.GraphicsObject):  # type: ignore[misc]
    """Takes the mouse above regions while a shape is drawn."""

    dragged = Signal(QPointF, QPointF, bool)
    clicked = Signal(QPointF, bool)
    hovered = Signal(QPointF)

    def __init__(self) -> None:
        super().__init__()
        self._frame = QRectF()
        self.setZValue(_ABOVE_REGIONS)
        self.hide()

    def set_frame(self, frame: QRectF) -> None:
        """Cover another frame."""
        self.prepareGeometryChange()
        self._frame = frame

    def boundingRect(self) -> QRectF:
        """The frame; called by Qt."""
        return self._frame

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Nothing to see; called by Qt."""

    def mouseDragEvent(self, event: Any) -> None:
        """A drag with the left button; called by pyqtgraph."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        self.dragged.emit(event.buttonDownPos(), event.pos(), event.isFinish())

    def mouseClickEvent(self, event: Any) -> None:
        """A click with the left button; called by pyqtgraph."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        event.accept()
        self.clicked.emit(event.pos(), event.double())

    def hoverEvent(self, event: Any) -> None:
        """The mouse moved; called by pyqtgraph."""
        if not event.isExit():
            event.acceptDrags(Qt.MouseButton.LeftButton)
            event.acceptClicks(Qt.MouseButton.LeftButton)
            self.hovered.emit(event.pos())


class MaskLayer(QObject):
    """Shows the mask of the current recording, and draws into it.

    Parameters
    ----------
    controller : StudyController
        Whose preparation holds the mask.
    canvas : MovieCanvas
        Where it is shown.

    Signals
    -------
    drawn(object, object)
        A MaskShape, with a RectangularRoi or a list of corners (x, y).
    """

    drawn = Signal(object, object)

    def __init__(
        self, controller: StudyController, canvas: MovieCanvas, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._canvas = canvas
        self._shape = MaskShape.ADD_RECTANGLE
        self._shown: Mask | None = None
        self._corners: list[QPointF] = []
        self._veil = pg.ImageItem(axisOrder="row-major")
        self._veil.setZValue(_BEHIND_REGIONS)
        self._veil.hide()
        self._outline = _line(_OUTLINE, Qt.PenStyle.SolidLine, _BEHIND_REGIONS)
        self._preview = _line(_PREVIEW, Qt.PenStyle.DashLine, _ABOVE_REGIONS)
        self._surface = _Surface()
        for item in (self._veil, self._outline, self._preview, self._surface):
            canvas.view_box.addItem(item, ignoreBounds=True)
        self._surface.dragged.connect(self._drag)
        self._surface.clicked.connect(self._click)
        self._surface.hovered.connect(self._hover)
        canvas.tool_changed.connect(self._change_tool)
        canvas.mask_key.connect(self._press)
        controller.recording_changed.connect(self._refresh)
        controller.preparation_changed.connect(self._refresh)
        self._refresh()

    @property
    def left_out(self) -> int:
        """Pixels that are dimmed now."""
        image = self._veil.image
        return 0 if image is None or not self._veil.isVisible() else int((image[..., 3] > 0).sum())

    @property
    def corners(self) -> int:
        """Corners of the polygon that is being drawn."""
        return len(self._corners)

    def start(self, shape: MaskShape) -> None:
        """Draw such shapes until another tool is taken."""
        self._shape = shape
        self._drop_corners()
        self._canvas.set_tool(Tool.MASK)
        self._surface.show()
        self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _change_tool(self, tool: Tool) -> None:
        self._surface.setVisible(tool is Tool.MASK)
        self._drop_corners()

    def _refresh(self) -> None:
        recording, mask = self._controller.recording, self._controller.study.preparation.mask
        shape = (0, 0) if recording is None else (recording.row_count, recording.column_count)
        self._surface.set_frame(QRectF(0, 0, shape[1], shape[0]))
        # One of frames of another size leaves out nobody knows what: the trace says so.
        is_shown = mask is not None and mask.usable.shape == shape
        self._veil.setVisible(is_shown)
        self._outline.setVisible(is_shown)
        if mask is None or not is_shown or mask is self._shown:
            return
        self._shown = mask
        image = np.zeros((*shape, 4), dtype=np.uint8)
        image[~mask.usable] = _VEIL
        self._veil.setImage(image, autoLevels=False)
        self._outline.setPath(_outline(mask))

    def _drag(self, start: QPointF, stop: QPointF, is_finished: bool) -> None:
        if self._shape.is_polygon:
            self._lasso(start, stop, is_finished)
            return
        rows, columns = self._frame_shape()
        roi = rectangle_between(start, stop, rows, columns)
        path = QPainterPath()
        if roi is not None and not is_finished:
            path.addRect(QRectF(roi.x, roi.y, roi.width, roi.height))
        self._preview.setPath(path)
        if is_finished and roi is not None:
            self.drawn.emit(self._shape, roi)

    def _lasso(self, start: QPointF, stop: QPointF, is_finished: bool) -> None:
        """A polygon drawn freely; it closes where the button is let go."""
        if not self._corners:
            self._corners.append(start)
        self._corners.append(stop)
        self._show_polygon(None)
        if is_finished:
            self._close()

    def _click(self, place: QPointF, is_double: bool) -> None:
        if not self._shape.is_polygon:
            return
        if is_double:
            # Its first click has set the last corner.
            self._close()
            return
        self._corners.append(place)
        self._show_polygon(None)

    def _hover(self, place: QPointF) -> None:
        if self._shape.is_polygon and self._corners:
            self._show_polygon(place)

    def _press(self, key: Qt.Key) -> None:
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) and self._corners:
            self._corners.pop()
            self._show_polygon(None)

    def _close(self) -> None:
        corners = [(corner.x(), corner.y()) for corner in self._corners]
        self._drop_corners()
        if len(corners) >= 3:
            self.drawn.emit(self._shape, corners)

    def _drop_corners(self) -> None:
        self._corners = []
        self._preview.setPath(QPainterPath())

    def _show_polygon(self, cursor: QPointF | None) -> None:
        path = QPainterPath()
        points = [*self._corners, cursor] if cursor is not None else self._corners
        if points:
            path.moveTo(points[0])
            for point in points[1:]:
                path.lineTo(point)
            if len(points) > 2:
                path.closeSubpath()
        self._preview.setPath(path)

    def _frame_shape(self) -> tuple[int, int]:
        frame = self._surface.boundingRect()
        return round(frame.height()), round(frame.width())


def drawn_into(mask: Mask | None, shape: MaskShape, where: Any, frame: tuple[int, int]) -> Mask:
    """A mask with a shape drawn into it.

    Parameters
    ----------
    mask : Mask or None
        As it is; None: all pixels are used until now. The first shape added to none is then all
        that is used.
    shape : MaskShape
        What was drawn.
    where : RectangularRoi or list of (float, float)
        A rectangle, or corners x and y of a polygon, pixels.
    frame : (int, int)
        Rows and columns.

    Raises
    ------
    RecordingError
        If the corners are no polygon.
    """
    if mask is None or mask.usable.shape != frame:
        mask = Mask.everything(*frame)
        if shape.adds:
            mask = Mask(~mask.usable, ())
    if isinstance(where, RectangularRoi):
        return mask.with_rectangle(where) if shape.adds else mask.without_rectangle(where)
    # Tenths of a pixel say where the mouse was; more digits only lengthen the steps.
    corners = [(round(x, 1), round(y, 1)) for x, y in where]
    return mask.with_polygon(corners) if shape.adds else mask.without_polygon(corners)


def _line(color: str, style: Qt.PenStyle, z_value: int) -> QGraphicsPathItem:
    item = QGraphicsPathItem()
    pen = QPen(pg.mkColor(color), 1.5, style)
    pen.setCosmetic(True)
    item.setPen(pen)
    item.setZValue(z_value)
    item.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
    return item


def _outline(mask: Mask) -> QPainterPath:
    """The edges between pixels that are used and others; empty where there are too many."""
    path = QPainterPath()
    used = mask.usable
    below = np.argwhere(used[1:] != used[:-1])
    beside = np.argwhere(used[:, 1:] != used[:, :-1])
    if len(below) + len(beside) > _LONGEST_OUTLINE:
        return path
    for row, column in below:
        path.moveTo(column, row + 1)
        path.lineTo(column + 1, row + 1)
    for row, column in beside:
        path.moveTo(column + 1, row)
        path.lineTo(column + 1, row + 1)
    return path
