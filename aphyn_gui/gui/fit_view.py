"""The fit of the selected region: forecast, decomposition, and how it was learned."""

from __future__ import annotations

from enum import Enum, auto
from html import escape

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSplitter,
    QStackedLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.fitting import Outcome
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.decomposition_plot import DecompositionPlot
from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.forecast_plot import ForecastPlot
from aphyn_gui.gui.loss_plot import LossPlot
from aphyn_gui.gui.network_view import NetworkView
from aphyn_gui.gui.parameter_history_plot import ParameterHistoryPlot
from aphyn_gui.gui.plot_panel import PlotPanel
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.gui.words_area import WordsArea
from aphyn_gui.wording import enumerated

SHORTEST_TURN_MS = 16
"""One plot is painted in a turn, so that the window answers in between."""

LONGEST_ROUND_MS = 400
"""However dear painting is, every plot gets its turn more than twice a second."""

PAINTING_SHARE = 0.04
"""How much of a processor painting may take while nothing else forbids it."""

_ROOMY_WIDTH, _ROOMY_HEIGHT = 980, 560
_NARROW_WIDTH = 600
_HYSTERESIS = 40
_WARNINGS_SHARE = 0.25
"""Most of the height that warnings take from the plots."""


class Arrangement(Enum):
    """How many plots are seen at once."""

    ALL = auto()
    PAIR = auto()
    """The forecast, and one of the others in tabs beside it."""
    TABS = auto()
    """One."""


