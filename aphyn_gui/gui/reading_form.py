"""The form of what the user may say about a recording: interval, pitch, binning, choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from aphyn_gui.gui.setting_fields import ChoiceField
from aphyn_gui.recording import ReadingChoice, Recording
from aphyn_gui.recording.binning import LARGEST_BINNING, SMALLEST_BINNING
from aphyn_gui.study import RecordingReference


class ReadingForm(QWidget):
    """Says what the user wants, and shows what it is told.

    Signals
    -------
    changed(object)
        A RecordingReference that reads the recording in another way.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reference: RecordingReference | None = None
        self._interval = _number_line(
            "frame_interval_ms",
            "Time between two frames, ms, above 0. Empty: what the file says.",
        )
        self._pitch = _number_line(
            "pixel_pitch_mm",
            "Distance between neighbouring pixels as stored, before binning, mm, above 0. Empty: "
            "what the file says.",
        )
        sides = range(SMALLEST_BINNING, LARGEST_BINNING + 1)
        self._binning = ChoiceField(
            (("none", 1), *((f"{side} × {side} pixels", side) for side in sides))
        )
        self._binning.setObjectName("binning")
        self._binning.setToolTip(
            "Squares of 2 to 8 pixels a side are averaged into one as the file is read. Regions "
            "and mask are scaled with the pixels."
        )
        self._forget = QPushButton("Choices as suggested")
        self._forget.setObjectName("forget_choices")
        self._forget.setToolTip("Take again what the reader suggests wherever the file is open")
        self._forget.setAutoDefault(False)
        self._error = QLabel()
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setVerticalSpacing(6)
        self._layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._layout.addRow("Frame interval, ms", self._interval)
        self._layout.addRow("Pixel pitch as stored, mm", self._pitch)
        self._layout.addRow("Spatial binning", self._binning)
        self._fixed_rows = self._layout.rowCount()
        self._choices: tuple[ReadingChoice, ...] = ()
        self._layout.addRow(self._forget)
        self._layout.addRow(self._error)
        self._interval.editingFinished.connect(
            lambda: self._take_number(
                self._interval, lambda now, value: replace(now, frame_interval_ms=value)
            )
        )
        self._pitch.editingFinished.connect(
            lambda: self._take_number(
                self._pitch, lambda now, value: replace(now, pixel_pitch_mm=value)
            )
        )
        self._binning.edited.connect(self._take_binning)
        self._forget.clicked.connect(self._forget_choices)

    def show_reading(self, recording: Recording, reference: RecordingReference) -> None:
        """Show how a recording is read."""
        self._reference = reference
        pitch = recording.pixel_pitch_mm
        stored_pitch = None if pitch is None else pitch / reference.binning
        _show_number(self._interval, reference.frame_interval_ms, recording.frame_interval_ms)
        _show_number(self._pitch, reference.pixel_pitch_mm, stored_pitch)
        self._binning.show_value(reference.binning)
        self._error.hide()
        self._forget.setVisible(bool(reference.choices))
        if recording.choices != self._choices:
            self._show_choices(recording.choices)

    def _show_choices(self, choices: tuple[ReadingChoice, ...]) -> None:
        for _ in self._choices:
            self._layout.removeRow(self._fixed_rows)
        self._choices = choices
        for row, choice in enumerate(choices, start=self._fixed_rows):
            field = ChoiceField(tuple((option, option) for option in choice.options))
            field.setObjectName(f"choice_{choice.key}")
            field.setToolTip(
                f"<p>{choice.label}: the file leaves this open. Another option reads it anew.</p>"
            )
            field.show_value(choice.chosen)
            field.edited.connect(lambda option, key=choice.key: self._choose(key, str(option)))
            reason = QLabel(choice.reason)
            reason.setTextFormat(Qt.TextFormat.PlainText)
            reason.setProperty("role", "muted")
            reason.setWordWrap(True)
            both = QWidget()
            column = QVBoxLayout(both)
            column.setContentsMargins(0, 0, 0, 4)
            column.setSpacing(2)
            column.addWidget(field)
            column.addWidget(reason)
            self._layout.insertRow(row, choice.label, both)

    def _choose(self, key: str, option: str) -> None:
        if self._reference is not None:
            choices = {**dict(self._reference.choices), key: option}
            self._ask(replace(self._reference, choices=tuple(choices.items())))

    def _forget_choices(self) -> None:
        if self._reference is not None:
            self._ask(replace(self._reference, choices=()))

    def _take_binning(self, side: int) -> None:
        if self._reference is not None:
            self._ask(replace(self._reference, binning=side))

    def _take_number(
        self,
        line: QLineEdit,
        put: Callable[[RecordingReference, float | None], RecordingReference],
    ) -> None:
        if self._reference is None or not line.isModified():
            return
        line.setModified(False)
        text = line.text().strip().replace(",", ".")
        value = _positive(text)
        if text and value is None:
            self._error.setText(f"{text!r} is no positive number: enter one, or leave it empty.")
            self._error.show()
            return
        self._error.hide()
        self._ask(put(self._reference, value))

    def _ask(self, reference: RecordingReference) -> None:
        if reference != self._reference:
            self.changed.emit(reference)


def _number_line(name: str, tip: str) -> QLineEdit:
    line = QLineEdit()
    line.setObjectName(name)
    line.setToolTip(tip)
    validator = QDoubleValidator(0.0, 1e6, 9, line)
    # A point in every country: numbers are written as in papers.
    validator.setLocale(validator.locale().c())
    line.setValidator(validator)
    return line


def _show_number(line: QLineEdit, given: float | None, used: float | None) -> None:
    line.setText("" if given is None else f"{given:.9g}")
    line.setModified(False)
    line.setPlaceholderText(
        "the file does not say" if used is None else f"{used:.6g}, from the file"
    )


def _positive(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
