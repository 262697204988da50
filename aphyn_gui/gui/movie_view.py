"""The movie: canvas, playback, and what the file does not say."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.calibration_bar import CalibrationBar
from aphyn_gui.gui.elided_label import ElidedLabel
from aphyn_gui.gui.icons import icon
from aphyn_gui.gui.movie_canvas import MovieCanvas
from aphyn_gui.gui.movie_frames import Image, MovieFrames, MovieMode, MovieOverview
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.theme import theme_manager

_PLAY_INTERVAL_MS = 16
_NARROW_WIDTH = 430


class MovieView(QWidget):
    """Plays the recording and lets the user draw regions on it.

    Signals
    -------
    calibrated(float, object)
        The user gave a frame interval in ms and a pixel pitch in mm or None.
    frame_shown(int)
        Index of the frame that is on the screen now.
    """

    calibrated = Signal(float, object)
    frame_shown = Signal(int)

    def __init__(
        self, controller: StudyController, analyst: RegionAnalyst, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._analyst = analyst
        self._overview: MovieOverview | None = None
        self._frames = MovieFrames(self)
        self._calibration = CalibrationBar()
        self._calibration.hide()
        self._canvas = MovieCanvas(controller, analyst)
        self._left_out = ElidedLabel()
        self._left_out.setProperty("role", "muted")
        self._readout = ""
        self._transport, self._second_row = QHBoxLayout(), QHBoxLayout()
        self._choices: list[QWidget] = []
        """Controls at the right of the row below the image, or below it where it is too narrow."""
        self._timer = QTimer(self)
        self._timer.setInterval(_PLAY_INTERVAL_MS)
        self._play_action = QAction("Play or pause", self)
        self._play_button = QToolButton()
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._time = QLabel()
        self._mode = QComboBox()
        self._build()
        self._connect()
        self._apply_theme()
        self._show_recording()

    @property
    def canvas(self) -> MovieCanvas:
        """The image with its regions."""
        return self._canvas

    @property
    def frame_index(self) -> int:
        """The frame chosen by slider or playback."""
        return self._slider.value()

    @property
    def is_playing(self) -> bool:
        """Whether the movie plays."""
        return self._timer.isActive()

    def sizeHint(self) -> QSize:
        """Room for a small camera's image."""
        return QSize(420, 380)

    def minimumSizeHint(self) -> QSize:
        """The same with and without questions: a dock that must grow pushes others out of sight."""
        return QSize(260, 180)

    def add_control(self, widget: QWidget) -> None:
        """Put a control at the right end of the row below the image."""
        self._choices.append(widget)
        self._place_choices()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the slider a row of its own where it would have no room; called by Qt."""
        super().resizeEvent(event)
        self._place_choices()

    def _place_choices(self) -> None:
        is_narrow = self.width() < _NARROW_WIDTH
        row = self._second_row if is_narrow else self._transport
        for widget in self._choices:
            if row.indexOf(widget) < 0:
                (self._transport if is_narrow else self._second_row).removeWidget(widget)
                row.addWidget(widget)
        margins = (6, 0, 6, 4) if is_narrow else (0, 0, 0, 0)
        self._second_row.setContentsMargins(*margins)

    def show_modes(self, is_shown: bool) -> None:
        """Offer what the movie can show; a map over it leaves its room to the slider."""
        self._mode.setVisible(is_shown)

    def show_readout(self, text: str) -> None:
        """Say something below the image instead of how many pixels are used; empty: that again."""
        self._readout = text
        self._show_left_out()

    def put_above(self, bar: QWidget) -> None:
        """Give a line of controls its place above everything else."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(0, bar)

    def show_frame(self, index: int) -> None:
        """Go to a frame."""
        self._slider.setValue(index)

    def toggle_play(self) -> None:
        """Play, or pause."""
        if self._controller.recording is None:
            return
        if self._timer.isActive():
            self._timer.stop()
        else:
            self._timer.start()
        self._apply_theme()

    def ask_calibration(self) -> None:
        """Show the bar that asks for frame interval and pixel pitch."""
        recording = self._controller.recording
        if recording is None:
            return
        if recording.frame_interval_ms is None:
            question = (
                f"<b>{recording.path.name}</b> does not say how far apart its frames are. "
                "Without it nothing can be analysed."
            )
        else:
            question = f"Frame interval and pixel pitch of <b>{recording.path.name}</b>."
        self._calibration.ask(question, recording.frame_interval_ms, recording.pixel_pitch_mm)

    def shutdown(self) -> None:
        """Stop playing and reading."""
        self._timer.stop()
        self._frames.shutdown()

    def _build(self) -> None:
        self._play_button.setDefaultAction(self._play_action)
        self._play_button.setToolTip("Play or pause (space)")
        self._slider.setToolTip("Time in the recording")
        self._mode.addItems([mode.value for mode in MovieMode])
        self._mode.setToolTip(
            "Counts: what the camera measured. Change: (F − F0) / F0 in percent, with F0 the "
            "mean over time."
        )
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        transport = self._transport
        transport.setContentsMargins(6, 2, 6, 4)
        transport.setSpacing(8)
        transport.addWidget(self._play_button)
        transport.addWidget(self._slider, 1)
        self._second_row.setSpacing(8)
        # The time stands above, which leaves the row to the slider.
        words = QHBoxLayout()
        words.setContentsMargins(10, 0, 10, 0)
        words.addWidget(self._left_out, 1)
        words.addWidget(self._time)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._calibration)
        layout.addWidget(self._canvas, 1)
        layout.addLayout(words)
        layout.addLayout(transport)
        layout.addLayout(self._second_row)
        self.add_control(self._mode)

    def _connect(self) -> None:
        self._play_action.triggered.connect(self.toggle_play)
        self._timer.timeout.connect(self._advance)
        self._slider.valueChanged.connect(self._request_frame)
        self._mode.currentTextChanged.connect(self._change_mode)
        self._calibration.applied.connect(self.calibrated)
        self._frames.overview_ready.connect(self._take_overview)
        self._frames.frame_ready.connect(self._take_frame)
        self._frames.failed.connect(self._report_failure)
        self._controller.recording_changed.connect(self._show_recording)
        self._controller.selection_changed.connect(self._show_left_out)
        self._controller.region_changed.connect(self._show_left_out)
        self._analyst.analysed.connect(self._show_left_out)
        theme_manager().changed.connect(self._apply_theme)

    def _show_recording(self) -> None:
        recording = self._controller.recording
        has_recording = recording is not None
        for widget in (self._slider, self._mode, self._play_button):
            allow("" if has_recording else "open a recording first.", widget)
        self._timer.stop()
        self._apply_theme()
        self._overview = None
        self._frames.set_recording(recording)
        self._show_left_out()
        self._calibration.hide()
        if recording is None:
            self._canvas.set_frame_shape(0, 0, None)
            self._time.clear()
            return
        self._canvas.set_frame_shape(
            recording.row_count, recording.column_count, recording.pixel_pitch_mm
        )
        self._slider.setRange(0, recording.frame_count - 1)
        # As wide as the last time will be, so that nothing jumps while playing.
        self._time.setText(self._time_text(recording.frame_count - 1))
        self._time.setMinimumWidth(self._time.sizeHint().width())
        self._request_frame()
        if recording.frame_interval_ms is None:
            self.ask_calibration()

    def _advance(self) -> None:
        recording = self._controller.recording
        if recording is not None and self.isVisible():
            self._slider.setValue((self._slider.value() + 1) % recording.frame_count)

    def _request_frame(self) -> None:
        self._time.setText(self._time_text(self._slider.value()))
        self._frames.request(self._slider.value())

    def _time_text(self, index: int) -> str:
        recording = self._controller.recording
        if recording is None:
            return ""
        if recording.frame_interval_ms is None:
            return f"frame {index}"
        return f"{index * recording.frame_interval_ms:.1f} ms"

    def _change_mode(self) -> None:
        self._frames.set_mode(MovieMode(self._mode.currentText()))
        self._apply_levels()
        self._request_frame()

    def _take_overview(self, overview: MovieOverview) -> None:
        self._overview = overview
        self._apply_levels()

    def _apply_levels(self) -> None:
        if self._overview is not None:
            mode = MovieMode(self._mode.currentText())
            self._canvas.set_levels(self._overview.levels[mode])

    def _take_frame(self, index: int, image: Image) -> None:
        self._canvas.show_frame(image)
        self.frame_shown.emit(index)

    def _show_left_out(self) -> None:
        region = self._controller.selected_region
        analysis = None if region is None else self._analyst.analysis(region.id)
        prepared = None if analysis is None else analysis.prepared
        if self._readout:
            self._left_out.setText(self._readout)
        elif region is None or prepared is None:
            self._left_out.setText("")
        else:
            sequences = prepared.sequences
            self._left_out.setText(
                f"● {len(sequences.training)} training  "
                f"○ {len(sequences.validation)} validation  "
                f"✕ {len(sequences.left_out)} left out · {region.name}"
            )
        self._left_out.setVisible(self._controller.recording is not None)

    def _report_failure(self, text: str, details: str) -> None:
        self._timer.stop()
        self._controller.report("error", text, details)

    def _apply_theme(self) -> None:
        self._play_action.setIcon(icon("pause" if self._timer.isActive() else "play"))
