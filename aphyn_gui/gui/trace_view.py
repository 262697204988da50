"""The selected region's trace: beats, cycle length, polarity and the analysis window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.alternans_notice import AlternansButton, AlternansFinding
from aphyn_gui.gui.analog_strip import AnalogStrip
from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.beat_box import BeatBox
from aphyn_gui.gui.elided_label import ElidedLabel
from aphyn_gui.gui.icons import icon
from aphyn_gui.gui.region_analysis import RegionAnalysis, RegionAnalyst
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.theme import theme_manager
from aphyn_gui.gui.trace_plot import TracePlot
from aphyn_gui.recording import Preparation, RecordingError, RegionSignal


class TraceView(QWidget):
    """Shows the mean trace of the selected region and edits how it is cut."""

    def __init__(
        self,
        controller: StudyController,
        analyst: RegionAnalyst,
        tasks: BackgroundTasks,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._analyst = analyst
        self._plot = TracePlot()
        self._summary = ElidedLabel()
        self._polarity = ElidedLabel()
        self._flip = QPushButton("Flip")
        self._flip.setObjectName("flip_polarity")
        self._beat = BeatBox(controller, analyst)
        self._beat.setObjectName("beat")
        self._alternans = AlternansButton(AlternansFinding(controller, analyst, self))
        self._analog = AnalogStrip(controller, tasks, self._plot)
        self._raw = QCheckBox("Raw")
        self._message = QLabel()
        self._message.setProperty("role", "muted")
        self._message.setWordWrap(True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._build()
        self._flip.clicked.connect(self._flip_polarity)
        self._raw.toggled.connect(self._refresh)
        self._plot.window_moved.connect(self._take_window_start)
        self._plot.horizon_changed.connect(self._take_horizon)
        controller.selection_changed.connect(self._refresh)
        controller.recording_changed.connect(self._refresh)
        controller.region_changed.connect(self._refresh_region)
        analyst.analysed.connect(self._refresh_region)
        theme_manager().changed.connect(self._apply_theme)
        self._apply_theme()
        self._refresh()

    @property
    def plot(self) -> TracePlot:
        """The plot, for tests and export."""
        return self._plot

    @property
    def has_trace(self) -> bool:
        """Whether the plot shows something."""
        return not self._plot.isHidden()

    @property
    def analog(self) -> AnalogStrip:
        """The channels recorded beside the movie."""
        return self._analog

    @property
    def _analysis(self) -> RegionAnalysis | None:
        """Of the selected region, None where there is none yet."""
        region = self._controller.selected_region
        return None if region is None else self._analyst.analysis(region.id)

    def sizeHint(self) -> QSize:
        """A low strip under the movie."""
        return QSize(420, 220)

    def minimumSizeHint(self) -> QSize:
        """The same with and without a message: a dock that must grow pushes others out of sight."""
        return QSize(240, 116)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the trace the most room; called by Qt."""
        super().resizeEvent(event)
        self._analog.fit_into(self.height())

    def show_frame_time(self, frame: int) -> None:
        """Mark the moment that the movie shows."""
        recording = self._controller.recording
        if recording is not None and recording.frame_interval_ms is not None:
            self._plot.show_moment(frame * recording.frame_interval_ms)

    def show_preview(self, region_id: str, signal: RegionSignal) -> None:
        """Show the trace of a region where it is dragged to, before it is analysed."""
        if region_id == self._controller.selected_region_id:
            trace = signal.raw if self._raw.isChecked() else signal.cleaned
            self._plot.show_trace(signal.time_ms, trace, signal.beats.onsets_ms, "counts")

    def _build(self) -> None:
        self._flip.setToolTip("Turn the signal over: depolarisation goes up afterwards")
        self._raw.setToolTip("Camera counts as recorded, before every step of the preparation")
        header = QHBoxLayout()
        header.setContentsMargins(8, 4, 8, 0)
        header.setSpacing(8)
        header.addWidget(self._summary, 1)
        header.addWidget(self._beat)
        header.addWidget(self._raw)
        footer = QHBoxLayout()
        footer.setContentsMargins(8, 0, 8, 4)
        footer.setSpacing(8)
        footer.addWidget(self._polarity, 1)
        footer.addWidget(self._analog.channel_box)
        footer.addWidget(self._alternans)
        footer.addWidget(self._flip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self._plot, 1)
        layout.addWidget(self._analog)
        layout.addWidget(self._message)
        layout.addLayout(footer)

    def _refresh_region(self, region_id: str) -> None:
        if region_id == self._controller.selected_region_id:
            self._refresh()

    def _refresh(self) -> None:
        region = self._controller.selected_region
        analysis = self._analysis
        has_signal = analysis is not None and analysis.signal is not None
        raw = None if analysis is None else analysis.raw
        self._plot.setVisible(has_signal or raw is not None)
        allow("" if has_signal else "there is no trace.", self._raw)
        # A signal that shows no beats may only stand on its head.
        allow("" if has_signal or raw is not None else "there is no trace.", self._flip)
        self._message.setText(self._message_text(analysis))
        self._message.setVisible(bool(self._message.text()))
        if analysis is None or analysis.signal is None:
            self._summary.setText("" if region is None else region.name)
            self._polarity.setText("")
            if raw is not None:
                self._polarity.setText(f"Recorded: depolarisation {raw.polarity} (assumed)")
                self._plot.show_trace(raw.time_ms, raw.counts, np.empty(0), "counts")
                self._plot.hide_window()
            return
        self._show(analysis)

    def _message_text(self, analysis: RegionAnalysis | None) -> str:
        if self._controller.analysis_blocker:
            return self._controller.analysis_blocker
        if self._controller.selected_region is None:
            return "Select a region to see its trace."
        return "Analysing…" if analysis is None else analysis.problem

    def _show(self, analysis: RegionAnalysis) -> None:
        signal = analysis.signal
        region = self._controller.selected_region
        if signal is None or region is None:
            return
        cycle = signal.beats.cycle_length_ms
        self._summary.setText(f"{cycle:.1f} ms cycle · {60_000 / cycle:.0f} bpm · {region.name}")
        self._summary.setToolTip(f"{region.name}: cycle length, {1000 / cycle:.2f} Hz")
        chosen = analysis.preparation.polarity is not None
        doubt = "" if signal.polarity_suggestion.confident or chosen else ", unsure"
        # The trace above is upright whatever the camera saw.
        self._polarity.setText(
            f"Recorded: depolarisation {signal.polarity} "
            f"({'chosen' if chosen else 'suggested'}{doubt})"
        )
        is_raw = self._raw.isChecked()
        self._plot.show_trace(
            signal.time_ms,
            signal.raw if is_raw else signal.cleaned,
            signal.beats.onsets_ms,
            "counts",
        )
        try:
            self._plot.show_window(*signal.window_ms(analysis.preparation))
        except RecordingError:
            # Why there is no window is the analysis' problem, shown below the plot.
            self._plot.hide_window()

    def _flip_polarity(self) -> None:
        analysis = self._analysis
        if analysis is None:
            return
        preparation = self._controller.study.preparation
        if analysis.signal is not None:
            polarity = analysis.signal.polarity.flipped
        elif analysis.raw is not None:
            polarity = analysis.raw.polarity.flipped
        else:
            return
        self._controller.set_preparation(replace(preparation, polarity=polarity))

    def _take_window_start(self, start_ms: float) -> None:
        analysis = self._analysis
        if analysis is None or analysis.signal is None:
            return
        beats = analysis.signal.beats
        starts = beats.onsets_ms[beats.complete] - beats.lead_ms
        if starts.size:
            nearest = int(np.argmin(np.abs(starts - start_ms)))
            self._prepare(replace(self._controller.study.preparation, beat=nearest))

    def _take_horizon(self, horizon_ms: float) -> None:
        recording = self._controller.recording
        analysis = self._analysis
        if recording is None or recording.frame_interval_ms is None or analysis is None:
            return
        preparation = self._controller.study.preparation
        if analysis.signal is not None:
            # A drag that goes too far stops where the next beat begins.
            longest = analysis.signal.longest_horizon_ms(preparation)
            horizon_ms = min(horizon_ms, longest)
        frames = max(1, round(horizon_ms / recording.frame_interval_ms))
        self._prepare(replace(preparation, horizon_ms=frames * recording.frame_interval_ms))

    def _prepare(self, preparation: Preparation) -> None:
        if preparation == self._controller.study.preparation:
            # Nothing will be analysed anew: the window goes back to where it was.
            self._refresh()
        self._controller.set_preparation(preparation)

    def _apply_theme(self) -> None:
        self._flip.setIcon(icon("flip"))
