"""Fields for settings: one number or choice each, which the wheel changes only in focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget


class WholeField(QSpinBox):
    """A whole number, or none.

    Parameters
    ----------
    lowest, highest : int
        Range.
    none_text : str
        What the lowest number is called where it means that there is none; empty: it is a number
        like the others.
    suffix : str
        Unit, with its space.
    is_odd : bool
        Whether only odd numbers make sense; an even one becomes the next.

    Signals
    -------
    edited(object)
        Another number.
    """

    edited = Signal(object)

    def __init__(
        self,
        lowest: int,
        highest: int,
        none_text: str = "",
        suffix: str = "",
        is_odd: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._is_odd = is_odd
        self.setRange(lowest, highest)
        self.setSingleStep(2 if is_odd else 1)
        self.setSpecialValueText(none_text)
        self.setSuffix(suffix)
        _quiet(self)
        self.valueChanged.connect(self._tell)

    def show_value(self, value: int) -> None:
        """Show a number without telling anybody."""
        with QSignalBlocker(self):
            self.setValue(value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the panel unless the field is in use."""
        _wheel(self, event, super().wheelEvent)

    def _tell(self, value: int) -> None:
        if self._is_odd and value % 2 == 0:
            self.setValue(value + 1)
        else:
            self.edited.emit(value)


class NumberField(QDoubleSpinBox):
    """A real number, or none.

    Parameters
    ----------
    lowest, highest : float
        Range.
    decimals : int
        Digits after the point.
    none_text : str
        What the lowest number is called where it means None; empty: it is a number.
    suffix : str
        Unit, with its space.
    step : float
        What an arrow adds.

    Signals
    -------
    edited(object)
        Another number, or None.
    """

    edited = Signal(object)

    def __init__(
        self,
        lowest: float,
        highest: float,
        decimals: int,
        none_text: str = "",
        suffix: str = "",
        step: float = 1.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setDecimals(decimals)
        self.setRange(lowest, highest)
        self.setSingleStep(step)
        self.setSpecialValueText(none_text)
        self.setSuffix(suffix)
        _quiet(self)
        self.valueChanged.connect(self._tell)

    def show_value(self, value: float | None) -> None:
        """Show a number, rounded, without telling anybody; it keeps its digits if not edited."""
        with QSignalBlocker(self):
            self.setValue(self.minimum() if value is None else value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the panel unless the field is in use."""
        _wheel(self, event, super().wheelEvent)

    def _tell(self, value: float) -> None:
        is_none = bool(self.specialValueText()) and value == self.minimum()
        self.edited.emit(None if is_none else value)


class ChoiceField(QComboBox):
    """One of several.

    Parameters
    ----------
    options : sequence of (str, object)
        Words and values.

    Signals
    -------
    edited(object)
        The value chosen.
    """

    edited = Signal(object)

    def __init__(
        self, options: Sequence[tuple[str, object]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        # Kept here: Qt would give enumerations back as plain text.
        self._values = [value for _, value in options]
        self.addItems([words for words, _ in options])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(lambda index: self.edited.emit(self._values[index]))

    def show_value(self, value: object) -> None:
        """Show a value without telling anybody."""
        self.setCurrentIndex(self._values.index(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll the panel unless the field is in use."""
        _wheel(self, event, super().wheelEvent)


class CheckField(QCheckBox):
    """Yes or no.

    Signals
    -------
    edited(object)
        True or False.
    """

    edited = Signal(object)

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self.toggled.connect(lambda is_on: self.edited.emit(is_on))

    def show_value(self, value: bool) -> None:
        """Show a value without telling anybody."""
        with QSignalBlocker(self):
            self.setChecked(value)


SettingField = WholeField | NumberField | ChoiceField | CheckField


def _quiet(spin: QSpinBox | QDoubleSpinBox) -> None:
    spin.setKeyboardTracking(False)
    spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)


def _wheel(field: QWidget, event: QWheelEvent, turn: Any) -> None:
    if field.hasFocus():
        turn(event)
    else:
        event.ignore()
