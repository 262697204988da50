"""The settings of a fit: every edit is an undoable change, and no entry can do harm."""

from __future__ import annotations

from pathlib import Path

import pytest
from fit_samples import open_study
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from aphyn_gui.fitting import (
    EX_VIVO,
    IN_SILICO,
    RECOMMENDED,
    Device,
    InitialVoltage,
    Optimiser,
)
from aphyn_gui.gui.protocol_fields import (
    NETWORK_FIELDS,
    STIMULUS_FIELDS,
    TRAINING_FIELDS,
    NumberEdit,
)
from aphyn_gui.gui.protocol_panel import ProtocolPanel
from aphyn_gui.gui.study_controller import StudyController

TIMEOUT_MS = 60_000


@pytest.fixture
def controller(qtbot: QtBot, tmp_path: Path) -> StudyController:
    return open_study(tmp_path, EX_VIVO)


@pytest.fixture
def panel(qtbot: QtBot, controller: StudyController) -> ProtocolPanel:
    panel = ProtocolPanel(controller)
    qtbot.addWidget(panel)
    panel.resize(420, 800)
    panel.show()
    # Derived in a thread of its own, which must not outlive the test.
    qtbot.waitUntil(lambda: "dv/dt" in panel.formula.text(), timeout=TIMEOUT_MS)
    return panel


