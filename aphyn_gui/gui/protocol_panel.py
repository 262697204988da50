"""The settings of the next fit, in the paper's names and symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.fitting import (
    EX_VIVO,
    PRESETS,
    RECOMMENDED,
    Device,
    InitialVoltage,
    NetworkSettings,
    Optimiser,
    Protocol,
    ProtocolError,
    preset,
)
from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.formula import FormulaLoader
from aphyn_gui.gui.parameter_form import Change, ParameterForm
from aphyn_gui.gui.protocol_fields import (
    NETWORK_FIELDS,
    STIMULUS_FIELDS,
    TRAINING_FIELDS,
    NumberEdit,
    NumberField,
)
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.physics import PhysicsError, ionic_model, models

_LABEL_WIDTH = 104
"""Of every label, pixels, so that the fields of all groups line up."""

_PAPER_PRESETS = ("ex-vivo", "in-silico")
_TO_PAPER = "Back to the paper's settings"
_PRESET_TITLES = {
    "recommended": "Recommended",
    "ex-vivo": "Ex vivo (paper)",
    "in-silico": "In silico (paper)",
}


class ProtocolPanel(QScrollArea):
    """Shows the study's protocol; every valid edit becomes one undoable change of it.

    Parameters
    ----------
    controller : StudyController
        Whose protocol is edited.
    """

    def __init__(self, controller: StudyController) -> None:
        super().__init__()
        self._controller = controller
        self.numbers: dict[str, NumberEdit] = {}
        self.presets = QComboBox()
        for protocol in PRESETS:
            self.presets.addItem(_PRESET_TITLES.get(protocol.name, protocol.name), protocol.name)
        self.presets.setToolTip("Settings to start from: the paper's two, or what suits most data")
        self.reset_button = QPushButton(_TO_PAPER)
        self.reset_button.setToolTip("Take every setting from the chosen preset again")
        self.error = QLabel()
        self.error.setProperty("role", "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.models = QComboBox()
        for model in models():
            self.models.addItem(model.title, model.name)
            self.models.setItemData(
                self.models.count() - 1, model.source, Qt.ItemDataRole.ToolTipRole
            )
        self.models.setToolTip(
            "<b>F<sub>p</sub></b>: the ionic model; its equations and parameters stand below"
        )
        self.formula = QLabel()
        self.formula.setTextFormat(Qt.TextFormat.RichText)
        self.formula.setWordWrap(True)
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.parameters = ParameterForm()
        self.network = QComboBox()
        self.network.addItem("Residual network", True)
        self.network.addItem("None: physics only", False)
        self.network.setToolTip("F_dl, which corrects dv/dt where the physics falls short")
        self.sees_gate = QCheckBox()
        self.sees_gate.setToolTip(
            "Whether F<sub>dl</sub> depends on v and the model's second state, or on v alone"
        )
        self.learn_stimulus = QCheckBox("learn all three")
        self.learn_stimulus.setToolTip(
            "Learn amplitude, duration and onset beside the physics; the values below are where "
            "they start. The paper keeps them fixed, which pulls the time constants where the "
            "upstroke takes several ms."
        )
        self.warm_start = QCheckBox("start from the physics-only fit")
        self.warm_start.setToolTip(
            "Start the hybrid from the converged physics-only fit; otherwise from the values above"
        )
        self.initial_voltage = QComboBox()
        self.initial_voltage.addItem("each sequence's first sample", InitialVoltage.MEASURED)
        self.initial_voltage.addItem("mean of the training sequences", InitialVoltage.MEAN)
        self.initial_voltage.addItem("one for the region, fitted", InitialVoltage.FITTED)
        self.initial_voltage.setToolTip(
            "<b>v(0)</b>: where a forecast starts; measured in the paper"
        )
        self.optimiser = QComboBox()
        self.optimiser.addItem("Least squares, to the noise", Optimiser.LEAST_SQUARES)
        self.optimiser.addItem("Adam, as in the paper", Optimiser.ADAM)
        self.optimiser.setToolTip(
            "<b>Least squares</b> fit one trajectory to the region's mean. First the physics "
            "alone, from eight starts. What it misses is estimated as a smooth field over (v, h); "
            "where noise explains the misfit, the network stays silent. The network learns the "
            "field, and physics and network are polished together. <b>Adam</b> weighs the misfit "
            "by λ as the paper does. "
            "Learning rate, λ<sub>0</sub> and γ are Adam's"
        )
        self.device = QComboBox()
        for title, device in (
            ("Automatic", Device.AUTO),
            ("CPU", Device.CPU),
            ("GPU", Device.CUDA),
        ):
            self.device.addItem(title, device)
        self.device.setToolTip("Where trajectories are computed")
        self._formulas: dict[str, str] = {}
        self._loader = FormulaLoader(self)
        self._loader.loaded.connect(self._on_formula)
        self._build()
        self._connect()
        self._show_protocol()

    def showEvent(self, event: QShowEvent) -> None:
        """Derive the formula once somebody can see it."""
        super().showEvent(event)
        self._show_formula()

    @Slot()
    def _show_protocol(self) -> None:
        """Show the study's protocol, whatever the fields held."""
        protocol = self._controller.study.protocol
        self.error.hide()
        for box, value in (
            (self.presets, protocol.name),
            (self.models, protocol.physics),
            (self.network, protocol.network is not None),
            (self.optimiser, protocol.optimiser),
            (self.initial_voltage, protocol.initial_voltage),
            (self.device, protocol.device),
        ):
            box.setCurrentIndex(box.findData(value))
        is_papers = protocol.name in _PAPER_PRESETS
        self.reset_button.setText(_TO_PAPER if is_papers else "Back to the preset")
        is_changed = protocol != preset(protocol.name)
        allow("" if is_changed else "nothing differs from the preset.", self.reset_button)
        self.warm_start.setChecked(protocol.warm_start)
        self.learn_stimulus.setChecked(protocol.learn_stimulus)
        self.parameters.show_protocol(protocol)
        for fields in (STIMULUS_FIELDS, NETWORK_FIELDS, TRAINING_FIELDS):
            for field in fields:
                self.numbers[field.key].show_value(field.get(protocol))
        for field in NETWORK_FIELDS:
            self.numbers[field.key].setEnabled(protocol.network is not None)
        for field in TRAINING_FIELDS:
            is_used = field.optimiser in (None, protocol.optimiser)
            self.numbers[field.key].setEnabled(is_used)
        gate = ionic_model(protocol.physics).gate_label
        self.sees_gate.setText(f"sees the state {gate}, not v alone")
        self.sees_gate.setEnabled(protocol.network is not None)
        self.sees_gate.setChecked(protocol.network is not None and protocol.network.sees_gate)
        if self.isVisible():
            self._show_formula()

    def _show_formula(self) -> None:
        model = ionic_model(self._controller.study.protocol.physics)
        self.formula.setText(self._formulas.get(model.name, "…<br>…"))
        self._loader.request(model)

    @Slot(str, str)
    def _on_formula(self, name: str, html: str) -> None:
        self._formulas[name] = html
        self._show_formula()

    def _change(self, field: QWidget, change: Change) -> None:
        """Change the study's protocol, or say why it cannot be."""
        try:
            protocol = change(self._controller.study.protocol)
        except (ProtocolError, PhysicsError) as error:
            self._refuse(field, str(error))
            return
        if protocol == self._controller.study.protocol:
            self._show_protocol()
        else:
            self._controller.set_protocol(protocol)

    def _refuse(self, field: QWidget, reason: str) -> None:
        if isinstance(field, NumberEdit):
            field.set_marked(True)
        self.error.setText(reason[:1].upper() + reason[1:])
        self.error.show()

    def _connect(self) -> None:
        self._controller.protocol_changed.connect(self._show_protocol)
        self.parameters.changed.connect(self._change)
        self.parameters.refused.connect(self._refuse)
        self.reset_button.clicked.connect(
            lambda: self._change(self.reset_button, lambda p: preset(p.name))
        )
        for check, name in (
            (self.warm_start, "warm_start"),
            (self.learn_stimulus, "learn_stimulus"),
        ):
            check.clicked.connect(
                lambda checked, check=check, name=name: self._change(
                    check, lambda p: p.with_changes(**{name: checked})
                )
            )
        self.sees_gate.clicked.connect(
            lambda checked: self._change(self.sees_gate, lambda p: _with_gate(p, checked))
        )
        boxes: tuple[tuple[QComboBox, Callable[[Protocol, object], Protocol]], ...] = (
            (self.presets, lambda p, data: preset(str(data))),
            (self.models, lambda p, data: _with_model(p, str(data))),
            (self.network, lambda p, data: _with_network(p, bool(data))),
            (self.optimiser, lambda p, data: _with_optimiser(p, Optimiser(str(data)))),
            (
                self.initial_voltage,
                lambda p, data: p.with_changes(initial_voltage=InitialVoltage(str(data))),
            ),
            (self.device, lambda p, data: p.with_changes(device=Device(str(data)))),
        )
        # Qt keeps the items' enumerations as plain strings.
        for box, change in boxes:
            # activated, unlike currentIndexChanged, is the user's doing only.
            box.activated.connect(
                lambda _, box=box, change=change: self._change(
                    box, lambda p: change(p, box.currentData())
                )
            )

    def _build(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(10, 8, 10, 10)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.addWidget(self.presets, 1)
        top.addWidget(self.reset_button)
        column.addLayout(top)
        column.addWidget(self.error)
        column.addWidget(
            _group("Physics F<sub>p</sub>", self.models, self.formula, self.parameters)
        )
        column.addWidget(_group("Stimulus J(t)", self.learn_stimulus, self._form(STIMULUS_FIELDS)))
        column.addWidget(
            _group(
                "Network F<sub>dl</sub>", self.network, self.sees_gate, self._form(NETWORK_FIELDS)
            )
        )
        training = self._form(TRAINING_FIELDS)
        form = training.layout()
        assert isinstance(form, QFormLayout)
        form.insertRow(0, "by", self.optimiser)
        form.addRow("v(0)", self.initial_voltage)
        form.addRow("start", self.warm_start)
        form.addRow("device", self.device)
        column.addWidget(_group("Training", training))
        column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(content.minimumSizeHint().width() + 20)

    def _form(self, fields: Sequence[NumberField]) -> QWidget:
        widget = QWidget()
        form = QFormLayout(widget)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        for field in fields:
            edit = NumberEdit()
            self.numbers[field.key] = edit
            edit.setAccessibleName(field.key.replace("_", " "))
            edit.edited.connect(
                lambda number, field=field, edit=edit: self._on_number(field, edit, number)
            )
            edit.refused.connect(lambda text, edit=edit: self._refuse(edit, text))
            label = QLabel(field.label)
            label.setFixedWidth(_LABEL_WIDTH)
            line = QHBoxLayout()
            line.setSpacing(6)
            line.addWidget(edit)
            line.addWidget(QLabel(field.unit))
            line.addStretch(1)
            for owner in (label, edit):
                owner.setToolTip(field.tooltip)
            form.addRow(label, line)
        return widget

    def _on_number(self, field: NumberField, edit: NumberEdit, number: float) -> None:
        if field.is_whole and not number.is_integer():
            self._refuse(edit, f"{number:g} is not a whole number.")
            return
        self._change(edit, lambda protocol: field.put(protocol, number))


def _group(title: str, *contents: QWidget) -> QWidget:
    """A titled block; a label, as the title of a group box cannot hold subscripts."""
    group = QWidget()
    column = QVBoxLayout(group)
    column.setContentsMargins(0, 8, 0, 0)
    column.setSpacing(5)
    heading = QLabel(f"<b>{title}</b>")
    column.addWidget(heading)
    for content in contents:
        column.addWidget(content)
    return group


def _with_model(protocol: Protocol, name: str) -> Protocol:
    """Another ionic model; what both know of a parameter is kept."""
    known = ionic_model(name).parameter_names
    learned = protocol.learned
    if learned is not None:
        learned = tuple(parameter for parameter in learned if parameter in known) or None
    return protocol.with_changes(
        physics=name,
        learned=learned,
        values={key: value for key, value in protocol.values.items() if key in known},
        bounds={key: value for key, value in protocol.bounds.items() if key in known},
    )


def _with_optimiser(protocol: Protocol, optimiser: Optimiser) -> Protocol:
    """The other optimiser, with what it needs: least squares know one trajectory only,
    and only they are repeated."""
    source = RECOMMENDED if optimiser is Optimiser.LEAST_SQUARES else EX_VIVO
    changes: dict[str, object] = {
        "optimiser": optimiser,
        "epochs": source.epochs,
        "repeats": source.repeats,
    }
    if optimiser is Optimiser.LEAST_SQUARES:
        changes["initial_voltage"] = InitialVoltage.FITTED
    return protocol.with_changes(**changes)


def _with_gate(protocol: Protocol, sees_gate: bool) -> Protocol:
    if protocol.network is None:
        return protocol
    return protocol.with_changes(network=replace(protocol.network, sees_gate=sees_gate))


def _with_network(protocol: Protocol, has_network: bool) -> Protocol:
    if has_network == (protocol.network is not None):
        return protocol
    return protocol.with_changes(network=NetworkSettings() if has_network else None)
