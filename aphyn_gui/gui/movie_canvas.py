"""The image of the movie, and the regions on it, under mouse and keyboard."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPen
from PySide6.QtWidgets import QGraphicsRectItem, QWidget

from aphyn_gui.gui.map_layer import MapLayer
from aphyn_gui.gui.movie_frames import Image
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.region_keys import changed_by_key, region_in_the_middle
from aphyn_gui.gui.roi_item import RegionItem, rectangle_between
from aphyn_gui.gui.scale_bar import ScaleBar
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.recording import RecordingError, RectangularRoi
from aphyn_gui.study import StudyError

_COLOR_MAP = "CET-L1"
"""Grey: colours belong to the regions."""


class Tool(StrEnum):
    """What dragging on the bare image does."""

    SELECT = "select"
    DRAW = "draw"
    MASK = "mask"


class _ImageBox(pg.ViewBox):  # type: ignore[misc]
    """A view box that hands left drags on the bare image to the canvas while it draws."""

    rectangle_dragged = Signal(QPointF, QPointF, bool)
    background_clicked = Signal(QPointF)
    menu_requested = Signal(QPointF)

    def __init__(self) -> None:
        super().__init__(lockAspect=True, invertY=True, enableMenu=False, defaultPadding=0.02)
        self.tool = Tool.SELECT

    def mouseDragEvent(self, ev: object, axis: int | None = None) -> None:
        if self.tool is Tool.DRAW and ev.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            ev.accept()  # type: ignore[attr-defined]
            start = self.mapSceneToView(ev.buttonDownScenePos())  # type: ignore[attr-defined]
            stop = self.mapSceneToView(ev.scenePos())  # type: ignore[attr-defined]
            self.rectangle_dragged.emit(start, stop, ev.isFinish())  # type: ignore[attr-defined]
            return
        super().mouseDragEvent(ev, axis)

    def mouseClickEvent(self, ev: object) -> None:
        if ev.button() == Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            self.background_clicked.emit(self.mapSceneToView(ev.scenePos()))  # type: ignore[attr-defined]
        elif ev.button() == Qt.MouseButton.RightButton:  # type: ignore[attr-defined]
            self.menu_requested.emit(ev.screenPos())  # type: ignore[attr-defined]
        super().mouseClickEvent(ev)


class MovieCanvas(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Shows one frame with its colour bar, scale bar and regions.

    Signals
    -------
    rename_requested(str)
        The user wants to rename a region.
    tool_changed(Tool)
        Another tool is in force.
    pixel_hovered(int, int), pixel_clicked(int, int)
        Row and column under the mouse; -1, -1 when it has left the image.
    region_moved(str, object)
        Region id and RectangularRoi while it is dragged.
    menu_requested(QPoint)
        The right button was clicked there on the screen.
    mask_key(Qt.Key)
        A key was pressed while the mask is drawn.
    """

    rename_requested = Signal(str)
    tool_changed = Signal(object)
    pixel_hovered = Signal(int, int)
    pixel_clicked = Signal(int, int)
    region_moved = Signal(str, object)
    menu_requested = Signal(QPoint)
    mask_key = Signal(object)

    def __init__(
        self, controller: StudyController, analyst: RegionAnalyst, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._analyst = analyst
        self._items: dict[str, RegionItem] = {}
        self._shape = (0, 0)
        self.ci.layout.setContentsMargins(4, 4, 4, 4)
        self._box = _ImageBox()
        self.addItem(self._box)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._box.addItem(self._image)
        self._bar = pg.ColorBarItem(
            interactive=False, width=12, colorMap=pg.colormap.get(_COLOR_MAP)
        )
        self._bar.setImageItem(self._image)
        self.addItem(self._bar)
        self._map: MapLayer | None = None
        self._hovered = (-1, -1)
        self._scale_bar = ScaleBar(self._box)
        self._rubber_band = QGraphicsRectItem()
        pen = QPen(Qt.GlobalColor.white, 2, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self._rubber_band.setPen(pen)
        self._rubber_band.setZValue(30)
        self._rubber_band.hide()
        self._box.addItem(self._rubber_band, ignoreBounds=True)
        self._box.rectangle_dragged.connect(self._draw)
        self._box.background_clicked.connect(self._click)
        self._box.menu_requested.connect(lambda point: self.menu_requested.emit(point.toPoint()))
        self.scene().sigMouseMoved.connect(self._hover)
        self._is_zoomed = False
        self._box.sigResized.connect(self._show_all)
        self._box.sigRangeChangedManually.connect(self._note_zoom)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 60)
        controller.region_added.connect(self._add_item)
        controller.region_changed.connect(self._update_item)
        controller.region_removed.connect(self._remove_item)
        controller.selection_changed.connect(self._show_selection)
        analyst.analysed.connect(self._show_pixels)
        theme_manager().changed.connect(self.show_theme)
        self.show_theme(current_theme())

    @property
    def tool(self) -> Tool:
        """What dragging on the bare image does."""
        return self._box.tool

    @property
    def view_box(self) -> pg.ViewBox:
        """Where further layers go; its coordinates are pixels of the image."""
        return self._box

    @property
    def scale_bar(self) -> ScaleBar:
        """The bar of millimetres."""
        return self._scale_bar

    @property
    def map_layer(self) -> MapLayer:
        """The map over the movie, made when there is one for the first time."""
        if self._map is None:
            self._map = MapLayer(self._box)
            self._map.apply_theme(current_theme())
        return self._map

    def show_map_bar(self) -> None:
        """Show the colour bar of the map instead of that of the movie."""
        self._change_bars(self.map_layer.bar, self._bar)

    def hide_map(self) -> None:
        """Show the movie alone, with its own colour bar."""
        if self._map is not None:
            self._map.hide()
            self._change_bars(self._bar, self._map.bar)

    def _change_bars(self, shown: pg.ColorBarItem, hidden: pg.ColorBarItem) -> None:
        if shown.scene() is None:
            self.ci.removeItem(hidden)
            self.ci.addItem(shown, 0, 1)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is on no pixel any more."""
        super().leaveEvent(event)
        self._note_pixel(-1, -1)

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging on the bare image does."""
        if tool is self._box.tool:
            return
        self._box.tool = tool
        if tool in (Tool.DRAW, Tool.MASK):
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.viewport().unsetCursor()
        self.tool_changed.emit(tool)

    def set_frame_shape(self, row_count: int, column_count: int, pitch_mm: float | None) -> None:
        """Prepare for frames of another size; 0 x 0 empties the canvas."""
        if (row_count, column_count) != self._shape:
            self._shape = row_count, column_count
            self._image.clear()
            self._is_zoomed = False
            self._show_all()
        self._scale_bar.set_image(row_count, column_count, pitch_mm)

    def set_levels(self, levels: tuple[float, float]) -> None:
        """Fix the ends of the grey scale."""
        self._bar.setLevels(levels)

    def show_frame(self, image: Image) -> None:
        """Show one frame."""
        # Not a number is drawn as the darkest value instead of as a hole of old pixels.
        self._image.setImage(np.nan_to_num(image), autoLevels=False, levels=self._bar.levels())

    def image_to_viewport(self, x: float, y: float) -> QPoint:
        """Where a point of the image, in pixels, lies in the widget's viewport."""
        point: QPoint = self.mapFromScene(self._box.mapViewToScene(QPointF(x, y)))
        return point

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose, move, size, delete or rename a region; Escape puts the tool away."""
        region = self._controller.selected_region
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.set_tool(Tool.SELECT)
        elif self.tool is Tool.MASK:
            self.mask_key.emit(key)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._select_beside(1 if key == Qt.Key.Key_PageDown else -1)
        elif region is None:
            event.ignore()
        elif (roi := changed_by_key(region.roi, key, event.modifiers(), *self._shape)) is not None:
            is_moved = (roi.width, roi.height) == (region.roi.width, region.roi.height)
            self._change_roi(region.id, roi, "nudge" if is_moved else "size")
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._controller.remove_region(region.id)
        elif key == Qt.Key.Key_F2:
            self.rename_requested.emit(region.id)
        else:
            event.ignore()

    def add_region(self) -> None:
        """Put a region in the middle of the image, ready to be moved by the arrow keys."""
        taken = {region.roi for region in self._controller.study.regions}
        self._controller.add_region(region_in_the_middle(*self._shape, taken))
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _select_beside(self, step: int) -> None:
        """Select the next or the previous region, in the order of the table."""
        regions = [region.id for region in self._controller.study.regions]
        if not regions:
            return
        selected = self._controller.selected_region_id
        here = regions.index(selected) if selected else (-1 if step > 0 else 0)
        self._controller.select_region(regions[(here + step) % len(regions)])

    def _show_all(self) -> None:
        # A zoom by hand is never overridden.
        if not self._is_zoomed:
            rows, columns = self._shape
            self._box.setRange(QRectF(0, 0, max(columns, 1), max(rows, 1)), padding=0.01)

    def _note_zoom(self) -> None:
        self._is_zoomed = True

    def _draw(self, start: QPointF, stop: QPointF, is_finished: bool) -> None:
        roi = rectangle_between(start, stop, *self._shape)
        self._rubber_band.setVisible(roi is not None and not is_finished)
        if roi is None:
            if is_finished:
                self._controller.report("info", "No region: drag over at least one whole pixel.")
            return
        self._rubber_band.setRect(QRectF(roi.x, roi.y, roi.width, roi.height))
        if is_finished:
            self._controller.add_region(roi)

    def _change_roi(self, region_id: str, roi: RectangularRoi, merge_key: str | None) -> None:
        region = self._controller.study.region(region_id)
        try:
            self._controller.change_region(
                replace(region, roi=roi.clipped_to(*self._shape)), merge_key
            )
        except (RecordingError, StudyError) as error:
            self._controller.report("warning", str(error))
        # Also after a drag that changed nothing: the item goes back to what the study says.
        self._update_item(region_id)

    def _add_item(self, region_id: str) -> None:
        region = self._controller.study.region(region_id)
        rows, columns = self._shape
        item = RegionItem(region, QRectF(0, 0, columns, rows))
        item.dragged.connect(self._finish_drag)
        item.moved.connect(self.region_moved)
        item.picked.connect(self._controller.select_region)
        item.rename_requested.connect(self.rename_requested)
        self._items[region_id] = item
        self._box.addItem(item, ignoreBounds=True)
        item.show_selected(region_id == self._controller.selected_region_id)

    def _finish_drag(self, region_id: str, roi: RectangularRoi) -> None:
        self._change_roi(region_id, roi, None)

    def _update_item(self, region_id: str) -> None:
        self._items[region_id].show_region(self._controller.study.region(region_id))
        self._show_pixels(region_id)

    def _remove_item(self, region_id: str) -> None:
        self._box.removeItem(self._items.pop(region_id))

    def _show_selection(self, region_id: str) -> None:
        for key, item in self._items.items():
            item.show_selected(key == region_id)

    def _show_pixels(self, region_id: str) -> None:
        item = self._items.get(region_id)
        if item is None:
            return
        analysis = self._analyst.analysis(region_id)
        prepared = None if analysis is None else analysis.prepared
        if prepared is None or not self._analyst.is_current(region_id):
            item.show_pixels((), (), ())
            return
        sequences = prepared.sequences
        pixels = [
            (int(row), int(column))
            for row, column in zip(sequences.rows, sequences.columns, strict=True)
        ]
        item.show_pixels(
            [pixels[index] for index in sequences.training],
            [pixels[index] for index in sequences.validation],
            [(pixel.row, pixel.column) for pixel in sequences.left_out],
        )

    def _click(self, point: QPointF) -> None:
        # A drag that was too short for a region is no wish to leave the one that is selected.
        if self._box.tool is not Tool.DRAW:
            self._controller.select_region("")
        row, column = self._pixel_at(point)
        if row >= 0:
            self.pixel_clicked.emit(row, column)

    def _hover(self, scene_point: QPointF) -> None:
        self._note_pixel(*self._pixel_at(self._box.mapSceneToView(scene_point)))

    def _note_pixel(self, row: int, column: int) -> None:
        if (row, column) != self._hovered:
            self._hovered = row, column
            self.pixel_hovered.emit(row, column)

    def _pixel_at(self, point: QPointF) -> tuple[int, int]:
        row, column = math.floor(point.y()), math.floor(point.x())
        rows, columns = self._shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else (-1, -1)

    def catch_up(self) -> None:
        """Nothing waits here."""

    def show_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self.setBackground(theme.plot_background)
        if self._map is not None:
            self._map.apply_theme(theme)
        axis = self._bar.axis
        axis.setPen(theme.plot_axis)
        axis.setTextPen(theme.plot_axis)
