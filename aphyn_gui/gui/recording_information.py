"""What a recording is, how it was read, and how else it could be."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.reading_form import ReadingForm
from aphyn_gui.gui.recording_loader import RecordingLoader
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Recording
from aphyn_gui.study import RecordingReference

_SIZE = 620, 600
_MOST_HEADER_ROWS = 2000


class RecordingInformation(QDialog):
    """Not modal; changes in it read the recording anew, and can be undone.

    Parameters
    ----------
    controller : StudyController
        Whose current recording is described.
    loader : RecordingLoader
        Reads it in another way.
    """

    def __init__(
        self, controller: StudyController, loader: RecordingLoader, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._loader = loader
        self.setWindowTitle("Recording information")
        self.setModal(False)
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(14)
        self._facts.setVerticalSpacing(4)
        self._form = ReadingForm()
        self._assumed = _words()
        self._assumed.setObjectName("assumptions")
        self._header = QTableWidget(0, 2)
        self._header.setObjectName("header")
        self._header.setToolTip("What the file says about itself")
        self._header.setHorizontalHeaderLabels(["Field", "Value"])
        self._header.horizontalHeader().setSectionResizeMode(
            0, QHeaderView.ResizeMode.ResizeToContents
        )
        self._header.horizontalHeader().setStretchLastSection(True)
        self._header.verticalHeader().hide()
        self._header.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._tabs = QTabWidget()
        self._build()
        self._form.changed.connect(self._reread)
        loader.reread_ended.connect(self._refresh)
        controller.recording_changed.connect(self._refresh)
        self._refresh()

    def text(self) -> str:
        """Everything that is shown, one fact a line."""
        recording, reference = self._controller.recording, self._controller.study.recording
        if recording is None or reference is None:
            return ""
        lines = [f"{name}: {value}" for name, value in _facts(recording, reference)]
        lines += [f"{c.label}: {c.chosen} ({c.reason})" for c in recording.choices]
        lines += [f"Assumed: {sentence}" for sentence in recording.assumptions]
        lines += [f"{key}: {value}" for key, value in recording.header.items()]
        return "\n".join(lines)

    def _build(self) -> None:
        reading = QWidget()
        inside = QVBoxLayout(reading)
        inside.setContentsMargins(14, 12, 14, 12)
        inside.setSpacing(10)
        inside.addLayout(self._facts)
        inside.addWidget(_heading("How it is read"))
        inside.addWidget(self._form)
        inside.addWidget(_heading("What was assumed"))
        inside.addWidget(self._assumed)
        inside.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(reading)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._tabs.addTab(scroll, "Reading")
        self._tabs.addTab(self._header, "Header")
        self._tabs.setTabToolTip(0, "Format, size, interval, choices and assumptions")
        self._tabs.setTabToolTip(1, "Every field that the file says about itself")
        copy = QPushButton("Copy all")
        copy.setToolTip("Copy everything here as plain text")
        copy.setAutoDefault(False)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        close = QPushButton("Close")
        close.setToolTip("Put this away (Escape)")
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self._tabs)
        layout.addLayout(buttons)
        self.resize(*_SIZE)

    def _reread(self, reference: RecordingReference) -> None:
        self._form.setEnabled(False)
        self._loader.reread(reference)

    def _refresh(self) -> None:
        recording, reference = self._controller.recording, self._controller.study.recording
        while self._facts.rowCount():
            self._facts.removeRow(0)
        is_open = recording is not None and reference is not None
        self._form.setEnabled(is_open)
        if recording is None or reference is None:
            self._assumed.setText("No recording is open.")
            self._header.setRowCount(0)
            return
        for name, value in _facts(recording, reference):
            label = QLabel(name)
            label.setProperty("role", "muted")
            self._facts.addRow(label, _words(value))
        self._form.show_reading(recording, reference)
        self._assumed.setText("\n".join(recording.assumptions) or "Nothing.")
        self._show_header(recording)

    def _show_header(self, recording: Recording) -> None:
        entries = list(recording.header.items())[:_MOST_HEADER_ROWS]
        self._tabs.setTabText(1, f"Header ({len(recording.header)})")
        self._header.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            for column, text in enumerate(entry):
                item = QTableWidgetItem(text)
                item.setToolTip(text[:1000])
                self._header.setItem(row, column, item)


def _facts(recording: Recording, reference: RecordingReference) -> list[tuple[str, str]]:
    frames = (
        f"{recording.frame_count} of {recording.row_count} rows × {recording.column_count} columns"
    )
    if recording.duration_ms is not None:
        frames += f", {recording.duration_ms / 1000:.3g} s"
    facts = [
        ("File", str(reference.path)),
        ("Format", recording.format_name),
        ("Frames", frames),
        ("Stored as", str(recording.frames.dtype)),
    ]
    if recording.frame_interval_ms is not None:
        rate = 1000 / recording.frame_interval_ms
        facts.append(
            ("Frame interval", f"{recording.frame_interval_ms:.6g} ms, {rate:.6g} frames a second")
        )
    if recording.pixel_pitch_mm is not None:
        field = (
            recording.column_count * recording.pixel_pitch_mm,
            recording.row_count * recording.pixel_pitch_mm,
        )
        facts.append(
            (
                "Pixel pitch",
                f"{recording.pixel_pitch_mm:.4g} mm, field of view {field[0]:.3g} × "
                f"{field[1]:.3g} mm",
            )
        )
    if recording.analog:
        channels = (f"{one.name} ({one.samples_per_frame} a frame)" for one in recording.analog)
        facts.append(("Analog channels", ", ".join(channels)))
    return facts


def _words(text: str = "") -> QLabel:
    # Plain: what a file says must not become formatting.
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