def enter(qtbot: QtBot, edit: NumberEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def test_the_formula_is_the_models(panel: ProtocolPanel) -> None:
    text = panel.formula.text()
    assert "v<sup>2</sup>" in text
    assert "τ<sub>in</sub>" in text
    assert "while v &lt; v<sub>gate</sub>" in text


def test_every_number_can_be_changed_and_undone(
    qtbot: QtBot, controller: StudyController, panel: ProtocolPanel
) -> None:
    for field in (*STIMULUS_FIELDS, *NETWORK_FIELDS, *TRAINING_FIELDS):
        if field.optimiser is not None:
            source = RECOMMENDED if field.optimiser is Optimiser.LEAST_SQUARES else EX_VIVO
            controller.set_protocol(source)
        before = controller.study.protocol
        enter(qtbot, panel.numbers[field.key], "2")
        assert field.get(controller.study.protocol) == 2, field.key
        if controller.study.protocol != before:
            controller.undo_stack.undo()
        assert controller.study.protocol == before
        assert float(panel.numbers[field.key].text()) == pytest.approx(field.get(before))


def test_what_the_other_optimiser_uses_is_greyed(
    controller: StudyController, panel: ProtocolPanel
) -> None:
    controller.set_protocol(EX_VIVO)
    assert panel.numbers["learning_rate"].isEnabled()
    assert not panel.numbers["repeats"].isEnabled()
    controller.set_protocol(RECOMMENDED)
    assert not panel.numbers["learning_rate"].isEnabled()
    assert panel.numbers["repeats"].isEnabled()


def test_parameters_are_learned_started_and_bounded_as_entered(
    qtbot: QtBot, controller: StudyController, panel: ProtocolPanel
) -> None:
    row = panel.parameters.rows["tau_open"]
    qtbot.mouseClick(
        row.learned, Qt.MouseButton.LeftButton, pos=QPoint(8, row.learned.height() // 2)
    )
    assert "tau_open" in controller.study.protocol.learned_names
    enter(qtbot, row.upper, "500")
    enter(qtbot, row.lower, "50")
    enter(qtbot, row.value, "77,5")
    protocol = controller.study.protocol
    assert protocol.bounds_of("tau_open") == (50, 500)
    assert protocol.value_of("tau_open") == 77.5
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    assert controller.study.protocol == EX_VIVO
    assert not panel.reset_button.isEnabled()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("epochs", "0"), ("epochs", "2.5"), ("epochs", "many"), ("epochs", "inf"),
        ("learning_rate", "-1"), ("learning_rate", "nan"), ("features", "100"), ("blocks", ""),
        ("duration", "0"), ("amplitude", "-1"), ("lambda_growth", "-1"), ("time_step", "0"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_marked_explained_and_changes_nothing(
    qtbot: QtBot, controller: StudyController, panel: ProtocolPanel, key: str, text: str
) -> None:
    before = controller.study.protocol
    edit = panel.numbers[key]
    edit.setFocus()
    edit.clear()
    enter(qtbot, edit, text)
    assert controller.study.protocol == before
    assert panel.error.isVisible()
    assert panel.error.text()
    assert edit.styleSheet()
    enter(qtbot, panel.numbers["seed"], "5")
    assert not panel.error.isVisible()
    assert not edit.styleSheet()


def test_a_value_outside_its_bounds_is_refused_with_the_bounds(
    qtbot: QtBot, controller: StudyController, panel: ProtocolPanel
) -> None:
    enter(qtbot, panel.parameters.rows["tau_in"].value, "40")
    assert "0.1 to 3" in panel.error.text()
    assert controller.study.protocol == EX_VIVO


def test_choices_change_the_protocol(controller: StudyController, panel: ProtocolPanel) -> None:
    def choose(box_name: str, data: object) -> None:
        box = getattr(panel, box_name)
        box.setCurrentIndex(box.findData(data))
        box.activated.emit(box.currentIndex())

    choose("presets", "in-silico")
    assert controller.study.protocol == IN_SILICO
    choose("network", False)
    assert controller.study.protocol.network is None
    assert not panel.numbers["features"].isEnabled()
    choose("models", "mitchell_schaeffer_smooth")
    choose("initial_voltage", InitialVoltage.MEAN)
    choose("device", Device.CPU)
    protocol = controller.study.protocol
    assert protocol.physics == "mitchell_schaeffer_smooth"
    assert protocol.initial_voltage is InitialVoltage.MEAN
    assert protocol.device is Device.CPU
    for _ in range(5):
        controller.undo_stack.undo()
    assert controller.study.protocol == EX_VIVO
    assert panel.models.currentData() == "mitchell_schaeffer"


def test_every_field_explains_itself(panel: ProtocolPanel) -> None:
    for name, edit in panel.numbers.items():
        assert "Range" in edit.toolTip(), name
    for name, row in panel.parameters.rows.items():
        assert row.parameter.meaning in row.value.toolTip(), name


def test_the_stimulus_can_be_learned(
    qtbot: QtBot, controller: StudyController, panel: ProtocolPanel
) -> None:
    check = panel.learn_stimulus
    qtbot.mouseClick(check, Qt.MouseButton.LeftButton, pos=QPoint(8, check.height() // 2))
    assert "stimulus_onset" in controller.study.protocol.unknowns
    controller.undo_stack.undo()
    assert not check.isChecked()


def test_choosing_an_optimiser_brings_what_it_needs(panel, controller, qtbot) -> None:
    def choose(optimiser: Optimiser) -> None:
        panel.optimiser.setFocus()
        panel.optimiser.setCurrentIndex(panel.optimiser.findData(optimiser))
        panel.optimiser.activated.emit(panel.optimiser.currentIndex())

    choose(Optimiser.ADAM)
    assert controller.study.protocol.optimiser is Optimiser.ADAM
    assert controller.study.protocol.epochs == 100
    choose(Optimiser.LEAST_SQUARES)
    protocol = controller.study.protocol
    assert protocol.optimiser is Optimiser.LEAST_SQUARES
    assert protocol.initial_voltage is InitialVoltage.FITTED
    assert panel.error.isHidden()


def test_the_network_can_see_v_alone(
    qtbot: QtBot, controller: StudyController, panel: ProtocolPanel
) -> None:
    assert panel.sees_gate.isChecked()
    panel.sees_gate.click()
    network = controller.study.protocol.network
    assert network is not None
    assert not network.sees_gate
    controller.undo_stack.undo()
    assert panel.sees_gate.isChecked()
    controller.set_protocol(EX_VIVO.with_changes(network=None))
    assert not panel.sees_gate.isEnabled()
