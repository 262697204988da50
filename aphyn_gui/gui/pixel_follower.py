"""Lets the pixel panel follow the mouse: clicks, hovering, and regions being dragged."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from aphyn_gui.gui.hover_fit import HoverFit, PixelView
from aphyn_gui.gui.map_keeper import MapKeeper
from aphyn_gui.gui.map_view import MapView
from aphyn_gui.gui.movie_canvas import MovieCanvas
from aphyn_gui.gui.pixel_panel import PixelPanel
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.throttle import Throttle
from aphyn_gui.recording import RectangularRoi

_INTERVAL_MS = 16
"""Shortest time between two wishes: a frame of the screen."""


class PixelFollower(QObject):
    """Passes wishes from the canvas to the hover fit, and its answers to the panel.

    Signals
    -------
    panel_wanted()
        A pixel was clicked while a map is shown, or a map of parameters was chosen.
    """

    panel_wanted = Signal()

    def __init__(
        self,
        controller: StudyController,
        keeper: MapKeeper,
        maps: MapView,
        hover: HoverFit,
        panel: PixelPanel,
        canvas: MovieCanvas,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._keeper, self._maps = keeper, maps
        self._hover, self._panel = hover, panel
        self._roi: RectangularRoi | None = None
        self._is_fitted = False
        self._dragged: tuple[str, RectangularRoi] | None = None
        self._throttle = Throttle(_INTERVAL_MS, self)
        self._throttle.due.connect(self._ask)
        maps.fitted_chosen.connect(self.panel_wanted)
        canvas.pixel_clicked.connect(self._click)
        canvas.pixel_hovered.connect(self._move)
        canvas.region_moved.connect(self._drag)
        hover.seen.connect(self._show)
        panel.hover_toggled.connect(self._switch)
        controller.recording_changed.connect(self._forget)

    @property
    def follows_mouse(self) -> bool:
        """Whether hovering fits: it is switched on, or a map of parameters is shown."""
        from aphyn_gui.study.map_choice import MapSource

        choice = self._keeper.choice
        is_map = choice is not None and choice.source is MapSource.FITTED
        return self._panel.is_hovering or (is_map and self._panel.isVisible())

    def _click(self, row: int, column: int) -> None:
        if self._keeper.choice is not None:
            self.panel_wanted.emit()
        if self._panel.isVisible():
            self._want(RectangularRoi(column, row, 1, 1), self.follows_mouse)

    def _move(self, row: int, column: int) -> None:
        if row >= 0 and self.follows_mouse:
            self._want(RectangularRoi(column, row, 1, 1), True)

    def _drag(self, region_id: str, roi: RectangularRoi) -> None:
        self._dragged = region_id, roi
        if self.follows_mouse:
            self._roi, self._is_fitted = roi, True
        self._throttle.ask()

    def _want(self, roi: RectangularRoi, is_fitted: bool) -> None:
        self._roi, self._is_fitted = roi, is_fitted
        self._throttle.ask()

    def _ask(self) -> None:
        if self._dragged is not None:
            self._hover.preview(*self._dragged)
            self._dragged = None
        if self._roi is not None:
            known = self._keeper.fitted() if self._is_fitted else None
            self._hover.look_at(self._roi, self._is_fitted, known)
            self._roi = None

    def _show(self, view: PixelView) -> None:
        roi = view.roi
        measures = self._maps.measures_at(roi.y, roi.x) if roi.pixel_count == 1 else ""
        self._panel.show_view(view, measures)

    def _switch(self, is_on: bool) -> None:
        view = self._panel.view
        if is_on and view is not None:
            self._want(view.roi, True)

    def _forget(self) -> None:
        self._roi = self._dragged = None
        self._panel.clear()
