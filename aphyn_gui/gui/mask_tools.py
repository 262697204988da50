"""The menu Recording, Mask: find tissue, draw it, turn it over, forget it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.mask_layer import MaskLayer, MaskShape, drawn_into
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import (
    Mask,
    Preparation,
    Recording,
    RecordingError,
    automatic_mask,
    frames_kept,
)

_HOW_TO_DRAW = (
    "Click the corners of the polygon on the movie, or drag around it. Enter or a double click "
    "closes it, Backspace takes a corner back, Escape ends."
)


class MaskTools(QObject):
    """Actions of the mask; each change is one step to undo.

    Parameters
    ----------
    controller : StudyController
        Whose preparation holds the mask.
    layer : MaskLayer
        Where it is drawn.
    tasks : BackgroundTasks
        Where tissue is looked for: that reads the whole recording.
    menu : QMenu
        Gets the actions.
    tools : QActionGroup
        One of its actions is checked: the tool of the mouse.
    """

    def __init__(
        self,
        controller: StudyController,
        layer: MaskLayer,
        tasks: BackgroundTasks,
        menu: QMenu,
        tools: QActionGroup,
    ) -> None:
        super().__init__(menu)
        self._controller = controller
        self._layer = layer
        self._tasks = tasks
        self._sought: Recording | None = None
        self.automatic = self._action(
            "Automatic", "Keep the pixels that beat, if a background stands apart", self._find
        )
        self.shapes = {
            shape: self._tool(words, tip, shape, tools)
            for shape, words, tip in (
                (
                    MaskShape.ADD_RECTANGLE, "Draw rectangle to use",
                    "Drag on the movie; the first one without a mask is all that is used",
                ),
                (
                    MaskShape.REMOVE_RECTANGLE, "Draw rectangle to leave out",
                    "Drag on the movie over what is no tissue",
                ),
                (MaskShape.ADD_POLYGON, "Draw polygon to use", _HOW_TO_DRAW),
                (MaskShape.REMOVE_POLYGON, "Draw polygon to leave out", _HOW_TO_DRAW),
            )
        }  # fmt: skip
        self.invert = self._action("Invert", "Exchange tissue and background", self._invert)
        self.clear = self._action("Clear", "Use all pixels again", self._clear)
        menu.addAction(self.automatic)
        menu.addSeparator()
        menu.addActions(list(self.shapes.values()))
        menu.addSeparator()
        menu.addActions([self.invert, self.clear])
        layer.drawn.connect(self._draw)
        controller.recording_changed.connect(self._change_recording)
        controller.preparation_changed.connect(self._refresh)
        self._refresh()

    def _action(self, words: str, tip: str, job: Callable[[], None]) -> QAction:
        action = QAction(words, self)
        action.setToolTip(tip)
        action.setStatusTip(tip)
        action.triggered.connect(lambda: job())
        return action

    def _tool(self, words: str, tip: str, shape: MaskShape, tools: QActionGroup) -> QAction:
        action = self._action(words, tip, lambda: self._start(shape))
        action.setCheckable(True)
        tools.addAction(action)
        return action

    def _refresh(self) -> None:
        recording = self._controller.recording
        mask = self._controller.study.preparation.mask
        closed = "" if recording is not None else "open a recording first."
        seeking = "" if recording is not self._sought else "it is being looked for."
        allow(closed or seeking, self.automatic)
        allow(closed, *self.shapes.values())
        allow(closed or ("" if mask is not None else "there is no mask."), self.invert, self.clear)

    def _change_recording(self) -> None:
        if self._sought is not None and self._sought is not self._controller.recording:
            self._tasks.cancel("mask")
            self._sought = None
        self._refresh()

    def _start(self, shape: MaskShape) -> None:
        self._layer.start(shape)
        if shape.is_polygon:
            self._controller.report("info", _HOW_TO_DRAW)

    def _draw(self, shape: MaskShape, where: Any) -> None:
        recording = self._controller.recording
        if recording is None:
            return
        frame = recording.row_count, recording.column_count
        try:
            mask = drawn_into(self._controller.study.preparation.mask, shape, where, frame)
        except RecordingError as error:
            self._controller.report("warning", str(error))
            return
        self._set(mask, shape.words)

    def _invert(self) -> None:
        mask = self._controller.study.preparation.mask
        if mask is not None:
            self._set(mask.inverted(), "invert the mask")

    def _clear(self) -> None:
        self._set(None, "clear the mask")

    def _find(self) -> None:
        recording, preparation = self._controller.recording, self._controller.study.preparation
        if recording is None:
            return
        self._sought = recording
        self._refresh()
        self._controller.report("info", "Looking for tissue in the whole recording…")
        self._tasks.submit(
            "mask", lambda: _tissue(recording, preparation), self._take, self._complain
        )

    def _take(self, mask: Mask) -> None:
        self._sought = None
        self._set(mask, "find the mask")
        self._refresh()
        self._controller.report("info", mask.description)

    def _complain(self, error: Exception, details: str) -> None:
        self._sought = None
        self._refresh()
        is_known = isinstance(error, RecordingError)
        self._controller.report("error", f"No mask was made: {error}", "" if is_known else details)

    def _set(self, mask: Mask | None, words: str) -> None:
        preparation = replace(self._controller.study.preparation, mask=mask)
        self._controller.set_preparation(preparation, words)


def _tissue(recording: Recording, preparation: Preparation) -> Mask:
    """The mask found in the frames that are kept; all of them where their interval is unknown."""
    if recording.frame_interval_ms is None:
        return automatic_mask(recording)
    return automatic_mask(recording, *frames_kept(recording, preparation))
