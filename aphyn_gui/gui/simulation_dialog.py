"""File > New simulated recording: choose, watch, cancel; the result opens in the window."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.fit_worker import RunOutcome
from aphyn_gui.gui.run_bar import duration_text
from aphyn_gui.gui.simulation_form import SimulationForm
from aphyn_gui.gui.simulation_runner import SimulationEnd, SimulationRunner, SimulationSnapshot
from aphyn_gui.gui.slab_sketch import SlabSketch
from aphyn_gui.insilico import ExperimentError, SimulatedExperiment, SimulationStage
from aphyn_gui.insilico.experiment import TYPICAL_CELL_STEPS_PER_S

_PROGRESS_STEPS = 1000
_SPEED_KEY = "simulation/cell_steps_per_s"
_DEFAULT_NAME = "simulated.tif"


class SimulationDialog(QDialog):
    """Not modal; closing it lets a running simulation go on, Cancel ends it.

    Parameters
    ----------
    parent : QWidget
        The window.

    Signals
    -------
    written(str)
        A recording was written and shall be opened; its path.
    message(str, str, str)
        Level, text and details, for the user.
    """

    written = Signal(str)
    message = Signal(str, str, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("New simulated recording")
        self.setModal(False)
        self._experiment: SimulatedExperiment | None = None
        self.runner = SimulationRunner(self)
        self.form = SimulationForm()
        self.sketch = SlabSketch()
        self.summary = QLabel()
        self.error = QLabel()
        self.path = QLineEdit(str(_free_path(_default_folder() / _DEFAULT_NAME)))
        self.choose_button = QPushButton("Choose…")
        self.opens = QCheckBox("Open it when it is finished")
        self.progress = QProgressBar()
        self.state = QLabel()
        self.start_button = QPushButton("Simulate")
        self.cancel_button = QPushButton("Cancel")
        self.close_button = QPushButton("Close")
        self._build()
        self._connect()
        self._refresh()

    def shutdown(self) -> None:
        """Cancel what runs and wait for it; for when the window closes."""
        self.runner.shutdown()
        self.close()

    def _build(self) -> None:
        self.summary.setProperty("role", "muted")
        self.summary.setWordWrap(True)
        self.error.setProperty("role", "error")
        self.error.setWordWrap(True)
        self.error.setMinimumHeight(2 * self.error.fontMetrics().lineSpacing())
        self.error.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.path.setReadOnly(True)
        self.path.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.path.setToolTip("The recording that will be written, an ImageJ TIFF")
        self.choose_button.setToolTip("Choose another file or folder")
        self.start_button.setToolTip("Simulate the slab and write the recording")
        self.opens.setToolTip("Otherwise the file is written, and what is open stays")
        self.opens.setChecked(True)
        self.progress.setRange(0, _PROGRESS_STEPS)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.start_button.setProperty("primary", "true")
        for button in (
            self.choose_button, self.start_button, self.cancel_button, self.close_button,
        ):  # fmt: skip
            # Return ends the entry of a number; it shall not press a button too.
            button.setAutoDefault(False)
        self.cancel_button.setToolTip("End the simulation; nothing is written")
        self.close_button.setToolTip("Put this away; a simulation that runs goes on")
        metrics = self.cancel_button.fontMetrics()
        self.cancel_button.setMinimumWidth(metrics.horizontalAdvance("Cancelling…") + 30)
        picture = QVBoxLayout()
        picture.addSpacing(20)
        picture.addWidget(self.sketch, 1)
        picture.addWidget(self.summary)
        top = QHBoxLayout()
        top.setSpacing(26)
        top.addWidget(self.form)
        top.addLayout(picture, 1)
        target = QGridLayout()
        target.setHorizontalSpacing(8)
        target.addWidget(QLabel("Write to"), 0, 0)
        target.addWidget(self.path, 0, 1)
        target.addWidget(self.choose_button, 0, 2)
        target.addWidget(self.opens, 1, 1, 1, 2)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.state, 1)
        for button in (self.close_button, self.cancel_button, self.start_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 16, 12)
        layout.setSpacing(8)
        layout.addLayout(top, 1)
        layout.addWidget(self.error)
        layout.addLayout(target)
        layout.addWidget(self.progress)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.form.changed.connect(self._refresh)
        self.choose_button.clicked.connect(self._ask_for_path)
        self.start_button.clicked.connect(self._start)
        self.cancel_button.clicked.connect(self.runner.cancel)
        self.close_button.clicked.connect(self.close)
        self.runner.state_changed.connect(self._show_state)
        self.runner.progressed.connect(self._show_progress)
        self.runner.ended.connect(self._on_ended)

    @Slot()
    def _refresh(self) -> None:
        """Take what the form says."""
        try:
            self._experiment = self.form.experiment()
        except ExperimentError as error:
            self._experiment = None
            self.error.setText(f"{str(error)[0].upper()}{str(error)[1:]}.")
            self.summary.setText("")
        else:
            self.error.setText("")
            self.sketch.show_experiment(self._experiment)
            self.summary.setText(_estimate(self._experiment))
        self._show_state()

    @Slot()
    def _start(self) -> None:
        if self._experiment is None or self.runner.is_running:
            return
        self.error.setText("")
        self.sketch.show_experiment(self._experiment)
        self.runner.start(self._experiment, Path(self.path.text()))

    @Slot()
    def _show_state(self) -> None:
        is_running, is_cancelling = self.runner.is_running, self.runner.is_cancelling
        self.form.set_editable(not is_running)
        self.choose_button.setEnabled(not is_running)
        self.start_button.setEnabled(not is_running and self._experiment is not None)
        self.cancel_button.setEnabled(is_running and not is_cancelling)
        self.cancel_button.setText("Cancelling…" if is_cancelling else "Cancel")
        if not is_running:
            self.progress.setValue(0)
            self.state.setText("")

    @Slot(object)
    def _show_progress(self, snapshot: SimulationSnapshot) -> None:
        self.progress.setValue(round(_PROGRESS_STEPS * snapshot.fraction))
        if snapshot.picture is not None:
            self.sketch.show_potential(snapshot.picture)
        if snapshot.stage is SimulationStage.PREPARING:
            self.state.setText("Preparing; the first time on a machine it compiles")
        elif snapshot.stage is SimulationStage.WRITING:
            self.state.setText("Writing")
        else:
            remaining = snapshot.remaining_s
            left = "" if math.isnan(remaining) else f"   {duration_text(remaining)} left"
            self.state.setText(f"{snapshot.time_ms:.0f} ms{left}")

    @Slot(object)
    def _on_ended(self, end: SimulationEnd) -> None:
        if end.outcome is RunOutcome.FAILED:
            text = f"Nothing was simulated: {end.message}."
            self.error.setText(text)
            if end.details or not self.isVisible():
                self.message.emit("error", text, end.details)
            return
        if end.outcome is RunOutcome.CANCELLED:
            self.state.setText("Cancelled; nothing was written.")
            return
        if end.cell_steps_per_s > 0:
            QSettings().setValue(_SPEED_KEY, end.cell_steps_per_s)
        self.path.setText(str(_free_path(end.path)))
        self.message.emit("info", f"The simulated recording is {end.path}.", "")
        self.close()
        if self.opens.isChecked():
            self.written.emit(str(end.path))

    @Slot()
    def _ask_for_path(self) -> None:
        dialog = QFileDialog(self, "Write the simulated recording", self.path.text())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("TIFF (*.tif *.tiff)")
        dialog.setDefaultSuffix("tif")
        dialog.selectFile(self.path.text())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.path.setText)
        dialog.open()


def _estimate(experiment: SimulatedExperiment) -> str:
    """Frames, size, and time on this machine as far as it is known."""
    measured = QSettings().value(_SPEED_KEY, 0.0, float)
    speed = measured if isinstance(measured, float) and measured > 0 else TYPICAL_CELL_STEPS_PER_S
    size = experiment.file_bytes / 1e6
    return (
        f"{experiment.frame_count} frames, {size:.3g} MB, "
        f"about {duration_text(experiment.cell_steps / speed)}"
    )


def _default_folder() -> Path:
    """The user's documents, or home where there are none."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents) if documents and Path(documents).is_dir() else Path.home()


def _free_path(path: Path) -> Path:
    """``path``, or the first of ``name-2``, ``name-3``, ... beside it that does not exist."""
    stem, _, number = path.stem.rpartition("-")
    if not (stem and number.isdigit()):
        stem = path.stem
    candidate, count = path, 2
    while candidate.exists():
        candidate = path.with_name(f"{stem}-{count}{path.suffix}")
        count += 1
    return candidate
