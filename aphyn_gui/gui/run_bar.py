"""The running fit in one line: where it is, how fast, how long still, and how to stop it."""

from __future__ import annotations

import math

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.compilation import is_compiling
from aphyn_gui.fitting import Progress, Stage
from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.elided_label import ElidedLabel
from aphyn_gui.gui.fit_runner import FitRunner, RunnerState
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.throttle import Throttle

_LINE_HEIGHT = 4
_IDLE = "No fit is running."
_CANCELLING = "Cancelling…"
_CANCELLING_LATER = "Cancelling after compilation…"
_EPOCHS_TO_JUDGE_BY = 3
"""The first ones wait for code to be loaded or compiled: minutes would be foretold for seconds."""

_WORDS_INTERVAL_MS = 200
"""Nobody reads faster, and numbers that change must be laid out anew."""


class RunBar(QWidget):
    """Progress of the running fit, with pause and cancel.

    Parameters
    ----------
    runner : FitRunner
        Whose run is shown and controlled.
    controller : StudyController
        Where regions get their names from.
    """

    def __init__(self, runner: FitRunner, controller: StudyController) -> None:
        super().__init__()
        self._runner = runner
        self._controller = controller
        self._last_words = _IDLE
        self._has_words = False
        self.text = ElidedLabel()
        self.queue = QLabel()
        self.queue.setProperty("role", "muted")
        self.pause_button = QPushButton("Pause")
        self.cancel_button = QPushButton("Cancel")
        self.pause_button.setToolTip("Hold the fit after the current epoch, or go on")
        self.cancel_button.setToolTip(
            "End the fit after the current epoch, and start none of those that wait. The last "
            "finite model is kept; an earlier finished fit of the region stays"
        )
        self.progress = ProgressLine()
        line = QHBoxLayout()
        line.setContentsMargins(8, 2, 8, 4)
        line.setSpacing(8)
        line.addWidget(self.text, 1)
        line.addWidget(self.queue)
        line.addWidget(self.pause_button)
        line.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.progress)
        column.addLayout(line)
        # As wide as its longest text, so that the bar does not jump when it changes.
        metrics = self.cancel_button.fontMetrics()
        self.cancel_button.setMinimumWidth(metrics.horizontalAdvance(_CANCELLING) + 30)
        self.pause_button.setMinimumWidth(metrics.horizontalAdvance("Resume") + 30)
        self.pause_button.clicked.connect(self._pause_or_resume)
        self.cancel_button.clicked.connect(runner.cancel_all)
        runner.started.connect(self._update)
        words = Throttle(_WORDS_INTERVAL_MS, self)
        words.due.connect(self._update)
        runner.snapshot_ready.connect(words.ask)
        runner.stage_changed.connect(self._update)
        runner.state_changed.connect(self._update)
        runner.queue_changed.connect(self._update)
        runner.noted.connect(self._on_noted)
        runner.finished.connect(self._on_finished)
        controller.region_changed.connect(self._update)
        controller.recording_changed.connect(self._forget_words)
        self._waits = QTimer(self)
        self._waits.setInterval(_WORDS_INTERVAL_MS)
        self._waits.timeout.connect(self._update)
        self._update()

    @Slot()
    def _pause_or_resume(self) -> None:
        if self._runner.state is RunnerState.PAUSED:
            self._runner.resume()
        else:
            self._runner.pause()

    @Slot(str, str)
    def _on_finished(self, region_id: str, outcome: str) -> None:
        if not self._has_words:
            self._last_words = f"{self._name(region_id) or 'The fit'}: {outcome}."
        self._has_words = False
        self._update()

    @Slot()
    def _forget_words(self) -> None:
        """What was said of one recording is not about another."""
        self._last_words = _IDLE
        self._update()

    @Slot(str)
    def _on_noted(self, text: str) -> None:
        self._last_words = text
        self._has_words = True

    @Slot()
    def _update(self) -> None:
        state = self._runner.state
        is_active = state in (RunnerState.RUNNING, RunnerState.PAUSED)
        allow("" if is_active else "no fit is running.", self.pause_button, self.cancel_button)
        self.pause_button.setText("Resume" if state is RunnerState.PAUSED else "Pause")
        self._show_cancelling(state is RunnerState.CANCELLING)
        waiting = len(self._runner.queued)
        self.queue.setText(f"{waiting} waiting" if waiting else "")
        self.queue.setVisible(waiting > 0)
        region_id = self._runner.current_region_id
        if region_id is None:
            self.text.setText(self._last_words)
            self.progress.show_share(0.0)
            return
        name = self._name(region_id)
        snapshot = self._runner.latest(region_id)
        if snapshot is None:
            self.text.setText(f"{name}   preparing")
            self.progress.show_share(0.0)
            return
        progress = snapshot.progress
        self.text.setText(f"{name}   {progress_text(progress, state is RunnerState.PAUSED)}")
        if self.text.toolTip() != progress.device:
            self.text.setToolTip(progress.device)
        share = progress.epoch / progress.epochs if progress.epochs else 0.0
        self.progress.show_share(min(share, 1.0))

    def _name(self, region_id: str) -> str:
        """The region, with its recording where there are several; "" where it has gone."""
        entries = self._controller.study.recordings
        for entry in entries:
            for region in entry.regions:
                if region.id == region_id:
                    return f"{region.name}, {entry.name}" if len(entries) > 1 else region.name
        return ""

    def _show_cancelling(self, is_cancelling: bool) -> None:
        """Say what a cancel waits for: the compiler cannot be interrupted."""
        waiting = _CANCELLING_LATER if is_compiling() else _CANCELLING
        self.cancel_button.setText(waiting if is_cancelling else "Cancel")
        # Nothing reports while kernels are compiled: whether they still are has to be asked.
        if is_cancelling and not self._waits.isActive():
            self._waits.start()
        elif not is_cancelling:
            self._waits.stop()


class ProgressLine(QWidget):
    """How much is done, as a line that grows.

    Not a QProgressBar: that one repaints at once, and with it everything that waits to be painted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self.setFixedHeight(_LINE_HEIGHT)

    @property
    def share(self) -> float:
        """What is shown, 0 to 1."""
        return self._share

    def show_share(self, share: float) -> None:
        """Show ``share``, 0 to 1."""
        if share != self._share:
            self._share = share
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is done, and what is not."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().midlight())
        done = round(self._share * self.width())
        painter.fillRect(0, 0, done, self.height(), self.palette().highlight())


def progress_text(progress: Progress, is_paused: bool = False) -> str:
    """Stage, epoch, remaining time, speed and device of a report, in one line."""
    what = "" if progress.stage is Stage.REPEATING else "epoch "
    parts = [f"{progress.stage.value}, {what}{progress.epoch}/{progress.epochs}"]
    is_repeating = progress.stage is Stage.REPEATING
    can_judge = is_repeating or progress.epoch >= _EPOCHS_TO_JUDGE_BY
    if is_paused:
        parts.append("paused")
    elif can_judge and not math.isnan(progress.remaining_s):
        parts.append(f"{duration_text(progress.remaining_s)} left")
    if can_judge and not is_repeating and not math.isnan(progress.epochs_per_s):
        parts.append(f"{progress.epochs_per_s:.3g} epochs/s")
    parts.append(progress.device)
    return "   ".join(parts)


def duration_text(seconds: float) -> str:
    """A duration as people say it: 0.3 s, 42 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
