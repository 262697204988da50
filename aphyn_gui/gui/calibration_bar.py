"""A bar above the movie that asks what the file does not say: frame interval and pixel pitch."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDoubleValidator, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from aphyn_gui.recording import doubt_of_interval

_INTERVAL_MS = "ms between frames"
_RATE_HZ = "frames per second (Hz)"


class CalibrationBar(QFrame):
    """Asks for the frame interval, in ms or as a rate in Hz, and for the pixel pitch.

    Signals
    -------
    applied(float, object)
        Frame interval in ms; pixel pitch in mm, or None where it stays unknown.
    """

    applied = Signal(float, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "bar")
        self.setProperty("level", "warning")
        self._question = QLabel()
        self._question.setWordWrap(True)
        self._interval = QLineEdit()
        self._interval.setObjectName("frame_interval")
        self._interval.setMaximumWidth(90)
        self._unit = QComboBox()
        self._unit.addItems([_INTERVAL_MS, _RATE_HZ])
        self._pitch = QLineEdit()
        self._pitch.setObjectName("pixel_pitch")
        self._pitch.setPlaceholderText("optional")
        self._pitch.setMaximumWidth(90)
        self._apply = QPushButton("Apply")
        self._apply.setProperty("primary", "true")
        self._error = QLabel()
        self._error.setProperty("role", "error")
        self._error.hide()
        for field in (self._interval, self._pitch):
            validator = QDoubleValidator(0.0, 1e6, 6, field)
            # A point in every country: numbers are written as in papers.
            validator.setLocale(validator.locale().c())
            validator.setNotation(QDoubleValidator.Notation.StandardNotation)
            field.setValidator(validator)
            field.returnPressed.connect(self._submit)
        self._interval.setToolTip(
            "Time between two frames, ms, or their rate, Hz; above 0. Nothing is assumed."
        )
        self._unit.setToolTip("Whether the number is a time in ms or a rate in Hz")
        self._pitch.setToolTip(
            "Distance between neighbouring pixels on the tissue, mm, above 0; empty: unknown. "
            "It gives the movie its scale bar."
        )
        self._apply.setToolTip("Use these numbers, and remember them for this file")
        layout = QGridLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setHorizontalSpacing(8)
        layout.addWidget(self._question, 0, 0, 1, 4)
        layout.addWidget(self._interval, 1, 0)
        layout.addWidget(self._unit, 1, 1)
        layout.addWidget(self._apply, 1, 3)
        layout.addWidget(self._pitch, 2, 0)
        layout.addWidget(QLabel("mm between pixels"), 2, 1)
        layout.addWidget(self._error, 3, 0, 1, 4)
        layout.setColumnStretch(2, 1)
        self._apply.clicked.connect(self._submit)

    def ask(
        self, question: str, frame_interval_ms: float | None, pixel_pitch_mm: float | None
    ) -> None:
        """Show the bar with a question and what is known already."""
        self._question.setText(question)
        self._unit.setCurrentText(_INTERVAL_MS)
        self._interval.setText("" if frame_interval_ms is None else f"{frame_interval_ms:g}")
        self._pitch.setText("" if pixel_pitch_mm is None else f"{pixel_pitch_mm:g}")
        self._error.hide()
        self.show()
        self._interval.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape puts the bar away."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _submit(self) -> None:
        interval = _positive(self._interval.text())
        pitch = _positive(self._pitch.text())
        if interval is None:
            self._complain("Enter a positive number, such as 1 ms or 1000 Hz.")
            return
        if pitch is None and self._pitch.text().strip():
            self._complain("The pixel pitch must be a positive number of mm, or empty.")
            return
        if self._unit.currentText() == _RATE_HZ:
            interval = 1000.0 / interval
        doubt = doubt_of_interval(interval)
        if doubt:
            self._complain(f"{doubt}.")
            return
        self.hide()
        self.applied.emit(interval, pitch)

    def _complain(self, text: str) -> None:
        self._error.setText(text)
        self._error.show()


def _positive(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