class FitView(QWidget):
    """Shows the selected region's fit, live while it runs.

    Where the selected region has neither a fit nor a run, the running region is shown; where none
    is selected and none runs, what was shown last. In a large window all plots are visible at
    once; in a small one, the forecast and one of the others; in a narrow one, one of them.

    Parameters
    ----------
    controller : StudyController
        Selection and fits.
    runner : FitRunner
        The running fit.
    tasks : BackgroundTasks
        For what is computed once a fit has ended.
    """

    def __init__(
        self, controller: StudyController, runner: FitRunner, tasks: BackgroundTasks
    ) -> None:
        super().__init__()
        self._controller = controller
        self._runner = runner
        self.forecast = ForecastPlot()
        self.decomposition = DecompositionPlot()
        self.losses = LossPlot()
        self.parameters = ParameterHistoryPlot()
        self.network = NetworkView(tasks)
        # In the order of their turns: the one that was painted last is at the end.
        self._panels: list[PlotPanel] = [
            self.forecast, self.decomposition, self.losses, self.parameters,
        ]  # fmt: skip
        self.heading = QLabel()
        self.heading.setTextFormat(Qt.TextFormat.RichText)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        # Plain: what a file calls its choices must not become formatting.
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.warnings = QLabel()
        self.warnings.setTextFormat(Qt.TextFormat.RichText)
        self.warnings.setContentsMargins(8, 0, 8, 0)
        self._warnings_area = WordsArea(self.warnings)
        self._warnings_area.hide()
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self._arrangement: Arrangement | None = None
        self._build()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._paint_next)
        controller.selection_changed.connect(self._update_picture)
        controller.region_added.connect(self._update_picture)
        controller.region_changed.connect(self._update_picture)
        controller.region_removed.connect(self._update_picture)
        controller.fit_changed.connect(self._update_picture)
        controller.preparation_changed.connect(self._update_picture)
        controller.protocol_changed.connect(self._update_picture)
        controller.recording_changed.connect(self._update_picture)
        runner.snapshot_ready.connect(self._update_picture)
        runner.started.connect(self._update_picture)
        runner.finished.connect(self._update_picture)
        self._update_picture()

    @property
    def shown_region_id(self) -> str:
        """Region whose fit is shown, "" for none."""
        study = self._controller.study
        selected = self._controller.selected_region_id
        running = self._runner.current_region_id or ""
        if selected and (selected in study.fits or selected == running):
            return selected
        if selected or running:
            return running
        # The last of Fit all stays on the screen.
        last = "" if self.picture is None else self.picture.region.id
        is_here = any(region.id == last for region in study.regions)
        return last if is_here and last in study.fits else ""

    @property
    def picture(self) -> FitPicture | None:
        """What the plots show."""
        return self.forecast.picture

    @Slot()
    def _update_picture(self) -> None:
        region_id = self.shown_region_id
        picture, shown = None, self.picture
        if region_id and region_id == self._runner.current_region_id:
            snapshot = self._runner.latest(region_id)
            is_shown = shown is not None and shown.region.id == region_id
            if is_shown and (snapshot is None or snapshot.detail is None):
                # A new fit of what is shown replaces it at its first forecast: no blinking.
                picture = shown
            elif snapshot is not None:
                picture = FitPicture.of_snapshot(snapshot)
        elif region_id in self._controller.study.fits:
            fit = self._controller.study.fits[region_id]
            # The same picture again, so that ranges and zoom stay as they are.
            is_shown = shown is not None and shown.source is fit
            picture = shown if is_shown else FitPicture.of_fit(fit)
        if picture is not self.picture:
            for panel in self._panels:
                panel.show_picture(picture)
        has_ended = region_id and region_id != self._runner.current_region_id
        self.network.show_fit(self._controller.study.fits[region_id].fit if has_ended else None)
        self._update_words(region_id)
        self._pages.setCurrentIndex(0 if picture is None else 1)
        self._run_timer()

    def _update_words(self, region_id: str) -> None:
        study = self._controller.study
        if not region_id:
            self.empty.setText(self._what_to_do())
            return
        region = study.region(region_id)
        self.empty.setText(f"Preparing the sequences of {region.name} …")
        self.heading.setText(
            f"<span style='color:{region.color}'>■</span>&nbsp; {escape(region.name)}"
        )
        note = self._note(region_id)
        self.note.setText(f"· {note}" if note else "")
        self._show_warnings(region_id)

    def _note(self, region_id: str) -> str:
        if region_id == self._runner.current_region_id:
            return "fitting"
        fit = self._controller.study.fits[region_id].fit
        remarks = []
        if fit.outcome is not Outcome.FINISHED:
            remarks.append(fit.message or fit.outcome.value)
        changes = self._controller.document.changes_since_fit(region_id)
        if changes:
            remarks.append(f"{enumerated(changes)} changed since the fit")
        return " · ".join(remarks)

    def _show_warnings(self, region_id: str) -> None:
        if region_id == self._runner.current_region_id:
            # Their room is kept: plots that grow for a fit are laid out and painted anew twice.
            self.warnings.setText("")
            return
        warnings = self._controller.study.fits[region_id].fit.warnings
        self.warnings.setText("<br>".join(f"⚠ {symbol_html(escape(w))}" for w in warnings))
        self._warnings_area.setVisible(bool(warnings))
        self._fit_warnings()

    def _fit_warnings(self) -> None:
        if self.warnings.text():
            self._warnings_area.fit(self.width(), int(_WARNINGS_SHARE * self.height()))

    def _what_to_do(self) -> str:
        if self._controller.recording is None:
            return "Open a recording; its fits are shown here."
        if not self._controller.study.regions:
            return "Draw a region on the recording, then fit it."
        if self._controller.study.fits and not self._controller.selected_region_id:
            return "Select a region to see its fit."
        return "No fit yet. Press Fit selected, or Fit all."

    @Slot()
    def _paint_next(self) -> None:
        """Give the plot that has waited longest its turn."""
        waiting = [panel for panel in self._panels if panel.is_waiting]
        for panel in waiting[:1]:
            panel.repaint_if_needed()
            self._panels.remove(panel)
            self._panels.append(panel)
        self._run_timer()

    def _run_timer(self) -> None:
        """The timer only runs while a fit that somebody watches can bring something new."""
        waiting = sum(panel.is_waiting for panel in self._panels) if self.isVisible() else 0
        if not waiting:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start(self._turn_ms())

    def _turn_ms(self) -> int:
        """Time until the next plot's turn: what the last ones cost, as its share of all time."""
        seen = max(sum(panel.isVisible() for panel in self._panels), 1)
        cost_ms = 1e3 * sum(panel.take_cost_s() for panel in self._panels)
        longest: int = max(LONGEST_ROUND_MS // seen, SHORTEST_TURN_MS)
        return min(max(round(cost_ms / PAINTING_SHARE), SHORTEST_TURN_MS), longest)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while hidden."""
        super().showEvent(event)
        self._run_timer()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing is painted for nobody."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show all plots, or tabs, as the room allows."""
        super().resizeEvent(event)
        self._fit_warnings()
        size = event.size()
        # A border that is being dragged must not make the arrangement flicker.
        slack = _HYSTERESIS if self._arrangement is Arrangement.ALL else 0
        if size.width() >= _ROOMY_WIDTH - slack and size.height() >= _ROOMY_HEIGHT - slack:
            self._arrange(Arrangement.ALL)
            return
        slack = _HYSTERESIS if self._arrangement is Arrangement.TABS else 0
        is_narrow = size.width() < _NARROW_WIDTH + slack
        self._arrange(Arrangement.TABS if is_narrow else Arrangement.PAIR)

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 0)
        bar.addWidget(self.heading)
        bar.addWidget(self.note, 1)
        self._left = QSplitter(Qt.Orientation.Vertical)
        self._right = QSplitter(Qt.Orientation.Vertical)
        self.tabs, self.explained = QTabWidget(), QTabWidget()
        for tabs in (self.tabs, self.explained):
            tabs.setDocumentMode(True)
            # Shortened words are found; what lies beyond the edge is not.
            tabs.setUsesScrollButtons(False)
            tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self._left.addWidget(self.explained)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        for part in (self._left, self._right, self.tabs):
            self._split.addWidget(part)
        for splitter in (self._left, self._right, self._split):
            splitter.setChildrenCollapsible(False)
        plots = QWidget()
        column = QVBoxLayout(plots)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(bar)
        column.addWidget(self._warnings_area)
        column.addWidget(self._split, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(plots)
        self._arrange(Arrangement.PAIR)

    def _arrange(self, arrangement: Arrangement) -> None:
        if arrangement is self._arrangement:
            return
        self._arrangement = arrangement
        if arrangement is Arrangement.TABS:
            self.tabs.setTabToolTip(self.tabs.insertTab(0, self.forecast, "Forecast"), "Forecast")
        else:
            self._left.insertWidget(0, self.forecast)
        if arrangement is Arrangement.ALL:
            _add_tab(self.explained, self.decomposition, "Decomposition")
            _add_tab(self.explained, self.network, "Network")
            self.explained.setCurrentIndex(0)
            self._right.addWidget(self.losses)
            self._right.addWidget(self.parameters)
            for panel in (self.forecast, self.losses, self.parameters):
                # Qt hides what moves from one parent to another.
                panel.show()
            self._left.setSizes([560, 440])
            self._right.setSizes([480, 520])
            self._split.setSizes([620, 380, 0])
        else:
            self.forecast.show()
            _add_tab(self.tabs, self.decomposition, "Decomposition")
            _add_tab(self.tabs, self.losses, "Loss")
            _add_tab(self.tabs, self.parameters, "Parameters")
            _add_tab(self.tabs, self.network, "Network")
            self.tabs.setCurrentIndex(0)
            self._split.setSizes([540, 0, 460])
        self._left.setVisible(arrangement is not Arrangement.TABS)
        self._right.setVisible(arrangement is Arrangement.ALL)
        self.explained.setVisible(arrangement is Arrangement.ALL)
        self.tabs.setVisible(arrangement is not Arrangement.ALL)


def _add_tab(tabs: QTabWidget, panel: QWidget, name: str) -> None:
    """A tab whose whole name is in its tooltip, for where there is no room for it."""
    tabs.setTabToolTip(tabs.addTab(panel, name), name)
