"""The parameters of the ionic model: which are learned, where they start, what bounds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from aphyn_gui.fitting import Protocol
from aphyn_gui.gui.protocol_fields import NumberEdit
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.physics import IonicModel, Parameter, ionic_model

Change = Callable[[Protocol], Protocol]
"""Makes one protocol of another."""


@dataclass(slots=True)
class ParameterRow:
    """The fields of one parameter."""

    parameter: Parameter
    learned: QCheckBox
    value: NumberEdit
    lower: NumberEdit
    upper: NumberEdit


class ParameterForm(QWidget):
    """A row of fields for each parameter; says what to change, and changes nothing itself."""

    changed = Signal(object, object)
    """The field, and a :data:`Change`."""
    refused = Signal(object, str)
    """The field, and why its entry cannot be used."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, ParameterRow] = {}
        self._model: IonicModel | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(4)

    def show_protocol(self, protocol: Protocol) -> None:
        """Show the parameters of ``protocol``."""
        model = ionic_model(protocol.physics)
        if model is not self._model:
            self._model = model
            self._rebuild(model)
        for name, row in self.rows.items():
            lower, upper = protocol.bounds_of(name)
            row.learned.setChecked(name in protocol.learned_names)
            row.value.show_value(protocol.value_of(name))
            row.lower.show_value(lower)
            row.upper.show_value(upper)

    def _rebuild(self, model: IonicModel) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.rows.clear()
        for column, (text, tip) in enumerate(
            (
                ("learn", "Ticked parameters are learned; the others keep their value."),
                ("", ""),
                ("value", "Starting value where learned, value where not."),
                ("lower", "Lower bound of a learned value."),
                ("upper", "Upper bound of a learned value."),
                ("", ""),
            )
        ):
            head = QLabel(text)
            head.setProperty("role", "muted")
            head.setToolTip(tip)
            self._grid.addWidget(head, 0, column)
        for index, parameter in enumerate(model.parameters, start=1):
            self._add_row(index, parameter)
        self._grid.setColumnStretch(6, 1)

    def _add_row(self, index: int, parameter: Parameter) -> None:
        name, unit = parameter.name, parameter.unit
        tooltip = (
            f"<b>{symbol_html(name)}</b>{f', {unit}' if unit else ', dimensionless'}<br>"
            f"{parameter.meaning}<br>Default {parameter.default:g}, bounds {parameter.lower:g} "
            f"to {parameter.upper:g}.<br><i>{parameter.source}</i>"
        )
        row = ParameterRow(parameter, QCheckBox(), NumberEdit(), NumberEdit(), NumberEdit())
        self.rows[name] = row
        symbol = QLabel(symbol_html(name))
        for column, widget in enumerate(
            (row.learned, symbol, row.value, row.lower, row.upper, QLabel(unit))
        ):
            widget.setToolTip(tooltip)
            self._grid.addWidget(widget, index, column, Qt.AlignmentFlag.AlignVCenter)
        row.learned.setAccessibleName(f"learn {name}")
        row.learned.clicked.connect(
            lambda checked: self.changed.emit(row.learned, _with_learned(name, checked))
        )
        for edit, change, what in (
            (row.value, _with_value, "value"),
            (row.lower, _with_lower, "lower bound"),
            (row.upper, _with_upper, "upper bound"),
        ):
            edit.setAccessibleName(f"{what} of {name}")
            edit.edited.connect(
                lambda number, edit=edit, change=change: self.changed.emit(
                    edit, change(name, number)
                )
            )
            edit.refused.connect(lambda text, edit=edit: self.refused.emit(edit, text))


def _with_learned(name: str, is_learned: bool) -> Change:
    def change(protocol: Protocol) -> Protocol:
        model = ionic_model(protocol.physics)
        wanted = set(protocol.learned_names) - {name} | ({name} if is_learned else set())
        learned = tuple(other for other in model.parameter_names if other in wanted)
        return protocol.with_changes(
            learned=None if learned == model.learned_by_default else learned
        )

    return change


def _with_value(name: str, value: float) -> Change:
    def change(protocol: Protocol) -> Protocol:
        default = ionic_model(protocol.physics).parameter(name).default
        others = {key: kept for key, kept in protocol.values.items() if key != name}
        return protocol.with_changes(values=others if value == default else {**others, name: value})

    return change


def _with_lower(name: str, value: float) -> Change:
    return lambda protocol: _with_bounds(protocol, name, (value, protocol.bounds_of(name)[1]))


def _with_upper(name: str, value: float) -> Change:
    return lambda protocol: _with_bounds(protocol, name, (protocol.bounds_of(name)[0], value))


def _with_bounds(protocol: Protocol, name: str, bounds: tuple[float, float]) -> Protocol:
    parameter = ionic_model(protocol.physics).parameter(name)
    others = {key: kept for key, kept in protocol.bounds.items() if key != name}
    is_default = bounds == (parameter.lower, parameter.upper)
    return protocol.with_changes(bounds=others if is_default else {**others, name: bounds})
