"""File > New simulated recording, by mouse and keys on the real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QPushButton,
    QSpinBox,
)
from pytestqt.qtbot import QtBot

from aphyn_gui.gui import simulation_runner
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.simulation_dialog import SimulationDialog
from aphyn_gui.insilico import Disc, Rectangle, Severity, Signal, SimulationError, StimulusSite
from aphyn_gui.recording import Polarity

PATIENCE_MS = 60_000


def enter(field: QSpinBox | QDoubleSpinBox, text: str) -> None:
    """Type a number and take it."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def choose(field: QComboBox, text: str) -> None:
    """Go to an entry by the keys."""
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Home)
    for _ in range(field.findText(text)):
        QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.currentText() == text


def click(button: QPushButton) -> None:
    """Press a button."""
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def dialog(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> SimulationDialog:
    """The dialog, set to a slab of a few nodes that would be written into the test's folder."""
    window.actions_.simulate.trigger()
    dialog = window.simulation
    assert dialog is not None
    qtbot.waitExposed(dialog)
    click(dialog.choose_button)
    chooser = dialog.findChild(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "slab.tif"))
    chooser.reject()
    for field, text in (
        (dialog.form.rows, "12"), (dialog.form.columns, "16"), (dialog.form.first, "2"),
        (dialog.form.duration, "20"),
    ):  # fmt: skip
        enter(field, text)
    return dialog


def start_endless(dialog: SimulationDialog, qtbot: QtBot) -> None:
    """Start a simulation that would take minutes, and wait until the slab is seen."""
    for field, text in (
        (dialog.form.rows, "200"), (dialog.form.columns, "200"), (dialog.form.duration, "9000"),
    ):  # fmt: skip
        enter(field, text)
    click(dialog.start_button)
    qtbot.waitUntil(lambda: dialog.sketch.has_picture, timeout=PATIENCE_MS)


