"""How the maps are drawn and measured: limits, isochrones and levels of durations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QLabel,
    QLineEdit,
    QWidget,
)

from aphyn_gui.recording import MapSettings, RecordingError

_PERCENT = 100.0


class LimitsMode(StrEnum):
    """Where the ends of the colours come from."""

    AUTOMATIC = "Automatic (2 % to 98 %)"
    COMMON = "Same for all of this kind"
    TYPED = "As typed below"


@dataclass(frozen=True, slots=True)
class MapOptions:
    """What the user chose.

    Parameters
    ----------
    mode : LimitsMode
        Where the limits come from.
    lowest, highest : float or None
        Typed limits; None: automatic at that end.
    step_ms : float or None
        Between isochrones; None: a round one.
    has_isochrones : bool
        Whether activation has them.
    """

    mode: LimitsMode = LimitsMode.AUTOMATIC
    lowest: float | None = None
    highest: float | None = None
    step_ms: float | None = None
    has_isochrones: bool = True

    def limits(
        self, automatic: tuple[float, float], common: tuple[float, float] | None
    ) -> tuple[float, float]:
        """Ends of the colours, the second above the first."""
        low, high = automatic
        if self.mode is LimitsMode.COMMON and common is not None:
            low, high = min(low, common[0]), max(high, common[1])
        elif self.mode is LimitsMode.TYPED:
            low = low if self.lowest is None else self.lowest
            high = high if self.highest is None else self.highest
        return (low, high) if high > low else (low, low + max(abs(low) * 1e-3, 1e-6))


class MapOptionsForm(QFrame):
    """Edits `MapOptions` and the levels of durations; a mistake is said and changes nothing.

    Signals
    -------
    options_changed(object)
        The new `MapOptions`.
    levels_changed(tuple)
        Levels of durations, fractions of the amplitude lost.
    """

    options_changed = Signal(object)
    levels_changed = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = QComboBox()
        self._mode.setObjectName("limits_mode")
        self._mode.addItems([mode.value for mode in LimitsMode])
        self._lowest, self._highest = _field("lowest"), _field("highest")
        self._step = _field("isochrone_step")
        self._isochrones = QComboBox()
        self._isochrones.addItems(["shown", "hidden"])
        self._levels = QLineEdit("50, 80")
        self._levels.setObjectName("apd_levels")
        self._error = QLabel()
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._mode.setToolTip("Values at the ends of the colours")
        for field, end in ((self._lowest, "lower"), (self._highest, "upper")):
            field.setToolTip(f"Value at the {end} end, in the map's unit; empty: automatic")
        self._isochrones.setToolTip("Contour lines of the activation map")
        self._step.setToolTip("Time between two contour lines, ms; empty: a round one")
        self._levels.setToolTip(
            "Levels of the APD maps: percent of the amplitude lost, between 0 and 100, with commas"
        )
        layout = QFormLayout(self)
        layout.addRow("Limits", self._mode)
        layout.addRow("from", self._lowest)
        layout.addRow("to", self._highest)
        layout.addRow("Isochrones", self._isochrones)
        layout.addRow("every, ms", self._step)
        layout.addRow("APD levels, %", self._levels)
        layout.addRow(self._error)
        self._mode.activated.connect(self._submit)
        self._isochrones.activated.connect(self._submit)
        for field in (self._lowest, self._highest):
            field.editingFinished.connect(self._submit_typed)
        self._step.editingFinished.connect(self._submit)
        self._levels.editingFinished.connect(self._submit_levels)

    def _submit_typed(self) -> None:
        if self._lowest.text().strip() or self._highest.text().strip():
            self._mode.setCurrentText(LimitsMode.TYPED.value)
        self._submit()

    def _submit(self) -> None:
        try:
            lowest, highest = _number(self._lowest), _number(self._highest)
            step = _number(self._step)
            if lowest is not None and highest is not None and not lowest < highest:
                raise ValueError("The lower limit must be below the upper one.")
            if step is not None and not step > 0:
                raise ValueError("The step of the isochrones must be above 0 ms.")
        except ValueError as error:
            self._complain(str(error))
            return
        self._error.hide()
        self.options_changed.emit(
            MapOptions(
                LimitsMode(self._mode.currentText()),
                lowest,
                highest,
                step,
                self._isochrones.currentIndex() == 0,
            )
        )

    def _submit_levels(self) -> None:
        try:
            parts = [part for part in self._levels.text().replace(";", ",").split(",") if part]
            levels = tuple(round(float(part) / _PERCENT, 6) for part in parts)
            MapSettings(apd_levels=levels)
        except RecordingError as error:
            self._complain(str(error))
            return
        except ValueError:
            self._complain("APD levels are percents such as 50, 80, 90.")
            return
        self._error.hide()
        self.levels_changed.emit(levels)

    def _complain(self, text: str) -> None:
        self._error.setText(text)
        self._error.show()


def _field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setObjectName(name)
    field.setPlaceholderText("automatic")
    return field


def _number(field: QLineEdit) -> float | None:
    text = field.text().strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number.")
    return value