def test_what_was_simulated_opens_in_the_window(
    window: MainWindow, dialog: SimulationDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    assert QApplication.activeModalWidget() is None
    enter(dialog.form.interval, "0.5")
    enter(dialog.form.spacing, "0.3")
    with qtbot.waitSignal(window.loader.opened, timeout=PATIENCE_MS):
        click(dialog.start_button)
        assert not dialog.start_button.isEnabled()
        assert not dialog.form.rows.isEnabled()
    recording = window.controller.recording
    assert recording is not None
    assert recording.path == tmp_path / "slab.tif"
    assert (recording.frame_count, recording.row_count, recording.column_count) == (40, 12, 16)
    assert recording.frame_interval_ms == pytest.approx(0.5)
    assert recording.pixel_pitch_mm == pytest.approx(0.3)
    assert not dialog.isVisible()
    # The next one does not replace it.
    assert dialog.path.text() == str(tmp_path / "slab-2.tif")
    assert QSettings().value("simulation/cell_steps_per_s", 0.0, float) > 0
    window.actions_.simulate.trigger()
    assert window.simulation is dialog
    assert dialog.isVisible()
    assert dialog.start_button.isEnabled()
    assert dialog.form.rows.value() == 12


def test_it_need_not_open(
    window: MainWindow, dialog: SimulationDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog.opens.setFocus()
    QTest.keyClick(dialog.opens, Qt.Key.Key_Space)
    with qtbot.waitSignal(dialog.runner.ended, timeout=PATIENCE_MS):
        click(dialog.start_button)
    assert (tmp_path / "slab.tif").exists()
    assert window.controller.recording is None
    assert "slab.tif" in window.toaster.texts[-1]


def test_every_field_reaches_the_experiment(dialog: SimulationDialog) -> None:
    form = dialog.form
    choose(form.site, "around a node")
    enter(form.site_row, "6")
    enter(form.site_column, "8")
    for field, text in (
        (form.beats, "2"), (form.cycle, "100"), (form.conditioning, "3"), (form.duration, "200"),
        (form.blur, "0.4"), (form.noise, "7.5"), (form.seed, "11"),
    ):  # fmt: skip
        enter(field, text)
    choose(form.signal, "fluorescence, rising")
    experiment = form.experiment()
    assert experiment.stimulus == Rectangle(3, 5, 6, 6)
    assert (experiment.beats, experiment.conditioning_beats) == (2, 3)
    assert experiment.cycle_length_ms == 100.0
    assert (experiment.duration_ms, experiment.seed) == (200.0, 11)
    assert (experiment.lateral_blur_mm, experiment.noise_fraction) == (0.4, 0.075)
    assert (experiment.signal, experiment.polarity) == (Signal.FLUORESCENCE, Polarity.UP)
    assert experiment.ischaemia is None
    choose(form.signal, "potential")
    assert form.experiment().signal is Signal.POTENTIAL
    assert not form.blur.isEnabled()
    for text, site in (
        ("top left corner", StimulusSite.CORNER), ("centre", StimulusSite.CENTRE),
        ("left edge", StimulusSite.EDGE),
    ):  # fmt: skip
        choose(form.site, text)
        assert form.experiment().stimulus is site
        assert not form.site_row.isEnabled()


def test_severity_sets_the_components_and_they_can_be_changed(dialog: SimulationDialog) -> None:
    form = dialog.form
    enter(form.region_row, "5")
    assert not form.severity.isEnabled()
    choose(form.shape, "disc")
    enter(form.region_row, "5")
    enter(form.region_column, "11")
    enter(form.radius, "3.5")
    choose(form.severity, "severe")
    assert form.experiment().ischaemia == Severity.SEVERE.region(Disc(5, 11, 3.5))
    enter(form.sodium, "0.5")
    assert form.severity.currentText() == "own values"
    region = form.experiment().ischaemia
    assert region is not None
    assert region.sodium_factor == 0.5
    assert region.katp_conductance == 0.025
    choose(form.shape, "rectangle")
    assert form.height_nodes.isVisible()
    assert not form.radius.isVisible()
    enter(form.height_nodes, "4")
    enter(form.width_nodes, "3")
    region = form.experiment().ischaemia
    assert region is not None
    assert region.shape == Rectangle(5, 11, 4, 3)


def test_what_cannot_be_done_is_said_and_not_started(dialog: SimulationDialog) -> None:
    assert dialog.summary.text().startswith("20 frames, 0.00768 MB, about ")
    enter(dialog.form.beats, "2")
    assert dialog.error.text().startswith("The last of 2 beats would begin at 452 ms")
    assert not dialog.start_button.isEnabled()
    enter(dialog.form.duration, "500")
    assert dialog.error.text() == ""
    assert dialog.start_button.isEnabled()
    choose(dialog.form.shape, "disc")
    assert dialog.error.text().startswith("The ischaemic disc around row 32, column 48 reaches")


def test_cancelling_writes_nothing(
    window: MainWindow, dialog: SimulationDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    start_endless(dialog, qtbot)
    assert dialog.state.text().endswith("left")
    before = set(tmp_path.iterdir())
    with qtbot.waitSignal(dialog.runner.ended, timeout=PATIENCE_MS):
        click(dialog.cancel_button)
        assert dialog.cancel_button.text() == "Cancelling…"
    assert dialog.state.text() == "Cancelled; nothing was written."
    assert dialog.start_button.isEnabled()
    assert dialog.cancel_button.text() == "Cancel"
    assert set(tmp_path.iterdir()) == before
    assert window.controller.recording is None


def test_putting_the_dialog_away_lets_the_simulation_go_on(
    window: MainWindow, dialog: SimulationDialog, qtbot: QtBot
) -> None:
    start_endless(dialog, qtbot)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.runner.is_running
    window.actions_.simulate.trigger()
    assert dialog.isVisible()
    assert dialog.cancel_button.isEnabled()


def test_closing_the_window_ends_the_simulation(
    window: MainWindow, dialog: SimulationDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    start_endless(dialog, qtbot)
    before = set(tmp_path.rglob("*.tif*"))
    window.close()
    assert not dialog.runner.is_running
    assert set(tmp_path.rglob("*.tif*")) == before
    # No thread may be left: the fixture looks.


def test_a_folder_that_has_gone_is_said(
    dialog: SimulationDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog.path.setText(str(tmp_path / "gone" / "slab.tif"))
    with qtbot.waitSignal(dialog.runner.ended, timeout=PATIENCE_MS):
        click(dialog.start_button)
    assert (
        dialog.error.text() == f"Nothing was simulated: {tmp_path}/gone: there is no such folder."
    )
    assert dialog.start_button.isEnabled()


@pytest.mark.parametrize(
    ("error", "words", "has_details"),
    [
        (SimulationError("the potential spans -200 to 300 mV"), "the potential spans", False),
        (MemoryError(), "not enough memory for 0 MB", False),
        (ZeroDivisionError("oh"), "an unexpected ZeroDivisionError: oh", True),
    ],
)
def test_failures_are_said(
    window: MainWindow,
    dialog: SimulationDialog,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    words: str,
    has_details: bool,
) -> None:
    def fail(*_: object) -> object:
        raise error
        yield

    monkeypatch.setattr(simulation_runner, "simulate_experiment", fail)
    with qtbot.waitSignal(dialog.runner.ended):
        click(dialog.start_button)
    assert words in dialog.error.text()
    assert bool(window.toaster.texts) is has_details
    assert not dialog.runner.is_running


def test_the_sketch_shows_the_slab(dialog: SimulationDialog, qtbot: QtBot) -> None:
    def colours() -> np.ndarray:
        image = dialog.sketch.grab().toImage()
        return np.array(
            [
                image.pixelColor(round(x * image.width()), round(y * image.height())).getRgb()[:3]
                for x, y in ((0.02, 0.02), (0.75, 0.6))
            ]
        )

    plain = colours()
    choose(dialog.form.site, "centre")
    choose(dialog.form.shape, "disc")
    enter(dialog.form.region_row, "9")
    enter(dialog.form.region_column, "12")
    changed = colours()
    assert (plain != changed).any(axis=1).all()
